// SPDX-License-Identifier: Apache-2.0
/// Rigorous enclosures of the sup norm of the error of a network, d = 1.
#pragma once
#include "theory/certify/enclosure.hpp"
#include "theory/network/network.hpp"
#include "theory/target/target.hpp"

namespace nwidth::certify {

/// Encloses sup_{x in [a, b]} |f(x) - net(x)|, where net is the real function of the network (exact weights, no
/// rounding).
///
/// A piecewise polynomial network is cut into its pieces (sweep.hpp); on each the error is modelled by Taylor expansion
/// at the exact middle and bounded in Bernstein form. Any other network (GELU, SiLU, rational) is expanded together
/// with the target. What cannot be proved to the tolerance is returned with proved = false and a reason; an upper bound
/// that could not be had at all with bounded = false.
///
/// @param net  one input, one output
/// @param f    d = 1
/// @param a,b  a < b, any rationals (the enclosure then holds for a domain at most 2^-200 (b - a) longer at each end
///             if they are not dyadic)
/// @throws InvalidInput on wrong shapes or a >= b
Enclosure sup_error(Network const& net, target::Target const& f, Rational const& a, Rational const& b,
                    Options const& options = {});

/// Encloses sup |p| over the pieces of a network alone (the target is 0).
Enclosure sup_norm(Network const& net, Rational const& a, Rational const& b, Options const& options = {});

}  // namespace nwidth::certify
