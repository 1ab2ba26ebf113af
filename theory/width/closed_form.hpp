// SPDX-License-Identifier: Apache-2.0
/// The least-norm perfect splines of degree at most 3, in closed form.
#pragma once
#include "theory/number/ball.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::width {

/// The norm of the Euler spline of degree n with unit spacing, n = 1..6: 1/2, 1/8, 1/24, 5/384, 1/240, 61/46080, the
/// Favard constants over pi^n.
Rational euler_norm(int n);

/// The width for n = 1..3 and N >= n.
/// @theorem{nwidth, closed forms} With h = 2/(N - c), c = 0, 2 - sqrt 2, 1, the knots are uniform with spacing h and
///   d_N = e_n h^n = 1/N,  1/(2 (N - 2 + sqrt 2)^2),  1/(3 (N - 1)^3),   e_n = euler_norm(n).
/// Proof. Take the Euler spline with spacing h and norm e_n h^n. In units of h, with t counted from its last extremum
/// and with the sign in which that is a minimum, it goes on without a knot until it has alternated once more (n = 1, 2)
/// or twice (n = 3):
///   n = 1:  t - 1/2, to 1/2 at t = 1;    n = 2:  t^2/2 - 1/8, to 1/8 at t = 1/sqrt 2;
///   n = 3:  t^2/4 - t^3/6 - 1/24, to the extremum 1/24 at t = 1 and to -1/24 at t = 3/2.
/// The same at the other end: on an interval of length (N - c) h = 2 it has N - n knots and takes the values
/// +-e_n h^n in turn at N + 1 points, so it is the spline of least norm. (N = n: the Chebyshev polynomial.)
Width closed_form_width(int n, int N);

/// Its value alone, at once for any N.
Ball closed_form_norm(int n, int N);

}  // namespace nwidth::width
