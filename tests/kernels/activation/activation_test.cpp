// SPDX-License-Identifier: Apache-2.0
/// One formula, every scalar: double and Real are near the ball that contains the exact value.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/activation/polyrelu.hpp"
#include "kernels/activation/smooth.hpp"
#include "tests/random.hpp"
#include "theory/number/ball.hpp"

namespace {

using namespace nwidth;
using test::for_random;
using test::uniform;

/// Points of all sizes on which nothing overflows: |x| <= 2^20, with 0, subnormals and neighbours of 0 and 1.
double point(std::mt19937_64& g) {
  double const x = test::random_double(g);
  return std::fabs(x) <= 0x1p20 ? x : test::uniform_real(g, -4, 4);
}

/// A rounded value is within `relative` of its ball, or within `absolute` of it near 0.
template <class T>
void expect_near(T const& value, Ball const& ball, Rational const& relative, Rational const& absolute) {
  ASSERT_TRUE(ball.is_finite());
  Rational const v = exact(value), slack = relative * abs(v) + absolute;
  EXPECT_TRUE(ball.lower() - slack <= v && v <= ball.upper() + slack)
      << decimal_below(v, 25) << " is not within " << decimal_above(slack, 3) << " of ["
      << decimal_below(ball.lower(), 25) << ", " << decimal_above(ball.upper(), 25) << "]";
}

Rational const tiny = power_of_two(-1070);  // some subnormals

TEST(Relu, IsExactInEveryScalar) {
  for_random(1000, [](std::mt19937_64& g) {
    double const x = test::random_double(g);
    double const y = activation::relu(x);
    EXPECT_EQ(y, x > 0 ? x : 0);
    EXPECT_EQ(exact(activation::relu(Real(x))), exact(y));
    EXPECT_EQ(activation::relu(exact(x)), exact(y));
    EXPECT_EQ(activation::relu(Ball(x)).lower(), exact(y));
    EXPECT_EQ(activation::relu(Ball(x)).upper(), exact(y));
    EXPECT_EQ(activation::relu(Interval(x)).lo, y);
    EXPECT_EQ(activation::relu(Interval(x)).hi, y);
  });
}

TEST(Relu, KinkAndSpecialValues) {
  double const inf = HUGE_VAL, nan = std::nan("");
  EXPECT_EQ(activation::relu(0.0), 0);
  EXPECT_EQ(activation::relu(-0.0), 0);
  EXPECT_EQ(activation::relu(inf), inf);
  EXPECT_EQ(activation::relu(-inf), 0);
  EXPECT_TRUE(std::isnan(activation::relu(nan)));
  EXPECT_EQ(activation::relu(-1.5F), 0.0F);
  EXPECT_EQ(activation::relu(1.5F), 1.5F);
  Interval const across = activation::relu(Interval(-1, 2));
  EXPECT_EQ(across.lo, 0);
  EXPECT_EQ(across.hi, 2);
  EXPECT_EQ(activation::relu(Interval(-inf, inf)).hi, inf);
  for (Interval bad : {Interval(nan), Interval(-1, nan), Interval(nan, -1)}) {
    Interval const y = activation::relu(bad);
    EXPECT_FALSE(y.lo > -inf && y.hi < inf);  // no claim
  }
  EXPECT_FALSE(activation::relu(Ball(nan)).is_finite());
}

TEST(ReluPower, IsThePowerOfRelu) {
  EXPECT_EQ(activation::relu_power(0.0, 1), 0);
  EXPECT_EQ(activation::relu_power(-3.0, 2), 0);
  EXPECT_EQ(activation::relu_power(0.0, 3), 0);
  EXPECT_EQ(activation::relu_power(-3.0, 0), 1);  // a constant, not a step
  EXPECT_EQ(activation::relu_power(Rational(2) / 3, 3), Rational(8) / 27);
  for_random(1000, [](std::mt19937_64& g) {
    double const x = point(g);
    int const k = static_cast<int>(uniform(g, 0, 6));
    Rational const y = power(x > 0 ? exact(x) : Rational(0), static_cast<unsigned>(k));
    EXPECT_EQ(activation::relu_power(exact(x), k), y);
    Ball const ball = activation::relu_power(Ball(x), k);
    EXPECT_TRUE(ball.contains(y));
    expect_near(activation::relu_power(x, k), ball, k * power_of_two(-52), tiny * nwidth::power(power_of_two(20), 5));
    expect_near(activation::relu_power(Real(x), k), ball, k * power_of_two(-330), 0);
    Interval const interval = activation::relu_power(Interval(x), k);
    EXPECT_TRUE(exact(interval.lo) <= y && y <= exact(interval.hi));
  });
}

TEST(PolyRelu, IsThePolynomialOfRelu) {
  std::vector<double> const cubic{0, 1. / 3, 1. / 3, 1. / 3};
  EXPECT_EQ(activation::polyrelu(0.0, cubic), 0);
  EXPECT_EQ(activation::polyrelu(-2.0, cubic), 0);
  EXPECT_EQ(activation::polyrelu(-2.0, std::vector<double>{7, 1, 1}), 7);  // a_0 is a constant
  EXPECT_EQ(activation::polyrelu(0.0, std::vector<double>{7, 1, 1}), 7);
  EXPECT_EQ(activation::polyrelu(5.0, std::vector<double>{7}), 7);
  for_random(1000, [](std::mt19937_64& g) {
    double const x = point(g), t = x > 0 ? x : 0;
    std::vector<Rational> a;
    std::vector<double> doubles;
    std::vector<Real> reals;
    std::vector<Ball> balls;
    std::vector<Interval> intervals;
    Rational y = 0, size = 0;  // the value, and the sum of the sizes of its terms: the condition of the sum
    for (long i = 0, n = uniform(g, 1, 6); i < n; ++i) {
      a.push_back(test::random_dyadic(g, 12, -12, 2));
      doubles.push_back(to_double(a.back()));
      reals.push_back(to_real(a.back()));
      balls.emplace_back(a.back());
      intervals.emplace_back(doubles.back());
      Rational const term = a.back() * power(exact(t), static_cast<unsigned>(i));
      y += term;
      size += abs(term);
    }
    EXPECT_EQ(activation::polyrelu(exact(x), a), y);
    Ball const ball = activation::polyrelu(Ball(x), balls);
    EXPECT_TRUE(ball.contains(y));
    EXPECT_LE(abs(exact(activation::polyrelu(x, doubles)) - y), 12 * power_of_two(-53) * size + power_of_two(-970));
    EXPECT_LE(abs(exact(activation::polyrelu(Real(x), reals)) - y), 12 * power_of_two(-332) * size);
    Interval const interval = activation::polyrelu(Interval(x), intervals);
    EXPECT_TRUE(exact(interval.lo) <= y && y <= exact(interval.hi));
  });
}

TEST(RationalActivation, IsTheQuotient) {
  for_random(500, [](std::mt19937_64& g) {
    Rational const x = test::random_rational(g);
    std::vector<Rational> p, q;
    for (long i = uniform(g, 1, 4); i > 0; --i) p.push_back(test::random_rational(g));
    for (long i = uniform(g, 1, 4); i > 0; --i) q.push_back(test::random_rational(g));
    auto at = [&x](std::vector<Rational> const& c) {
      Rational s = 0;
      for (std::size_t i = 0; i < c.size(); ++i) s += c[i] * power(x, static_cast<unsigned>(i));
      return s;
    };
    std::vector<Ball> const bp(p.begin(), p.end()), bq(q.begin(), q.end());
    Ball const ball = activation::rational(Ball(x), bp, bq);
    if (at(q) == 0) {
      EXPECT_FALSE(ball.is_finite());
      return;
    }
    Rational const y = at(p) / at(q);
    EXPECT_EQ(activation::rational(x, p, q), y);
    EXPECT_TRUE(ball.contains(y));
  });
}

template <class F>
void smooth_agrees(F const& f, Rational const& double_relative) {
  for_random(500, [&](std::mt19937_64& g) {
    double const x = g() % 8 == 0 ? test::uniform_real(g, -800, 800) : point(g);
    Ball const ball = f(Ball(x));
    Rational const t = abs(exact(x));
    // in the left tail 1 + erf and 1 + exp cancel or overflow: then only the absolute error is small
    expect_near(f(x), ball, double_relative, power_of_two(-52) * (x < 0 ? t : Rational(0)) + tiny);
    expect_near(f(Real(x)), ball, power_of_two(-325), power_of_two(-325) * t);
  });
  EXPECT_EQ(f(0.0), 0);
  EXPECT_EQ(f(Ball(0)).lower(), 0);
  EXPECT_EQ(f(Ball(0)).upper(), 0);
  EXPECT_FALSE(f(Ball(std::nan(""))).is_finite());
}

TEST(Gelu, AgreesAcrossScalars) {
  smooth_agrees([](auto const& x) { return activation::gelu(x); }, 8 * power_of_two(-53));
  EXPECT_NEAR(activation::gelu(1.0), 0.8413447460685429, 1e-15);  // the normal distribution at 1
}

TEST(Silu, AgreesAcrossScalars) {
  smooth_agrees([](auto const& x) { return activation::silu(x); }, 8 * power_of_two(-53));
  EXPECT_NEAR(activation::silu(1.0), 0.7310585786300049, 1e-15);
}

}  // namespace
