// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nwidth::lm {
namespace {

Training ten_steps(Schedule s) {
  Training t;
  t.batch = 4;
  t.steps = 10;
  t.rate = 2;
  t.final_rate = 0.25;
  t.schedule = s;
  return t;
}

TEST(Schedule, CosineRisesLinearlyAndEndsAtTheFinalRate) {
  Training t = ten_steps(Schedule::cosine);
  t.warmup_tokens = 4 * 8 * 4;  // of context 8: four steps
  for (int s = 0; s < 4; ++s) EXPECT_DOUBLE_EQ(learning_rate(t, 8, s), 2 * (s + 1) / 4.0) << s;
  EXPECT_DOUBLE_EQ(learning_rate(t, 8, 6), 2 * (0.25 + 0.75 / 2));  // half way between step 4 and step 10
  EXPECT_DOUBLE_EQ(learning_rate(t, 8, 9), 0.5);
  for (int s = 4; s < 10; ++s) EXPECT_LT(learning_rate(t, 8, s), learning_rate(t, 8, s - 1));
}

TEST(Schedule, WarmupInTokensDoesNotDependOnHowTheyAreBatched) {
  Training t = ten_steps(Schedule::constant), u = t;
  t.warmup_tokens = u.warmup_tokens = 1000;
  u.batch = 2;
  EXPECT_DOUBLE_EQ(learning_rate(t, 10, 4), learning_rate(u, 20, 4));
  EXPECT_DOUBLE_EQ(learning_rate(t, 10, 4), 2 * 200 / 1000.0);
}

TEST(Schedule, WsdIsFlatAndThenFallsLinearly) {
  Training t = ten_steps(Schedule::wsd);
  t.warmup_tokens = 2 * 32;
  t.decay_tokens = 3 * 32;
  double const expected[] = {1, 2, 2, 2, 2, 2, 2, 2 * (0.25 + 0.75 * 2 / 3), 2 * (0.25 + 0.75 / 3), 0.5};
  for (int s = 0; s < 10; ++s) EXPECT_DOUBLE_EQ(learning_rate(t, 8, s), expected[s]) << s;
  t.decay_tokens = 0;
  EXPECT_DOUBLE_EQ(learning_rate(t, 8, 9), 2);
}

TEST(Schedule, ConstantIgnoresTheFinalRateAndEverythingIsDefinedPastTheEnd) {
  EXPECT_DOUBLE_EQ(learning_rate(ten_steps(Schedule::constant), 8, 9), 2);
  for (Schedule s : {Schedule::cosine, Schedule::wsd}) {
    Training t = ten_steps(s);
    t.decay_tokens = 32;
    EXPECT_DOUBLE_EQ(learning_rate(t, 8, 15), 0.5);
    t.warmup_tokens = 1L << 40;  // never reached
    EXPECT_NEAR(learning_rate(t, 8, 9) / (2 * 320 * 0x1p-40), 1, 1e-12);
  }
}

}  // namespace
}  // namespace nwidth::lm
