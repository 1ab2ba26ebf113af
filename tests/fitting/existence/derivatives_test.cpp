// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/derivatives.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

using target::Expression;

TEST(TaylorOver, encloses_the_coefficients_at_every_point) {
  for (char const* text : {"exp(x)", "sin(4*pi*x)", "1/(1+25*x^2)", "abs(x)^1.5"}) {
    Expression const f = Expression::parse(text);
    test::for_random(20, [&](std::mt19937_64& g) {
      Rational const l = test::random_in(g, -1, 1), r = l + test::random_in(g, 0, Rational(1) / 16);
      std::vector<Ball> c;
      if (!taylor_over(f, Ball::from_bounds(l, r), 3, c)) {
        EXPECT_TRUE(l <= 0 && r >= 0) << text;
        return;
      }
      for (int i = 0; i <= 4; ++i) {
        std::vector<Ball> const truth = f.taylor(l + (r - l) * i / 4, 3);
        for (std::size_t j = 0; j < 3; ++j) EXPECT_TRUE(overlaps(c[j], truth[j]));
      }
    });
  }
}

TEST(DerivativeHasNoZero, is_sure_or_silent) {
  EXPECT_TRUE(derivative_has_no_zero(Expression::parse("exp(x)"), -1, 1, 3));
  EXPECT_TRUE(derivative_has_no_zero(Expression::parse("exp(x)"), Rational(-1) / 3, Rational(1) / 3, 2));
  EXPECT_TRUE(derivative_has_no_zero(Expression::parse("-x^4-2*x^2"), -1, 1, 2));
  EXPECT_FALSE(derivative_has_no_zero(Expression::parse("x^4"), -1, 1, 2));         // at 0, without a change of sign
  EXPECT_FALSE(derivative_has_no_zero(Expression::parse("x^3"), -1, 1, 2));         // at 0
  EXPECT_FALSE(derivative_has_no_zero(Expression::parse("sin(x)"), -1, 1, 2));      // at 0
  EXPECT_FALSE(derivative_has_no_zero(Expression::parse("abs(x)+x^2"), -1, 1, 2));  // not differentiable
}

}  // namespace
}  // namespace nwidth::fitting
