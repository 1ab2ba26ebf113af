// SPDX-License-Identifier: Apache-2.0
/// Interpolation by splines with exact knots at exact nodes, enclosed: the linear operators behind the networks and the
/// class certificates.
#pragma once
#include <vector>

#include "theory/number/ball.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::width {

/// s(x) = sum_{k<=p} polynomial[k] (x + 1)^k + sum_j jumps[j] (x - knots[j])_+^p on [-1, 1].
struct TruncatedPowers {
  std::vector<Ball> polynomial;  ///< p + 1 Taylor coefficients at -1
  std::vector<Ball> jumps;       ///< one for each knot: the jump of s^(p) there, divided by p!
};

/// A spline of degree p on [-1, 1] with simple interior knots, given by B-spline coefficients (open knot vector: -1 and
/// 1 are knots p + 1 times). What it returns is enclosed at the working precision.
class Spline {
 public:
  /// @param knots  ascending, inside (-1, 1)   @param coefficients  knots.size() + p + 1 of them
  /// @throws InvalidInput if the counts or the knots do not fit
  Spline(int degree, std::vector<Rational> knots, std::vector<Ball> coefficients);

  int degree() const { return degree_; }
  std::vector<Rational> const& knots() const { return knots_; }
  std::vector<Ball> const& coefficients() const { return coefficients_; }

  int pieces() const { return static_cast<int>(knots_.size()) + 1; }
  Rational piece_begin(int j) const;
  Rational piece_end(int j) const;
  Rational piece_midpoint(int j) const { return (piece_begin(j) + piece_end(j)) / 2; }
  /// Taylor coefficients (of degree 0 ... p) about the midpoint of piece j. Cost: O(p^3).
  std::vector<Ball> piece(int j) const;

  /// s(x) for x in [-1, 1]; at a knot of a discontinuous spline (p = 0) the limit from the right.
  Ball operator()(Rational const& x) const;
  TruncatedPowers truncated_powers() const;
  /// An upper bound of |s| on [-1, 1]: the largest coefficient, since the B-splines are >= 0 and sum to 1.
  Rational bound() const;

 private:
  int piece_of(Rational const& x) const;
  int degree_;
  std::vector<Rational> knots_;
  std::vector<Ball> coefficients_;
  std::vector<Ball> extended_;  // the open knot vector, exact
};

/// Splines of degree n - 1 with the knots of an OptimalSpace, interpolating at its nodes: dimension N.
/// The collocation matrix is banded and totally positive (Schoenberg-Whitney), so Gaussian elimination needs no pivots
/// and loses no digits; it is factored once. Cost: O(N n^2) to build, O(N n) for each interpolation.
class SplineSpace {
 public:
  /// @param precision  bits of the factors and of what interpolate() returns; doubled until every pivot is certainly
  /// positive
  /// @throws InvalidInput if the counts do not fit, or a node violates the Schoenberg-Whitney conditions
  explicit SplineSpace(OptimalSpace space, long precision = 192);

  OptimalSpace const& space() const { return space_; }
  long precision() const { return precision_; }

  /// B-spline coefficients of the spline that takes values[i] at nodes[i]: enclosed for all choices of values in their
  /// balls.
  std::vector<Ball> interpolate(std::vector<Ball> const& values) const;
  Spline spline(std::vector<Ball> const& values) const;

 private:
  Ball& at(int row, int column) { return band_[index(row, column)]; }
  Ball const& at(int row, int column) const { return band_[index(row, column)]; }
  std::size_t index(int row, int column) const {
    int const p = space_.n - 1;
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(2 * p + 1) +
           static_cast<std::size_t>(column - row + p);
  }
  bool factor();
  OptimalSpace space_;
  long precision_;
  std::vector<Ball> band_;  // L (unit diagonal, below) and U, rows of 2p + 1
};

}  // namespace nwidth::width
