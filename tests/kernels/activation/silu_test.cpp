// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation/silu.hpp"

#include "tests/kernels/activation/check.hpp"

namespace {

using namespace nwidth;

auto const silu = [](auto const& x) { return activation::silu(x); };
auto const silu_derivative = [](auto const& x) { return activation::silu_derivative(x); };

Ball positive(Ball const& x) { return exp(x) / (Ball(1) + exp(x)); }
Ball negative(Ball const& x) { return Ball(1) / (Ball(1) + exp(x)); }

TEST(Silu, RoundsWithinItsBound) {
  test::check_rounding(
      silu, [](Ball const& x) { return x * positive(x); }, [](Ball const& x) { return Ball(6) * abs(x) * positive(x); },
      740, 100);
  test::check_rounding(
      silu_derivative, [](Ball const& x) { return positive(x) * (Ball(1) + x * negative(x)); },
      [](Ball const& x) { return Ball(13) * positive(x) * (Ball(1) + abs(x) * negative(x)); }, 740, 100);
}

TEST(Silu, DerivativeIsTheDerivative) { test::check_derivative(silu, silu_derivative, 60); }

TEST(Silu, BallsHoldItsPoints) {
  test::check_balls(silu, 800);
  test::check_balls(silu_derivative, 800);
}

TEST(Silu, Limits) {
  test::check_limits(silu, 0, HUGE_VAL);
  test::check_limits(silu_derivative, 0, 1);
  EXPECT_EQ(activation::silu(0.0), 0);
  EXPECT_EQ(activation::silu_derivative(0.0), 0.5);
  EXPECT_EQ(activation::silu(Ball(0)).lower(), 0);
  EXPECT_EQ(activation::silu(Ball(0)).upper(), 0);
  EXPECT_EQ(activation::silu(-200.F), 0.F);
  EXPECT_LT(activation::silu(-89.F), -1e-37F);  // x/(1 + exp(-x)) would overflow on the way
  EXPECT_NEAR(activation::silu(1.0), 0.7310585786300049, 1e-15);
}

}  // namespace
