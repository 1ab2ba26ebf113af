// SPDX-License-Identifier: Apache-2.0
#include "fitting/start/dynamic_programming.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

TEST(BestGridKnots, is_the_best_of_all_choices) {
  test::for_random(10, [](std::mt19937_64& g) {
    Function const f = Function::of(test::coin(g) ? "sin(5*x)" : "abs(x+1/5)^1.5");
    int const d = static_cast<int>(g() % 3), cells = 10, n = static_cast<int>(g() % 4);
    std::vector<double> ends{-1, 1};
    for (int i = 1; i < cells; ++i) ends.push_back(test::uniform_real(g, -1, 1));
    std::sort(ends.begin(), ends.end());
    SegmentCosts const costs(f, ends, d, cells);
    GridKnots const best = best_grid_knots(costs, n);
    double least = 1e9;
    for (unsigned mask = 0; mask < (1U << (cells - 1)); ++mask) {
      double sum = 0;
      int from = 0, chosen = 0;
      for (int j = 1; j < cells; ++j)
        if ((mask >> (j - 1)) & 1U) {
          sum += costs(from, j);
          from = j;
          ++chosen;
        }
      if (chosen == n) least = std::min(least, sum + costs(from, cells));
    }
    EXPECT_NEAR(best.error, std::sqrt(least), 1e-14);
    double sum = 0;
    std::vector<double> with_ends = best.knots;
    with_ends.insert(with_ends.begin(), -1);
    with_ends.push_back(1);
    ASSERT_EQ(with_ends.size(), static_cast<std::size_t>(n) + 2);
    for (std::size_t i = 1; i < with_ends.size(); ++i) {
      auto const at = [&](double x) {
        return static_cast<int>(std::lower_bound(ends.begin(), ends.end(), x) - ends.begin());
      };
      sum += costs(at(with_ends[i - 1]), at(with_ends[i]));
    }
    EXPECT_NEAR(std::sqrt(sum), best.error, 1e-14) << "the knots have the error reported";
  });
}

TEST(BestGridKnots, lose_nothing_by_leaving_out_what_costs_more_than_a_guess) {
  test::for_random(10, [](std::mt19937_64& g) {
    char const* const texts[] = {"exp(x)", "sin(9*x)", "abs(x+1/5)^1.5", "1/(1+25*x^2)", "x^2"};
    Function const f = Function::of(texts[g() % 5]);
    int const d = static_cast<int>(g() % 4), cells = 60, n = 1 + static_cast<int>(g() % 9);
    std::vector<double> ends{-1, 1}, guess;
    for (int i = 1; i < cells; ++i) ends.push_back(test::uniform_real(g, -1, 1));
    std::sort(ends.begin(), ends.end());
    bool const good = test::coin(g);  // or all at one end, where they share a cell
    for (int i = 1; i <= n; ++i) guess.push_back(good ? -1 + 2.0 * i / (n + 1) : 1 - 1e-9 * (n - i));
    SegmentCosts const all(f, ends, d, cells), fewer(f, ends, d, cells, guess), narrow(f, ends, d, 1, guess);
    GridKnots const best = best_grid_knots(all, n), same = best_grid_knots(fewer, n);
    EXPECT_EQ(same.error, best.error);
    EXPECT_EQ(same.knots, best.knots);
    EXPECT_LE(best.error, std::sqrt(fewer.bound()));
    EXPECT_LE(best_grid_knots(narrow, n).error, std::sqrt(narrow.bound())) << "the guess is among the choices";
    for (int i = 0; i < cells; ++i) {
      ASSERT_GT(fewer.reach(i), i);
      ASSERT_EQ(all.reach(i), cells);
      for (int j = i + 1; j <= fewer.reach(i); ++j) ASSERT_EQ(fewer(i, j), all(i, j));
      if (fewer.reach(i) < cells) {
        ASSERT_GT(all(i, fewer.reach(i) + 1), fewer.bound());
      }
    }
  });
}

TEST(BestGridKnots, refuses_what_cannot_cover) {
  std::vector<double> ends;
  for (int i = 0; i <= 20; ++i) ends.push_back(-1 + i / 10.0);
  SegmentCosts const narrow(Function::of("exp(x)"), ends, 1, 4);
  EXPECT_THROW(best_grid_knots(narrow, 3), InvalidInput);
  EXPECT_NO_THROW(best_grid_knots(narrow, 4));
  EXPECT_THROW(best_grid_knots(narrow, 20), InvalidInput);
  EXPECT_THROW(best_grid_knots(narrow, -1), InvalidInput);
  EXPECT_THROW(SegmentCosts(Function::of("exp(x)"), {-1, 0, 1}, 1, 2, {-0.5, 0.5}), InvalidInput);
}

TEST(DynamicProgrammingKnots, find_kinks_and_asymmetric_optima) {
  std::vector<double> const kinks = dynamic_programming_knots(Function::of("abs(x-1/3)+relu(x+1/7)"), 1, 2);
  ASSERT_EQ(kinks.size(), 2u);
  EXPECT_NEAR(kinks[0], -1.0 / 7, 1e-12);
  EXPECT_NEAR(kinks[1], 1.0 / 3, 1e-12);
  // the best 4 knots for Runge's function are not symmetric
  std::vector<double> const runge = dynamic_programming_knots(Function::of("1/(1+25*x^2)"), 1, 4);
  EXPECT_GT(std::abs(runge[0] + runge[3]), 0.05);
  for (int n : {0, 1, 40, 100}) {
    std::vector<double> const knots = dynamic_programming_knots(Function::of("exp(x)"), 2, n);
    ASSERT_EQ(knots.size(), static_cast<std::size_t>(n));
    for (std::size_t i = 1; i < knots.size(); ++i) ASSERT_LT(knots[i - 1], knots[i]);
  }
}

}  // namespace
}  // namespace nwidth::fitting
