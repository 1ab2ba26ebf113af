// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/chain_exchange.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "fitting/minimax/minimax.hpp"
#include "tests/fitting/bound/targets.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

using namespace test_targets;

ExchangedChain exchanged(Function const& f, int d, std::vector<double> const& t) {
  std::vector<ChainGrid> grids;
  std::vector<ChainGrid const*> pieces;
  for (std::size_t i = 1; i < t.size(); ++i) grids.emplace_back(f, d, t[i - 1], t[i]);
  for (ChainGrid const& g : grids) pieces.push_back(&g);
  return exchanged_chain(f, d, pieces, std::vector<double>(t.begin() + 1, t.end() - 1));
}

/// The least error with these knots, by linear programs: another way to the same number.
double least(target::Target const& f, int d, std::vector<double> const& t) {
  Function const part(f, exact(t.front()), exact(t.back()));
  MinimaxOptions options;
  options.free_knots = false;
  return fit_minimax(part, SplineClass::polyrelu(d), std::vector<double>(t.begin() + 1, t.end() - 1), options).level;
}

TEST(ChainExchange, finds_the_least_error_where_pieces_work_against_each_other) {
  // blocks of the best C^0 cubics: the middle of the cusp, and both inflections of the runge function's second piece
  std::vector<double> const cusp{-0.0612, -0.0039, 0.0039, 0.0612}, side{-0.544, -0.3, -0.148};
  EXPECT_NEAR(exchanged(abs_power(), 3, cusp).level / least(abs_power().target(), 3, cusp), 1, 1e-6);
  EXPECT_NEAR(exchanged(runge(), 3, side).level / least(runge().target(), 3, side), 1, 1e-6);
}

TEST(ChainExchange, is_never_above_the_least_error) {
  int equal = 0;
  test::for_random(40, [&](std::mt19937_64& g) {
    Function const f = test::coin(g) ? runge() : sin4pi();
    int const d = static_cast<int>(test::uniform(g, 1, 3)), q = static_cast<int>(test::uniform(g, 1, 3));
    std::vector<double> t{test::uniform_real(g, -1, 0)};
    for (int i = 0; i <= q; ++i) t.push_back(t.back() + test::uniform_real(g, 0.05, 0.25));
    ExchangedChain const r = exchanged(f, d, t);
    double const best = least(f.target(), d, t);
    EXPECT_LE(r.level, best * (1 + 1e-6) + 1e-14);
    if (r.level > best * (1 - 1e-6)) ++equal;
    ASSERT_EQ(r.points.size(), static_cast<std::size_t>(q) + 1);
    for (std::size_t j = 0; j < r.points.size(); ++j) {
      EXPECT_EQ(r.points[j].size(), static_cast<std::size_t>(d) + (j == 0 || j == r.points.size() - 1 ? 1 : 0));
      EXPECT_TRUE(std::is_sorted(r.points[j].begin(), r.points[j].end()));
      EXPECT_GE(r.points[j].front(), t[j]);
      EXPECT_LE(r.points[j].back(), t[j + 1]);
    }
  });
  EXPECT_GT(equal, 0);
}

}  // namespace
}  // namespace nwidth::fitting
