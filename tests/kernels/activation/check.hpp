// SPDX-License-Identifier: Apache-2.0
/// What every activation is held to: derivatives against Jets and differences, balls against points, rounding against
/// the bounds that the headers state.
#pragma once
#include <cmath>
#include <limits>

#include "fitting/problem/jet.hpp"
#include "tests/random.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::test {

using Jet = ceres::Jet<double, 1>;

/// A point of [lo, hi]: uniform, near 0, or an integer.
inline double point_in(std::mt19937_64& g, double lo, double hi) {
  double x = 0;
  switch (g() % 4) {
    case 0: x = std::ldexp(uniform_real(g, -1, 1), static_cast<int>(uniform(g, -40, 0))); break;
    case 1: x = static_cast<double>(uniform(g, -8, 8)) / 2; break;
    case 2: x = uniform_real(g, -4, 4); break;
    default: x = uniform_real(g, lo, hi);
  }
  return std::min(std::max(x, lo), hi);
}

/// f(x) by a formula that stands in the test, in balls of so many bits that what cancels does not matter.
template <class F>
Real reference(F const& f, double x) {
  PrecisionScope const scope(2400);
  Ball const y = f(Ball(x));
  if (!y.is_finite()) throw std::runtime_error("the reference is not finite");
  return to_real(y.midpoint());
}

inline Real magnitude(Real const& x) { return x < 0 ? Real(-x) : x; }

/// |f(x) - truth(x)| <= bound(x) u + subnormals on [lo, hi], u half an ulp of 1.
/// @param f      generic in its scalar  @param truth  Ball -> Ball  @param bound  Ball -> Ball, in units of u
/// The bound must not be idle either: somewhere the error reaches `least` of it.
template <class T, class F, class Truth, class Bound>
void check_rounding(F const& f, Truth const& truth, Bound const& bound, double lo, double hi, double least = 0.05) {
  double worst = 0;
  for_random(700, [&](std::mt19937_64& g) {
    T const x = static_cast<T>(point_in(g, lo, hi));
    Real const exact = reference(truth, static_cast<double>(x));
    Real const allowed = reference(bound, static_cast<double>(x)) * (std::numeric_limits<T>::epsilon() / 2);
    Real const small = 8 * (1 + std::abs(static_cast<double>(x))) * Real(std::numeric_limits<T>::denorm_min());
    T const value = f(x);
    Real const error = magnitude(Real(value) - exact);
    EXPECT_TRUE(error <= allowed + small) << "at " << x << " got " << value << " for " << exact.str(20) << ": error "
                                          << error.str(5) << ", allowed " << allowed.str(5);
    if (magnitude(exact) > Real(std::numeric_limits<T>::min()) && allowed > 1000 * small)
      worst = std::max(worst, static_cast<double>(Real(error / allowed)));
  });
  if (environment("NWIDTH_TEST_CASE").empty() && multiplier() >= 1) {
    EXPECT_GE(worst, least) << "an idle bound";
  }
  ::testing::Test::RecordProperty(sizeof(T) == 4 ? "float_worst_over_bound" : "double_worst_over_bound",
                                  std::to_string(worst));
}
template <class F, class Truth, class Bound>
void check_rounding(F const& f, Truth const& truth, Bound const& bound, double double_range, double float_range) {
  check_rounding<double>(f, truth, bound, -double_range, double_range);
  check_rounding<float>(f, truth, bound, -float_range, float_range);
}

/// df is the derivative of f: in Jets of doubles, and by central differences of 60 digits in Real (so not across 0).
template <class F, class D>
void check_derivative(F const& f, D const& df, double range, bool kink = false) {
  for_random(300, [&](std::mt19937_64& g) {
    double const x = point_in(g, -range, range);
    double const slope = df(x), jet = f(Jet(x, 0)).v[0];
    EXPECT_NEAR(slope, jet, 1e-12 * (1 + std::fabs(slope))) << "Jet at " << x;
    if (kink && x == 0) return;
    Real const h("1e-22"), at(x);
    Real const difference = (f(Real(at + h)) - f(Real(at - h))) / (2 * h);
    Real const exact = df(at);
    if (kink && std::fabs(x) < 1e-21) return;
    EXPECT_TRUE(magnitude(exact - difference) <= Real("1e-40") * (1 + magnitude(exact)) * (1 + at * at))
        << "at " << x << " " << exact.str(50) << " against " << difference.str(50);
    EXPECT_TRUE(magnitude(Real(slope) - exact) <= Real(1e-12) * (1 + magnitude(exact)));
  });
  EXPECT_EQ(df(0.0), f(Jet(0.0, 0)).v[0]) << "the convention at 0";
}

/// f on a ball contains f at the points of the ball.
template <class F>
void check_balls(F const& f, double range) {
  for_random(300, [&](std::mt19937_64& g) {
    double const middle = point_in(g, -range, range);
    double const radius = g() % 3 == 0 ? 0 : std::ldexp(uniform01(g), static_cast<int>(uniform(g, -60, 2)));
    Rational const lo = exact(middle) - exact(radius), hi = exact(middle) + exact(radius);
    Ball const value = f(radius == 0 ? Ball(middle) : Ball::from_bounds(lo, hi));
    EXPECT_TRUE(radius > 0 || value.is_finite()) << middle;
    if (!value.is_finite()) return;
    for (Rational const& x : {lo, hi, exact(middle), random_in(g, lo, hi)})
      EXPECT_TRUE(value.contains(exact(f(to_real(x))))) << middle << " +- " << radius << " at " << x;
  });
  EXPECT_FALSE(f(Ball(std::nan(""))).is_finite());
}

/// The values at NaN and at the infinities, in float and in double.
template <class F>
void check_limits(F const& f, double at_minus_infinity, double at_infinity) {
  EXPECT_TRUE(std::isnan(f(std::nan("")))) << f(std::nan(""));
  EXPECT_TRUE(std::isnan(f(std::nanf("")))) << f(std::nanf(""));
  EXPECT_EQ(f(-HUGE_VAL), at_minus_infinity);
  EXPECT_EQ(f(HUGE_VAL), at_infinity);
  EXPECT_EQ(f(-HUGE_VALF), static_cast<float>(at_minus_infinity));
  EXPECT_EQ(f(HUGE_VALF), static_cast<float>(at_infinity));
  for (float const x : {200.F, 1e5F, 1e20F, 3e38F}) {  // no NaN on the way there
    EXPECT_FALSE(std::isnan(f(x))) << x;
    EXPECT_FALSE(std::isnan(f(-x))) << -x;
  }
  for (double const x : {200., 1e5, 1e160, 1.7e308}) {
    EXPECT_FALSE(std::isnan(f(x))) << x;
    EXPECT_FALSE(std::isnan(f(-x))) << -x;
  }
}

}  // namespace nwidth::test
