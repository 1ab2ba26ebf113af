// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "fitting/problem/function.hpp"

namespace nwidth::fitting {

/// For cells G_0 < G_1 < ... of the domain and runs of them: the square of the L2 distance of f to the polynomials of
/// degree d. Merged cell by cell from best polynomials, so that only nonnegative numbers are added: relatively accurate
/// until the distance itself is at rounding level. Rounded: nothing is proved.
class SegmentCosts {
 public:
  /// @param ends  of the cells, ascending, breaks of f among them
  /// @param window  of cells, that a run has at most
  /// @param guess  knots, or none. A run is left out if it costs more than all the segments between the cell ends that
  ///   are nearest to them: no cheapest choice of as many knots has it.
  /// Cost: O(d^2) and 8 bytes for each run kept; 12 + d values of f a cell.
  SegmentCosts(Function const& f, std::vector<double> ends, int d, int window, std::vector<double> const& guess = {});

  int cells() const { return static_cast<int>(ends_.size()) - 1; }
  std::vector<double> const& ends() const { return ends_; }
  /// The cost of the guess, infinite if there was none: that of a cheapest choice of as many knots is not above.
  double bound() const { return bound_; }
  /// The runs kept from a cell on are those that end at from + 1, ..., reach(from).
  int reach(int from) const {
    std::size_t const at = static_cast<std::size_t>(from);
    return from + static_cast<int>(first_[at + 1] - first_[at]);
  }
  /// Of the cells from, ..., to - 1: 0 <= from < to <= reach(from).
  double operator()(int from, int to) const {
    return cost_[first_[static_cast<std::size_t>(from)] + static_cast<std::size_t>(to - from - 1)];
  }

 private:
  std::vector<double> ends_, cost_;
  std::vector<std::size_t> first_{0};  // where the costs of runs from each cell begin
  double bound_;
};

/// Cells for splines of order r with n knots: half of them share |f^(r)|^{1/(r+1/2)} equally, half are of equal length;
/// breaks of f are ends of cells, with halving cells towards each.
std::vector<double> graded_cells(Function const& f, int r, int n, int count);

}  // namespace nwidth::fitting
