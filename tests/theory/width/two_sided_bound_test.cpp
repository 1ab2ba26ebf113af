// SPDX-License-Identifier: Apache-2.0
#include "theory/width/two_sided_bound.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "tests/random.hpp"
#include "theory/number/error.hpp"
#include "theory/width/closed_form.hpp"
#include "theory/width/critical_points.hpp"
#include "theory/width/newton_remez.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::width {
namespace {

Rational relative_width(Ball const& b) { return b.upper() / b.lower() - 1; }

TEST(TwoSidedBound, IsProvedAndTight) {
  for (int n = 4; n <= 6; ++n)
    for (int N : {65, 1000}) {
      TwoSidedBound const& b = two_sided_bound(n, N);
      ASSERT_TRUE(b.proved) << b.reason;
      EXPECT_LE(b.from, N);
      EXPECT_LE(b.lower, euler_norm(n));
      EXPECT_GE(b.upper, euler_norm(n));
      EXPECT_LT(b.upper / b.lower - 1, parse_rational(N == 65 ? "1e-14" : "1e-30"));
    }
}

TEST(TwoSidedBound, FewerKnotsGiveWiderBoundsThatHold) {
  for (int n = 4; n <= 6; ++n)
    for (int m : {6, 12}) {
      TwoSidedBound const b = two_sided_bound_with(n, m), wider = two_sided_bound_with(n, m - 1);
      ASSERT_TRUE(b.proved && wider.proved) << b.reason << wider.reason;
      EXPECT_LT(b.upper / b.lower, wider.upper / wider.lower);
      for (int N : {b.from, b.from + 1, 50}) {
        Rational const d = kolmogorov_width(n, N, 20).value.midpoint();
        Rational const h = power(Rational(2 / (N - b.offset)), static_cast<unsigned>(n));
        EXPECT_LT(b.lower * h, d) << n << " " << m << " " << N;
        EXPECT_GT(b.upper * h, d) << n << " " << m << " " << N;
      }
    }
}

TEST(TwoSidedBound, SaysWhyWhenTooFewKnotsDoNotAlternate) {
  TwoSidedBound const b = two_sided_bound_with(6, 2);
  EXPECT_FALSE(b.proved);
  EXPECT_FALSE(b.reason.empty());
  EXPECT_THROW(two_sided_bound_with(6, 1), InvalidInput);
  EXPECT_THROW(two_sided_bound_with(6, 61), InvalidInput);
  EXPECT_THROW(two_sided_bound_with(3, 10), InvalidInput);
}

// the theorem itself, on random alternating splines near the best one
TEST(TwoSidedBound, HoldsForRandomAlternatingSplines) {
  int alternating = 0;
  test::for_random(60, [&](std::mt19937_64& g) {
    int const n = 2 + static_cast<int>(g() % 5), N = n + 2 + static_cast<int>(g() % 8);
    Alternating<Real> s = least_norm_spline(n, N);
    Pieces<Real> const best(s.spline);
    Real const d = boost::multiprecision::abs(best(Real(1)));
    auto noise = [&] { return Real(static_cast<double>(g() >> 11) * 0x1p-53 - 0.5); };
    for (Real& t : s.spline.knots) t += noise() / (20 * N);
    for (Real& c : s.spline.c) c *= 1 + noise() / 50;
    Pieces<Real> const P(s.spline);
    std::vector<Real> x = zeros_of_derivative(P, 1);
    if (N % 2 == 0) x.insert(x.begin(), Real(0));
    x.emplace_back(1);
    if (x.size() != s.points.size()) return;  // it lost an extremum: the theorem says nothing
    Real low = 1, high = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      low = std::min<Real>(low, P(x[i]) * s.sign(i));
      high = std::max<Real>(high, P(x[i]) * s.sign(i));
    }
    if (low <= 0) return;
    ++alternating;
    EXPECT_LE(low, d) << n << " " << N;
    EXPECT_GE(high, d) << n << " " << N;
  });
  EXPECT_GT(alternating, 0);
}

TEST(WidthValue, MeetsIntervalNewton) {
  for (int n = 1; n <= 6; ++n)
    for (int N : {n, n + 1, n + 5, 20, 64}) {
      Ball const v = width_value(n, N);
      EXPECT_TRUE(overlaps(v, kolmogorov_width(n, N, 40).value)) << n << " " << N;
      EXPECT_LT(relative_width(v), parse_rational("3e-30"));
    }
}

TEST(WidthValue, ThePatternMeetsIntervalNewtonFrom65To128) {
  for (int n = 4; n <= 6; ++n)
    for (int N : {65, 66, 69 + 10 * (n - 4), 128}) {
      if (N == 128 && n != 6) continue;  // the slowest
      Ball const v = width_value(n, N);
      EXPECT_LT(relative_width(v), parse_rational("1e-14"));
      EXPECT_TRUE(overlaps(v, kolmogorov_width(n, N, 20).value)) << n << " " << N;
    }
}

TEST(WidthValue, DecreasesAndFollowsItsAsymptotics) {
  for (int n = 1; n <= 6; ++n) {
    for (int N : {62, 63, 64, 65, 66, 127, 128, 129, 999999})
      EXPECT_TRUE(certainly_less(width_value(n, N + 1), width_value(n, N))) << n << " " << N;
    // d_N = e_n (2 / (N - c_n))^n up to an exponentially small error
    double const offset[] = {0, 0.585786437626905, 1, 1.480458038775575, 1.954472144934844, 2.438900311902852};
    for (int N : {200, 10000, 1000000}) {
      EXPECT_LT(relative_width(width_value(n, N)), parse_rational("3e-30"));
      double const want = euler_norm(n).convert_to<double>() * std::pow(2 / (N - offset[n - 1]), n);
      EXPECT_NEAR(width_value(n, N).to_double() / want, 1, 1e-13) << n << " " << N;
    }
  }
}

TEST(WidthValue, ContinuousSelectionLimit) {
  for (int W : {1, 5, 100}) {
    EXPECT_TRUE(continuous_selection_limit(1, W).contains(Rational(1, W + 1)));
    EXPECT_TRUE(
        continuous_selection_limit(3, W).contains(Rational(Integer(1), 3 * Integer(W + 2) * (W + 2) * (W + 2))));
    EXPECT_NEAR(continuous_selection_limit(2, W).to_double() * 2 * std::pow(W + std::sqrt(2.0), 2), 1, 1e-14);
  }
  EXPECT_NEAR(continuous_selection_limit(4, 100).to_double() * 24.0 / 5 * std::pow(102.519541961225, 4), 1, 1e-12);
}

TEST(WidthValue, IsTheSameFromSeveralThreads) {
  std::vector<Rational> got(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < got.size(); ++i)
    threads.emplace_back([&got, i] {
      for (int n = 4; n <= 5; ++n) got[i] += width_value(n, 14).upper() + optimal_space(n, 17).nodes.back();
    });
  for (std::thread& t : threads) t.join();
  for (Rational const& r : got) EXPECT_EQ(r, got[0]);
}

TEST(WidthValue, RefusesBadInput) {
  EXPECT_THROW(width_value(0, 4), InvalidInput);
  EXPECT_THROW(width_value(7, 8), InvalidInput);
  EXPECT_THROW(width_value(4, 3), InvalidInput);
  EXPECT_THROW(continuous_selection_limit(4, -1), InvalidInput);
  EXPECT_THROW(continuous_selection_limit(4, 2147483647), InvalidInput);
}

}  // namespace
}  // namespace nwidth::width
