// SPDX-License-Identifier: Apache-2.0
#include "fitting/start/segment_costs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

/// int_a^b (x^m - best)^2 for best of degree m - 1: the monic Legendre polynomial, (h^{2m+1}) (m!)^4 / ((2m)!^2
/// (2m+1)).
double monomial_cost(int m, double a, double b) {
  double const h = b - a;
  double ratio = 1;
  for (int i = 1; i <= m; ++i) ratio *= static_cast<double>(i) / (m + i);
  return std::pow(h, 2 * m + 1) * ratio * ratio / (2 * m + 1);
}

TEST(SegmentCosts, of_a_power_are_legendre_norms_to_the_last_digits) {
  char const* const texts[] = {"x", "x^2", "x^3", "x^4"};
  test::for_random(10, [&](std::mt19937_64& g) {
    int const m = 1 + static_cast<int>(g() % 4);
    std::vector<double> ends{-1, 1};
    for (int i = 0; i < 20; ++i) ends.push_back(test::uniform_real(g, -1, 1));
    std::sort(ends.begin(), ends.end());
    SegmentCosts const costs(Function::of(texts[m - 1]), ends, m - 1, 21);
    for (int i = 0; i < costs.cells(); ++i)
      for (int j = i + 1; j <= costs.cells(); ++j) {
        double const a = ends[static_cast<std::size_t>(i)], b = ends[static_cast<std::size_t>(j)];
        EXPECT_NEAR(std::sqrt(costs(i, j)), std::sqrt(monomial_cost(m, a, b)), 1e-15 + 1e-12 * (b - a)) << m;
      }
  });
}

TEST(SegmentCosts, resolve_errors_far_below_the_function) {
  // degree 3 on short segments of exp: K h^{9/2} exp(mid), K = 1/(4! sqrt(9) C(8,4)); prefix sums would lose this
  std::vector<double> ends;
  for (int i = 0; i <= 400; ++i) ends.push_back(-1 + i / 200.0);
  SegmentCosts const costs(Function::of("exp(x)"), ends, 3, 10);
  for (int i : {0, 100, 390}) {
    double const mid = (ends[static_cast<std::size_t>(i)] + ends[static_cast<std::size_t>(i) + 10]) / 2;
    double const leading = std::pow(0.05, 4.5) * std::exp(mid) / (24 * 3 * 70);
    EXPECT_NEAR(std::sqrt(costs(i, i + 10)) / leading, 1, 1e-4);
  }
}

TEST(SegmentCosts, grow_with_the_segment_and_split_at_breaks) {
  Function const f = Function::of("abs(x-1/3)+exp(x)");
  std::vector<double> const ends = graded_cells(f, 2, 4, 60);
  EXPECT_TRUE(std::binary_search(ends.begin(), ends.end(), 1.0 / 3));
  EXPECT_EQ(ends.front(), -1);
  EXPECT_EQ(ends.back(), 1);
  for (std::size_t i = 1; i < ends.size(); ++i) ASSERT_LT(ends[i - 1], ends[i]);
  SegmentCosts const costs(f, ends, 1, 1000);
  for (int i = 0; i < costs.cells(); ++i)
    for (int j = i + 2; j <= costs.cells(); ++j) {
      EXPECT_GE(costs(i, j), costs(i, j - 1));
      EXPECT_GE(costs(i, j), costs(i + 1, j) * (1 - 1e-9) - 1e-30);
    }
}

}  // namespace
}  // namespace nwidth::fitting
