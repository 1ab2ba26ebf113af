// SPDX-License-Identifier: Apache-2.0
/// Best fits in the sup norm by splines with free knots: found in double, polished to 60 digits.
#pragma once
#include <string>
#include <vector>

#include "fitting/problem/function.hpp"
#include "fitting/problem/spline.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// A fit and the alternation of its error. Nothing in it is proved. For m = 1 and all knots free, r + 2k + 1 points
/// where f - s alternates with |f - s| >= E prove that no spline of the class with k knots comes closer than E (de la
/// Vallée-Poussin): points and signs are what such a proof needs.
template <class T>
struct MinimaxFit {
  FreeKnotSpline<T> spline;
  T level = 0;            ///< the largest |f - s| that was seen: a lower bound of the norm, up to rounding
  std::vector<T> points;  ///< where f - s alternates: `needed` of them if converged, else those within 1 % of the level
  std::vector<int> signs;  ///< of f - s there
  T least = 0;             ///< the smallest |f - s| at the points
  T levelling = 0;         ///< max / min of |f - s| over the points, minus 1
  int needed = 0;     ///< points that fix coefficients, free knots and level: r + m n + n + 1 if all knots are free,
                      ///< one less if one of them is idle
  int idle_knot = 0;  ///< an interior knot (1 ... n) that does not help, and at which s does not jump; 0 if none
  /// converged: needed points, levelled as far as rounding (double) or to 1e-60 (Real), and nothing seen above them.
  ///   For m = 1 also with one idle knot, when n - 1 knots give one point more than they need.
  /// flat: as many points or more, but their level could not be made equal. no_alternation: fewer points; the fit is
  /// the result of linear programs. knot_collapse, below_precision, max_iterations as they say.
  Outcome outcome;
  int iterations = 0;  ///< linear programs with free knots, and Newton steps
  std::string start;   ///< the name of the start that led here
};

struct MinimaxOptions {
  int max_iterations = 60;          ///< of sequential linear programming, for each start; 0: Newton's method only
  bool free_knots = true;           ///< false: the best coefficients at the knots given
  double min_spacing = 1e-11;       ///< of knots, relative to the domain: closer is a collapse
  std::vector<double> start_knots;  ///< n interior knots to begin with, besides our own; only in fit_spline_minimax
  int transplants = 2;  ///< how often a knot may be taken where it helps least to where the error is largest
};

/// From the knots and coefficients given (which may be zero): linear fit, sequential linear programming and Newton's
/// method on the alternation in turns. T = double or Real.
/// @throws InvalidInput if start is not a spline on f's domain
template <class T>
MinimaxFit<T> fit_minimax(Function const& f, FreeKnotSpline<T> start, MinimaxOptions const& options = {});

extern template MinimaxFit<double> fit_minimax(Function const&, FreeKnotSpline<double>, MinimaxOptions const&);
extern template MinimaxFit<Real> fit_minimax(Function const&, FreeKnotSpline<Real>, MinimaxOptions const&);

/// From interior knots. @throws InvalidInput if they do not ascend inside the domain
MinimaxFit<double> fit_minimax(Function const& f, SplineClass kind, std::vector<double> const& interior_knots,
                               MinimaxOptions const& options = {});

/// The fit in 100-digit arithmetic by at most 9 Newton steps, to a levelling of 1e-60. A fit below the precision of
/// double is fitted again in Real from its knots; one that did not converge is returned with its outcome, with values
/// in Real.
MinimaxFit<Real> polish_minimax(Function const& f, MinimaxFit<double> const& fit, MinimaxOptions const& options = {});

/// With n interior knots from our own starts: knots given in options, equidistribution, longest segments, transplants.
/// Stops at the first start that converges with m = 1 (then no spline with n knots is better, up to rounding); else
/// the least level of all. Local searches: for other classes and outcomes a better fit may exist.
/// Cost: with n = 16 some 10 ms to 1 s; measured, not guaranteed.
/// @throws InvalidInput if n < 0 or n > 512, d > 6, or start_knots are not n ascending points inside the domain
/// @cite braess1986  @cite schumaker1981
MinimaxFit<double> fit_spline_minimax(Function const& f, SplineClass kind, int n, MinimaxOptions const& options = {});

}  // namespace nwidth::fitting
