// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/aaa.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fitting/rational/minimax.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::rational {
namespace {

struct Samples {
  std::vector<double> x, f;
};

/// Chebyshev points, and points that crowd at 0 from both sides.
template <class F>
Samples samples(F const& f) {
  Samples s;
  auto put = [&](double x) {
    for (double y : s.x)
      if (x == y) return;
    s.x.push_back(x);
    s.f.push_back(f(x));
  };
  for (int i = 0; i <= 300; ++i) put(-std::cos(std::acos(-1.0) * i / 300));
  for (int i = 0; i <= 200; ++i) {
    put(std::pow(10, -6.0 * i / 200));
    put(-std::pow(10, -6.0 * i / 200));
  }
  return s;
}

TEST(Aaa, finds_rational_functions_exactly) {
  test::for_random(10, [](std::mt19937_64& g) {
    double const a = test::uniform_real(g, 1.1, 3), b = test::uniform_real(g, -1, 1), c = test::uniform_real(g, -1, 1);
    auto f = [&](double x) { return (b + c * x + x * x) / ((a - x) * (a + 2 * x + 4)); };
    Samples const s = samples(f);
    Barycentric<double> const r = aaa(s.x, s.f, 6);
    EXPECT_LE(r.degree(), 3);  // 2, or 3 by rounding
    for (int i = 0; i < 20; ++i) {
      double const x = test::uniform_real(g, -1, 1);
      EXPECT_NEAR(r(x), f(x), 1e-12 * (1 + std::abs(f(x))));
    }
  });
}

TEST(Aaa, interpolates_at_its_support_points) {
  Function const f = Function::of("exp(sin(3*x))");
  Samples const s = samples([&](double x) { return f(x); });
  Barycentric<double> const r = aaa(s.x, s.f, 8);
  ASSERT_EQ(r.degree(), 8);
  for (double t : r.points) EXPECT_NEAR(r(t), f(t), 1e-14);
  EXPECT_LT(sampled_error(s.x, s.f, r), 30 * minimax<double>(f, 8, 8).level);
}

TEST(Lawson, comes_near_the_best_from_above) {
  struct Case {
    char const* text;
    int n;
    double factor;
  };
  for (Case const& c : {Case{"exp(x)", 2, 1.02}, Case{"exp(x)", 3, 1.02}, Case{"abs(x)", 4, 1.05}}) {
    Function const f = Function::of(c.text);
    Samples const s = samples([&](double x) { return f(x); });
    Barycentric<double> const start = aaa(s.x, s.f, c.n), r = lawson(s.x, s.f, start, 60);
    double const best = minimax<double>(f, c.n, c.n).level;
    EXPECT_LE(sampled_error(s.x, s.f, r), c.factor * best) << c.text;
    EXPECT_GE(sampled_error(s.x, s.f, r), 0.95 * best) << c.text;  // fewer points, so it may be less
    EXPECT_LE(sampled_error(s.x, s.f, r), sampled_error(s.x, s.f, start)) << c.text;
  }
}

TEST(Aaa, refuses_too_few_samples) {
  EXPECT_THROW(aaa({0, 1, 2}, {0, 1, 2}, 1), InvalidInput);
  EXPECT_THROW(aaa({0, 1, 2, 3}, {0, 1, 2}, 1), InvalidInput);
  EXPECT_THROW(aaa({0, 1}, {0, 1}, -1), InvalidInput);
  Barycentric<double> const r = aaa({0, 1}, {2, 4}, 0);
  EXPECT_TRUE(r(0.5) == 2 || r(0.5) == 4);
}

}  // namespace
}  // namespace nwidth::fitting::rational
