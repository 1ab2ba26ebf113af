// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/start.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting::rational {
namespace {

void expect_ascending_in(std::vector<double> const& x, double a, double b) {
  EXPECT_GE(x.front(), a);
  EXPECT_LE(x.back(), b);
  for (std::size_t i = 1; i < x.size(); ++i) EXPECT_LT(x[i - 1], x[i]);
}

TEST(Start, chebyshev_points_ascend_and_are_not_symmetric) {
  for (int count : {2, 3, 10, 41}) {
    std::vector<double> const x = chebyshev_reference(-1, 1, count);
    ASSERT_EQ(x.size(), static_cast<std::size_t>(count));
    expect_ascending_in(x, -1, 1);
    EXPECT_EQ(x.front(), -1);
    EXPECT_EQ(x.back(), 1);
    EXPECT_NE(x[static_cast<std::size_t>(count) / 2], 0);
  }
}

TEST(Start, transplanted_keeps_quantiles_and_stretches_logarithms) {
  std::vector<double> x;
  for (int i = 0; i < 11; ++i) x.push_back(std::pow(10, -0.5 * (10 - i)));
  std::vector<double> const y = transplanted(x, 0, 1, {0}, 21, 1);
  ASSERT_EQ(y.size(), 21u);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[2 * i] / x[i], 1, 1e-12);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    EXPECT_GT(y[2 * i + 1], x[i] * 1.4);  // about the geometric mean
    EXPECT_LT(y[2 * i + 1], x[i + 1] / 1.3);
  }
  std::vector<double> const z = transplanted(x, 0, 1, {0}, 11, 1.5);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(z[i] / std::pow(x[i], 1.5), 1, 1e-12);
}

TEST(Start, transplanted_references_ascend) {
  test::for_random(100, [](std::mt19937_64& g) {
    int const count = static_cast<int>(test::uniform(g, 2, 20)),
              next = count + static_cast<int>(test::uniform(g, 0, 4));
    std::vector<double> singular;
    for (int k = static_cast<int>(test::uniform(g, 0, 3)); k > 0; --k) singular.push_back(test::uniform_real(g, -1, 1));
    std::sort(singular.begin(), singular.end());
    std::vector<double> x;
    for (int i = 0; i < count; ++i) {
      double u = test::uniform_real(g, -1, 1);
      if (!singular.empty() && test::coin(g)) {
        double const s = test::pick(g, singular);
        u = s + (u - s) * std::pow(10, test::uniform_real(g, -9, 0)) / 2;
      }
      x.push_back(u);
    }
    std::sort(x.begin(), x.end());
    std::vector<double> const y = transplanted(x, -1, 1, singular, next, test::uniform_real(g, 1, 1.5));
    ASSERT_EQ(y.size(), static_cast<std::size_t>(next));
    expect_ascending_in(y, -1, 1);
  });
}

}  // namespace
}  // namespace nwidth::fitting::rational
