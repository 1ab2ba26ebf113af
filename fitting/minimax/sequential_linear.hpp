// SPDX-License-Identifier: Apache-2.0
/// Sequential linear programming for the largest error of a spline with free knots.
#pragma once
#include <algorithm>

#include "fitting/minimax/alternation_newton.hpp"

namespace nwidth::fitting {

/// An error below this many eps max|f| is taken for rounding: single values are off by some eps max|f|, and those of
/// networks with large cancelling terms by more, so that nothing could be levelled.
inline constexpr int below_precision_factor = 100;

/// The length of the shortest segment.
template <class T>
T least_spacing(FreeKnotSpline<T> const& s) {
  T least = s.end() - s.begin();
  for (std::size_t k = 1; k < s.knots.size(); ++k) least = std::min(least, T(s.knots[k] - s.knots[k - 1]));
  return least;
}

struct SequentialOptions {
  int max_iterations = 60;
  double min_spacing = 1e-11;  ///< of knots, relative to the domain
  double gain = 1e-10;         ///< stop when three steps gain less, relative to the level
};

template <class T>
struct SequentialFit {
  FreeKnotSpline<T> spline;
  ErrorSurvey<T> survey;
  Outcome outcome;  ///< flat, max_iterations, knot_collapse or below_precision: optimality is not decided here
  int iterations = 0;
};

/// The best coefficients for given knots: linear programs on samples and extrema of e, three or until the sampled sup
/// is within 1e-9 of the program's bound. `start` may have any coefficients.
template <class T>
SequentialFit<T> linear_minimax(Function const& f, FreeKnotSpline<T> start);

/// Lowers sup|e| in coefficients and free knots. In each step a linear program minimises the level of the linearised
/// error at extrema of e and at samples with |e| > 0.7 sup, which are carried by their segments so that extrema at
/// knots stay at knots; knots move by at most a trust region of 0.45 or less of the distance to their neighbours. A
/// step that is not as good as promised is followed by a linear fit at its knots. The programs are in double, scaled by
/// the level, whatever T. Ends: flat if three steps gain less than options.gain, or the trust region is below 1e-10.
/// Cost per step: one to three linear programs in r + m n + n + 1 variables, and as many surveys.
template <class T>
SequentialFit<T> sequential_linear(Function const& f, FreeKnotSpline<T> start, KnotMask const& free,
                                   SequentialOptions const& options);

extern template SequentialFit<double> linear_minimax(Function const&, FreeKnotSpline<double>);
extern template SequentialFit<Real> linear_minimax(Function const&, FreeKnotSpline<Real>);
extern template SequentialFit<double> sequential_linear(Function const&, FreeKnotSpline<double>, KnotMask const&,
                                                        SequentialOptions const&);
extern template SequentialFit<Real> sequential_linear(Function const&, FreeKnotSpline<Real>, KnotMask const&,
                                                      SequentialOptions const&);

}  // namespace nwidth::fitting
