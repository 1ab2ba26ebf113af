// SPDX-License-Identifier: Apache-2.0
/// One step of Horner's rule in each arithmetic: what a certificate costs is mostly this.
#include <benchmark/benchmark.h>

#include "theory/number/ball.hpp"
#include "theory/number/interval.hpp"
#include "theory/number/rational.hpp"
#include "theory/number/real.hpp"

namespace {

using namespace nwidth;

template <class T>
void horner(benchmark::State& state, T const& x, T const& c) {
  T s = c;
  for (int i = 0; i < 8; ++i) s = s * x + c;
  for (auto _ : state) {
    s = c;
    for (int i = 0; i < 8; ++i) {
      s = s * x + c;
      benchmark::DoNotOptimize(s);
    }
  }
  state.SetItemsProcessed(state.iterations() * 8);
}

void double_precision(benchmark::State& state) { horner(state, 0.4321, 0.1234); }
void interval(benchmark::State& state) { horner(state, Interval(0.4321, 0.4322), Interval(0.1234)); }
void ball(benchmark::State& state) {
  PrecisionScope const scope(state.range(0));
  horner(state, Ball(parse_rational("0.4321")), Ball(parse_rational("0.1234")));
}
void rational(benchmark::State& state) { horner(state, parse_rational("0x1.8p-2"), parse_rational("0x1.4p-3")); }

BENCHMARK(double_precision);
BENCHMARK(interval);
BENCHMARK(ball)->ArgName("bits")->Arg(64)->Arg(128)->Arg(256)->Arg(512);
BENCHMARK(rational);

}  // namespace
