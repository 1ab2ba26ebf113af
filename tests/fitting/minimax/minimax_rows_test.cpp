// SPDX-License-Identifier: Apache-2.0
// Benchmark rows of fits in the sup norm, and how fits that cannot converge end.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "fitting/minimax/minimax.hpp"

namespace nwidth::fitting {
namespace {

/// The double integral from -1 of signs on 64 cells: the bits of pi's fraction, from the highest.
Function rough() {
  unsigned long long const bits = 0x243F6A8885A308D3ULL;
  std::vector<Entry> in, out;
  std::vector<Rational> bias;
  int last = 0;
  for (int i = 0; i < 64; ++i) {
    int const sign = ((bits >> (63 - i)) & 1U) != 0 ? 1 : -1;
    if (sign == last) continue;
    int const row = static_cast<int>(bias.size());
    in.push_back({row, 0, Rational(1)});
    bias.push_back(Rational(32 - i) / 32);
    out.push_back({0, row, Rational(sign - last) / 2});
    last = sign;
  }
  int const rows = static_cast<int>(bias.size());
  target::Target t;
  t.name = "rough";
  t.network = Network(1, {Layer{SparseMatrix(rows, 1, in), bias, Activation::relu_power(2)},
                          Layer{SparseMatrix(1, rows, out), {Rational(0)}, Activation::identity()}});
  return Function(t, -1, 1);
}

Function target_of(std::string const& name) {
  if (name == "rough") return rough();
  return Function::of(name);
}

struct Row {
  char const* id;
  char const* target;
  SplineClass kind;
  int n;
  double fit;    // accepted: not above it by more than 1e-3
  double bound;  // proved from below by segments (A), alternation (B) or blocks (C), rounded
  Status status;
};

char const *const wave = "sin(4*pi*x)", *const runge = "1/(1+25*x^2)", *const cusp = "abs(x)^(3/2)";

TEST(MinimaxRows, fits_reach_the_bars_and_not_more_than_is_possible) {
  SplineClass const relu = SplineClass::relu(), relu2 = SplineClass::relu_power(2), poly = SplineClass::polyrelu(3);
  Status const full = Status::converged, missing = Status::no_alternation, flat = Status::flat;
  std::vector<Row> const rows{{"B1", "exp(x)", relu, 4, 1.087462307637e-2, 1.087462307637e-2, full},
                              {"B2", "exp(x)", relu, 32, 2.4966e-4, 2.4935522e-4, full},
                              {"B4", "exp(x)", relu2, 4, 4.95728610651e-4, 4.95728610651e-4, full},
                              {"B5", "exp(x)", relu2, 16, 1.34321214764e-5, 1.34321214764e-5, full},
                              {"B7", "exp(x)", poly, 8, 8.2870e-7, 8.2770e-7, full},
                              {"B9", wave, relu, 16, 5.2527e-2, 5.25190824e-2, missing},
                              {"B10", wave, relu2, 16, 8.4523e-3, 8.45090e-3, full},
                              {"B11", wave, relu2, 8, 3.8159e-2, 3.81581e-2, full},
                              {"B12", wave, poly, 8, 4.4950e-3, 4.4915e-3, flat},
                              {"B13", runge, relu, 4, 3.9405e-2, 3.93943e-2, missing},
                              {"B14", runge, relu, 32, 9.0879e-4, 9.05393e-4, missing},
                              {"B15", runge, relu2, 8, 1.7051e-3, 1.6636e-3, missing},
                              {"B16", runge, poly, 8, 2.321e-4, 2.079e-4, missing},
                              {"B18", cusp, relu, 16, 1.1749e-3, 1.17448687e-3, full},
                              {"B19", cusp, relu2, 8, 2.1057e-4, 2.10476e-4, full},
                              {"B20", cusp, poly, 16, 1.6500e-6, 1.5787e-6, missing},
                              {"B21", "rough", relu, 16, 3.649e-4, 3.64592594e-4, missing}};
  for (Row const& row : rows) {
    Function const f = target_of(row.target);
    MinimaxFit<double> const fit = fit_spline_minimax(f, row.kind, row.n);
    EXPECT_LE(fit.level, row.fit * (1 + 1e-3)) << row.id;
    double sampled = 0;  // an error below the bound would be a wrong error: look at it on another grid
    for (int i = 0; i <= 20000; ++i) {
      double const x = i / 10000.0 - 1;
      sampled = std::max(sampled, std::abs(f(x) - fit.spline(x)));
    }
    EXPECT_GE(fit.level, row.bound * (1 - 1e-5)) << row.id;
    EXPECT_LE(sampled, fit.level * (1 + 1e-9) + 1e-15) << row.id;
    EXPECT_EQ(fit.outcome.status, row.status) << row.id << ": " << fit.outcome.detail;
    RecordProperty(row.id, std::to_string(fit.level * 1e3) + "e-3 " + name(fit.outcome.status));
  }
}

TEST(MinimaxRows, a_target_inside_the_class_is_below_precision) {
  struct Case {
    char const* target;
    SplineClass kind;
    int n;
  };
  for (Case const& c : {Case{"1/7", SplineClass::relu_power(2), 3}, Case{"0", SplineClass::relu(), 2},
                        Case{"2*x-1", SplineClass::relu(), 4}, Case{"x^2-x", SplineClass::relu_power(2), 5},
                        Case{"x^3", SplineClass::polyrelu(3), 2}, Case{"abs(x)-abs(x-1/3)", SplineClass::relu(), 2},
                        Case{"abs(x)-abs(x-1/3)", SplineClass::relu(), 6},  // more knots than it has kinks
                        Case{"abs(x-1/3)^3", SplineClass::relu_power(3), 4}}) {
    Function const f = Function::of(c.target);
    MinimaxFit<double> const fit = fit_spline_minimax(f, c.kind, c.n);
    EXPECT_EQ(fit.outcome.status, Status::below_precision) << c.target << ": " << fit.outcome.detail;
    EXPECT_LE(fit.level, 1e-13) << c.target;
    EXPECT_EQ(fit.spline.interior_knots(), c.n);
    EXPECT_NO_THROW(fit.spline.validate());
  }
  Function const f = Function::of("x^2-x");
  MinimaxFit<Real> const fit = polish_minimax(f, fit_spline_minimax(f, SplineClass::relu_power(2), 2));
  EXPECT_EQ(fit.outcome.status, Status::below_precision);
  EXPECT_LE(fit.level, Real(1e-95));
}

TEST(MinimaxRows, knots_that_want_to_meet_collapse) {
  // a C^1 quadratic with two knots at +-h is h/4 off |x|: no best fit exists
  MinimaxFit<double> const fit = fit_spline_minimax(Function::of("abs(x)"), SplineClass::relu_power(2), 2);
  EXPECT_EQ(fit.outcome.status, Status::knot_collapse) << fit.outcome.detail;
  EXPECT_LE(fit.level, 1e-8);
  MinimaxOptions wide;
  wide.min_spacing = 1e-3;
  MinimaxFit<double> const early = fit_spline_minimax(Function::of("abs(x)"), SplineClass::relu_power(2), 2, wide);
  EXPECT_EQ(early.outcome.status, Status::knot_collapse);
  EXPECT_GT(early.level, fit.level);
}

TEST(MinimaxRows, missing_alternation_is_said_and_counted) {
  MinimaxFit<double> const fit = fit_spline_minimax(Function::of(runge), SplineClass::relu_power(2), 16);
  EXPECT_EQ(fit.outcome.status, Status::no_alternation);
  EXPECT_EQ(fit.needed, 36);
  EXPECT_LT(fit.points.size(), 36U);
  EXPECT_EQ(fit.outcome.detail, std::to_string(fit.points.size()) + " points of alternation found, 36 needed");
  EXPECT_LE(fit.level, 3.46374e-4 * 1.001);
}

TEST(MinimaxRows, iterations_run_out_by_name) {
  MinimaxOptions options;
  options.max_iterations = 1;
  options.transplants = 0;
  MinimaxFit<double> const fit = fit_spline_minimax(Function::of(runge), SplineClass::relu_power(2), 8, options);
  EXPECT_EQ(fit.outcome.status, Status::max_iterations) << fit.outcome.detail;
  EXPECT_TRUE(std::isfinite(fit.level));
}

TEST(MinimaxRows, rejects_bad_input) {
  Function const f = Function::of("exp(x)");
  EXPECT_THROW((void)fit_spline_minimax(f, SplineClass::relu(), -1), InvalidInput);
  EXPECT_THROW((void)fit_spline_minimax(f, SplineClass::relu(), 513), InvalidInput);
  EXPECT_THROW((void)fit_spline_minimax(f, SplineClass::relu_power(7), 2), InvalidInput);
  EXPECT_THROW((void)fit_spline_minimax(f, SplineClass{0, 1}, 2), InvalidInput);
  EXPECT_THROW((void)fit_minimax(f, SplineClass::relu(), {0.5, 0.25}), InvalidInput);
  EXPECT_THROW((void)fit_minimax(f, SplineClass::relu(), {1.5}), InvalidInput);
  MinimaxOptions options;
  options.start_knots = {0};
  EXPECT_THROW((void)fit_spline_minimax(f, SplineClass::relu(), 2, options), InvalidInput);
  FreeKnotSpline<double> const elsewhere{SplineClass::relu(), {0, 1}, {0, 0}};
  EXPECT_THROW((void)fit_minimax(f, elsewhere), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
