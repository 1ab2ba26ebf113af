// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/fit_spline.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fitting/start/equidistribution.hpp"
#include "tests/fitting/least_squares/targets.hpp"

namespace nwidth::fitting {
namespace {

SplineClass const relu = SplineClass::relu(), relu2 = SplineClass::relu_power(2), polyrelu = SplineClass::polyrelu(3);
char const* const exponential = "exp(x)";
char const* const sine = "sin(4*pi*x)";
char const* const runge = "1/(1+25*x^2)";
char const* const power = "abs(x)^1.5";

struct Row {
  char const* name;
  char const* target;
  SplineClass kind;
  int n;
  double error, tolerance;  // the best value known from other methods, and by how much we may miss it
};

void expect_row(Row const& row) {
  BestSplineFit const best = fit_spline_l2(Function::of(row.target), row.kind, row.n);
  EXPECT_LE(best.fit.error, row.error * (1 + row.tolerance)) << row.name << ' ' << best.start;
  EXPECT_GE(best.fit.error, row.error * (1 - 2e-3)) << row.name << ": better than the best known?";
  EXPECT_TRUE(is_usable(best.fit.outcome.status)) << row.name << ' ' << best.fit.outcome.detail;
}

constexpr double digits9 = 1e-6, digits4 = 2e-3;

TEST(FitSpline, exp_by_relu) {
  for (Row const& row : {Row{"B1", exponential, relu, 4, 9.01812323538e-3, digits9},
                         Row{"B2", exponential, relu, 32, 2.06865930085e-4, digits9},
                         Row{"B3", exponential, relu, 512, 8.56000979e-7, digits9}})
    expect_row(row);
}
TEST(FitSpline, exp_by_relu2) {
  for (Row const& row : {Row{"B4", exponential, relu2, 4, 4.79987083e-4, digits9},
                         Row{"B5", exponential, relu2, 16, 1.33604599e-5, digits9},
                         Row{"B6", exponential, relu2, 128, 3.1618494e-8, digits9}})
    expect_row(row);
}
TEST(FitSpline, exp_by_polyrelu) {
  for (Row const& row : {Row{"B7", exponential, polyrelu, 8, 7.1017662e-7, digits9},
                         Row{"B8", exponential, polyrelu, 512, 6.73e-14, digits4}})
    expect_row(row);
}
TEST(FitSpline, sine) {
  for (Row const& row :
       {Row{"B9", sine, relu, 16, 4.3682263109e-2, digits9}, Row{"B10", sine, relu2, 16, 8.0371459747e-3, digits9},
        Row{"B11", sine, relu2, 8, 3.5088e-2, digits4}, Row{"B12", sine, polyrelu, 8, 3.5853270909e-3, digits9}})
    expect_row(row);
}
TEST(FitSpline, runge) {
  for (Row const& row :
       {Row{"B13", runge, relu, 4, 2.4997e-2, digits4}, Row{"B14", runge, relu, 32, 6.4639346418e-4, digits9},
        Row{"B15", runge, relu2, 8, 1.5463925221e-3, digits9}, Row{"B16", runge, polyrelu, 8, 1.33301276e-4, digits9},
        Row{"B17", runge, polyrelu, 64, 4.8593e-8, digits4}})
    expect_row(row);
}
TEST(FitSpline, power) {
  for (Row const& row :
       {Row{"B18", power, relu, 16, 9.5351e-4, digits4}, Row{"B19", power, relu2, 8, 1.8500e-4, digits4},
        Row{"B20", power, polyrelu, 16, 1.0407e-6, digits4}})
    expect_row(row);
}
TEST(FitSpline, too_few_knots_for_the_oscillations) {
  for (Row const& row : {Row{"4 knots", sine, relu, 4, 0.703, digits4}, Row{"4 knots", sine, relu2, 4, 0.708, digits4}})
    expect_row(row);
}

TEST(FitSpline, pi_signs) {
  Function const f(test::pi_signs(), -1, 1);
  BestSplineFit const b21 = fit_spline_l2(f, relu, 16);
  EXPECT_LE(b21.fit.error, 2.1178e-4 * (1 + digits4));
  EXPECT_GE(b21.fit.error, 2.1178e-4 * (1 - digits4));
  EXPECT_EQ(b21.start, "dynamic programming");
  BestSplineFit const b22 = fit_spline_l2(f, relu2, 33);  // the target itself
  EXPECT_LE(b22.fit.error, 1e-15);
  EXPECT_EQ(b22.fit.outcome.status, Status::below_precision);
  std::vector<double> const& knots = b22.fit.spline.knots;
  ASSERT_EQ(knots.size(), 35u);
  for (std::size_t k = 1; k + 1 < knots.size(); ++k) EXPECT_NEAR(knots[k], f.breaks()[k - 1], 1e-9);
}

/// K (int |f^(r)|^s)^{1/s} for f = exp, s = 1/(r + 1/2): what E N^r tends to.
double limit(double k, int r) {
  double const s = 1 / (r + 0.5);
  return k * std::pow(2 * std::sinh(s) / s, 1 / s);
}

/// E = K I (N + end_shift)^-3 for C^1 quadratics: the two ends of the domain are worth as much as so many segments.
constexpr double end_shift = 0.2209286;

TEST(FitSpline, quadratics_gain_a_fixed_part_of_a_segment_at_the_ends) {
  // with a constant third derivative nothing else is left, whatever N: K I = 6 * 2^{7/2}/sqrt(30240) for x^3
  Function const f = Function::of("x^3");
  for (int N : {4, 6, 8, 16, 64, 128}) {
    double const error = fit_l2(f, relu2, equidistribution(f, 3, 2, N - 1)).error;
    double const reached = std::cbrt(6 * std::pow(2, 3.5) / std::sqrt(30240.0) / error);  // N + shift
    EXPECT_NEAR(reached - N, end_shift, 1e-6) << N;
  }
}

TEST(FitSpline, has_the_asymptotic_rates_and_constants_of_exp) {
  struct Case {
    SplineClass kind;
    double constant;
    double least, most;  // of the slopes from N to 2N segments
  };
  Function const f = Function::of(exponential);
  for (Case const& c : {Case{relu, 1 / std::sqrt(720.0), 1.995, 2.005},
                        Case{relu2, 1 / std::sqrt(30240.0), 2.75, 3.001}, Case{polyrelu, 1.0 / 5040, 3.99, 4.01}}) {
    int const r = c.kind.order();
    std::vector<double> scaled;  // E N^r
    for (int N = 4; N <= 512; N *= 2) {
      SplineFit const fit = fit_l2(f, c.kind, equidistribution(f, r, 2, N - 1));
      EXPECT_TRUE(is_usable(fit.outcome.status)) << N << fit.outcome.detail;
      scaled.push_back(fit.error * std::pow(N, r));
      if (scaled.size() < 2) continue;
      double const slope = r - std::log2(scaled.back() / scaled[scaled.size() - 2]);
      EXPECT_GE(slope, c.least) << N;
      EXPECT_LE(slope, c.most) << N;
    }
    double const here = scaled.back(), before = scaled[scaled.size() - 2], truth = limit(c.constant, r);
    EXPECT_NEAR(here * std::pow(1 + (r == 3 ? end_shift : 0) / 512, r) / truth, 1, 1e-4) << r;
    EXPECT_NEAR((2 * here - before) / truth, 1, 2e-4) << r;  // 1/N extrapolated away, whatever its factor
  }
}

TEST(FitSpline, tells_all_starts) {
  BestSplineFit const best = fit_spline_l2(Function::of(sine), relu, 4);
  EXPECT_GE(best.starts.size(), 26u);
  double least = 1e9;
  bool named = false;
  for (StartValue const& s : best.starts) {
    if (is_usable(s.status)) least = std::min(least, s.error);
    named = named || (s.start == best.start && s.error == best.fit.error);
  }
  EXPECT_TRUE(named);
  EXPECT_LE(best.fit.error, least * (1 + 1e-8));
  BestSplineFit const again = fit_spline_l2(Function::of(sine), relu, 4);
  EXPECT_EQ(again.fit.spline.knots, best.fit.spline.knots);
}

TEST(FitSpline, without_knots_is_the_best_polynomial) {
  // exp by lines: ||e||^2 = int exp(2x) - (int exp)^2/2 - 3/2 (int x exp)^2
  double const e = std::exp(1.0), a = e - 1 / e, b = 2 / e;
  double const square = (e * e - 1 / (e * e)) / 2 - a * a / 2 - 1.5 * b * b;
  EXPECT_NEAR(fit_spline_l2(Function::of(exponential), relu, 0).fit.error, std::sqrt(square), 1e-14);
  EXPECT_THROW(fit_spline_l2(Function::of(exponential), relu, -1), InvalidInput);
  EXPECT_THROW(fit_spline_l2(Function::of(exponential), relu, 5000), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
