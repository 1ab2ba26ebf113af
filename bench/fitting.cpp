// SPDX-License-Identifier: Apache-2.0
/// Fits by splines with free knots, which shallow networks of one input are: the time of one fit; `error`, in the norm
/// of the fit; `ratio`, the error to its asymptotic value K I N^-r, N = n + 1 segments, which tends to 1 from either
/// side; and how it ended, as the label. Three routes: `from_equidistribution` (fit_l2 from one start), `least_squares`
/// (fit_spline_l2, all starts) and `minimax` (fit_spline_minimax). Some minutes in all.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "fitting/least_squares/fit_spline.hpp"
#include "fitting/least_squares/gauss.hpp"
#include "fitting/minimax/minimax.hpp"
#include "fitting/start/equidistribution.hpp"

namespace {

using namespace nwidth::fitting;

struct Family {
  char const* name;
  SplineClass kind;
  double l2, sup;  ///< K of s = 1/(r + 1/p)
};
Family const families[] = {
    {"relu", SplineClass::relu(), 1 / std::sqrt(720.0), 1.0 / 16},
    {"relu2", SplineClass::relu_power(2), 1 / std::sqrt(30240.0), 1 / (72 * std::sqrt(3.0))},
    {"polyrelu", SplineClass::polyrelu(3), 1.0 / 5040, 1.0 / 3072},
};
char const* const targets[] = {"exp(x)", "sin(4*pi*x)", "1/(1+25*x^2)", "abs(x)^1.5"};

/// (int |f^(r)|^s)^{1/s}, s = 1/(r + 1/p), on even pieces that are cut at the breaks of f and graded towards them,
/// where f^(r) may be infinite.
double smoothness(Function const& f, int r, double p) {
  double const s = 1 / (r + 1 / p);
  std::vector<double> ends{-1};
  for (int i = 1; i <= 8192; ++i) ends.push_back(-1 + i / 4096.0);
  for (double b : f.breaks()) {
    ends.push_back(b);
    for (double h = 0.25; h > 1e-18; h /= 2) ends.insert(ends.end(), {b - h, b + h});
  }
  std::sort(ends.begin(), ends.end());
  GaussRule<double> const& rule = gauss_rule<double>(4);
  double sum = 0;
  for (std::size_t i = 1; i < ends.size(); ++i) {
    double const a = ends[i - 1], h = ends[i] - a;
    if (a < -1 || ends[i] > 1 || h == 0) continue;
    for (std::size_t q = 0; q < rule.node.size(); ++q) {
      double const derivative = f.taylor(a + h * rule.node[q], r + 1).back() * std::tgamma(r + 1.0);
      sum += h * rule.weight[q] * std::pow(std::abs(derivative), s);
    }
  }
  return std::pow(sum, 1 / s);
}

struct Row {
  Family const& family;
  Function f;
  int n;

  explicit Row(benchmark::State const& state)
      : family(families[state.range(0)]),
        f(Function::of(targets[state.range(1)])),
        n(static_cast<int>(state.range(2))) {}

  void report(benchmark::State& state, double error, double p, Outcome const& outcome) const {
    int const r = family.kind.order();
    double const constant = p == 2 ? family.l2 : family.sup;
    state.counters["error"] = error;
    state.counters["ratio"] = error * std::pow(n + 1, r) / (constant * smoothness(f, r, p));
    state.SetLabel(std::string(family.name) + ' ' + targets[state.range(1)] + ": " + name(outcome.status));
  }
};

void from_equidistribution(benchmark::State& state) {
  Row const row(state);
  SplineFit fit;
  for (auto _ : state) fit = fit_l2(row.f, row.family.kind, equidistribution(row.f, row.family.kind.order(), 2, row.n));
  row.report(state, fit.error, 2, fit.outcome);
  state.counters["iterations"] = fit.iterations;
}

void least_squares(benchmark::State& state) {
  Row const row(state);
  BestSplineFit best;
  for (auto _ : state) best = fit_spline_l2(row.f, row.family.kind, row.n);
  row.report(state, best.fit.error, 2, best.fit.outcome);
  state.counters["starts"] = static_cast<double>(best.starts.size());
}

void minimax(benchmark::State& state) {
  Row const row(state);
  MinimaxFit<double> fit;
  for (auto _ : state) fit = fit_spline_minimax(row.f, row.family.kind, row.n);
  row.report(state, fit.level, std::numeric_limits<double>::infinity(), fit.outcome);
  state.counters["iterations"] = fit.iterations;
}

void all(benchmark::internal::Benchmark* b) {
  b->ArgNames({"class", "target", "n"})->ArgsProduct({{0, 1, 2}, {0, 1, 2, 3}, {16, 32, 64, 128, 512}});
  b->Unit(benchmark::kMillisecond);
}
BENCHMARK(from_equidistribution)->Apply(all)->MinTime(0.05);
BENCHMARK(least_squares)->Apply(all)->Iterations(1);
BENCHMARK(minimax)->Apply(all)->Iterations(1);

}  // namespace
