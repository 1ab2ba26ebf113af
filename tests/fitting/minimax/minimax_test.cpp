// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/minimax.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

using boost::multiprecision::abs;
using boost::multiprecision::sqrt;

double relative(Real const& a, Real const& b) { return static_cast<double>(abs(Real(a / b - 1))); }

/// One unit in the last place of a decimal: "1.25e-3" -> 1e-5.
Real last_place(std::string const& digits) {
  std::size_t const e = digits.find('e'), dot = digits.find('.');
  std::size_t const end = e == std::string::npos ? digits.size() : e;
  int const exponent = e == std::string::npos ? 0 : std::stoi(digits.substr(e + 1));
  return boost::multiprecision::pow(Real(10), exponent - static_cast<int>(end - dot - 1));
}

/// The best fit in Real: all points there, levelled to 1e-60, signs alternating, and its values as they are claimed.
MinimaxFit<Real> best(Function const& f, SplineClass kind, int n) {
  MinimaxFit<double> const fit = fit_spline_minimax(f, kind, n);
  EXPECT_EQ(fit.outcome.status, Status::converged) << n << " knots: " << fit.outcome.detail;
  MinimaxFit<Real> const p = polish_minimax(f, fit);
  EXPECT_EQ(p.outcome.status, Status::converged) << n << " knots: " << p.outcome.detail;
  EXPECT_EQ(p.needed, kind.dimension(n) + n + 1 - (p.idle_knot > 0 ? 1 : 0));
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
    EXPECT_LE(abs(Real(f(x) - p.spline(x))), p.level * (1 + Real(1e-50)));
  }
  // the fit in double is the same, as far as double goes: rounding of values against the level
  EXPECT_LT(relative(Real(fit.level), p.level), 1e-12 + 1e-14 / fit.level);
  return p;
}

struct Row {
  int n;
  char const* level;
};

/// All digits given, but for one unit in the last place.
void expect_rows(char const* text, SplineClass kind, std::vector<Row> const& rows) {
  Function const f = Function::of(text);
  for (Row const& row : rows)
    EXPECT_LE(abs(Real(best(f, kind, row.n).level - Real(std::string(row.level)))), last_place(row.level)) << row.n;
}

