// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "theory/number/error.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::width {
namespace {

void expect_sound(OptimalSpace const& s, long bits) {
  ASSERT_EQ(s.knots.size(), static_cast<std::size_t>(s.N - s.n));
  ASSERT_EQ(s.nodes.size(), static_cast<std::size_t>(s.N));
  for (std::size_t i = 0; i < s.knots.size(); ++i) {
    ASSERT_EQ(s.knots[i], -s.knots[s.knots.size() - 1 - i]);
    ASSERT_EQ(denominator(Rational(s.knots[i] * power_of_two(bits))), 1);
    ASSERT_LT(s.nodes[i], s.knots[i]);
    ASSERT_LT(s.knots[i], s.nodes[i + static_cast<std::size_t>(s.n)]);
  }
  for (std::size_t i = 0; i < s.nodes.size(); ++i) {
    ASSERT_EQ(s.nodes[i], -s.nodes[s.nodes.size() - 1 - i]);
    ASSERT_EQ(denominator(Rational(s.nodes[i] * power_of_two(bits))), 1);
  }
  for (std::size_t i = 1; i < s.nodes.size(); ++i) ASSERT_LT(s.nodes[i - 1], s.nodes[i]);
  ASSERT_GT(s.nodes.front(), -1);
}

TEST(OptimalSpace, IsSymmetricDyadicAndInterlaced) {
  for (int n = 1; n <= 6; ++n)
    for (int N : {n, n + 1, n + 2, n + 7, 20, 63, 64, 65, 66, 100, 333}) expect_sound(optimal_space(n, N), 96);
  expect_sound(optimal_space(4, 12, 40), 40);
}

TEST(OptimalSpace, DegreeOneIsUniform) {
  OptimalSpace const s = optimal_space(1, 8);  // powers of two: exact
  for (int i = 1; i < 8; ++i) EXPECT_EQ(s.knots[static_cast<std::size_t>(i - 1)], Rational(2 * i, 8) - 1);
  for (int i = 1; i <= 8; ++i) EXPECT_EQ(s.nodes[static_cast<std::size_t>(i - 1)], Rational(2 * i - 1, 8) - 1);
}

TEST(OptimalSpace, NodesWithoutKnotsAreChebyshevs) {
  OptimalSpace const s = optimal_space(4, 4, 200);
  for (Rational const& x : s.nodes) {
    Rational const x2 = x * x;
    EXPECT_LT(abs(Rational(8 * x2 * x2 - 8 * x2 + 1)), power_of_two(-190));
  }
}

TEST(OptimalSpace, ThePatternMeetsTheSolutionInTheMiddle) {
  // 64 is solved for, 66 comes from the pattern: in units of the spacing, measured from the end, they agree
  for (int n = 4; n <= 6; ++n) {
    OptimalSpace const a = optimal_space(n, 64, 200), b = optimal_space(n, 66, 200);
    Rational const ratio = (1 + b.knots[0]) / (1 + a.knots[0]);
    for (std::size_t i = 0; i < 20; ++i)
      EXPECT_LT(abs(Rational((1 + b.nodes[i]) / (1 + a.nodes[i]) / ratio - 1)), exact(1e-20)) << n << " " << i;
  }
}

TEST(OptimalSpace, LargeSpacesTakeLinearTime) { expect_sound(optimal_space(5, 20000), 96); }

TEST(OptimalSpace, RefusesBadInput) {
  EXPECT_THROW(optimal_space(0, 4), InvalidInput);
  EXPECT_THROW(optimal_space(7, 8), InvalidInput);
  EXPECT_THROW(optimal_space(3, 2), InvalidInput);
  EXPECT_THROW(optimal_space(3, 1000001), InvalidInput);
  EXPECT_THROW(optimal_space(3, 8, 7), InvalidInput);
  EXPECT_THROW(optimal_space(3, 8, 257), InvalidInput);
  EXPECT_THROW(optimal_space(3, 1000, 8), InvalidInput);  // 8 bits do not separate 1000 nodes
}

}  // namespace
}  // namespace nwidth::width
