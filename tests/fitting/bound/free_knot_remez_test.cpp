// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/free_knot_remez.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/fitting/bound/targets.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

std::vector<double> even_knots(int p, double a = -1, double b = 1) {
  std::vector<double> t;
  for (int i = 0; i <= p + 1; ++i) t.push_back(i == p + 1 ? b : a + (b - a) * i / (p + 1));
  return t;
}

TEST(FreeKnotRemez, finds_the_spline_of_a_parabola_by_lines) {
  Function const f = Function::of("x^2");
  for (int p = 0; p <= 6; ++p) {  // even knots, half the error h^2/4 of the chords
    LevelledSpline<double> const s = free_knot_remez(f, 1, even_knots(p));
    ASSERT_EQ(s.outcome.status, Status::converged) << p;
    double const h = 2.0 / (p + 1);
    EXPECT_NEAR(s.level, h * h / 8, 1e-13);
    for (int i = 0; i <= p + 1; ++i) EXPECT_NEAR(s.spline.knots[static_cast<std::size_t>(i)], -1 + h * i, 1e-7);
  }
}

TEST(FreeKnotRemez, alternates_at_its_points_and_nowhere_more) {
  int tried = 0, missed = 0;
  test::for_random(20, [&](std::mt19937_64& g) {
    int const d = static_cast<int>(test::uniform(g, 1, 3)), p = static_cast<int>(test::uniform(g, 0, 5));
    Function const f = Function::of("exp(" + std::to_string(test::uniform(g, 1, 3)) + "*x/2)+1/(4+x)");
    double const a = test::uniform_real(g, -1, -0.4), b = test::uniform_real(g, 0.3, 1);
    LevelledSpline<double> const s = free_knot_remez(f, d, even_knots(p, a, b));
    ++tried;
    if (s.outcome.status != Status::converged) {  // Newton's method from even knots may miss, and says so
      ++missed;
      return;
    }
    ASSERT_EQ(s.points.size(), static_cast<std::size_t>(d + 2 + 2 * p));
    double before = 0, sup = 0;
    for (double x : s.points) {
      double const e = f(x) - s.spline(x);
      EXPECT_LE(before * e, 0);
      EXPECT_NEAR(std::abs(e), s.level, 1e-5 * s.level + 1e-15);
      before = e;
    }
    for (int i = 0; i <= 2000; ++i) {
      double const x = std::min(b, a + (b - a) * i / 2000);
      sup = std::max(sup, std::abs(f(x) - s.spline(x)));
    }
    EXPECT_LE(sup, s.level * (1 + 1e-2) + 1e-15);  // extrema in double: where the curve is flat
  });
  EXPECT_LE(missed, 1 + tried / 10);
}

TEST(FreeKnotRemez, agrees_with_itself_in_multiprecision) {
  Function const f = test_targets::exp();
  LevelledSpline<double> const s = free_knot_remez(f, 2, even_knots(3));
  LevelledSpline<Real> const fine = free_knot_remez(f, s.spline.as<Real>());
  ASSERT_EQ(fine.outcome.status, Status::converged);
  EXPECT_LT(fine.imbalance, 1e-80);
  EXPECT_NEAR(static_cast<double>(fine.level), s.level, 1e-8 * s.level);
}

TEST(FreeKnotRemez, says_when_it_fails) {
  // the best errors of the Runge function with two knots do not alternate in full
  LevelledSpline<double> const s = free_knot_remez(test_targets::runge(), 2, even_knots(2));
  EXPECT_NE(s.outcome.status, Status::converged);
  EXPECT_THROW(free_knot_remez(test_targets::exp(), 0, even_knots(2)), InvalidInput);
  EXPECT_THROW(free_knot_remez(test_targets::exp(), 2, {-1, 0.5, 0.5, 1}), InvalidInput);
  FreeKnotSpline<double> const rough{{2, 2}, {-1, 0, 1}, {0, 0, 0, 0, 0}};
  EXPECT_THROW(free_knot_remez(test_targets::exp(), rough), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
