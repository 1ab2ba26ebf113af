// SPDX-License-Identifier: Apache-2.0
#include "theory/number/real.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace {

using namespace nwidth;
using test::for_random;

TEST(ExactOfReal, KnowsEveryBit) {
  EXPECT_EQ(exact(Real(0)), 0);
  EXPECT_EQ(exact(-Real(0)), 0);
  EXPECT_EQ(exact(Real(1)), 1);
  EXPECT_EQ(exact(Real(-3)), -3);
  EXPECT_EQ(exact(Real(1) + ldexp(Real(1), -300)), 1 + power_of_two(-300));
  EXPECT_EQ(exact(ldexp(Real(3), -5000)), 3 * power_of_two(-5000));
  EXPECT_EQ(exact(ldexp(Real(3), 5000)), 3 * power_of_two(5000));
  for_random(300, [](std::mt19937_64& g) {
    double const x = test::random_double(g);
    EXPECT_EQ(exact(Real(x)), exact(x));
    Rational const d = test::random_dyadic(g, 300, -2000, 2000);
    EXPECT_EQ(exact(to_real(d)), d);
    Real const y = to_real(test::random_rational(g, 1000)) * to_real(d);
    EXPECT_EQ(to_real(exact(y)), y);
  });
}

TEST(ExactOfReal, RejectsWhatIsNoNumber) {
  using limits = std::numeric_limits<Real>;
  for (Real const& x : {limits::infinity(), Real(-limits::infinity()), limits::quiet_NaN()})
    EXPECT_THROW(exact(x), InvalidInput);
}

TEST(ToReal, IsNearest) {
  // 100 digits are at least 332 bits: relative error <= 2^-332
  for_random(300, [](std::mt19937_64& g) {
    Rational const q = test::random_rational(g, 1000000);
    EXPECT_LE(abs(exact(to_real(q)) - q), abs(q) * power_of_two(-332));
    EXPECT_EQ(to_real(-q), -to_real(q));
  });
}

TEST(RationalToDouble, IsNearest) {
  for_random(1000, [](std::mt19937_64& g) {
    Rational const q = test::random_rational(g, 1000000) * test::random_dyadic(g, 60, -1100, 900);
    double const x = to_double(q);
    Rational const error = abs(exact(x) - q);
    if (x > -std::numeric_limits<double>::max()) {
      EXPECT_LE(error, abs(exact(std::nextafter(x, -HUGE_VAL)) - q)) << q;
    }
    if (x < std::numeric_limits<double>::max()) {
      EXPECT_LE(error, abs(exact(std::nextafter(x, HUGE_VAL)) - q)) << q;
    }
  });
}

TEST(RationalToDouble, TiesAndEnds) {
  double const largest = std::numeric_limits<double>::max(), tiniest = std::numeric_limits<double>::denorm_min();
  Rational const one = 1, half_ulp = power_of_two(-53), top = power_of_two(1024);
  EXPECT_EQ(to_double(one + half_ulp), 1);  // ties to even
  EXPECT_EQ(to_double(one + 3 * half_ulp), 1 + 0x1p-51);
  EXPECT_EQ(to_double(one + half_ulp + power_of_two(-2000)), 1 + 0x1p-52);
  EXPECT_EQ(to_double(power_of_two(-1075)), 0);
  EXPECT_EQ(to_double(power_of_two(-1075) + power_of_two(-3000)), tiniest);
  EXPECT_EQ(to_double(-3 * power_of_two(-1075)), -2 * tiniest);
  EXPECT_EQ(to_double(top - power_of_two(970)), HUGE_VAL);
  EXPECT_EQ(to_double(top - power_of_two(970) - 1), largest);
  EXPECT_EQ(to_double(-top * top), -HUGE_VAL);
  EXPECT_EQ(to_double(1 / (top * top)), 0);
}

}  // namespace
