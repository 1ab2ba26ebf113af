// SPDX-License-Identifier: Apache-2.0
#include "theory/target/expression.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/theory/target/support.hpp"
#include "theory/number/error.hpp"

using namespace nwidth;
using target::Expression;

namespace {

Expression random_parsed(std::mt19937_64& g, int depth) {
  for (;;) {
    try {
      return Expression::parse(test::random_expression(g, depth));
    } catch (InvalidInput const&) {  // 1/0 and the like among constants
    }
  }
}

TEST(Expression, double_real_and_ball_agree) {
  int compared = 0, finite = 0;
  test::for_random(3000, [&](std::mt19937_64& g) {
    Expression const e = random_parsed(g, static_cast<int>(test::uniform(g, 1, 4)));
    double const x = test::uniform(g, 0, 9) == 0 ? 0.0 : test::uniform_real(g, -2, 2);
    Real const real = e(Real(x));
    double const rounded = e(x);
    Ball const ball = e(Ball(x));
    SCOPED_TRACE(e.text() + " at " + std::to_string(x));
    if (!isfinite(real)) {
      EXPECT_FALSE(ball.is_finite() && real != real);
      return;
    }
    EXPECT_TRUE(test::holds(ball, real));
    if (ball.is_finite()) ++finite;
    PrecisionScope const scope(53);
    Ball const coarse = e(Ball(x));
    if (!coarse.is_finite() || !std::isfinite(rounded)) return;
    double const error = std::fabs(Real(Real(rounded) - real).convert_to<double>());
    EXPECT_LE(error, 32 * mag_get_d(arb_radref(coarse.get())) + 1e-13 * (1 + std::fabs(rounded)));
    ++compared;
  });
  if (test::multiplier() >= 1) {
    EXPECT_GT(compared, 1500);
    EXPECT_GT(finite, 1500);
  }
}

TEST(Expression, fat_balls_hold_every_point) {
  int finite = 0;
  test::for_random(1500, [&](std::mt19937_64& g) {
    Expression const e = random_parsed(g, static_cast<int>(test::uniform(g, 1, 4)));
    Rational const a = test::random_dyadic(g, 8, -8, -6), b = a + power_of_two(-test::uniform(g, 1, 12));
    Ball const image = e(Ball::from_bounds(a, b));
    if (!image.is_finite()) return;
    ++finite;
    for (int k = 0; k <= 8; ++k) {
      Real const y = e(to_real(a + (b - a) * k / 8));
      SCOPED_TRACE(e.text());
      EXPECT_TRUE(test::holds(image, y));
    }
  });
  if (test::multiplier() >= 1) {
    EXPECT_GT(finite, 700);
  }
}

TEST(Expression, undefined_is_nan_and_infinite) {
  for (auto const& [text, x] : {std::pair("log(x)", 0.0),
                                {"log(x)", -1.0},
                                {"1/x", 0.0},
                                {"sqrt(x)", -1.0},
                                {"x^(1/3)", -8.0},
                                {"x^-2", 0.0},
                                {"x*log(x)", -1.0},
                                {"tan(x)*log(x-3)", 1.0},
                                {"atan(1/x)", 0.0}}) {
    Expression const e = Expression::parse(text);
    EXPECT_TRUE(std::isnan(e(x))) << text;
    EXPECT_TRUE(isnan(e(Real(x)))) << text;
    EXPECT_FALSE(e(Ball(x)).is_finite()) << text;
    EXPECT_FALSE(e.range(exact(x), exact(x)).is_finite()) << text;
    EXPECT_FALSE(e.taylor(exact(x), 2)[0].is_finite()) << text;
  }
}

TEST(Taylor, known_series) {
  struct {
    char const* text;
    Rational x;
    std::vector<Rational> c;
  } const known[] = {{"exp(x)", 0, {1, 1, Rational(1, 2), Rational(1, 6), Rational(1, 24)}},
                     {"log(1+x)", 0, {0, 1, Rational(-1, 2), Rational(1, 3), Rational(-1, 4)}},
                     {"1/(1-x)", Rational(1, 3), {Rational(3, 2), Rational(9, 4), Rational(27, 8)}},
                     {"x^3", Rational(1, 3), {Rational(1, 27), Rational(1, 3), 1, 1, 0}},
                     {"sqrt(1+x)", 0, {1, Rational(1, 2), Rational(-1, 8), Rational(1, 16)}},
                     {"atan(x)", 0, {0, 1, 0, Rational(-1, 3)}},
                     {"abs(x)", 0, {0, 1, 0}},
                     {"abs(x^2-1/9)", Rational(1, 3), {0, Rational(2, 3), 1}},  // right-sided, zero seen exactly
                     {"abs(1/9-x^2)", Rational(1, 3), {0, Rational(2, 3), 1}},
                     {"relu(-x)^3+max(x,0)", 0, {0, 1, 0, 0}},
                     {"min(x,x^2)", 0, {0, 0, 1}},
                     {"min(2*x,x)", 0, {0, 1, 0}},
                     {"sin(x)/x", 0, {1, 0, Rational(-1, 6), 0, Rational(1, 120)}},
                     {"(1-cos(x))/x^2", 0, {Rational(1, 2), 0, Rational(-1, 24)}},
                     {"x/(exp(x)-1)", 0, {1, Rational(-1, 2), Rational(1, 12), 0, Rational(-1, 720)}},
                     {"sqrt(x^2)", 0, {0, 1, 0}},
                     {"tan(x)", 0, {0, 1, 0, Rational(1, 3), 0, Rational(2, 15)}}};
  for (auto const& [text, x, c] : known) {
    auto const t = Expression::parse(text).taylor(x, static_cast<int>(c.size()));
    for (std::size_t k = 0; k < c.size(); ++k) {
      ASSERT_TRUE(t[k].is_finite()) << text << " " << k;
      EXPECT_TRUE(t[k].contains(c[k])) << text << " " << k;
      EXPECT_LE(mag_get_d(arb_radref(t[k].get())), 1e-35) << text << " " << k;
    }
  }
  auto const singular = Expression::parse("x^(5/2)").taylor(0, 4);
  EXPECT_EQ(singular[2].upper(), 0);
  EXPECT_FALSE(singular[3].is_finite());
  auto const log_at_zero = Expression::parse("x^2*log(x)").taylor(0, 3);
  EXPECT_EQ(log_at_zero[1].upper(), 0);
  EXPECT_FALSE(log_at_zero[2].is_finite());
}

TEST(Taylor, agrees_with_divided_differences) {
  int compared = 0;
  test::for_random(400, [&](std::mt19937_64& g) {
    Expression const e = random_parsed(g, static_cast<int>(test::uniform(g, 1, 3)));
    Rational const x = test::random_dyadic(g, 6, -6, -5);
    int const length = 5;
    auto const c = e.taylor(x, length + 1);
    double scale = 1;
    double radius = 0;
    for (Ball const& b : c) {
      scale = std::max(scale, b.magnitude());
      radius = std::max(radius, mag_get_d(arb_radref(b.get())));
    }
    if (!(scale < 1e6) || radius > 1e-20) return;
    Rational const h = power_of_two(-50);  // to the right, since at kinks the coefficients are those
    std::vector<Real> d;
    for (int k = 0; k < length; ++k) d.push_back(e(to_real(x + h * k)));
    for (int order = 1; order < length; ++order)
      for (int k = length - 1; k >= order; --k)
        d[static_cast<std::size_t>(k)] =
            (d[static_cast<std::size_t>(k)] - d[static_cast<std::size_t>(k - 1)]) / (to_real(h) * order);
    for (int k = 0; k < length; ++k) {
      SCOPED_TRACE(e.text() + ", coefficient " + std::to_string(k));
      EXPECT_NEAR(d[static_cast<std::size_t>(k)].convert_to<double>(), c[static_cast<std::size_t>(k)].to_double(),
                  1e-9 * scale);
    }
    ++compared;
  });
  if (test::multiplier() >= 1) {
    EXPECT_GT(compared, 150);
  }
}

TEST(Taylor, arguments_are_checked) {
  EXPECT_THROW(Expression::parse("x").taylor(0, 0), InvalidInput);
  EXPECT_THROW(Expression::parse("x").expand(0, 1, -1), InvalidInput);
  EXPECT_THROW(Expression::parse("x").expand(1, 1, 3), InvalidInput);
  EXPECT_THROW(Expression::parse("x").expand(0, Rational(1, 3), 3), InvalidInput);
  EXPECT_THROW(Expression::parse("x").range(1, 0), InvalidInput);
  EXPECT_THROW(Expression::parse("x").cuts(1, 0), InvalidInput);
}

}  // namespace
