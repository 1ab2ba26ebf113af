// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/alternation_newton.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fitting/minimax/minimax.hpp"
#include "fitting/minimax/sequential_linear.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

TEST(AlternationNewton, counts_what_fixes_a_fit) {
  EXPECT_EQ(alternation_needed(SplineClass::relu(), 4, {}), 11);         // r + 2k + 1
  EXPECT_EQ(alternation_needed(SplineClass::relu_power(3), 8, {}), 21);  // r + 2k + 1
  EXPECT_EQ(alternation_needed(SplineClass::polyrelu(3), 8, {}), 37);    // r + 4k + 1
  EXPECT_EQ(alternation_needed(SplineClass::relu(), 3, {true, false, true}), 8);
  EXPECT_EQ(alternation_needed(SplineClass::relu_power(5), 0, {}), 7);
}

TEST(AlternationNewton, returns_to_the_best_fit_quadratically) {
  Function const f = Function::of("exp(x)");
  struct Case {
    SplineClass kind;
    int n;
    double shift;
  };
  for (Case const& c : {Case{SplineClass::relu(), 5, 1e-3}, Case{SplineClass::relu_power(2), 5, 1e-5},
                        Case{SplineClass::relu_power(3), 4, 1e-6}, Case{SplineClass::polyrelu(3), 3, 1e-6}}) {
    MinimaxFit<Real> const fit = polish_minimax(f, fit_spline_minimax(f, c.kind, c.n));
    FreeKnotSpline<Real> start = fit.spline;
    std::vector<Real> knots = start.knots;
    for (std::size_t k = 1; k + 1 < knots.size(); ++k) knots[k] += Real(k % 2 == 0 ? c.shift : -c.shift);
    start = transported(start, knots);
    LevelOptions options;
    options.goal = 1e-60;
    double before = 1;
    for (int steps = 0; steps <= 9; ++steps) {
      options.max_iterations = steps;
      Levelled<Real> const now = level(f, start, {}, options);
      double const levelling = static_cast<double>(now.levelling);
      ASSERT_EQ(static_cast<int>(now.alternation.size()), fit.needed);
      if (steps > 0 && before < 1e-3 && before > 1e-25) {
        EXPECT_LT(levelling, 1e6 * before * before) << steps;
      }
      before = levelling;
      if (!now.converged) {
        EXPECT_LT(steps, 9);
        continue;
      }
      EXPECT_LT(static_cast<double>(abs(Real(now.survey.sup / fit.level - 1))), 1e-58);
      EXPECT_LE(now.iterations, 7);
      break;
    }
  }
}

TEST(AlternationNewton, knots_that_are_held_stay) {
  Function const f = Function::of("exp(x)");
  SplineClass const kind = SplineClass::relu_power(2);
  FreeKnotSpline<double> const start =
      linear_minimax(f, FreeKnotSpline<double>{kind, {-1, -0.1, 0.5, 1}, {0, 0, 0, 0, 0}}).spline;
  KnotMask const free{true, false};
  Levelled<double> const some = level(f, sequential_linear(f, start, free, {}).spline, free, {});
  ASSERT_TRUE(some.converged);
  EXPECT_EQ(some.spline.knots[2], 0.5);
  EXPECT_NE(some.spline.knots[1], -0.1);
  EXPECT_EQ(some.alternation.size(), 7U);
  EXPECT_GT(some.survey.sup, fit_spline_minimax(f, kind, 2).level);
}

TEST(AlternationNewton, says_that_points_are_missing) {
  Function const f = Function::of("exp(x)");
  FreeKnotSpline<double> const far{SplineClass::relu(), {-1, 0, 1}, {0, 0, 0}};
  Levelled<double> const none = level(f, far, {}, {});
  EXPECT_FALSE(none.converged);
  EXPECT_LT(none.alternation.size(), 5U);
  EXPECT_EQ(none.iterations, 0);
}

}  // namespace
}  // namespace nwidth::fitting
