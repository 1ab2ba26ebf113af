// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/alternation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fitting/bound/free_knot_remez.hpp"
#include "fitting/bound/segment_bound.hpp"
#include "fitting/minimax/minimax.hpp"
#include "tests/fitting/bound/targets.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

LevelledSpline<Real> levelled(Function const& f, int degree, int k) {
  std::vector<double> t = segment_bound(f, degree, k, 1e-6).knots;
  t.insert(t.begin(), to_double(f.begin()));
  t.push_back(to_double(f.end()));
  return free_knot_remez(f, free_knot_remez(f, degree, t).spline.as<Real>());
}

TEST(EncloseMinimax, proves_the_constants) {
  struct Case {
    int degree, k;
    char const* best;  // from Newton's method elsewhere, correct to the last digit shown
    char const* unit;
  };
  Case const cases[] = {{1, 4, "0.0108746230763740708508596372218864", "1e-34"},
                        {2, 4, "0.00049572861065146364794638191160882", "1e-35"},
                        {2, 8, "0.0000884107270043451374514220186486636", "1e-37"}};
  Function const f = test_targets::exp();
  for (Case const& c : cases) {
    LevelledSpline<Real> const s = levelled(f, c.degree, c.k);
    EnclosedMinimax const r = enclose_minimax(f, s.spline, s.points);
    ASSERT_TRUE(r.proved) << r.reason;
    EXPECT_TRUE(r.optimal) << r.reason;
    EXPECT_LT(r.contraction, 0.5);
    Rational const best = parse_rational(c.best), unit = parse_rational(c.unit);
    EXPECT_TRUE(overlaps(r.error, Ball::from_bounds(best - unit, best + unit)));
    EXPECT_LT(r.error.upper() - r.error.lower(), r.error.lower() * parse_rational("1e-50"));  // 50 digits
    for (Ball const& t : r.knots) EXPECT_LT(t.upper() - t.lower(), parse_rational("1e-50"));
    EXPECT_EQ(r.knots.size(), static_cast<std::size_t>(c.k));
    EXPECT_EQ(r.points.size(), static_cast<std::size_t>(c.degree + 2 + 2 * c.k));
  }
}

TEST(EncloseMinimax, has_the_parabola_in_closed_form) {
  // x^2 by k + 1 lines on [-1, 1]: segments of length h = 2/(k + 1), the chords lowered by half their error h^2/4
  for (int k = 1; k <= 5; ++k) {
    Function const f = Function::of("x^2");
    LevelledSpline<Real> const s = levelled(f, 1, k);
    EnclosedMinimax const r = enclose_minimax(f, s.spline, s.points);
    ASSERT_TRUE(r.proved) << r.reason;
    EXPECT_TRUE(r.optimal);
    Rational const h = Rational(2) / (k + 1);
    EXPECT_TRUE(r.error.contains(h * h / 8));
    for (int i = 1; i <= k; ++i) EXPECT_TRUE(r.knots[static_cast<std::size_t>(i - 1)].contains(-1 + i * h));
  }
}

TEST(EncloseMinimax, holds_its_equations_at_other_precisions) {
  Function const f = Function::of("exp(2*x)+1/(3+x)");
  for (long bits : {192L, 320L, 500L}) {
    LevelledSpline<Real> const s = levelled(f, 2, 3);
    EnclosedMinimax const r = enclose_minimax(f, s.spline, s.points, bits);
    ASSERT_TRUE(r.proved) << r.reason;
    // |f - s| = E at its points and not above between them
    auto const error = [&](Ball const& x) {
      Ball y(0);
      for (std::size_t j = 3; j-- > 0;) y = y * (x + Ball(1)) + r.polynomial[j];
      for (std::size_t q = 0; q < r.knots.size(); ++q) y += r.jumps[q][0] * power(relu(x - r.knots[q]), 2);
      return abs(f(x) - y);
    };
    for (Ball const& x : r.points) EXPECT_TRUE(overlaps(error(x), r.error));
    test::for_random(40, [&](std::mt19937_64& g) {
      EXPECT_FALSE(certainly_less(r.error, error(Ball(test::random_in(g, -1, 1, 1 << 20)))));
    });
  }
}

