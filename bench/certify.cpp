// SPDX-License-Identifier: Apache-2.0
/// The price of a certificate: per network of N degrees of freedom, and per class.
#include <benchmark/benchmark.h>

#include "theory/certify/class_certificate.hpp"
#include "theory/certify/sup_norm.hpp"
#include "theory/construct/log_free_relu.hpp"
#include "theory/construct/optimal_spline.hpp"
#include "theory/construct/two_level.hpp"
#include "theory/construct/yarotsky.hpp"
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

/// The certificate of a network for f; seconds, neuron updates and boxes for each piece as counters.
void certify_network(benchmark::State& state, Network const& net, target::Target const& f) {
  certify::Enclosure e;
  for (auto _ : state) {
    e = certify::sup_error(net, f, -1, 1);
    if (!e.proved) {
      state.SkipWithError(e.reason.c_str());
      return;
    }
  }
  auto const pieces = static_cast<double>(e.pieces);
  state.counters["size"] = static_cast<double>(net.size());
  state.counters["pieces"] = pieces;
  state.counters["updates_per_piece"] = static_cast<double>(e.updates) / pieces;
  state.counters["boxes_per_piece"] = static_cast<double>(e.boxes) / pieces;
  state.counters["seconds_per_piece"] =
      benchmark::Counter(pieces, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void spline(benchmark::State& state) {
  auto const f = function("sin(8*x)/4096");
  certify_network(state, construct::optimal_spline_network(f, 4, static_cast<int>(state.range(0) / 3)), f);
}

void two_level(benchmark::State& state) {
  auto const f = function("sin(8*x)/512");
  auto const shape = construct::two_level_shape(3, state.range(0));
  certify_network(state, construct::two_level_network(f, 3, shape.N1, shape.N2), f);
}

void log_free(benchmark::State& state) {
  auto const f = function("sin(8*x)/64");
  auto const shape = construct::log_free_relu_shape(2, state.range(0), 8);
  certify_network(state, construct::log_free_relu_network(f, 2, shape.N1, shape.N2, 8), f);
}

void yarotsky(benchmark::State& state) {
  auto const f = function("sin(8*x)/64");
  int const levels = 8, N = static_cast<int>(state.range(0) / (16 * levels + 20));
  certify_network(state, construct::yarotsky_relu_network(f, 2, N, levels), f);
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

BENCHMARK(spline)->ArgName("size")->Arg(1000)->Arg(3162)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(two_level)->ArgName("size")->Arg(1000)->Arg(3162)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(log_free)->ArgName("size")->Arg(1000)->Arg(3162)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(yarotsky)->ArgName("size")->Arg(1000)->Arg(3162)->Arg(10000)->Unit(benchmark::kMillisecond);
BENCHMARK(class_certificate)->ArgName("N")->Arg(16)->Arg(256)->Unit(benchmark::kMillisecond);
BENCHMARK(optimal_spline)->ArgName("N")->Arg(16)->Arg(256)->Unit(benchmark::kMillisecond);

}  // namespace
