// SPDX-License-Identifier: Apache-2.0
/// Bound D: least squares over all places that k breakpoints can have, by dynamic programming over cells.
#pragma once
#include <vector>

#include "fitting/bound/cell_models.hpp"
#include "fitting/bound/lower_bound.hpp"
#include "fitting/problem/function.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// Lower bounds of dist^2(f, polynomials of degree <= d) in L2 on all [G_i, G_j] of a grid: with g = f - pi, pi any
/// polynomial near f, the integral of g^2 less the squares of g's Legendre coefficients. Since g is of the size of the
/// error E, double intervals lose some 1e-14 max|f|/E of the square, not 1e-16 f^2/E^2.
class SegmentErrors {
 public:
  /// @param cells  adjacent, ascending
  /// @param cap    distances are not followed beyond this square: they are then at least `cap`
  SegmentErrors(Function const& f, std::vector<CellModel> const& cells, int degree, double cap);

  int size() const { return static_cast<int>(rows_.size()); }  ///< of the grid: cells + 1
  /// The bound for [G_i, G_j]; 0 if i >= j; at most cap.
  double operator()(int i, int j) const {
    if (i >= j) return 0;
    auto const& row = rows_[static_cast<std::size_t>(i)];
    std::size_t const at = static_cast<std::size_t>(j - i - 1);
    return at < row.size() ? row[at] : cap_;
  }
  double cap() const { return cap_; }
  /// The number of j > i with a bound below cap.
  int reach(int i) const { return static_cast<int>(rows_[static_cast<std::size_t>(i)].size()); }

 private:
  std::vector<std::vector<double>> rows_;
  double cap_;
};

/// @theorem{nwidth, cell bound} Let [a,b] be cut at G_0 < ... < G_M, and c(i, j) <= dist^2 of f to the polynomials of
///   degree < r in L2[G_i, G_j], c = 0 for i >= j. Then ||f - g||^2 >= min over 0 <= j_1 <= ... <= j_k < M of
///   c(0, j_1) + c(j_1 + 1, j_2) + ... + c(j_k + 1, M) for every g that is a polynomial of degree < r between at most k
///   breakpoints, continuous or not.
/// Proof. Let the breakpoints (repeated, if there are fewer than k) lie in [G_{j_s}, G_{j_s + 1}], s = 1 ... k. Between
/// two of them lies [G_{j_s + 1}, G_{j_{s+1}}], if it is not empty, and there g is one polynomial. These intervals do
/// not overlap, so the squares of the errors on them add up to at most ||f - g||^2.
/// Cost: O(k M R), R the largest reach.
/// @return the minimum, rounded down, and no more than errors.cap()
double least_over_cells(SegmentErrors const& errors, int k);

struct L2Options {
  double relative = 0.01;  ///< cells are halved until bound >= (1 - relative) reachable
  int most_cells = 30000;
};

struct L2Bound {
  LowerBound bound;           ///< in the norm (int_a^b |f - g|^2 dx)^(1/2)
  std::vector<double> knots;  ///< the best k breakpoints on the last grid: the start for fits in L2
  double reachable = 0;       ///< the error of piecewise polynomials with these knots, about: rounded, no bound
  int cells = 0;
  Outcome outcome;
};

/// The bound on cells that are halved where a knot of a nearly best g may lie. Tight to `relative` for continuous
/// piecewise polynomials of even order; for smooth ones of odd order r the factor that remains tends to
/// K_smooth/K_pieces, 1.83 for r = 3.
/// @deviation For odd order, blocks of q + 1 segments with q smooth inner knots in each would leave a factor that tends
///   to 1.369 (q = 1), 1.238 (q = 2), 1.175 (q = 3) instead of 1.826 for r = 3 [computed from the monosplines of least
///   norm], but they need the least over the inner knots for each pair of cells. Not built.
/// @param degree  1 <= degree <= 8
/// @throws InvalidInput if not, or k < 0
L2Bound l2_bound(Function const& f, int degree, int k, L2Options const& options = {});

}  // namespace nwidth::fitting
