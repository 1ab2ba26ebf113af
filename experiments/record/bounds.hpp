// SPDX-License-Identifier: Apache-2.0
/// Proved enclosures as decimal strings, rounded outward.
#pragma once
#include "experiments/record/record.hpp"
#include "theory/certify/sup_norm.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::record {

/// lower <= truth <= upper with `digits` significant digits each; "inf" where nothing was proved.
Bounds bounds_of(certify::Enclosure const& e, int digits);
/// @param reason  why, if x is not finite
Bounds bounds_of(Ball const& x, int digits, std::string const& reason = "no finite enclosure was found");

}  // namespace nwidth::record
