// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/alternation_bound.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "fitting/bound/free_knot_remez.hpp"
#include "fitting/bound/segment_bound.hpp"
#include "tests/fitting/bound/targets.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

using namespace test_targets;

std::vector<double> with_ends(std::vector<double> t) {
  t.insert(t.begin(), -1);
  t.push_back(1);
  return t;
}

LevelledSpline<double> levelled(Function const& f, int degree, int k) {
  return free_knot_remez(f, degree, with_ends(segment_bound(f, degree, k).knots));
}

TEST(AlternationBound, is_the_minimum_of_splines_that_alternate_in_full) {
  struct Case {
    int degree, k;
    char const* best;  // to as many digits as are known from Newton's method in 60 digits elsewhere
    char const* digits;
  };
  Case const cases[] = {{1, 4, "0.0108746230763740708508596372218864", "1e-30"},
                        {2, 4, "0.00049572861065146364794638191160882", "1e-28"},
                        {2, 8, "0.0000884107270043451374514220186486636", "1e-30"},
                        {2, 16, "1.34321214763563798e-5", "1e-17"}};
  Function const f = exp();
  for (Case const& c : cases) {
    Rational const best = parse_rational(c.best), last = parse_rational(c.digits) * best;
    LevelledSpline<double> const s = levelled(f, c.degree, c.k);
    AlternationBound const rough = alternation_bound(f, s.spline, c.k);
    ASSERT_TRUE(rough.bound.proved) << rough.bound.reason;
    EXPECT_LE(rough.bound.lower, best);
    EXPECT_GT(rough.bound.lower, best * (1 - parse_rational("2e-9")));
    EXPECT_EQ(rough.alternations, c.degree + 2 + 2 * c.k);
    if (c.k > 8) continue;
    LevelledSpline<Real> fine = free_knot_remez(f, s.spline.as<Real>());
    EXPECT_EQ(fine.outcome.status, Status::converged);
    AlternationWitness w = rough.witness;
    w.points.clear();
    for (Real const& x : fine.points) w.points.push_back(exact(x));
    w.spline = {fine.spline.kind, {}, {}};
    for (Real const& x : fine.spline.knots) w.spline.knots.push_back(exact(x));
    for (Real const& x : fine.spline.coefficients) w.spline.coefficients.push_back(exact(x));
    w.level = best - last;
    PrecisionScope const precision(330);
    LowerBound const proved = prove_alternation_bound(f.target(), -1, 1, c.k, w);
    EXPECT_TRUE(proved.proved) << proved.reason;
    EXPECT_LE(proved.lower, best + last);
  }
}

TEST(AlternationBound, holds_with_alternations_to_spare) {
  // an even target with an even spline: 21 alternations where 20 are needed; the best fit known has 2.1057e-4
  AlternationBound const r = alternation_bound(abs_power(), levelled(abs_power(), 2, 8).spline, 8);
  ASSERT_TRUE(r.bound.proved) << r.bound.reason;
  EXPECT_EQ(r.alternations, 21);
  EXPECT_GT(to_double(r.bound.lower), 2.10476e-4);
  EXPECT_LT(to_double(r.bound.lower), 2.1057e-4);
}

TEST(AlternationBound, takes_any_number_of_knots) {
  Function const f = exp();
  LevelledSpline<double> const s = levelled(f, 2, 5);
  AlternationBound const with_5 = alternation_bound(f, s.spline, 5), with_4 = alternation_bound(f, s.spline, 4);
  ASSERT_TRUE(with_5.bound.proved && with_4.bound.proved);
  EXPECT_GE(with_4.bound.lower, with_5.bound.lower);
  EXPECT_FALSE(alternation_bound(f, s.spline, 6).bound.proved);  // too few alternations
}

/// max over all choices by trying each subset.
std::optional<double> brute_force(std::vector<double> const& e, int count) {
  std::optional<double> best;
  for (unsigned subset = 0; subset < (1U << e.size()); ++subset) {
    double least = HUGE_VAL, before = 0;
    int n = 0;
    bool good = true;
    for (std::size_t i = 0; i < e.size(); ++i) {
      if ((subset >> i & 1U) == 0) continue;
      good = good && e[i] != 0 && !(before * e[i] > 0);
      before = e[i];
      least = std::min(least, std::abs(e[i]));
      ++n;
    }
    if (good && n == count && (!best || least > *best)) best = least;
  }
  return best;
}

