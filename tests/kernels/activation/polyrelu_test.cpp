// SPDX-License-Identifier: Apache-2.0
/// One formula, every scalar: double and Real are near the ball that contains the exact value.
#include "kernels/activation/polyrelu.hpp"

#include <array>

#include "tests/kernels/activation/check.hpp"

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

TEST(Relu, DerivativeAndItsConvention) {
  auto const f = [](auto const& x) { return activation::relu(x); };
  auto const df = [](auto const& x) { return activation::relu_derivative(x); };
  test::check_derivative(f, df, 50, true);
  test::check_balls(df, 50);
  test::check_limits(f, 0, HUGE_VAL);
  test::check_limits(df, 0, 1);
  EXPECT_EQ(activation::relu_derivative(0.0), 0);  // H(0) = 0
  EXPECT_EQ(activation::relu_derivative(-0.0), 0);
  EXPECT_EQ(activation::relu_derivative(std::numeric_limits<double>::denorm_min()), 1);
  Interval const undecided = activation::relu_derivative(Interval(-1, 2));
  EXPECT_EQ(undecided.lo, 0);
  EXPECT_EQ(undecided.hi, 1);
}

TEST(ReluPower, DerivativeAndItsConvention) {
  for (int k = 0; k <= 5; ++k) {
    auto const f = [k](auto const& x) { return activation::relu_power(x, k); };
    auto const df = [k](auto const& x) { return activation::relu_power_derivative(x, k); };
    test::check_derivative(f, df, 8, true);
    test::check_balls(df, 8);
    EXPECT_EQ(df(0.0), 0) << k;  // k = 1 is where H(0) decides
    EXPECT_EQ(df(-3.0), 0) << k;
    EXPECT_TRUE(std::isnan(df(std::nan("")))) << k;
    EXPECT_EQ(df(-HUGE_VAL), 0) << k;
    for_random(100, [&](std::mt19937_64& g) {
      Rational const x = test::random_rational(g);
      EXPECT_EQ(df(x), x > 0 && k > 0 ? k * power(x, static_cast<unsigned>(k - 1)) : Rational(0));
    });
  }
}

/// Coefficients that float holds, in any scalar.
template <class T, int r>
std::array<T, r + 1> coefficients() {
  double const a[5] = {0.125, -0.75, 0.3125, 0.4375, -0.0625};
  std::array<T, r + 1> c;
  for (int i = 0; i <= r; ++i) c[static_cast<std::size_t>(i)] = T(a[i]);
  return c;
}

template <int r>
void check_polyrelu() {
  auto const f = [](auto const& x) { return activation::polyrelu(x, coefficients<std::decay_t<decltype(x)>, r>()); };
  auto const df = [](auto const& x) {
    return activation::polyrelu_derivative(x, coefficients<std::decay_t<decltype(x)>, r>());
  };
  test::check_derivative(f, df, 8, true);
  test::check_balls(f, 8);
  test::check_balls(df, 8);
  auto const sum = [](Ball const& x, bool slope, bool size) {
    Ball s(0);
    Ball const t = x.certainly_positive() ? x : Ball(0);
    auto const a = coefficients<Ball, r>();
    for (unsigned i = slope ? 1 : 0; i <= r; ++i)
      s += (size ? abs(a[i]) : a[i]) * (slope ? Ball(static_cast<long>(i)) * power(t, i - 1) : power(t, i));
    return slope && !size && !x.certainly_positive() ? Ball(0) : s;
  };
  test::check_rounding(
      f, [&](Ball const& x) { return sum(x, false, false); },
      [&](Ball const& x) { return Ball(Rational(2001 * r) / 1000) * sum(x, false, true); }, 1e3, 1e3);
  test::check_rounding(
      df, [&](Ball const& x) { return sum(x, true, false); },
      [&](Ball const& x) { return Ball(Rational(3001 * r) / 1000) * sum(x, true, true); }, 1e3, 1e3);
  EXPECT_EQ(f(0.0), 0.125);
  EXPECT_EQ(df(0.0), 0);  // although a_1 is not 0
  EXPECT_EQ(f(-HUGE_VAL), 0.125);
  EXPECT_EQ(df(-HUGE_VAL), 0);
  EXPECT_TRUE(std::isnan(f(std::nan(""))));
  EXPECT_TRUE(std::isnan(df(std::nan(""))));
}

TEST(PolyRelu, DegreeTwo) { check_polyrelu<2>(); }
TEST(PolyRelu, DegreeThree) { check_polyrelu<3>(); }
TEST(PolyRelu, DegreeFour) { check_polyrelu<4>(); }
TEST(PolyRelu, DegreeOneIsAffineOnTheRight) {
  std::array<double, 2> const a{3, 2};
  EXPECT_EQ(activation::polyrelu_derivative(1.0, a), 2);
  EXPECT_EQ(activation::polyrelu_derivative(0.0, a), 0);
  EXPECT_TRUE(std::isnan(activation::polyrelu_derivative(std::nan(""), a)));
  EXPECT_EQ(activation::polyrelu_derivative(1.0, std::array<double, 1>{3}), 0);
}

template <int r>
void check_backward() {
  using J = ceres::Jet<double, r + 2>;  // x, a_0 ... a_r
  for_random(300, [](std::mt19937_64& g) {
    double const x = test::point_in(g, -8, 8), arriving = test::uniform_real(g, -2, 2);
    double a[r + 1], s[r + 1];
    std::vector<J> jets;
    std::vector<Rational> exact_a;
    Rational exact_s[r + 1], rationals[r + 1];
    for (int i = 0; i <= r; ++i) {
      a[i] = test::uniform_real(g, -1, 1);
      s[i] = 0.5 * i;
      rationals[i] = exact(a[i]);
      jets.emplace_back(a[i], i + 1);
    }
    double const dx = activation::polyrelu_backward(x, arriving, a, s);
    J const y = activation::polyrelu(J(x, 0), jets);
    EXPECT_NEAR(dx, arriving * y.v[0], 1e-12 * (1 + std::fabs(dx)));
    for (int i = 0; i <= r; ++i) {
      double const power = std::pow(std::max(x, 0.0), i);
      EXPECT_NEAR(s[i], 0.5 * i + arriving * y.v[i + 1], 1e-12 * (1 + power));
      EXPECT_NEAR(activation::relu_power(x, i), y.v[i + 1], 1e-12 * (1 + power));
    }
  });
}
TEST(PolyRelu, BackwardHoldsAllDerivatives) {
  check_backward<1>();
  check_backward<2>();
  check_backward<3>();
  check_backward<4>();
}

}  // namespace
