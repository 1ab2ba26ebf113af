// SPDX-License-Identifier: Apache-2.0
/// Newton's method on the system of an alternation: the digits of a best fit that is nearly known.
#pragma once
#include <vector>

#include "fitting/minimax/error_curve.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// The knots that may move: by interior knot, 1 ... n. Empty: all.
using KnotMask = std::vector<bool>;

/// How many points of alternation fix the coefficients, the free knots and the level: r + m n + n + 1 if all are free;
/// r + 2n + 1 for m = 1. For even m the best fits found are those of m - 1, and alternate at fewer points.
int alternation_needed(SplineClass const& kind, int interior_knots, KnotMask const& free);

/// A spline and the alternation of its error.
template <class T>
struct Levelled {
  FreeKnotSpline<T> spline;
  ErrorSurvey<T> survey;
  std::vector<ErrorPoint<T>> alternation;  ///< as many as needed, or all there are if these are fewer
  T levelling = 0;                         ///< max |error| / min |error| - 1 over the alternation
  bool converged = false;  ///< levelling at its goal, all points there, and no sampled |e| above the level
  bool collapsed = false;  ///< knots came closer than the least spacing
  int iterations = 0;
};

struct LevelOptions {
  int max_iterations = 40;
  double goal = 0;  ///< of the levelling; 10^4 eps max|f| / E, what rounding may leave, counts as reached if larger
  double min_spacing = 1e-11;  ///< of knots, relative to the domain
};

/// Solves error(points[i]) = sign(i) E in coefficients, free knots and E. Extrema are looked for anew in each step;
/// inside they need no unknowns of their own (envelope theorem), at knots they move along. Steps are shortened so that
/// no knot moves by more than 0.45 of the distance to its neighbours. Quadratic: 3 to 6 steps from a levelling of 1e-4
/// to 1e-60. The least level met with its alternation is returned.
/// Cost per step: the survey, and an elimination that skips zeros: O(n) rows of O(d) entries.
template <class T>
Levelled<T> level(Function const& f, FreeKnotSpline<T> start, KnotMask const& free, LevelOptions const& options);

extern template Levelled<double> level(Function const&, FreeKnotSpline<double>, KnotMask const&, LevelOptions const&);
extern template Levelled<Real> level(Function const&, FreeKnotSpline<Real>, KnotMask const&, LevelOptions const&);

}  // namespace nwidth::fitting