// The values below come from another program: a Remez iteration at 50 to 70 digits with the extrema among the unknowns.
TEST(Minimax, exp_by_polygons) {
  expect_rows("exp(x)", SplineClass::relu(),
              {{0, "0.27880158579550234041"},
               {1, "0.068376764039903695919"},
               {3, "0.017002906682408389036"},
               {4, "0.0108746230763740708508596372218864"},
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
               {4, "0.00049572861065146364794638191160882"},
               {6, "0.0001852628168275534786388"},
               {8, "0.0000884107270043451374514220186486636"},
               {16, "0.00001343212147635637984492"},
               {24, "4.25995965157023072e-6"}});
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

// Bernoulli monosplines whose end pieces are arcs of Chebyshev polynomials: knots equally spaced.
void expect_equally_spaced(MinimaxFit<Real> const& fit, Real const& spacing) {
  for (int k = 1; k < fit.spline.interior_knots(); ++k)
    EXPECT_LT(
        relative(fit.spline.knots[static_cast<std::size_t>(k) + 1] - fit.spline.knots[static_cast<std::size_t>(k)],
                 spacing),
        1e-50);
}

TEST(Minimax, cube_by_smooth_quadratics_in_closed_form) {
  Function const f = Function::of("x^3");
  for (int n : {1, 2, 3, 4, 6, 7, 8, 9, 11, 16, 21, 32}) {
    Real const spacing = 2 / (n + 2 / sqrt(Real(3)));
    MinimaxFit<Real> const fit = best(f, SplineClass::relu_power(2), n);
    EXPECT_LT(relative(fit.level, sqrt(Real(3)) / 36 * spacing * spacing * spacing), 1e-55) << n;
    expect_equally_spaced(fit, spacing);
  }
}

TEST(Minimax, fourth_power_by_smooth_cubics_in_closed_form) {
  Function const f = Function::of("x^4");
  for (int n : {1, 2, 3, 4, 6, 7, 8, 9, 11, 16, 21, 32}) {
    Real const spacing = 2 / (n + sqrt(Real(2))), square = spacing * spacing;
    MinimaxFit<Real> const fit = best(f, SplineClass::relu_power(3), n);
    EXPECT_LT(relative(fit.level, square * square / 32), 1e-55) << n;
    expect_equally_spaced(fit, spacing);
  }
}

TEST(Minimax, parabola_by_polygons_on_any_interval) {
  test::for_random(20, [](std::mt19937_64& g) {
    Rational const a = test::random_rational(g, 9), length = Rational(test::uniform(g, 1, 9)) / test::uniform(g, 1, 9);
    int const n = static_cast<int>(test::uniform(g, 0, 12));
    Real const h = Real(length) / (n + 1);
    MinimaxFit<Real> const fit = best(Function::of("x^2", a, a + length), SplineClass::relu(), n);
    EXPECT_LT(relative(fit.level, h * h / 8), 1e-55);
    expect_equally_spaced(fit, h);
  });
}

TEST(Minimax, root_by_polygons_up_to_its_singular_end) {
  Function const f = Function::of("sqrt(x)", 0, 1);
  for (int pieces : {1, 2, 3, 4, 8, 16, 32, 64, 256}) {
    MinimaxFit<Real> const fit = best(f, SplineClass::relu(), pieces - 1);
    EXPECT_LT(relative(fit.level, Real(1) / (4 * pieces * (pieces + 1))), 1e-55) << pieces;
    for (int i = 1; i < pieces; ++i) {
      Real const root = Real(i * (i + 1)) / (pieces * (pieces + 1));
      EXPECT_LT(relative(fit.spline.knots[static_cast<std::size_t>(i)], root * root), 1e-28) << i << " of " << pieces;
    }
  }
}

TEST(Minimax, commutes_with_scaling_and_added_members) {
  // dist(c f + p) = |c| dist(f) for p in the always-on part, and the mirrored function has the mirrored fit
  test::for_random(6, [](std::mt19937_64& g) {
    int const d = static_cast<int>(test::uniform(g, 1, 3)), n = static_cast<int>(test::uniform(g, 1, 6));
    SplineClass const kind = SplineClass::relu_power(d);
    MinimaxFit<Real> const fit = best(Function::of("exp(x)"), kind, n);
    MinimaxFit<Real> const scaled = best(Function::of("3-x-7*exp(x)/2"), kind, n);
    EXPECT_LT(relative(scaled.level, fit.level * 7 / 2), 1e-55);
    MinimaxFit<Real> const mirrored = best(Function::of("exp(-x)"), kind, n);
    EXPECT_LT(relative(mirrored.level, fit.level), 1e-55);
    for (int k = 1; k <= n; ++k)
      EXPECT_LT(static_cast<double>(abs(Real(mirrored.spline.knots[static_cast<std::size_t>(k)] +
                                             fit.spline.knots[static_cast<std::size_t>(n + 1 - k)]))),
                1e-28);
  });
}

TEST(Minimax, an_odd_knot_is_idle_where_the_third_derivative_is_odd) {
  for (int n : {1, 3, 5}) {
    Function const f = Function::of("cos(x)");
    MinimaxFit<Real> const fit = best(f, SplineClass::relu_power(2), n),
                           less = best(f, SplineClass::relu_power(2), n - 1);
    EXPECT_GT(fit.idle_knot, 0);
    EXPECT_LT(relative(fit.level, less.level), 1e-55);
    EXPECT_EQ(fit.spline.interior_knots(), n);
  }
}

TEST(Minimax, linear_fits_at_fixed_knots_are_not_better_than_free_ones) {
  Function const f = Function::of("exp(x)");
  MinimaxOptions fixed;
  fixed.free_knots = false;
  MinimaxFit<double> const polynomial = fit_minimax(f, SplineClass::relu_power(5), {}, fixed);
  EXPECT_EQ(polynomial.outcome.status, Status::converged);
  EXPECT_NEAR(polynomial.level / 4.520551192611582586092e-05, 1, 1e-9);  // best polynomial of degree 5
  for (SplineClass kind : {SplineClass::relu(), SplineClass::relu_power(2), SplineClass::polyrelu(3)}) {
    MinimaxFit<double> const free = fit_spline_minimax(f, kind, 3);
    std::vector<double> const knots(free.spline.knots.begin() + 1, free.spline.knots.end() - 1);
    EXPECT_NEAR(fit_minimax(f, kind, knots, fixed).level / free.level, 1, 1e-8);
    double const uniform = fit_minimax(f, kind, {-0.5, 0, 0.5}, fixed).level;
    EXPECT_GT(uniform, free.level * 1.05);
    MinimaxOptions start;
    start.start_knots = {-0.5, 0, 0.5};
    MinimaxFit<double> const again = fit_spline_minimax(f, kind, 3, start);
    EXPECT_NEAR(again.level / free.level, 1, 1e-8);
  }
}

}  // namespace
}  // namespace nwidth::fitting
