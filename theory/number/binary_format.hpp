// SPDX-License-Identifier: Apache-2.0
/// Binary floating-point formats as sets of rationals: what IEEE arithmetic rounds to.
#pragma once
#include "theory/number/rational.hpp"

namespace nwidth {

/// The numbers m 2^e, |m| < 2^precision, e >= least, of size at most `largest()`; subnormals are among them.
struct BinaryFormat {
  int precision;      ///< bits of the significand: 24 for float
  long least;         ///< exponent of the smallest positive number: -149 for float
  long largest_bits;  ///< all numbers are below 2^largest_bits: 128 for float

  static constexpr BinaryFormat float64() { return {53, -1074, 1024}; }
  static constexpr BinaryFormat float32() { return {24, -149, 128}; }
  static constexpr BinaryFormat bfloat16() { return {8, -133, 128}; }

  /// u: rounding to nearest changes a number by at most u times its size ...
  Rational unit() const { return power_of_two(-precision); }
  /// ... or by this much, half the smallest positive number, where the result is subnormal.
  Rational tiny() const { return power_of_two(least - 1); }
  Rational largest() const { return power_of_two(largest_bits) - power_of_two(largest_bits - precision); }
  /// Sums below this in size are rounded to finite numbers.
  Rational overflow() const { return power_of_two(largest_bits) - power_of_two(largest_bits - precision - 1); }

  bool holds(Rational const& x) const;
  friend bool operator==(BinaryFormat const&, BinaryFormat const&) = default;
};

/// The number of the format nearest to x, ties to even. @throws InvalidInput if |x| >= format.overflow()
Rational round_to_nearest(Rational const& x, BinaryFormat const& format);
/// The greatest number of the format that is <= x, the least that is >= x. @throws InvalidInput beyond the largest
Rational round_below(Rational const& x, BinaryFormat const& format);
Rational round_above(Rational const& x, BinaryFormat const& format);

}  // namespace nwidth
