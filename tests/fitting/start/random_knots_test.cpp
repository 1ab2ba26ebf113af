// SPDX-License-Identifier: Apache-2.0
#include "fitting/start/random_knots.hpp"

#include <gtest/gtest.h>

namespace nwidth::fitting {
namespace {

TEST(RandomKnots, are_apart_reproducible_and_different) {
  Function const f = Function::of("exp(20*x)");
  for (int n : {0, 1, 10, 60}) {
    std::vector<double> last;
    for (int trial = 0; trial < 6; ++trial) {
      std::vector<double> const knots = random_knots(f, 2, n, 7, trial);
      ASSERT_EQ(knots.size(), static_cast<std::size_t>(n));
      EXPECT_EQ(knots, random_knots(f, 2, n, 7, trial));
      double before = -1;
      for (double t : knots) {
        EXPECT_GE(t - before, 0.09999 * 2 / (n + 1));
        before = t;
      }
      EXPECT_LT(before, 1);
      if (n > 0) {
        EXPECT_NE(knots, last);
        EXPECT_NE(knots, random_knots(f, 2, n, 8, trial));
      }
      last = knots;
    }
  }
}

TEST(RandomKnots, draw_every_other_trial_from_the_density) {
  Function const f = Function::of("exp(20*x)");  // all of f'' is near 1
  double uniform = 0, dense = 0;
  for (int trial = 0; trial < 40; ++trial)
    for (double t : random_knots(f, 2, 10, 1, trial)) (trial % 2 == 0 ? uniform : dense) += t / 200;
  EXPECT_NEAR(uniform, 0, 0.15);
  EXPECT_GT(dense, 0.6);
}

}  // namespace
}  // namespace nwidth::fitting
