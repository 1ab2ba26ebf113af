// SPDX-License-Identifier: Apache-2.0
#include "fitting/rate/sequence.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting {
namespace {

TEST(RateSequence, keeps_what_converged_and_is_enclosed_and_names_the_rest) {
  RateSequence s(Abscissa::knots);
  s.add(16, Rational(1, 16), Rational(1, 15), Status::flat);
  s.add(4, Rational(1, 4), Rational(1, 3), Status::converged);
  s.add(8, Rational(1, 8), Rational(1, 7), Status::max_iterations);
  s.add(32, 0, Rational(1, 7), Status::converged);
  certify::Enclosure e;
  e.lower = Rational(1, 70);
  e.upper = Rational(1, 60);
  s.add(64, e, Status::converged);  // not bounded
  e.bounded = true;
  s.add(2, e, Status::converged);
  ASSERT_EQ(s.points().size(), 3U);
  EXPECT_EQ(s.points()[0].N, 2);
  EXPECT_EQ(s.points()[0].error, (Bounds{Rational(1, 70), Rational(1, 60)}));
  EXPECT_EQ(s.points()[1].N, 4);
  EXPECT_EQ(s.points()[2].N, 16);
  ASSERT_EQ(s.excluded().size(), 3U);
  EXPECT_EQ(s.excluded()[0].N, 8);
  EXPECT_EQ(s.excluded()[0].reason, name(Status::max_iterations));
  EXPECT_EQ(s.excluded()[1].N, 32);
  EXPECT_EQ(s.excluded()[2].N, 64);
}

TEST(RateSequence, lets_no_status_in_but_the_usable_ones) {
  int excluded = 0;
  for (Status status : {Status::converged, Status::flat, Status::max_iterations, Status::knot_collapse,
                        Status::rank_deficient, Status::no_alternation, Status::below_precision}) {
    RateSequence s(Abscissa::segments);
    s.add(4, 1, 2, status);
    EXPECT_EQ(s.points().size(), is_usable(status) ? 1U : 0U);
    excluded += static_cast<int>(s.excluded().size());
  }
  EXPECT_EQ(excluded, 5);
}

TEST(RateSequence, refuses_what_is_no_point) {
  RateSequence s(Abscissa::segments);
  s.add(4, 1, 2, Status::converged);
  s.add(5, 1, 2, Status::no_alternation);
  EXPECT_THROW(s.add(4, 1, 2, Status::converged), InvalidInput);
  EXPECT_THROW(s.add(5, 1, 2, Status::converged), InvalidInput);
  EXPECT_THROW(s.add(0, 1, 2, Status::converged), InvalidInput);
  EXPECT_THROW(s.add(8, 2, 1, Status::converged), InvalidInput);
  EXPECT_THROW(s.add(8, -1, 1, Status::converged), InvalidInput);
  EXPECT_EQ(s.points().size(), 1U);
}

}  // namespace
}  // namespace nwidth::fitting
