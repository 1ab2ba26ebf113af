// SPDX-License-Identifier: Apache-2.0
/// Class certificates: the error of a linear method over the whole ball W^n = {f : |f^(n)| <= 1} on [-1, 1], enclosed.
///
/// For a linear S that reproduces polynomials of degree < n, f(x) - S f(x) = int K_x(t) f^(n)(t) dt with the Peano
/// kernel K_x, and sup over the ball of |f(x) - S f(x)| is int |K_x|. What is certified is the exact operator S with
/// the dyadic knots and nodes as given; a network's rounded coefficients add at most the rounding stated by its
/// constructor.
#pragma once
#include "theory/certify/enclosure.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::certify {

/// E = max_x int |K_x(t)| dt for interpolation by splines of degree n - 1 in the given space.
///
/// @theorem{nwidth, Peano kernel of spline interpolation}
/// Let tau_1 < ... < tau_{N-n} be the knots, z_1 < ... < z_N the nodes, z_i < tau_i < z_{i+n}, n >= 2, and P^(n) = 1,
/// -1, 1, ... between the knots. Then E = max |P - S P|, whatever the knots. Proof. K_x is, in t, a spline of degree n
/// - 1 with the N + 1 knots z_i and x and vanishes outside their hull, and K_x(tau_j) = 0, for S reproduces (. -
/// tau_j)_+^{n-1}. A spline with m + n simple knots that vanishes outside and on no interval between them has at most m
/// - 1 zeros there, counting multiplicities [schumaker1981, Theorem 4.53]. If K_x vanished on an interval between, one
/// of the parts to its sides would have q consecutive z_i and not x for knots, hence at least q - n of the tau inside
/// against q - n - 1 allowed; so its support is one interval with x and q - 1 consecutive z_i, and the tau_j inside, at
/// least q - 1 - n, are all its zeros, and simple. Hence sign K_x = +-P^(n) on the support, and int |K_x| = |int K_x
/// P^(n)| = |P(x) - S P(x)|. For n = 1 (piecewise linear interpolation at the nodes, constant beyond them) E = max(z_1
/// + 1, 1 - z_N, half the largest gap), directly.
///
/// @param relative  tolerance of the enclosure
/// @param inset     restricts x to [-1 + inset, 1 - inset]; 0 <= inset < 1
/// Cost: linear in N, about 20 microseconds a knot.
Enclosure class_certificate(width::OptimalSpace const& space, Rational const& relative = Rational(1, 1000000000),
                            Rational const& inset = 0);

/// The two-level network's operator (two_level.hpp): N1 cells with N2 nodes in each, which tile [-1, 1] and overlap by
/// the given share of their pitch 2 / (N1 + overlap). Its error at x is a convex combination of local errors, and on
/// the outer half of the first cell it is the local one; the local error is even, so E is exactly the local error,
/// scaled by
/// ((1 + overlap) / (N1 + overlap))^n. N1 >= 2.
Enclosure class_certificate_two_level(int n, int N1, int N2, Rational const& overlap,
                                      Rational const& relative = Rational(1, 1000000000));

/// The partition of unity x Taylor operator (local_taylor.hpp) with N cells of length h = 2/N: the kernels of the
/// Taylor remainders from both neighbours have disjoint supports, so E = h^n/n! max_u [phi(u) u^n + phi(1-u) (1-u)^n]
/// exactly.
Enclosure class_certificate_local_taylor(int n, int N, Rational const& relative = Rational(1, 1000000000));

}  // namespace nwidth::certify
