// SPDX-License-Identifier: Apache-2.0
/// Rigorous enclosures of the L2 norm of the error of a network, d = 1.
#pragma once
#include "theory/certify/enclosure.hpp"
#include "theory/network/network.hpp"
#include "theory/target/target.hpp"

namespace nwidth::certify {

/// Encloses (int_a^b |f(x) - net(x)|^2 dx)^(1/2), where net is the real function of the network (exact weights, no
/// rounding).
///
/// As sup_error: a piecewise polynomial network is cut into its pieces, any other is expanded with the target. On each
/// part the error is q + c x^m, q its Taylor polynomial at the exact middle, |c| <= C: the square of q is integrated
/// exactly in balls, and what the remainder adds is bounded by sup |q|, C and the powers of the half length. Parts with
/// the widest result are expanded further or halved. At a singular point the square is bounded by its range on parts
/// that shrink towards it.
///
/// `at` of the result stays 0. What cannot be proved to the tolerance is returned with proved = false and a reason.
/// Emulated squares are taken apart: deep sawtooth networks have many pieces (options.most_pieces).
/// @param net  one input, one output
/// @param f    d = 1
/// @param a,b  a < b, any rationals
/// @throws InvalidInput on wrong shapes or a >= b
/// Cost: a Taylor model of order 10 or 20 for each piece or part; 1 ms for 64 cubic pieces.
Enclosure l2_error(Network const& net, target::Target const& f, Rational const& a, Rational const& b,
                   Options const& options = {});

}  // namespace nwidth::certify
