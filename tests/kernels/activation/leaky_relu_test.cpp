// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation/leaky_relu.hpp"

#include "tests/kernels/activation/check.hpp"

namespace {

using namespace nwidth;

/// The slope as a T, the same number in all.
template <class T>
T quarter() {
  return T(0.25);
}

auto const leaky = [](auto const& x) { return activation::leaky_relu(x, quarter<std::decay_t<decltype(x)>>()); };
auto const slope = [](auto const& x) {
  return activation::leaky_relu_derivative(x, quarter<std::decay_t<decltype(x)>>());
};

TEST(LeakyRelu, IsItsFormulaExactly) {
  test::for_random(1000, [](std::mt19937_64& g) {
    Rational const x = test::random_rational(g), s = test::random_rational(g);
    EXPECT_EQ(activation::leaky_relu(x, s), x > 0 ? x : s * x);
    EXPECT_EQ(activation::leaky_relu_derivative(x, s), x > 0 ? Rational(1) : s);
    EXPECT_EQ(activation::leaky_relu_slope_derivative(x), x < 0 ? x : Rational(0));
    double const y = test::random_double(g), t = test::uniform_real(g, -2, 2);
    EXPECT_EQ(activation::leaky_relu(y, t), y > 0 ? y : t * y);
    Interval const enclosure = activation::leaky_relu(Interval(y), Interval(t));
    Rational const truth = y > 0 ? exact(y) : exact(t) * exact(y);
    EXPECT_TRUE(enclosure.hi > 1e300 || enclosure.lo < -1e300 ||
                (exact(enclosure.lo) <= truth && truth <= exact(enclosure.hi)));
  });
}

TEST(LeakyRelu, DerivativesAreTheDerivatives) {
  test::check_derivative(leaky, slope, 50, true);
  test::for_random(200, [](std::mt19937_64& g) {  // in the slope
    double const x = test::point_in(g, -50, 50), s = test::uniform_real(g, -2, 2);
    EXPECT_EQ(activation::leaky_relu(test::Jet(x), test::Jet(s, 0)).v[0], activation::leaky_relu_slope_derivative(x));
  });
}

TEST(LeakyRelu, BallsHoldItsPoints) {
  test::check_balls(leaky, 50);
  test::check_balls(slope, 50);
  Ball const across = activation::leaky_relu(Ball::from_bounds(-1, 2), Ball(0.25));
  EXPECT_LE(across.upper() - across.lower(), Rational(276) / 100);  // [-1/4, 2 + 1/2]
}

TEST(LeakyRelu, KinkAndLimits) {
  EXPECT_EQ(activation::leaky_relu_derivative(0.0, 0.25), 0.25);  // H(0) = 0
  EXPECT_EQ(activation::leaky_relu_derivative(-0.0, 0.25), 0.25);
  EXPECT_EQ(leaky(test::Jet(0.0, 0)).v[0], 0.25);
  EXPECT_EQ(activation::leaky_relu_slope_derivative(0.0), 0);
  test::check_limits(leaky, -HUGE_VAL, HUGE_VAL);
  test::check_limits(slope, 0.25, 1);
  EXPECT_TRUE(std::isnan(activation::leaky_relu_slope_derivative(std::nan(""))));
}

}  // namespace
