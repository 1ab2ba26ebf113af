// SPDX-License-Identifier: Apache-2.0
/// Splines with free knots as networks with one hidden layer: truncated powers, exactly computed and rounded once.
#pragma once
#include "fitting/problem/spline.hpp"
#include "theory/certify/enclosure.hpp"
#include "theory/network/network.hpp"
#include "theory/number/real.hpp"

namespace nwidth::fitting {

/// Which way the neurons at the knots look.
enum class Facing {
  right,  ///< relu(x - t): the polynomial of the first segment is always on
  left,   ///< relu(t - x): that of the last one
  both,   ///< away from a pivot segment, the one that makes the terms smallest
};

struct ShallowOptions {
  Facing facing = Facing::both;
  /// Significant bits of every knot, weight, bias and coefficient: 53 means the nearest double, range included, any
  /// other number >= 2 a binary format without limits of range, 0 no rounding at all.
  int bits = 53;
};

/// What became of a spline.
struct ShallowNetwork {
  Network network;       ///< one input, a hidden layer, one output
  int knot_neurons;      ///< one for each knot where the spline is not a polynomial
  int always_on;         ///< neurons that carry the polynomial of the pivot segment; the output's bias is the constant
  int pivot;             ///< its segment
  double largest_term;   ///< max over x of the sum of |terms| of the output's sum, over knots and middles of segments
  double largest_value;  ///< max |s| over the same points
  /// largest_term/largest_value: what a relative error of the outer weights can be magnified by. A figure, no bound.
  double amplification() const { return largest_term / largest_value; }
};

/// The spline on its interval [a, b], and nothing in particular outside, as a network with
///
///   order 2, C^0 (relu):                n + 1 neurons, ReLU
///   degree k, C^{k-1} (relu_power):     n + k neurons, ReLU^k
///   any other (polyrelu: C^0):          n + 1 neurons, PolyReLU of the degree with coefficients per neuron (model M1)
///
/// n interior knots, less the knots where nothing happens. The polynomial of the pivot segment needs k, 1 or 1 neurons
/// that are positive on [a, b]; networks here have no skip connection, with which ReLU would need none.
///
/// For ReLU^k they are ReLU(1 + c_j z)^k, z in [-1, 1] the place in [a, b], with c_j the k extrema of the Chebyshev
/// polynomial T_k, less 0 or (k odd) less the least negative one, as multiples of 1/64. Their kinks lie on both sides
/// of the interval, which is what conditions them: if |p| <= 1 on [a, b], their |terms| and the constant add up to at
/// most 3, 7, 91, 316, 3467 for k = 1 ... 5; for kinks at z = -1, -2, ... it is 3, 37, 631, 1.5e4, 4.9e5.
///
/// First the knots are rounded, then all that follows is rational arithmetic from the B-spline coefficients, and the
/// weights are rounded last: so the rounded knots belong to the rounded coefficients, and no error is magnified but
/// that of the last rounding. A knot's inner weight is a power of two: rounded knots stay as they are; and inner and
/// outer weights, or for PolyReLU the coefficients, are balanced.
///
/// The sum of |terms| is about the integral of |s^(k+1)| |x - p|^k/k! from the pivot p to x: it does not grow with the
/// number of knots, but with the power k + 1 of the length over which terms are summed. From the middle it is
/// 2^{k+1} times less than from one end; Facing::both finds the best segment in O(n^2) operations in double.
/// Measured amplification for n = 127 equal steps (right, left, both):
///   exp, k = 1               1       3       1
///   sin(4 pi x), k = 1       225     225     62
///   sin(4 pi x), k = 2       1.7e3   1.7e3   260
///   sin(4 pi x), k = 3       1.3e4   1.3e4   1.2e3
///   sin(4 pi x), C^0 cubic   1.3e4   1.3e4   1.6e3
///   1/(1 + 25 x^2), k = 3    455     454     408
///
/// Cost: O(n d^3) operations with rationals of some hundred bits, and the search for the pivot.
/// @throws InvalidInput if s is no spline, a number of it is not finite or too large for the format, bits < 0 or
///   bits = 1, or its knots coincide when rounded
template <class T>
ShallowNetwork shallow_network(FreeKnotSpline<T> const& s, ShallowOptions const& options = {});

/// Encloses sup over [a, b] of |s - net|, the effect of all roundings: exact on both sides but for the enclosure.
template <class T>
certify::Enclosure rounding_effect(FreeKnotSpline<T> const& s, Network const& net,
                                   certify::Options const& options = {});

/// x to `bits` significant bits, ties away from zero; for 53 the nearest double. @throws InvalidInput as above
Rational round_to_bits(Rational const& x, int bits);

extern template ShallowNetwork shallow_network(FreeKnotSpline<double> const&, ShallowOptions const&);
extern template ShallowNetwork shallow_network(FreeKnotSpline<Real> const&, ShallowOptions const&);
extern template ShallowNetwork shallow_network(FreeKnotSpline<Rational> const&, ShallowOptions const&);
extern template certify::Enclosure rounding_effect(FreeKnotSpline<double> const&, Network const&,
                                                   certify::Options const&);
extern template certify::Enclosure rounding_effect(FreeKnotSpline<Real> const&, Network const&,
                                                   certify::Options const&);
extern template certify::Enclosure rounding_effect(FreeKnotSpline<Rational> const&, Network const&,
                                                   certify::Options const&);

}  // namespace nwidth::fitting
