// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/guard.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

TEST(SpikeGuard, RefusesWhatIsNotFiniteAtOnceAndSpikesAfterTwentySteps) {
  SpikeGuard g(3);
  EXPECT_FALSE(g.accept(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(g.accept(std::numeric_limits<double>::infinity()));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(g.accept(i == 0 ? 50 : 2));
  EXPECT_NEAR(g.mean(), (50 + 19 * 2) / 20.0, 1e-12);
  EXPECT_TRUE(g.accept(3 * g.mean()));
  double const mean = g.mean();
  EXPECT_FALSE(g.accept(std::nextafter(3 * mean, 1e9)));
  EXPECT_FALSE(g.accept(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_EQ(g.mean(), mean);  // a spike leaves no trace
}

TEST(SpikeGuard, FactorZeroStopsForNothingFinite) {
  SpikeGuard g(0);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(g.accept(i < 50 ? 1 : 1e30));
  EXPECT_FALSE(g.accept(-std::numeric_limits<double>::infinity()));
}

TEST(SpikeGuard, GoesOnExactlyFromItsState) {
  test::for_random(50, [](std::mt19937_64& g) {
    SpikeGuard a(2), b(2);
    long const n = test::uniform(g, 0, 120);
    for (long i = 0; i < n; ++i) a.accept(test::uniform_real(g, 1, 1.5));
    b.set_state(a.state());
    for (int i = 0; i < 30; ++i) {
      double const x = test::uniform_real(g, 1, 4);
      EXPECT_EQ(a.accept(x), b.accept(x));
      EXPECT_EQ(a.mean(), b.mean());
    }
  });
  SpikeGuard g(2);
  for (char const* bad : {"", "x", "1", "-1 0x1p0", "3 nan"}) EXPECT_THROW(g.set_state(bad), InvalidInput) << bad;
}

}  // namespace
}  // namespace nwidth::lm
