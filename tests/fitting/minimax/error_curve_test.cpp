// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/error_curve.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/fitting/minimax/random_spline.hpp"

namespace nwidth::fitting {
namespace {

using Kind = ErrorPoint<double>::Kind;

TEST(ErrorCurve, finds_what_a_dense_grid_finds) {
  std::vector<Function> const functions{Function::of("exp(x)"), Function::of("sin(4*pi*x)"), Function::of("abs(x-1/3)"),
                                        Function::of("abs(x)^(3/2)"), Function::of("sqrt(x+1)")};
  test::for_random(40, [&](std::mt19937_64& g) {
    Function const& f = functions[g() % functions.size()];
    auto const s = test::random_spline<double>(g, test::pick(g, test::spline_classes()), static_cast<int>(g() % 6));
    ErrorSurvey<double> const survey = ErrorCurve<double>(f, s).survey();
    double sampled = 0;
    for (int i = 0; i <= 20000; ++i) sampled = std::max(sampled, std::abs(f(i / 1e4 - 1) - s(i / 1e4 - 1)));
    EXPECT_GE(survey.sup, sampled * (1 - 1e-12));
    EXPECT_LE(survey.sup, sampled + 5e-3);  // the grid misses kinks
    for (std::size_t i = 0; i < survey.points.size(); ++i) {
      ErrorPoint<double> const& p = survey.points[i];
      EXPECT_NEAR(p.error, f(p.x) - s(p.x), 1e-12);
      EXPECT_LE(survey.points[i > 0 ? i - 1 : 0].x, p.x);
      if (p.kind == Kind::inside) {
        double const slope = f.taylor(p.x, 2)[1] - s.taylor(p.segment, p.x)[1];
        EXPECT_NEAR(slope, 0, 1e-5 * (1 + std::abs(f.taylor(p.x, 3)[2]))) << p.x;
      }
    }
  });
}

TEST(ErrorCurve, extrema_are_known_to_all_digits) {
  // x^4 against 0 knots of degree 3: x^4 - (x^2 - 1/8) = T_4 / 8 with extrema at cos(k pi / 4)
  Function const f = Function::of("x^4");
  FreeKnotSpline<Real> s{SplineClass::relu_power(3), {Real(-1), Real(1)}, {}};
  s.coefficients = {Real(7) / 8, Real(7) / 8 - Real(4) / 3, Real(7) / 8 - Real(4) / 3, Real(7) / 8};
  ErrorSurvey<Real> const survey = ErrorCurve<Real>(f, s).survey();
  auto const points = alternation(survey.points, Real(0.1), -1);
  ASSERT_EQ(points.size(), 5U);
  for (int k = 0; k < 5; ++k) {
    ErrorPoint<Real> const& p = points[static_cast<std::size_t>(k)];
    Real const pi = boost::multiprecision::acos(Real(-1));
    EXPECT_LT(static_cast<double>(abs(Real(p.x + cos(Real(k * pi / 4))))), 1e-40);
    EXPECT_LT(static_cast<double>(abs(Real(p.error - Real(k % 2 == 0 ? 1 : -1) / 8))), 1e-80);
  }
}

TEST(ErrorCurve, rows_are_derivatives_of_the_error_at_moving_points) {
  Function const f = Function::of("exp(x)*sin(3*x)");
  test::for_random(40, [&](std::mt19937_64& g) {
    SplineClass const kind = test::pick(g, test::spline_classes());
    int const n = static_cast<int>(test::uniform(g, 1, 4));
    auto const s = test::random_spline<Real>(g, kind, n);
    int const i = static_cast<int>(test::uniform(g, 0, n));
    std::size_t const at = static_cast<std::size_t>(i);
    Real const theta = i > 0 && test::coin(g) ? Real(0) : Real(test::uniform_real(g, 0.05, 0.95));
    auto const place = [&](FreeKnotSpline<Real> const& t) {
      return Real((1 - theta) * t.knots[at] + theta * t.knots[at + 1]);
    };
    ErrorCurve<Real> const e(f, s);
    ErrorPoint<Real> p{place(s), Real(0), i,
                       theta == 0 ? ErrorPoint<Real>::Kind::knot : ErrorPoint<Real>::Kind::sample};
    ErrorRow<Real> const row = e.row(p);
    Real const step("1e-40"), base = f(p.x) - s(p.x);
    auto const slope = [&](FreeKnotSpline<Real> const& t) { return Real((f(place(t)) - t(place(t)) - base) / step); };
    for (int j = 0; j < static_cast<int>(s.coefficients.size()); ++j) {
      auto t = s;
      t.coefficients[static_cast<std::size_t>(j)] += step;
      int const own = j - row.first_coefficient;
      Real const expected = 0 <= own && own <= kind.degree ? row.coefficients[static_cast<std::size_t>(own)] : Real(0);
      EXPECT_LT(static_cast<double>(abs(Real(slope(t) - expected))), 1e-25) << "coefficient " << j;
    }
    for (int k = 1; k <= n; ++k) {
      auto knots = s.knots;
      knots[static_cast<std::size_t>(k)] += step;
      int const own = k - row.first_knot;
      bool const touched = 0 <= own && own < static_cast<int>(row.knots.size());
      Real const expected = touched ? row.knots[static_cast<std::size_t>(own)] : Real(0);
      EXPECT_LT(static_cast<double>(abs(Real(slope(transported(s, knots)) - expected))), 1e-25) << "knot " << k;
    }
  });
}

TEST(Alternation, of_splines_that_are_not_level_is_found) {
  Function const f = Function::of("exp(x)");
  FreeKnotSpline<double> s{SplineClass::relu(), {-1, -0.25, 0.5, 1}, {}};
  for (double t : s.knots) s.coefficients.push_back(f(t) - 0.001);
  auto const points = alternation(f, s, 7);  // knots above, the middle of each segment below
  ASSERT_EQ(points.size(), 7U);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(points[i].error > 0, i % 2 == 0);
    EXPECT_NEAR(points[i].error, f(points[i].x) - s(points[i].x), 1e-15);
  }
  EXPECT_EQ(alternation(f, s, 5).size(), 5U);
}

TEST(Alternation, keeps_the_strongest_of_each_run_and_leaves_out_the_weakest) {
  auto const make = [](std::vector<double> const& errors) {
    std::vector<ErrorPoint<double>> points;
    for (double e : errors) points.push_back({static_cast<double>(points.size()), e, 0, Kind::inside});
    return points;
  };
  auto const places = [](std::vector<ErrorPoint<double>> const& points) {
    std::vector<double> x;
    for (auto const& p : points) x.push_back(p.x);
    return x;
  };
  EXPECT_EQ(places(alternation(make({1, 2, -3, -1, 0.1, 5}), 0.5, -1)), (std::vector<double>{1, 2, 5}));
  EXPECT_EQ(places(alternation(make({1, -2, 3, -0.6, 0.7, -4}), 0.5, 4)), (std::vector<double>{0, 1, 2, 5}));
  EXPECT_EQ(places(alternation(make({1, -2, 3}), 0.5, 2)), (std::vector<double>{1, 2}));
  EXPECT_TRUE(alternation(make({0, 0}), 0.0, 3).empty());
  test::for_random(50, [&](std::mt19937_64& g) {
    std::vector<double> errors;
    for (int i = 0; i < 20; ++i) errors.push_back(test::uniform_real(g, -1, 1));
    auto const all = alternation(make(errors), 0.2, -1);
    int const needed = static_cast<int>(test::uniform(g, 1, 8));
    auto const some = alternation(make(errors), 0.2, needed);
    EXPECT_EQ(some.size(), std::min(all.size(), static_cast<std::size_t>(needed)));
    for (std::size_t i = 1; i < some.size(); ++i) EXPECT_LT(some[i - 1].error * some[i].error, 0);
  });
}

}  // namespace
}  // namespace nwidth::fitting
