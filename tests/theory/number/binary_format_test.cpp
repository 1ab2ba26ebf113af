// SPDX-License-Identifier: Apache-2.0
#include "theory/number/binary_format.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

#include "tests/random.hpp"
#include "theory/number/error.hpp"
#include "theory/number/machine_format.hpp"

namespace {

using namespace nwidth;
using test::for_random;

constexpr BinaryFormat f64 = BinaryFormat::float64(), f32 = BinaryFormat::float32(), b16 = BinaryFormat::bfloat16();

TEST(BinaryFormat, RoundsLikeTheHardware) {
  for_random(3000, [](std::mt19937_64& g) {
    double const x = test::random_double(g), y = test::random_double(g);
    if (Rational const sum = exact(x) + exact(y); abs(sum) < f64.overflow()) {
      EXPECT_EQ(round_to_nearest(sum, f64), exact(x + y));
    }
    if (abs(exact(x)) < f32.overflow()) {
      EXPECT_EQ(round_to_nearest(exact(x), f32), exact(static_cast<double>(static_cast<float>(x))));
    }
    Rational const q = test::random_rational(g, 1000) * power_of_two(test::uniform(g, -160, 100));
    EXPECT_EQ(round_to_nearest(q, f32), exact(static_cast<double>(to_float(q))));
    EXPECT_EQ(round_to_nearest(q, f64), exact(to_double(q)));
  });
}

TEST(BinaryFormat, RoundsToBfloat16LikeTheBits) {
  for_random(3000, [](std::mt19937_64& g) {
    float const x = std::bit_cast<float>(static_cast<std::uint32_t>(g()));
    if (!std::isfinite(x) || abs(exact(static_cast<double>(x))) >= b16.overflow()) return;
    auto bits = std::bit_cast<std::uint32_t>(x);
    bits += 0x7FFFU + ((bits >> 16) & 1U);
    EXPECT_EQ(round_to_nearest(exact(static_cast<double>(x)), b16),
              exact(static_cast<double>(std::bit_cast<float>(bits & 0xFFFF0000U))));
  });
}

TEST(BinaryFormat, NeighboursHoldTheNumberBetweenThem) {
  for_random(1000, [](std::mt19937_64& g) {
    BinaryFormat const format = test::pick(g, std::vector{f64, f32, b16});
    Rational const x = test::random_rational(g, 1000) * power_of_two(test::uniform(g, -150, 100));
    Rational const below = round_below(x, format), above = round_above(x, format), near = round_to_nearest(x, format);
    EXPECT_TRUE(format.holds(below) && format.holds(above));
    EXPECT_TRUE(below <= x && x <= above && (near == below || near == above));
    EXPECT_EQ(below == above, format.holds(x));
    EXPECT_LE(abs(near - x), std::max(format.unit() * abs(x), format.tiny()));
    if (below == above) return;
    EXPECT_FALSE(format.holds((below + above) / 2));
  });
}

TEST(BinaryFormat, TiesZeroAndTheEnds) {
  EXPECT_EQ(round_to_nearest(Rational(257) / 256, b16), 1);  // 1 + 2^-8: to the even one
  EXPECT_EQ(round_to_nearest(Rational(259) / 256, b16), Rational(130) / 128);
  EXPECT_EQ(round_to_nearest(0, b16), 0);
  EXPECT_EQ(round_to_nearest(f32.tiny(), f32), 0);  // half the smallest: to 0
  EXPECT_EQ(round_to_nearest(3 * f32.tiny(), f32), 4 * f32.tiny());
  EXPECT_TRUE(f32.holds(f32.largest()));
  EXPECT_EQ(f32.largest(), exact(static_cast<double>(std::numeric_limits<float>::max())));
  EXPECT_EQ(2 * f64.tiny(), exact(std::numeric_limits<double>::denorm_min()));
  EXPECT_EQ(round_to_nearest(f32.overflow() - 1, f32), f32.largest());
  EXPECT_THROW(round_to_nearest(f32.overflow(), f32), InvalidInput);
  EXPECT_THROW(round_above(f32.largest() + 1, f32), InvalidInput);
}

}  // namespace
