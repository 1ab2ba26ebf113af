// SPDX-License-Identifier: Apache-2.0
#include "fitting/projection/gauss.hpp"

#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

TEST(CompositeGauss, integrates_splines_exactly_wherever_their_knots_lie) {
  test::for_random(50, [](std::mt19937_64& g) {
    std::vector<double> knots;
    for (int i = 0; i < 5; ++i) knots.push_back(test::uniform_real(g, -1, 2));
    if (test::coin(g)) knots.push_back(0.5);  // on top of a fixed point: a piece of length 0
    std::sort(knots.begin(), knots.end());
    std::vector<double> const fixed = graded_points(-1, 2, 6, {0.1}, 2);
    CompositeRule const rule = composite_gauss(3, -1, 2, knots, fixed);
    EXPECT_EQ(rule.node.size(), 3 * (knots.size() + fixed.size() + 1));
    double sum = 0, truth = 0;
    for (std::size_t q = 0; q < rule.node.size(); ++q)
      for (double t : knots) sum += rule.weight[q] * std::pow(std::max(rule.node[q] - t, 0.0), 5);
    for (double t : knots) truth += std::pow(2 - t, 6) / 6;
    EXPECT_NEAR(sum, truth, 1e-12 * (1 + truth));
  });
}

TEST(GradedPoints, ascend_inside_the_domain_and_hold_the_breaks) {
  std::vector<double> const p = graded_points(0, 1, 4, {0.3, 0.75}, 3);
  for (std::size_t i = 1; i < p.size(); ++i) EXPECT_LT(p[i - 1], p[i]);
  EXPECT_GT(p.front(), 0);
  EXPECT_LT(p.back(), 1);
  for (double x : {0.25, 0.3, 0.5, 0.75, 0.3 + 0.25, 0.3 - 1.0 / 64})
    EXPECT_TRUE(std::find(p.begin(), p.end(), x) != p.end()) << x;
}

}  // namespace
}  // namespace nwidth::fitting
