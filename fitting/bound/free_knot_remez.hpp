// SPDX-License-Identifier: Apache-2.0
/// Splines with few free knots that alternate in full: the comparison functions of the alternation and block bounds.
#pragma once
#include <vector>

#include "fitting/problem/function.hpp"
#include "fitting/problem/spline.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// A spline of degree d with p simple knots whose error alternates at d + 2 + 2p points; rounded.
template <class T>
struct LevelledSpline {
  FreeKnotSpline<T> spline;
  std::vector<T> points;  ///< d + 2 + 2p or more, ascending; where d = 1, every other inner one is a knot
  T level = 0;            ///< mean |f - s| at the points
  double imbalance = 0;   ///< max|f - s| / min|f - s| - 1 at the points
  /// converged: imbalance at rounding level; no_alternation: too few sign changes; else max_iterations, knot_collapse
  Outcome outcome;
};

/// Newton's method on f(x_i) - s(x_i) = +-E in coefficients, knots and E, with the points moved to the extrema after
/// each step and knots held apart. It converges from knots near the best ones, as segment_bound() gives, if the best
/// error alternates in full; it is no general minimax fit, which may lack alternations. Where it fails, all
/// alternations that there are, more or fewer, are levelled in the least-squares sense: best errors may alternate more
/// often than in full.
/// @param knots  ends included, ascending; p = knots.size() - 2
/// @param degree 1 <= degree <= 8
/// Cost: up to 40 solutions of a dense system of d + 2 + 2p unknowns.
LevelledSpline<double> free_knot_remez(Function const& f, int degree, std::vector<double> const& knots);

/// The same in T from a nearby spline with simple knots; in Real to a relative imbalance of about 1e-80.
template <class T>
LevelledSpline<T> free_knot_remez(Function const& f, FreeKnotSpline<T> const& start);

}  // namespace nwidth::fitting
