// SPDX-License-Identifier: Apache-2.0
#include "experiments/record/bounds.hpp"

#include <gtest/gtest.h>

namespace nwidth::record {
namespace {

certify::Enclosure enclosure(Rational const& lower, Rational const& upper, bool bounded, bool proved) {
  certify::Enclosure e;
  e.lower = lower;
  e.upper = upper;
  e.bounded = bounded;
  e.proved = proved;
  return e;
}

TEST(Bounds, AreRoundedOutward) {
  for (int digits : {1, 2, 5, 17, 40}) {
    Bounds const b = bounds_of(enclosure(Rational(1, 3), Rational(2, 3), true, true), digits);
    EXPECT_LE(parse_rational(b.lower), Rational(1, 3));
    EXPECT_GE(parse_rational(b.upper), Rational(2, 3));
    EXPECT_LT(Rational(1, 3) - parse_rational(b.lower), power(Rational(1, 10), static_cast<unsigned>(digits)));
    EXPECT_LT(parse_rational(b.upper) - Rational(2, 3), power(Rational(1, 10), static_cast<unsigned>(digits)));
    EXPECT_TRUE(b.proved);
  }
}

TEST(Bounds, SayInfWhereNothingWasProved) {
  Bounds const open = bounds_of(enclosure(Rational(1, 3), 0, false, false), 17);
  EXPECT_EQ(open.upper, "inf");
  EXPECT_FALSE(open.proved);
  EXPECT_FALSE(open.reason.empty());
  EXPECT_FALSE(bounds_of(enclosure(Rational(1, 3), 1, true, false), 17).proved);
  EXPECT_FALSE(bounds_of(enclosure(Rational(1, 3), 1, false, true), 17).proved);  // never a proof without a bound
  Bounds const ball = bounds_of(Ball(1) / Ball(0), 17);
  EXPECT_EQ(ball.upper, "inf");
  EXPECT_FALSE(ball.proved);
}

}  // namespace
}  // namespace nwidth::record
