// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/fit_l2.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fitting/start/equidistribution.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

SplineFit fit(Function const& f, SplineClass kind, int n, FitOptions const& options = {}) {
  return fit_l2(f, kind, equidistribution(f, kind.order(), 2, n), options);
}

/// ||f - s||_p by another rule: midpoints with one step of Richardson, in Real, through FreeKnotSpline's evaluation.
double slow_norm(Function const& f, FreeKnotSpline<double> const& s, double p) {
  FreeKnotSpline<Real> const fine = s.as<Real>();
  std::vector<double> ends = s.knots;
  ends.insert(ends.end(), f.breaks().begin(), f.breaks().end());
  std::sort(ends.begin(), ends.end());
  Real rough = 0, total = 0;
  for (std::size_t i = 1; i < ends.size(); ++i)
    for (int const count : {60, 120}) {
      Real sum = 0;
      for (int k = 0; k < count; ++k) {
        Real const x = Real(ends[i - 1]) + (Real(ends[i]) - ends[i - 1]) * (2 * k + 1) / (2 * count);
        sum += pow(abs(Real(f(x) - fine(x))), Real(p));
      }
      (count == 60 ? rough : total) += sum * (Real(ends[i]) - ends[i - 1]) / count;
    }
  return static_cast<double>(pow(Real((4 * total - rough) / 3), Real(1 / p)));
}

TEST(FitL2, reports_the_norm_of_what_it_returns) {
  for (char const* text : {"exp(x)", "sin(4*pi*x)", "relu(x-1/7)^2+x^3"})
    for (SplineClass kind : {SplineClass::relu(), SplineClass::relu_power(2), SplineClass::relu_power(3),
                             SplineClass::polyrelu(3), SplineClass{3, 2}}) {
      Function const f = Function::of(text);
      SplineFit const r = fit(f, kind, 5);
      r.spline.validate();
      if (r.outcome.status == Status::below_precision) {  // its digits are noise
        EXPECT_LT(r.error, 1e-14) << text;
        continue;
      }
      EXPECT_NEAR(slow_norm(f, r.spline, 2) / r.error, 1, 2e-4) << text << ' ' << kind.degree << kind.multiplicity;
      double sum = 0;
      for (double e : r.segment_error) sum += e * e;
      EXPECT_NEAR(std::sqrt(sum) / r.error, 1, 1e-12);
    }
}

TEST(FitL2, is_no_worse_than_its_start_and_than_its_neighbours) {
  test::for_random(12, [](std::mt19937_64& g) {
    SplineClass const kind = test::pick(
        g, std::vector<SplineClass>{SplineClass::relu(), SplineClass::relu_power(2), SplineClass::polyrelu(3)});
    Function const f = Function::of(test::coin(g) ? "exp(x)*cos(3*x)" : "1/(1+25*x^2)");
    int const n = 2 + static_cast<int>(g() % 6);
    std::vector<double> knots = equidistribution(f, kind.order(), 2, n);
    SplineFit const r = fit_l2(f, kind, knots);
    FitOptions still;
    still.max_iterations = 0;
    EXPECT_LE(r.error, fit_l2(f, kind, knots, still).error * (1 + 1e-12));
    if (r.outcome.status == Status::knot_collapse) return;  // some starts do
    ASSERT_EQ(r.outcome.status, Status::converged) << r.outcome.detail;
    knots.assign(r.spline.knots.begin() + 1, r.spline.knots.end() - 1);
    std::size_t const k = g() % knots.size();
    for (double const shift : {1e-3, -1e-3}) {
      std::vector<double> moved = knots;
      moved[k] += shift * (r.spline.knots[k + 2] - r.spline.knots[k]);
      EXPECT_GT(fit_l2(f, kind, moved, still).error, r.error) << "an isolated local minimum";
    }
  });
}

TEST(FitL2, repeats_itself_to_the_bit) {
  Function const f = Function::of("sin(4*pi*x)");
  SplineFit const a = fit(f, SplineClass::relu_power(2), 12), b = fit(f, SplineClass::relu_power(2), 12);
  EXPECT_EQ(a.spline.knots, b.spline.knots);
  EXPECT_EQ(a.spline.coefficients, b.spline.coefficients);
  EXPECT_EQ(a.iterations, b.iterations);
}

TEST(FitL2, has_a_second_opinion_from_dense_solves) {
  FitOptions dense;
  dense.solver = LinearSolver::dense_qr;
  for (char const* text : {"exp(x)", "sin(4*pi*x)"})
    for (SplineClass kind : {SplineClass::relu(), SplineClass::relu_power(2), SplineClass::polyrelu(3)}) {
      Function const f = Function::of(text);
      EXPECT_NEAR(fit(f, kind, 16, dense).error / fit(f, kind, 16).error, 1, 1e-8) << text << kind.degree;
    }
}

TEST(FitL2, depends_on_the_domain_as_scaling_says) {
  // g(x) = f(x) on [-1, 1] against f((x-5)/2) on [3, 7]: norms differ by sqrt(2)
  Function const f = Function::of("exp(x)"), g = Function::of("exp((x-5)/2)", 3, 7);
  for (SplineClass kind : {SplineClass::relu(), SplineClass::relu_power(2), SplineClass::polyrelu(3)})
    EXPECT_NEAR(fit(g, kind, 6).error / fit(f, kind, 6).error, std::sqrt(2.0), 1e-8);
}

