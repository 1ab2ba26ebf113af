// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation/xielu.hpp"

#include "tests/kernels/activation/check.hpp"

namespace {

using namespace nwidth;
using activation::XIELU;

constexpr double p = 0.75, n = 1.25, beta = 0.5;

/// The same function in every scalar: parameters that doubles hold, the paper's eps = 0.
template <class T>
XIELU<T> paper() {
  return {T(p), T(n), T(beta), T(0)};
}
auto const value = [](auto const& x) { return paper<std::decay_t<decltype(x)>>().value(x); };
auto const derivative = [](auto const& x) { return paper<std::decay_t<decltype(x)>>().derivative(x); };

Ball truth(Ball const& x) {
  return x.certainly_positive() ? Ball(p) * x * x + Ball(beta) * x : Ball(n) * (exp(x) - Ball(1) - x) + Ball(beta) * x;
}
Ball true_slope(Ball const& x) {
  return x.certainly_positive() ? Ball(2) * Ball(p) * x + Ball(beta) : Ball(n) * (exp(x) - Ball(1)) + Ball(beta);
}

TEST(Xielu, RoundsWithinItsBound) {
  test::check_rounding(
      value, truth,
      [](Ball const& x) {
        return x.certainly_positive() ? Ball(3) * truth(x)
                                      : Ball(5) * (Ball(n) * (Ball(1) - exp(x)) + Ball(n - beta) * abs(x));
      },
      1e6, 1e5);
  test::check_rounding(
      derivative, true_slope,
      [](Ball const& x) {
        return x.certainly_positive() ? Ball(3) * true_slope(x) : Ball(4) * (Ball(n) * (Ball(1) - exp(x)) + Ball(beta));
      },
      1e6, 1e5);
}

TEST(Xielu, DerivativesAreTheDerivatives) {
  test::check_derivative(value, derivative, 40, true);
  test::for_random(200, [](std::mt19937_64& g) {  // in p and n, and in what is stored
    using J = ceres::Jet<double, 2>;
    double const x = test::point_in(g, -40, 40);
    double const a = test::uniform_real(g, -3, 3), b = test::uniform_real(g, -3, 3);
    auto const f = XIELU<double>::from_stored(a, b);
    auto const jets = XIELU<J>{J(f.p, 0), J(f.n, 1), J(0.5), J(-1e-6)};
    J const y = jets.value(J(x));
    EXPECT_NEAR(y.v[0], f.derivative_p(x), 1e-12 * (1 + x * x));
    EXPECT_NEAR(y.v[1], f.derivative_n(x), 1e-12 * (1 + std::fabs(x)));
    J const z = XIELU<J>::from_stored(J(a, 0), J(b, 1)).value(J(x));
    EXPECT_NEAR(z.v[0], f.derivative_p(x) * XIELU<double>::stored_factor(a), 1e-12 * (1 + x * x));
    EXPECT_NEAR(z.v[1], f.derivative_n(x) * XIELU<double>::stored_factor(b), 1e-12 * (1 + std::fabs(x)));
  });
}

TEST(Xielu, BallsHoldItsPoints) {
  test::check_balls(value, 700);
  test::check_balls(derivative, 700);
}

TEST(Xielu, IsTheReleasedFormulaWithItsClamp) {
  // initial values of the released code: both slopes 0.8
  double const a = std::log(std::expm1(0.8)), b = std::log(std::expm1(0.3));
  auto const f = XIELU<double>::from_stored(a, b);
  EXPECT_NEAR(f.p, 0.8, 1e-15);
  EXPECT_NEAR(f.n, 0.8, 1e-15);
  test::for_random(300, [&](std::mt19937_64& g) {
    double const x = test::point_in(g, -30, 30);
    double const released = x > 0 ? f.p * x * x + 0.5 * x : (std::expm1(std::min(x, -1e-6)) - x) * f.n + 0.5 * x;
    EXPECT_NEAR(f.value(x), released, 1e-15 * (1 + std::fabs(x) + std::fabs(released)));
    EXPECT_LE(std::fabs(f.value(x) - XIELU<double>{f.p, f.n, 0.5, 0.0}.value(x)), 1.1e-6 * f.n);
  });
}

TEST(Xielu, KinkAndLimits) {
  auto const f = paper<double>();
  EXPECT_EQ(f.value(0.0), 0);
  EXPECT_EQ(f.derivative(0.0), beta);  // both sides agree
  EXPECT_EQ(f.derivative(1e-300), beta);
  XIELU<double> const clamped{p, n};
  EXPECT_NEAR(clamped.value(0.0), n * std::expm1(-1e-6), 1e-20);  // 0 counts as the left side
  EXPECT_EQ(clamped.value(0x1p-1000), beta * 0x1p-1000);
  test::check_limits(value, HUGE_VAL, HUGE_VAL);
  test::check_limits(derivative, beta - n, HUGE_VAL);
  EXPECT_TRUE(std::isnan(f.derivative_p(std::nan(""))));
  EXPECT_TRUE(std::isnan(f.derivative_n(std::nan(""))));
}

}  // namespace
