// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "fitting/least_squares/segment.hpp"
#include "fitting/problem/spline.hpp"
#include "fitting/problem/status.hpp"
#include "theory/number/real.hpp"

namespace nwidth::fitting {

/// A stationary point in high precision.
struct PolishedFit {
  FreeKnotSpline<Real> spline;
  Real error = 0;  ///< (sum_k weights[k] int |f^(k) - s^(k)|^p)^(1/p)
  Outcome outcome;
  int iterations = 0;
};

/// Newton's method in 100 digits from a fit in double, for constants and for errors below 1e-12 max|f|. `converged`
/// means that knots, and more than that the error, are right to `digits` as far as decrements and a quadrature with
/// twice as many panels show, and that the Hessian is positive definite; it is no proof, which enclosures would give.
/// @param digits  10 to 40
/// @throws InvalidInput as fit_l2, or if digits are out of range
/// Cost: about 10 ms a segment and step for degree 1, 50 ms for degree 3; 3 to 5 steps from a converged fit.
PolishedFit polish(Function const& f, FreeKnotSpline<double> const& start, int digits, Objective const& objective = {});

}  // namespace nwidth::fitting
