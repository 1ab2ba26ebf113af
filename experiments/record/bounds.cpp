// SPDX-License-Identifier: Apache-2.0
#include "experiments/record/bounds.hpp"

namespace nwidth::record {

Bounds bounds_of(certify::Enclosure const& e, int digits) {
  Bounds b;
  b.lower = decimal_below(e.lower, digits);
  b.upper = e.bounded ? decimal_above(e.upper, digits) : "inf";
  b.proved = e.proved && e.bounded;
  b.reason = b.proved || !e.reason.empty() ? e.reason : "the tolerance was not reached";
  return b;
}

Bounds bounds_of(Ball const& x, int digits, std::string const& reason) {
  Bounds b;
  b.proved = x.is_finite();
  if (b.proved) {
    b.lower = decimal_below(x.lower(), digits);
    b.upper = decimal_above(x.upper(), digits);
  } else {
    b.reason = reason;
  }
  return b;
}

}  // namespace nwidth::record