TEST(BestAlternation, is_the_best_of_all_subsets) {
  test::for_random(60, [](std::mt19937_64& g) {
    std::vector<double> e;
    std::vector<Ball> balls;
    long const n = test::uniform(g, 1, 9);
    for (long i = 0; i < n; ++i) {
      e.push_back(static_cast<double>(test::uniform(g, -6, 6)));
      balls.emplace_back(e.back());
    }
    for (int count = 1; count <= 6; ++count) {
      std::vector<std::size_t> const chosen = best_alternation(balls, count);
      std::optional<double> const best = brute_force(e, count);
      ASSERT_EQ(chosen.empty(), !best.has_value());
      if (!best) continue;
      ASSERT_EQ(chosen.size(), static_cast<std::size_t>(count));
      double least = HUGE_VAL;
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        least = std::min(least, std::abs(e[chosen[i]]));
        if (i > 0) {
          EXPECT_LT(chosen[i - 1], chosen[i]);
          EXPECT_LT(e[chosen[i - 1]] * e[chosen[i]], 0);
        }
      }
      EXPECT_EQ(least, *best);
    }
  });
}

TEST(AlternationBound, is_never_beaten_where_its_proof_looks) {
  struct Case {
    Function f;
    int degree, k;
  };
  Case const cases[] = {{exp(), 1, 5}, {exp(), 2, 6}, {Function::of("exp(3*x)+x/(2+x)"), 2, 4}};
  for (Case const& c : cases) {
    LevelledSpline<double> const s = levelled(c.f, c.degree, c.k);
    AlternationBound const r = alternation_bound(c.f, s.spline, c.k);
    ASSERT_TRUE(r.bound.proved) << r.bound.reason;
    test::for_random(40, [&](std::mt19937_64& g) {
      FreeKnotSpline<double> t = s.spline;
      double const knots = std::pow(10.0, test::uniform_real(g, -12, -1)),
                   values = to_double(r.bound.lower) * std::pow(10.0, test::uniform_real(g, -6, 1));
      for (std::size_t i = 1; i + 1 < t.knots.size(); ++i) t.knots[i] += knots * test::uniform_real(g, -1, 1);
      std::sort(t.knots.begin(), t.knots.end());
      for (double& v : t.coefficients) v += values * test::uniform_real(g, -1, 1);
      if (!(t.knots[0] == -1 && t.knots.back() == 1)) return;
      FreeKnotSpline<Rational> q{t.kind, {}, {}};
      for (double v : t.knots) q.knots.push_back(exact(v));
      for (double v : t.coefficients) q.coefficients.push_back(exact(v));
      Ball worst(0);
      for (Rational const& x : r.witness.points) worst = max(worst, abs(c.f(Ball(x)) - Ball(q(x))));
      EXPECT_FALSE(certainly_less(worst, Ball(r.bound.lower)));
    });
  }
}

TEST(AlternationBound, refuses_wrong_witnesses) {
  Function const f = exp();
  AlternationBound const r = alternation_bound(f, levelled(f, 2, 4).spline, 4);
  auto const prove = [&](AlternationWitness const& w, int k = 4) {
    return prove_alternation_bound(f.target(), -1, 1, k, w);
  };
  ASSERT_TRUE(prove(r.witness).proved);
  AlternationWitness w = r.witness;
  w.level *= parse_rational("1.000001");
  EXPECT_FALSE(prove(w).proved);
  EXPECT_EQ(prove(w).lower, 0);
  EXPECT_FALSE(prove(r.witness, 5).proved);
  w = r.witness;
  w.points.erase(w.points.begin() + 5);
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;
  std::swap(w.points[3], w.points[4]);
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;
  w.points[4] = w.points[3];
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;
  w.points.back() = parse_rational("1.0000001");
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;
  std::swap(w.spline.knots[1], w.spline.knots[2]);
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;
  w.spline.coefficients.pop_back();
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;  // another spline does not alternate there
  for (Rational& c : w.spline.coefficients) c *= parse_rational("1.001");
  EXPECT_FALSE(prove(w).proved);
  // knots of multiplicity 2 are C^0: not in the class, even with the same values
  FreeKnotSpline<Rational> rough{{2, 2}, r.witness.spline.knots, {}};
  for (int i = 0; i < rough.kind.dimension(4); ++i) rough.coefficients.push_back(0);
  w = r.witness;
  w.spline = rough;
  EXPECT_FALSE(prove(w).proved);
}

TEST(AlternationBound, is_proved_for_any_spline_or_refused) {
  // surplus alternations: sin(4 pi x) against s = 0 (no knots), which it alternates with 8 times at level 1
  Function const f = sin4pi();
  FreeKnotSpline<double> const zero{SplineClass::relu_power(2), {-1, 1}, {0, 0, 0}};
  for (int k = 0; k <= 4; ++k) {
    AlternationBound const r = alternation_bound(f, zero, k);
    ASSERT_TRUE(r.bound.proved);  // 3 + k + 1 alternations of 8
    EXPECT_GT(to_double(r.bound.lower), 1 - 1e-9);
    EXPECT_LE(r.bound.lower, 1);
  }
  EXPECT_FALSE(alternation_bound(f, zero, 5).bound.proved);
}

}  // namespace
}  // namespace nwidth::fitting
