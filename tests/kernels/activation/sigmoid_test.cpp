// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation/sigmoid.hpp"

#include "tests/kernels/activation/check.hpp"

namespace {

using namespace nwidth;

auto const sigmoid = [](auto const& x) { return activation::sigmoid(x); };
auto const sigmoid_derivative = [](auto const& x) { return activation::sigmoid_derivative(x); };
auto const softplus = [](auto const& x) { return activation::softplus(x); };

Ball true_sigmoid(Ball const& x) { return exp(x) / (Ball(1) + exp(x)); }
Ball true_softplus(Ball const& x) { return log(Ball(1) + exp(x)); }
Ball true_slope(Ball const& x) { return exp(x) / power(Ball(1) + exp(x), 2U); }

TEST(Sigmoid, RoundsWithinItsBound) {
  test::check_rounding(
      sigmoid, true_sigmoid, [](Ball const& x) { return Ball(5) * true_sigmoid(x); }, 740, 100);
  test::check_rounding(
      sigmoid_derivative, true_slope, [](Ball const& x) { return Ball(11) * true_slope(x); }, 740, 100);
}

TEST(Sigmoid, DerivativeIsTheDerivative) {
  test::check_derivative(sigmoid, sigmoid_derivative, 60);
  test::check_derivative(softplus, sigmoid, 60);
}

TEST(Sigmoid, BallsHoldItsPoints) {
  test::check_balls(sigmoid, 800);
  test::check_balls(sigmoid_derivative, 800);
  test::check_balls(softplus, 800);
}

TEST(Sigmoid, Limits) {
  test::check_limits(sigmoid, 0, 1);
  test::check_limits(sigmoid_derivative, 0, 0);
  test::check_limits(softplus, 0, HUGE_VAL);
  EXPECT_EQ(activation::sigmoid(0.0), 0.5);
  EXPECT_EQ(activation::sigmoid_derivative(0.0), 0.25);
  EXPECT_GT(activation::sigmoid(-100.F), 0.F);  // subnormal, not flushed
}

TEST(Softplus, RoundsWithinItsBound) {
  test::check_rounding(
      softplus, true_softplus, [](Ball const& x) { return Ball(6) * true_softplus(x); }, 700, 90);
  EXPECT_DOUBLE_EQ(activation::softplus(0.0), std::log(2.0));
}

}  // namespace