TEST(FitL2, resolves_oscillations_that_the_first_nodes_miss) {
  // 4 knots cannot follow 95 periods: what is left is the norm of f itself, nearly
  Function const f = Function::of("sin(300*x)");
  double const norm = std::sqrt(1 - std::sin(600.0) / 600);
  EXPECT_NEAR(fit(f, SplineClass::relu(), 4).error / norm, 1, 2e-2);
}

TEST(FitL2, in_other_powers_and_with_derivatives) {
  Function const f = Function::of("exp(x)");
  for (SplineClass kind : {SplineClass::relu(), SplineClass::relu_power(2), SplineClass::polyrelu(3)}) {
    double last = 0;
    for (double const p : {2.0, 3.0, 4.0, 8.0}) {
      FitOptions options;
      options.objective.p = p;
      SplineFit const r = fit(f, kind, 8, options);
      EXPECT_TRUE(is_usable(r.outcome.status)) << p << r.outcome.detail;
      EXPECT_NEAR(slow_norm(f, r.spline, p) / r.error, 1, 3e-3) << p;
      double const mean = r.error * std::pow(2, -1 / p);  // power means grow with p, and so do their minima
      EXPECT_GT(mean, last) << p;
      last = mean;
    }
  }
  FitOptions options;
  options.objective.weights = {1e-8, 1};  // s' runs through all continuous piecewise linear functions, and f' = f
  EXPECT_NEAR(fit(f, SplineClass::relu_power(2), 8, options).error / fit(f, SplineClass::relu(), 8).error, 1, 1e-4);
}

TEST(FitL2, leaves_the_saddles_that_symmetry_leads_to) {
  // odd, and |x| is even: at 0 the knot has no effect, and no gradient either
  SplineFit const r = fit_l2(Function::of("x^3-x/2"), SplineClass::relu(), {0});
  EXPECT_EQ(r.outcome.status, Status::converged) << r.outcome.detail;
  EXPECT_NEAR(std::abs(r.spline.knots[1]), std::sqrt(0.5), 1e-6);
  // an odd number of knots for an even function: the middle one is wasted in symmetric position
  Function const f = Function::of("1/(1+25*x^2)");
  SplineFit const odd = fit(f, SplineClass::relu_power(2), 5), even = fit(f, SplineClass::relu_power(2), 4);
  EXPECT_EQ(odd.outcome.status, Status::converged) << odd.outcome.detail;
  EXPECT_LT(odd.error, even.error * 0.999);
}

TEST(FitL2, names_its_failures) {
  Function const f = Function::of("exp(x)");
  FitOptions few;
  few.max_iterations = 3;
  EXPECT_EQ(fit_l2(Function::of("1/(1+25*x^2)"), SplineClass::polyrelu(3), {-0.6, -0.5, 0.2, 0.6}, few).outcome.status,
            Status::max_iterations);
  SplineFit const twins = fit_l2(f, SplineClass::relu(), {-0.6, -0.2, -0.2 + 1e-15, 0.6});
  EXPECT_EQ(twins.outcome.status, Status::knot_collapse) << twins.outcome.detail;
  SplineFit const wants_double_knots = fit(Function::of("sin(4*pi*x)"), SplineClass::relu_power(2), 4);
  EXPECT_EQ(wants_double_knots.outcome.status, Status::knot_collapse) << wants_double_knots.outcome.detail;
  FitOptions slopes_only;
  slopes_only.objective.weights = {0, 1};  // constants are not seen
  SplineFit const floating = fit(f, SplineClass::relu(), 3, slopes_only);
  EXPECT_EQ(floating.outcome.status, Status::rank_deficient) << floating.outcome.detail;
  SplineFit const exact = fit_l2(Function::of("x^2/3+1/7"), SplineClass::relu_power(2), {-0.5, 0.5});
  EXPECT_EQ(exact.outcome.status, Status::below_precision) << exact.outcome.detail;
  EXPECT_LT(exact.error, 1e-15);
  for (SplineFit const* r : {&twins, &wants_double_knots, &floating, &exact})
    EXPECT_FALSE(is_usable(r->outcome.status));
}

TEST(FitL2, refuses_bad_input) {
  Function const f = Function::of("exp(x)");
  EXPECT_THROW(fit_l2(f, SplineClass::relu(), {0.5, 0.5}), InvalidInput);
  EXPECT_THROW(fit_l2(f, SplineClass::relu(), {0.5, 0.2}), InvalidInput);
  EXPECT_THROW(fit_l2(f, SplineClass::relu(), {1}), InvalidInput);
  EXPECT_THROW(fit_l2(f, SplineClass::relu(), {std::nan("")}), InvalidInput);
  EXPECT_THROW(fit_l2(f, {2, 3}, {0}), InvalidInput);
  EXPECT_THROW(fit_l2(f, SplineClass::relu_power(6), {0}), InvalidInput);
  // NaN on [0.3000, 0.3001], between the points where a Function looks
  EXPECT_THROW(
      fit_l2(Function::of("((x-3/10)*(x-3001/10000))^(1/2)"), SplineClass::relu(), {-0.7, 0.2999, 0.30005, 0.3002}),
      InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
