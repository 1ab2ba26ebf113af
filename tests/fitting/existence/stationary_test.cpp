// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/stationary.hpp"

#include <gtest/gtest.h>

#include "fitting/least_squares/fit_spline.hpp"
#include "fitting/network/shallow_network.hpp"
#include "theory/certify/l2_norm.hpp"

namespace nwidth::fitting {
namespace {

/// A local minimum, about, from equidistant knots.
FreeKnotSpline<double> fitted(Function const& f, SplineClass const& kind, int k) {
  double const a = to_double(f.begin()), b = to_double(f.end());
  std::vector<double> knots;
  for (int i = 1; i <= k; ++i) knots.push_back(a + (b - a) * i / (k + 1));
  return fit_l2(f, kind, knots).spline;
}

EnclosedStationary enclosed(Function const& f, SplineClass const& kind, int k) {
  return enclose_stationary(f, fitted(f, kind, k).as<Real>(), 384);
}

Rational width(Ball const& x) { return x.upper() - x.lower(); }

TEST(EncloseStationary, proves_constants_known_from_elsewhere) {
  struct Case {
    int k;
    char const* best;  // broken lines to exp, by Newton's method in 50 digits elsewhere; correct to the last digits
    char const* unit;
  };
  Case const cases[] = {{1, "0.056594365850319913679", "1e-21"},
                        {3, "0.014097114174510042114", "1e-21"},
                        {4, "0.0090181232353797467494128463391704", "1e-34"},
                        {7, "0.003520991026652984169007", "1e-24"},
                        {15, "0.0008800410572478063186", "1e-22"}};
  Function const f = Function::of("exp(x)");
  for (Case const& c : cases) {
    EnclosedStationary const r = enclosed(f, SplineClass::relu(), c.k);
    ASSERT_TRUE(r.proved) << c.k << ": " << r.reason;
    EXPECT_TRUE(r.minimum) << r.reason;
    Rational const best = parse_rational(c.best), unit = parse_rational(c.unit);
    EXPECT_TRUE(overlaps(r.error, Ball::from_bounds(best - unit, best + unit))) << decimal_below(r.error.lower(), 30);
    EXPECT_LT(width(r.error), parse_rational("1e-60"));
    for (Ball const& t : r.knots) EXPECT_LT(width(t), parse_rational("1e-60"));
    EXPECT_EQ(r.knots.size(), static_cast<std::size_t>(c.k));
  }
}

TEST(EncloseStationary, has_powers_in_closed_form) {
  // x^{d+1} by continuous pieces of degree d, d odd: equal parts of length h with Legendre polynomials as errors, of
  // square (h/2)^{2d+3} times 8/45 for d = 1, 128/11025 for d = 3
  struct Case {
    char const* f;
    int degree;
    Rational square;
  };
  for (Case const& c : {Case{"x^2", 1, Rational(8, 45)}, Case{"x^4", 3, Rational(128, 11025)}})
    for (int k = 1; k <= 4; ++k) {
      EnclosedStationary const r = enclosed(Function::of(c.f), {c.degree, c.degree}, k);
      ASSERT_TRUE(r.proved) << r.reason;
      EXPECT_TRUE(r.minimum) << r.reason;
      Rational const half = Rational(1) / (k + 1);
      EXPECT_TRUE(
          power(r.error, 2).contains((k + 1) * power(half, static_cast<unsigned>(2 * c.degree + 3)) * c.square));
      for (int q = 1; q <= k; ++q) EXPECT_TRUE(r.knots[static_cast<std::size_t>(q - 1)].contains(-1 + 2 * half * q));
    }
}

TEST(EncloseStationary, agrees_with_certified_networks) {
  struct Case {
    char const* f;
    SplineClass kind;
    int k;
    Rational a, b;
  };
  for (Case const& c :
       {Case{"sin(4*pi*x)", SplineClass::relu_power(2), 8, -1, 1}, Case{"abs(x)^1.5", SplineClass::relu(), 4, -1, 1},
        Case{"1/(1+25*x^2)", SplineClass::polyrelu(), 4, -1, 1},
        Case{"exp(x)+x^2", SplineClass::relu_power(3), 3, Rational(-1) / 3, Rational(5) / 7}}) {
    Function const f = Function::of(c.f, c.a, c.b);
    FreeKnotSpline<double> const s = fitted(f, c.kind, c.k);
    EnclosedStationary const r = enclose_stationary(f, s.as<Real>(), 256);
    ASSERT_TRUE(r.proved) << c.f << ": " << r.reason;
    EXPECT_TRUE(r.minimum) << c.f << ": " << r.reason;
    certify::Options options;
    options.relative = parse_rational("1e-8");
    certify::Enclosure const e = certify::l2_error(shallow_network(s).network, f.target(), c.a, c.b, options);
    // the network, rounded, is no better than the minimum next to it, and worse by its rounding only
    EXPECT_LE(r.error.lower(), e.upper);
    EXPECT_LE(e.lower, r.error.upper() * (1 + parse_rational("1e-7")));
    for (int q = 1; q <= c.k; ++q)
      EXPECT_NEAR(r.knots[static_cast<std::size_t>(q - 1)].to_double(), s.knots[static_cast<std::size_t>(q)], 1e-5);
  }
}

TEST(EncloseStationary, takes_knots_that_are_smoother_than_they_may_be) {
  // two of the three derivatives jump at the knots of the best C^0 cubics with four knots: they are C^1 there
  Function const f = Function::of("sin(4*pi*x)");
  EnclosedStationary const r =
      enclose_stationary(f, fit_spline_l2(f, SplineClass::polyrelu(), 4).fit.spline.as<Real>(), 384);
  ASSERT_TRUE(r.proved) << r.reason;
  EXPECT_TRUE(r.minimum) << r.reason;
  for (std::size_t q = 0; q < 4; ++q) {
    EXPECT_TRUE(r.smooth[q]);
    EXPECT_TRUE(r.jumps[q][0].contains_zero());
    EXPECT_FALSE(r.jumps[q][1].contains_zero());
  }
}

TEST(EncloseStationary, tells_saddles_from_minima) {
  // a broken line with its knot in the middle of an even function: stationary by symmetry
  auto const symmetric = [](char const* text, Real const& middle, Real const& ends) {
    return enclose_stationary(Function::of(text), {SplineClass::relu(), {-1, 0, 1}, {ends, middle, ends}}, 256);
  };
  EnclosedStationary const good = symmetric("abs(x)^1.5", 0, 1);
  ASSERT_TRUE(good.proved) << good.reason;
  EXPECT_TRUE(good.minimum) << good.reason;
  EnclosedStationary const saddle = symmetric("cos(2*pi*x)", Real(-0.2), Real(0.2));
  ASSERT_TRUE(saddle.proved) << saddle.reason;
  EXPECT_TRUE(saddle.knots[0].contains(0));
  EXPECT_FALSE(saddle.minimum);
  EXPECT_FALSE(saddle.reason.empty());
}

TEST(EncloseStationary, proves_nothing_where_nothing_is) {
  Function const f = Function::of("exp(x)");
  FreeKnotSpline<Real> s = fitted(f, SplineClass::relu_power(2), 3).as<Real>();
  EnclosedStationary const right = enclose_stationary(f, s, 256);
  ASSERT_TRUE(right.proved) << right.reason;
  s.knots[1] = Real(-0.9);
  s.knots[2] = Real(0.8);
  s.knots[3] = Real(0.9);
  EnclosedStationary const wrong = enclose_stationary(f, s, 256);
  EXPECT_FALSE(wrong.proved && certainly_less(wrong.error, right.error));
  // the error is 0: no positive lower bound, or a singular system
  FreeKnotSpline<Real> const exact{SplineClass::relu(), {-1, 0, 1}, {1, 0, 1}};
  EXPECT_FALSE(enclose_stationary(Function::of("abs(x)"), exact, 256).proved);
  // a knot that does nothing
  EnclosedStationary const idle = enclose_stationary(f, {SplineClass::relu(), {-1, 0, 1}, {-1, 0, 1}}, 256);
  EXPECT_FALSE(idle.proved && idle.jumps[0][0].contains_zero());
  EXPECT_THROW(enclose_stationary(Function::of("wild-spline:n=2"), exact, 256), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
