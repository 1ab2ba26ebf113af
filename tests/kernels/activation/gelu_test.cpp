// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation/gelu.hpp"

#include "tests/kernels/activation/check.hpp"

namespace {

using namespace nwidth;

auto const gelu = [](auto const& x) { return activation::gelu(x); };
auto const gelu_derivative = [](auto const& x) { return activation::gelu_derivative(x); };
auto const gelu_tanh = [](auto const& x) { return activation::gelu_tanh(x); };
auto const gelu_tanh_derivative = [](auto const& x) { return activation::gelu_tanh_derivative(x); };

// by erf and tanh as the formulas are usually written; the digits that cancel are there
Ball Phi(Ball const& x) { return (Ball(1) + erf(x / sqrt(Ball(2)))) / Ball(2); }
Ball phi(Ball const& x) { return exp(-x * x / Ball(2)) / sqrt(Ball(2) * Ball::pi()); }
Ball tanh(Ball const& x) { return (exp(Ball(2) * x) - Ball(1)) / (exp(Ball(2) * x) + Ball(1)); }
Ball cubic() { return Ball(Rational(44715) / 1000000); }
Ball inner(Ball const& x) { return sqrt(Ball(2) / Ball::pi()) * (x + cubic() * power(x, 3U)); }  // w/2
Ball inner_slope(Ball const& x) { return sqrt(Ball(2) / Ball::pi()) * (Ball(1) + Ball(3) * cubic() * x * x); }
Ball step(Ball const& x) { return (Ball(1) + tanh(inner(x))) / Ball(2); }
Ball rise(Ball const& x) { return x * (Ball(1) - tanh(inner(x))) * inner_slope(x); }

Ball tail(Ball const& x, int right, int left, Ball const& growth) {
  return x.certainly_negative() ? Ball(left) + growth : Ball(right);
}

TEST(Gelu, RoundsWithinItsBound) {
  test::check_rounding(
      gelu, [](Ball const& x) { return x * Phi(x); },
      [](Ball const& x) { return tail(x, 12, 14, Ball(2) * x * x) * abs(x) * Phi(x); }, 38, 13);
  test::check_rounding(
      gelu_derivative, [](Ball const& x) { return Phi(x) + x * phi(x); },
      [](Ball const& x) { return (Ball(14) + Ball(2) * x * x) * (Phi(x) + abs(x) * phi(x)); }, 38, 13);
}

TEST(GeluTanh, RoundsWithinItsBound) {
  test::check_rounding(
      gelu_tanh, [](Ball const& x) { return x * step(x); },
      [](Ball const& x) { return tail(x, 9, 7, Ball(16) * abs(inner(x))) * abs(x) * step(x); }, 21, 10);
  test::check_rounding(
      gelu_tanh_derivative, [](Ball const& x) { return step(x) * (Ball(1) + rise(x)); },
      [](Ball const& x) { return (Ball(25) + Ball(16) * abs(inner(x))) * step(x) * (Ball(1) + abs(rise(x))); }, 21, 10);
}

TEST(Gelu, DerivativeIsTheDerivative) { test::check_derivative(gelu, gelu_derivative, 30); }
TEST(GeluTanh, DerivativeIsTheDerivative) { test::check_derivative(gelu_tanh, gelu_tanh_derivative, 18); }

TEST(Gelu, BallsHoldItsPoints) {
  test::check_balls(gelu, 60);
  test::check_balls(gelu_derivative, 60);
  test::check_balls(gelu_tanh, 30);
  test::check_balls(gelu_tanh_derivative, 30);
}

TEST(Gelu, Limits) {
  test::check_limits(gelu, 0, HUGE_VAL);
  test::check_limits(gelu_derivative, 0, 1);
  test::check_limits(gelu_tanh, 0, HUGE_VAL);
  test::check_limits(gelu_tanh_derivative, 0, 1);
  EXPECT_EQ(activation::gelu(0.0), 0);
  EXPECT_EQ(activation::gelu_derivative(0.0), 0.5);
  EXPECT_EQ(activation::gelu_tanh(0.0), 0);
  EXPECT_EQ(activation::gelu_tanh_derivative(0.0), 0.5);
  EXPECT_EQ(activation::gelu(Ball(0)).lower(), 0);
  EXPECT_EQ(activation::gelu(Ball(0)).upper(), 0);
  EXPECT_NEAR(activation::gelu(1.0), 0.8413447460685429, 1e-15);       // the normal distribution at 1
  EXPECT_NEAR(activation::gelu_tanh(1.0), 0.8411919906082768, 1e-15);  // torch 2.11, approximate="tanh"
  EXPECT_LT(activation::gelu(-30.0), -1e-196);                         // 1 + erf would be 0
}

}  // namespace
