// SPDX-License-Identifier: Apache-2.0
/// The price of a certificate: per network of N degrees of freedom, and per class.
#include <benchmark/benchmark.h>

#include "theory/certify/class_certificate.hpp"
#include "theory/certify/sup_norm.hpp"
#include "theory/construct/optimal_spline.hpp"
#include "theory/width/perfect_spline.hpp"

namespace {

using namespace nwidth;

/// f given by its text, without the names of the test set.
target::Target function(char const* text) {
  target::Target f;
  f.name = text;
  f.expression = target::Expression::parse(text);
  return f;
}

void sup_error(benchmark::State& state) {
  int const N = static_cast<int>(state.range(0));
  auto const f = function("sin(8*x)");
  Network const net = construct::optimal_spline_network(f, 4, N);
  for (auto _ : state) {
    auto const e = certify::sup_error(net, f, -1, 1);
    if (!e.proved) {
      state.SkipWithError(e.reason.c_str());
      break;
    }
    benchmark::DoNotOptimize(e);
  }
  state.counters["per piece"] = benchmark::Counter(
      static_cast<double>(N), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void class_certificate(benchmark::State& state) {
  int const N = static_cast<int>(state.range(0));
  auto const space = width::optimal_space(4, N);
  for (auto _ : state) {
    auto const e = certify::class_certificate(space);
    if (!e.proved) {
      state.SkipWithError(e.reason.c_str());
      break;
    }
    benchmark::DoNotOptimize(e);
  }
}

void optimal_spline(benchmark::State& state) {
  auto const f = function("sin(8*x)");
  for (auto _ : state)
    benchmark::DoNotOptimize(construct::optimal_spline_network(f, 4, static_cast<int>(state.range(0))));
}

BENCHMARK(sup_error)->ArgName("N")->Arg(16)->Arg(256)->Unit(benchmark::kMillisecond);
BENCHMARK(class_certificate)->ArgName("N")->Arg(16)->Arg(256)->Unit(benchmark::kMillisecond);
BENCHMARK(optimal_spline)->ArgName("N")->Arg(16)->Arg(256)->Unit(benchmark::kMillisecond);

}  // namespace
