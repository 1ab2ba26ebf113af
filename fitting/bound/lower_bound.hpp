// SPDX-License-Identifier: Apache-2.0
/// Proved lower bounds of the error of every function of a class, and what they say about a fit.
#pragma once
#include <string>

#include "fitting/problem/spline.hpp"
#include "theory/number/rational.hpp"

namespace nwidth::fitting {

/// How a lower bound was proved.
enum class BoundKind {
  segments,     ///< A: one of k + 1 intervals has no knot (segment_bound.hpp)
  alternation,  ///< B: f - s alternates too often (alternation_bound.hpp)
  blocks,       ///< C: one of the blocks has no more knots than it can bear (block_bound.hpp)
  l2_cells,     ///< D: least squares over all places of the knots in cells (l2_bound.hpp)
  joined,       ///< E: as C, for pieces that join continuously, over all places of the knots (joined_bound.hpp)
};

/// "A", "B", "C", "D", "E".
char const* letter(BoundKind kind);

/// What is proved: no member of the class is closer to f than `lower`, in the sup norm (A, B, C, E) or in L2 (D).
struct LowerBound {
  BoundKind kind = BoundKind::segments;
  int order = 2;  ///< r: pieces of degree at most r - 1
  int knots = 0;  ///< k: at most so many in the open interval
  Rational lower = 0;
  bool proved = false;  ///< false: the witness was refused, lower is 0
  std::string reason;   ///< why

  static LowerBound refused(BoundKind kind, int order, int knots, std::string reason) {
    return {kind, order, knots, 0, false, std::move(reason)};
  }
  /// True if the functions of order r and <= k knots of the class are among those bounded: A and D bound all piecewise
  /// polynomials, E the continuous ones, to which all classes belong, B and C those that are C^{r-2}.
  bool covers(SplineClass const& c) const {
    bool const smooth = kind == BoundKind::alternation || kind == BoundKind::blocks;
    return c.order() == order && (!smooth || c.multiplicity == 1);
  }
};

/// How far a fit is from the best over ALL networks with N neurons in one hidden layer.
/// A network of N neurons has at most N knots, whatever its always-on neurons or its polynomial skip, so a bound with
/// k = N knots holds for all of them. (A spline with n interior knots may need more than n neurons: the factor then
/// compares it with networks of as many neurons as it has.)
struct ProvedFactor {
  Rational lower_bound;
  BoundKind kind = BoundKind::segments;
  int knots = 0;          ///< k = N
  Rational error;         ///< an upper bound of the fit's error in the same norm
  double factor = 0;      ///< error / lower_bound rounded up; infinity if nothing was proved
  std::string statement;  ///< one sentence: B and C speak of neurons of ReLU^d only, the others of any of degree d
};

/// @param bound  for a class that covers `kind`
/// @param error  a proved upper bound of the error of the fit, in the norm of the bound
/// @throws InvalidInput if the bound does not cover the class, or error < bound.lower though the fit has no more knots
///   (then one of the two is not proved)
ProvedFactor proved_factor(LowerBound const& bound, SplineClass const& kind, Rational const& error);

}  // namespace nwidth::fitting
