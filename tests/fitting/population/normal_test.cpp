// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/normal.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/random.hpp"

namespace nwidth::fitting::population {
namespace {

TEST(Normal, has_the_moments_of_the_normal_law) {
  constexpr int count = 200000;
  Normal normal(test::seed());
  double moment[5] = {};
  int beyond = 0;
  for (int i = 0; i < count; ++i) {
    double const x = normal();
    double power = 1;
    for (double& m : moment) {
      m += power / count;
      power *= x;
    }
    if (std::abs(x) > 1.959963984540054) ++beyond;
  }
  double const sd = 1 / std::sqrt(double{count});  // six standard deviations of each mean below
  EXPECT_NEAR(moment[1], 0, 6 * sd);
  EXPECT_NEAR(moment[2], 1, 6 * std::sqrt(2.0) * sd);
  EXPECT_NEAR(moment[3], 0, 6 * std::sqrt(15.0) * sd);
  EXPECT_NEAR(moment[4], 3, 6 * std::sqrt(96.0) * sd);
  EXPECT_NEAR(beyond / double{count}, 0.05, 6 * std::sqrt(0.05 * 0.95) * sd);
}

TEST(Normal, spends_the_bits_of_the_standard_engine) {
  std::mt19937_64 bits(mix_seed(7));
  Normal normal(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(normal.uniform(), static_cast<double>(bits() >> 11) * 0x1p-53);
  // and the polar method by hand
  std::mt19937_64 again(mix_seed(8));
  Normal other(8);
  for (int i = 0; i < 50; ++i) {
    double u = 2, v = 0;
    while (!(u * u + v * v < 1 && u * u + v * v > 0)) {
      u = static_cast<double>(again() >> 11) * 0x1p-52 - 1;
      v = static_cast<double>(again() >> 11) * 0x1p-52 - 1;
    }
    double const q = u * u + v * v, first = other(), second = other();
    EXPECT_NEAR(first, u * std::sqrt(-2 * std::log(q) / q), 1e-14);
    EXPECT_NEAR(second * u, first * v, 1e-13);
  }
}

TEST(Normal, of_neighbouring_seeds_is_unrelated) {
  constexpr int count = 20000;
  Normal a(1), b(2);
  double product = 0;
  for (int i = 0; i < count; ++i) product += a() * b() / count;
  EXPECT_NEAR(product, 0, 6 / std::sqrt(double{count}));
}

}  // namespace
}  // namespace nwidth::fitting::population
