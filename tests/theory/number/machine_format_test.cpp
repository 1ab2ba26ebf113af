// SPDX-License-Identifier: Apache-2.0
#include "theory/number/machine_format.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth {
namespace {

using limits = std::numeric_limits<float>;

/// No neighbour of f is nearer to x, and an equally near one has an odd last bit.
void expect_nearest(Rational const& x, float f) {
  ASSERT_TRUE(std::isfinite(f)) << exact_string(x);
  Rational const error = abs(exact(static_cast<double>(f)) - x);
  for (float to : {-limits::infinity(), limits::infinity()}) {
    float const other = std::nextafter(f, to);
    if (!std::isfinite(other)) continue;
    Rational const theirs = abs(exact(static_cast<double>(other)) - x);
    EXPECT_LE(error, theirs) << exact_string(x);
    if (error == theirs) {
      int exponent = 0;
      float const m = std::frexp(f, &exponent);
      double const ulps = std::ldexp(static_cast<double>(m), std::min(24, exponent + 149));
      EXPECT_EQ(std::fmod(ulps, 2.0), 0) << exact_string(x);
    }
  }
}

TEST(ToFloat, is_the_nearest_with_ties_to_even_also_where_rounding_to_double_first_is_not) {
  Rational const ulp = power_of_two(-23), tiny = power_of_two(-200);
  // one and a half ulp, and a bit less than a double sees: to even would be up, the truth is down
  EXPECT_EQ(to_float(1 + ulp / 2), 1.0F);
  EXPECT_EQ(to_float(1 + ulp / 2 + tiny), 1.0F + 0x1p-23F);
  EXPECT_EQ(to_float(1 + ulp * 3 / 2), 1.0F + 0x1p-22F);
  EXPECT_EQ(to_float(1 + ulp * 3 / 2 - tiny), 1.0F + 0x1p-23F);
  EXPECT_EQ(to_float(-1 - ulp / 2 - tiny), -1.0F - 0x1p-23F);
  EXPECT_EQ(to_float(0), 0.0F);
  EXPECT_EQ(to_float(power_of_two(-150)), 0.0F);
  EXPECT_EQ(to_float(power_of_two(-150) + power_of_two(-5000)), limits::denorm_min());
  EXPECT_EQ(to_float(-power_of_two(-5000)), 0.0F);
  EXPECT_EQ(to_float(power_of_two(128)), limits::infinity());
  EXPECT_EQ(to_float(power_of_two(2000)), limits::infinity());
  EXPECT_EQ(to_float(exact(static_cast<double>(limits::max())) + power_of_two(102)), limits::max());
  test::for_random(3000, [](std::mt19937_64& g) {
    Rational x = test::random_dyadic(g, 40, -160, 60);
    if (test::coin(g)) x += Rational(test::uniform(g, -1, 1)) * power_of_two(-300);
    if (g() % 4 == 0) x /= 3;
    expect_nearest(x, to_float(x));
  });
}

TEST(FloatWriter, writes_what_read_float_reads_and_reports_the_rounding) {
  test::for_random(200, [](std::mt19937_64& g) {
    double const x = test::random_double(g);
    FloatWriter wide(FloatFormat::f64);
    std::string bytes;
    wide.append(bytes, exact(x), "x");
    ASSERT_EQ(bytes.size(), 8U);
    EXPECT_EQ(read_float(bytes.data(), FloatFormat::f64), x);
    EXPECT_TRUE(wide.rounding().exact());
    float const f =
        static_cast<float>(std::ldexp(test::uniform_real(g, -1, 1), static_cast<int>(test::uniform(g, -20, 20))));
    FloatWriter narrow(FloatFormat::f32);
    narrow.append(bytes, exact(static_cast<double>(f)), "x");
    ASSERT_EQ(bytes.size(), 12U);
    EXPECT_EQ(read_float(bytes.data() + 8, FloatFormat::f32), static_cast<double>(f));
    EXPECT_TRUE(narrow.rounding().exact());
  });
  FloatWriter w(FloatFormat::f64);
  std::string bytes;
  w.append(bytes, 0, "x");
  w.append(bytes, 1, "x");
  w.append(bytes, Rational(1, 3), "x");
  EXPECT_EQ(w.rounding().numbers, 2U);
  EXPECT_EQ(w.rounding().rounded, 1U);
  EXPECT_EQ(w.rounding().largest, abs(exact(1.0 / 3) - Rational(1, 3)) * 3);
  w.append(bytes, power_of_two(-3000), "x");
  EXPECT_EQ(w.rounding().largest, 1);                                     // lost
  EXPECT_EQ(bytes.substr(8, 8), std::string("\0\0\0\0\0\0\xF0\x3F", 8));  // little-endian everywhere
  EXPECT_THROW(w.append(bytes, power_of_two(1024), "x"), InvalidInput);
  FloatWriter single(FloatFormat::f32);
  EXPECT_THROW(single.append(bytes, power_of_two(128), "x"), InvalidInput);
}

}  // namespace
}  // namespace nwidth
