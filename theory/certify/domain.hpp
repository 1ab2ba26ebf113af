// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "theory/network/network.hpp"
#include "theory/number/polynomial.hpp"
#include "theory/target/expression.hpp"
#include "theory/target/target.hpp"

namespace nwidth::certify {

/// An interval, cut where the target is not smooth. An end that is not dyadic stands between the first (or last) two
/// cuts, 2^-200 of the length apart: the part between them may lie outside, and gives no lower bounds.
struct Domain {
  std::vector<Point> cuts;  // ascending, both ends included
  bool left_end_inside = true, right_end_inside = true;
};
/// What the error of a network on [a, b] asks of its input; f may be null.
/// @throws InvalidInput unless a < b, net has one input and one output, and f one variable
void require_one_dimension(Network const& net, target::Target const* f, Rational const& a, Rational const& b);

/// @param f  may be null
Domain make_domain(Rational const& a, Rational const& b, target::Expression const* f);

}  // namespace nwidth::certify
