// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/joined_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "fitting/minimax/minimax.hpp"
#include "tests/fitting/bound/targets.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

using namespace test_targets;

constexpr double from = -0.147791, to = 0.147791;  // a block of the best C^0 cubic with 8 knots for the runge function
std::vector<double> const about{-0.037, 0.037};

/// The best of the block, by a fit.
MinimaxFit<double> const& best() {
  static MinimaxFit<double> const fit =
      fit_spline_minimax(Function(runge().target(), exact(from), exact(to)), SplineClass::polyrelu(3), 2);
  return fit;
}

TEST(JoinedSearch, closes_below_the_best_and_not_above) {
  double const level = best().level;
  JoinedSearch const below = search_joined(runge(), 3, from, to, about, level * (1 - 1e-5), 2000);
  EXPECT_TRUE(below.closed);
  EXPECT_GE(below.level, level * (1 - 1e-5));
  EXPECT_LT(below.boxes.size(), 500U);
  JoinedSearch const above = search_joined(runge(), 3, from, to, about, level * 1.01, 400);
  EXPECT_FALSE(above.closed);
  EXPECT_LE(above.level, level * (1 + 1e-9));
  EXPECT_GT(above.level, level * (1 - 1e-3));
  ASSERT_EQ(above.worst.size(), 2U);  // and this is where the best knots are
  for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(above.worst[i], best().spline.knots[i + 1], 0.02);
}

TEST(JoinedSearch, has_knots_in_order_where_it_gives_up) {
  // no knots reach so high a level: what is left is any part, also one that is as large for all knots
  for (int most : {1, 20, 300})
    for (std::size_t p = 1; p <= 4; ++p) {
      std::vector<double> t;
      for (std::size_t i = 1; i <= p; ++i) t.push_back(-1 + 2.0 * static_cast<double>(i) / static_cast<double>(p + 1));
      JoinedSearch const r = search_joined(runge(), 3, -1, 1, t, 10, most);
      EXPECT_FALSE(r.closed);
      ASSERT_EQ(r.worst.size(), p);
      EXPECT_LT(-1, r.worst.front());
      EXPECT_LT(r.worst.back(), 1);
      EXPECT_EQ(std::adjacent_find(r.worst.begin(), r.worst.end(), std::greater_equal<>()), r.worst.end())
          << p << " knots, " << most << " boxes";
    }
}

TEST(JoinedSearch, is_a_tree_whose_leaves_are_below_what_knots_reach) {
  JoinedSearch const r = search_joined(runge(), 3, from, to, about, best().level * (1 - 1e-3), 2000);
  ASSERT_TRUE(r.closed);
  Function const part(runge().target(), exact(from), exact(to));
  MinimaxOptions fixed;
  fixed.free_knots = false;
  test::for_random(40, [&](std::mt19937_64& g) {
    std::vector<double> t{test::uniform_real(g, from, to), test::uniform_real(g, from, to)};
    if (test::coin(g))  // near the best, too
      for (std::size_t i = 0; i < 2; ++i) t[i] = best().spline.knots[i + 1] + test::uniform_real(g, -0.01, 0.01);
    std::sort(t.begin(), t.end());
    std::size_t at = 0;
    while (r.boxes[at].knot >= 0) {
      SearchedBox const& b = r.boxes[at];
      std::size_t const next =
          static_cast<std::size_t>(t[static_cast<std::size_t>(b.knot)] <= b.at ? b.below : b.above);
      ASSERT_GT(next, at);
      at = next;
    }
    ASSERT_FALSE(r.boxes[at].points.empty());
    EXPECT_LE(r.boxes[at].level, fit_minimax(part, SplineClass::polyrelu(3), t, fixed).level * (1 + 1e-7));
  });
}

TEST(JoinedSearch, of_no_knots_is_the_best_polynomial) {
  JoinedSearch const r = search_joined(exp(), 3, -1, 1, {}, 5e-3, 100);
  EXPECT_TRUE(r.closed);
  EXPECT_EQ(r.boxes.size(), 1U);
  EXPECT_NEAR(r.level, 5.5283e-3, 1e-6);
  EXPECT_FALSE(search_joined(exp(), 3, -1, 1, {}, 6e-3, 100).closed);
}

}  // namespace
}  // namespace nwidth::fitting
