// SPDX-License-Identifier: Apache-2.0
#include "fitting/start/equidistribution.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

// exp: the density is exp(a x), a = 1/(r + 1/p), and a thousandth of its mean
TEST(Equidistribution, of_exp_is_known) {
  Function const f = Function::of("exp(x)");
  for (int r : {2, 3, 4})
    for (double p : {2.0, 4.0, std::numeric_limits<double>::infinity()})
      for (int n : {0, 1, 7, 64}) {
        std::vector<double> const knots = equidistribution(f, r, p, n);
        ASSERT_EQ(knots.size(), static_cast<std::size_t>(n));
        double const a = 1 / (r + 1 / p), floor = std::sinh(a) / a / 1000;
        auto const mass = [&](double x) { return (std::exp(a * x) - std::exp(-a)) / a + floor * (x + 1); };
        for (int i = 1; i <= n; ++i)
          EXPECT_NEAR(mass(knots[static_cast<std::size_t>(i - 1)]) / mass(1), i / (n + 1.0), 1e-6);
      }
}

TEST(Equidistribution, goes_where_the_derivative_lives_and_leaves_some_elsewhere) {
  std::vector<double> const knots = equidistribution(Function::of("relu(x-1/2)^4"), 3, 2, 200);
  int inside = 0;
  for (std::size_t i = 0; i < knots.size(); ++i) {
    inside += knots[i] > 0.5 ? 1 : 0;
    if (i > 0) {
      EXPECT_LT(knots[i - 1], knots[i]);
    }
  }
  EXPECT_GE(inside, 198);
  std::vector<double> const even = equidistribution(Function::of("x"), 2, 2, 3);  // f'' = 0: equal spacing
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(even[static_cast<std::size_t>(i)], -0.5 + 0.5 * i, 1e-12);
}

TEST(Equidistribution, refuses_bad_input) {
  Function const f = Function::of("exp(x)");
  EXPECT_THROW(equidistribution(f, 0, 2, 3), InvalidInput);
  EXPECT_THROW(equidistribution(f, 8, 2, 3), InvalidInput);
  EXPECT_THROW(equidistribution(f, 2, 0.5, 3), InvalidInput);
  EXPECT_THROW(equidistribution(f, 2, std::nan(""), 3), InvalidInput);
  EXPECT_THROW(equidistribution(f, 2, 2, -1), InvalidInput);
}

TEST(SignChanges, are_counted) {
  EXPECT_EQ(sign_changes(Function::of("sin(4*pi*x)"), 2, 8), 7);
  EXPECT_EQ(sign_changes(Function::of("sin(4*pi*x)"), 3, 8), 8);
  EXPECT_EQ(sign_changes(Function::of("exp(x)"), 2, 8), 0);
  EXPECT_EQ(sign_changes(Function::of("x^4-x"), 3, 8), 1);
  EXPECT_EQ(sign_changes(Function::of("x"), 2, 8), 0);
}

}  // namespace
}  // namespace nwidth::fitting