TEST(EncloseMinimax, proves_nothing_from_wrong_starts) {
  Function const f = test_targets::exp();
  LevelledSpline<Real> s = levelled(f, 2, 4);
  FreeKnotSpline<Real> far = s.spline;
  for (std::size_t i = 1; i + 1 < far.knots.size(); ++i) far.knots[i] += Real(i % 2 == 0 ? 0.12 : -0.12);
  EnclosedMinimax const wrong = enclose_minimax(f, far, s.points);
  if (wrong.proved) {  // Newton's method may still find the right one, but no other
    EnclosedMinimax const right = enclose_minimax(f, s.spline, s.points);
    EXPECT_TRUE(overlaps(wrong.error, right.error));
  }
  std::vector<Real> points = s.points;
  points.pop_back();
  EXPECT_THROW(enclose_minimax(f, s.spline, points), InvalidInput);
  EXPECT_THROW(enclose_minimax(test_targets::w2inf(), s.spline, s.points), InvalidInput);
  Function const g = Function::of("exp(x)+x^3/200");
  LevelledSpline<Real> const t = levelled(g, 2, 2);
  EnclosedMinimax const both = enclose_minimax(g, t.spline, t.points);
  EXPECT_TRUE(both.proved);
  EXPECT_TRUE(both.optimal);
  // where the third derivative, exp(x) - 2/5, vanishes, the level of the error decides
  Function const h = Function::of("exp(x)-(x+1)^3/15");
  LevelledSpline<Real> const u = levelled(h, 2, 2);
  EXPECT_TRUE(enclose_minimax(h, u.spline, u.points).optimal);
  // a narrow hill between the points: they still bound the error from below, but it is larger on the hill
  Function const hill = Function::of("exp(x)+exp(-20000*(x-0.9)^2)/200");
  LevelledSpline<Real> const v = levelled(f, 2, 4);
  EnclosedMinimax const only = enclose_minimax(hill, v.spline, v.points);
  ASSERT_TRUE(only.proved) << only.reason;
  EXPECT_FALSE(only.optimal);
  EXPECT_NE(only.reason.find("stay below"), std::string::npos);
}

EnclosedMinimax enclosed(Function const& f, SplineClass const& kind, int k) {
  MinimaxFit<Real> const fit = polish_minimax(f, fit_spline_minimax(f, kind, k));
  return enclose_minimax(f, fit.spline, fit.points);
}

TEST(EncloseMinimax, has_powers_in_closed_form) {
  // x^{r}, r = 3, 4, by smooth splines of order r: Zolotarev and Chebyshev arcs, knots equally spaced
  struct Case {
    SplineClass kind;
    char const* f;
    int k;
    Ball best;
  };
  PrecisionScope const precision(256);
  auto const quadratics = [](int k) {
    return sqrt(Ball(3)) / Ball(36) * power(Ball(2) / (Ball(k) + Ball(2) / sqrt(Ball(3))), 3);
  };
  auto const cubics = [](int k) { return power(Ball(2) / (Ball(k) + sqrt(Ball(2))), 4) / Ball(32); };
  // x^4 by continuous cubics: Chebyshev polynomials of length h on k + 1 equal parts, 2 (h/4)^4
  auto const pieces = [](int k) { return Ball(2) * power(Ball(2) / Ball(4 * (k + 1)), 4); };
  std::vector<Case> cases;
  for (int k : {1, 2, 5}) {
    cases.push_back({SplineClass::relu_power(2), "x^3", k, quadratics(k)});
    cases.push_back({SplineClass::relu_power(3), "x^4", k, cubics(k)});
    cases.push_back({SplineClass::polyrelu(), "x^4", k, pieces(k)});
  }
  for (Case const& c : cases) {
    EnclosedMinimax const r = enclosed(Function::of(c.f), c.kind, c.k);
    ASSERT_TRUE(r.proved) << c.f << ", " << c.k << ": " << r.reason;
    EXPECT_TRUE(r.optimal) << c.f << ", " << c.k << ": " << r.reason;
    EXPECT_TRUE(overlaps(r.least, c.best)) << c.f << ", " << c.k;
    EXPECT_LT(r.least.upper() - r.least.lower(), parse_rational("1e-50"));
  }
}

TEST(EncloseMinimax, proves_continuous_cubics_by_segments) {
  for (char const* text : {"exp(x)", "1/(1+25*x^2)"}) {
    Function const f = Function::of(text);
    EnclosedMinimax const r = enclosed(f, SplineClass::polyrelu(), 2);
    ASSERT_TRUE(r.proved) << r.reason;
    EXPECT_TRUE(r.optimal) << r.reason;
    SegmentBound const bound = segment_bound(f, 3, 2, 1e-9);
    EXPECT_LE(bound.bound.lower, r.least.upper());
    EXPECT_GE(bound.bound.lower, r.least.lower() * (1 - parse_rational("1e-8")));
  }
  // full alternation, but not in each of the pieces: no bound
  EnclosedMinimax const r = enclosed(Function::of("sin(4*pi*x)"), SplineClass::polyrelu(), 2);
  EXPECT_FALSE(r.proved);
  EXPECT_NE(r.reason.find("fewer than 5"), std::string::npos) << r.reason;
}

TEST(EncloseMinimax, keeps_points_at_breaks) {
  // the second derivative is infinite at 0, where the error is largest; by symmetry there is a point more than needed
  for (SplineClass const& kind : {SplineClass::relu(), SplineClass::relu_power(2)})
    for (int k : {2, 4}) {
      EnclosedMinimax const r = enclosed(Function::of("abs(x)^1.5"), kind, k);
      ASSERT_TRUE(r.proved) << r.reason;
      EXPECT_TRUE(r.optimal) << r.reason;
      EXPECT_FALSE(certainly_less(r.least, r.error) || certainly_less(r.error, r.least));
      EXPECT_LT(r.error.upper() - r.error.lower(), parse_rational("1e-50"));
      EXPECT_LT(r.least.upper() - r.least.lower(), parse_rational("1e-38"));  // 2^(-bits/2)
    }
}

}  // namespace
}  // namespace nwidth::fitting
