// SPDX-License-Identifier: Apache-2.0
/// Rigorous values of a HalfSpline whose coefficients and knots are balls.
#pragma once
#include "theory/number/ball.hpp"
#include "theory/width/half_spline.hpp"

namespace nwidth::width {

/// (t)_+^m / m! for every t in the ball; for m = 0 and an undecided sign, the hull [0, 1] (which holds the generalised
/// derivative of t_+ too, so that it may stand in the Jacobian of a mean-value form).
Ball truncated_power(Ball const& t, int m);

/// P^(j)(x) for every x in [0, 1] in the ball and every spline in the balls, 0 <= j <= n.
Ball value(HalfSpline<Ball> const& p, Ball const& x, int j = 0);

/// The derivative of P^(j)(x) by the q-th knot (q = 0, 1, ...), 0 <= j < n.
Ball knot_derivative(HalfSpline<Ball> const& p, std::size_t q, Ball const& x, int j);

}  // namespace nwidth::width
