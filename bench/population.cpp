// SPDX-License-Identifier: Apache-2.0
/// How the population loss falls as networks widen: time, slope and last loss of cells (d, s, activation), and the time
/// of one iteration of a wide network. Counters: `slope`, `predicted` (the smallest of the lines that hold), `loss`.
#include <benchmark/benchmark.h>

#include "fitting/population/population_fit.hpp"

namespace {

using namespace nwidth::fitting::population;

/// d, 10 s, index of the activation
void slope(benchmark::State& state) {
  char const* const units[] = {"relu", "polyrelu3", "gelu"};
  ScalingStudy cell;
  cell.dimension = static_cast<int>(state.range(0));
  cell.smoothness = static_cast<double>(state.range(1)) / 10;
  cell.unit = Unit::of(units[state.range(2)]);
  int const points[] = {1024, 48, 18};
  cell.points_per_axis = points[cell.dimension - 1];
  cell.frequencies = cell.dimension == 1 ? 400 : cell.points_per_axis;
  cell.targets = {5, 6};
  if (cell.dimension == 3) cell.targets = {5};
  cell.curve.widths = {4, 8, 16, 32};
  if (cell.dimension == 1) cell.curve.widths.insert(cell.curve.widths.begin(), 2);
  cell.curve.fit.restarts = 2;
  cell.curve.fit.max_iterations = cell.dimension == 1 ? 300 : 100;
  cell.curve.fit.least_decrease = cell.dimension == 1 ? 1e-9 : 1e-6;
  ScalingResult result;
  for (auto _ : state) result = scaling_study(cell);
  state.counters["slope"] = result.mean;
  state.counters["predicted"] = result.predicted.shallow;
  state.counters["loss"] = result.curves.back().fits.back().loss;
  state.counters["divergence"] = result.curves.back().fits.back().divergence;
  state.SetLabel(cell.unit.name());
}

/// Width, points an axis (d = 2): ten iterations.
void wide(benchmark::State& state) {
  int const n = static_cast<int>(state.range(1));
  PopulationLoss const loss(GaussianField(2, 4, 5, n), n);
  PopulationFitOptions options;
  options.restarts = 1;
  options.max_iterations = 10;
  PopulationFit fit;
  for (auto _ : state)
    fit = fit_population(loss, {2, {static_cast<int>(state.range(0))}, Unit::of("polyrelu3")}, options);
  state.counters["loss"] = fit.loss;
  state.counters["per iteration"] =
      benchmark::Counter(static_cast<double>(fit.runs[0].iterations),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

BENCHMARK(slope)
    ->ArgNames({"d", "10s", "unit"})
    ->ArgsProduct({{1}, {10, 20, 30}, {0, 1}})
    ->ArgsProduct({{2}, {10, 20, 30, 40}, {0, 1, 2}})
    ->ArgsProduct({{3}, {30, 45}, {0, 1}})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);
BENCHMARK(wide)->ArgNames({"W", "n"})->Args({64, 64})->Args({256, 64})->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
