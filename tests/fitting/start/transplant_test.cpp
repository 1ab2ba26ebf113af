// SPDX-License-Identifier: Apache-2.0
#include "fitting/start/transplant.hpp"

#include <gtest/gtest.h>

namespace nwidth::fitting {
namespace {

TEST(Transplant, drops_the_idle_knot_and_halves_the_worst_segment) {
  // slopes 1, 1, 2, 4: the knot at -0.5 is idle
  FreeKnotSpline<double> const s{SplineClass::relu(), {-1, -0.5, 0, 0.5, 1}, {0, 0.5, 1, 2, 4}};
  EXPECT_NEAR(knot_effect(s, 1), 0, 1e-15);
  EXPECT_NEAR(knot_effect(s, 2), 0.5, 1e-15);
  EXPECT_NEAR(knot_effect(s, 3), 1, 1e-15);
  EXPECT_EQ(transplant(s, {1, 2, 3, 4}), (std::vector<double>{0, 0.5, 0.75}));
  EXPECT_EQ(transplant(s, {1, 2, 3, 4}, 1, 0), (std::vector<double>{-0.5, 0.5, 0.75}));
  EXPECT_EQ(transplant(s, {1, 2, 3, 4}, 0, 1), (std::vector<double>{0, 0.25, 0.5}));
  EXPECT_EQ(transplant(s, {4, 1, 1, 1}, 2, 0), (std::vector<double>{-0.75, -0.5, 0}));
  EXPECT_THROW(transplant(s, {1, 2, 3}), InvalidInput);
  EXPECT_THROW(transplant(s, {1, 2, 3, 4}, 3, 0), InvalidInput);
  EXPECT_THROW(transplant(s, {1, 2, 3, 4}, 0, 4), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
