// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "theory/number/polynomial.hpp"
#include "theory/target/expression.hpp"

namespace nwidth::certify {

/// An interval, cut where the target is not smooth. An end that is not dyadic stands between the first (or last) two
/// cuts, 2^-200 of the length apart: the part between them may lie outside, and gives no lower bounds.
struct Domain {
  std::vector<Point> cuts;  // ascending, both ends included
  bool left_end_inside = true, right_end_inside = true;
};
/// @param f  may be null
Domain make_domain(Rational const& a, Rational const& b, target::Expression const* f);

}  // namespace nwidth::certify
