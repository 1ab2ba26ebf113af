// SPDX-License-Identifier: Apache-2.0
#include "theory/number/binary_format.hpp"

#include <algorithm>

#include "theory/number/error.hpp"

namespace nwidth {
namespace {

/// x = (m + f) step with an integer m and 0 <= f < 1, step the distance of the format's numbers around x.
struct Place {
  Integer m;
  Rational f, step;
};
Place place(Rational const& x, BinaryFormat const& format) {
  Place r;
  r.step = power_of_two(x == 0 ? format.least : std::max(floor_log2(x) - format.precision + 1, format.least));
  Rational const q = x / r.step;
  r.m = numerator(q) / denominator(q);
  if (Rational(r.m) > q) --r.m;
  r.f = q - Rational(r.m);
  return r;
}

Rational checked(Rational const& y, BinaryFormat const& format) {
  if (abs(y) > format.largest())
    throw InvalidInput("a number of size 2^" + std::to_string(floor_log2(y)) + " is larger than every number of " +
                       std::to_string(format.precision) + " bits and exponents below " +
                       std::to_string(format.largest_bits));
  return y;
}

}  // namespace

bool BinaryFormat::holds(Rational const& x) const { return place(x, *this).f == 0 && abs(x) <= largest(); }

Rational round_to_nearest(Rational const& x, BinaryFormat const& format) {
  Place p = place(x, format);
  Rational const half = Rational(1) / 2;
  if (p.f > half || (p.f == half && p.m % 2 != 0)) ++p.m;
  return checked(Rational(p.m) * p.step, format);
}

Rational round_below(Rational const& x, BinaryFormat const& format) {
  Place const p = place(x, format);
  return checked(Rational(p.m) * p.step, format);
}

Rational round_above(Rational const& x, BinaryFormat const& format) { return -round_below(-x, format); }

}  // namespace nwidth
