// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/evaluated_error.hpp"

#include <chrono>

#include "theory/certify/sup_norm.hpp"

namespace nwidth::certify {

EvaluatedEnclosure evaluated_sup_error(Network const& net, target::Target const& f, Rational const& a,
                                       Rational const& b, Evaluation const& evaluation, Options const& options) {
  auto const start = std::chrono::steady_clock::now();
  MachineArithmetic const& m = evaluation.arithmetic;
  EvaluatedEnclosure r;
  Network const rounded = rounded_network(net, evaluation.weights, &r.weights);
  r.exact = sup_error(rounded, f, a, b, options);
  r.error = r.exact;
  r.error.method = r.exact.method + ", and a bound of rounding in " + evaluation.name;
  r.error.lower = r.error.at = 0;

  PrecisionScope const scope(options.first_bits);
  auto const try_at = [&](Rational const& x) {
    if (x < a || b < x) return;
    Ball const error = f(Ball(x)) - rounded(Ball(x)), off = network_rounding(rounded, Ball(x), m);
    Ball const least = abs(error) - off;
    if (!least.is_finite() || !(least.lower() > r.error.lower)) return;
    r.error.lower = least.lower();
    r.error.at = x;
  };
  Rational const largest = m.results.largest();
  for (Rational const& x : {r.exact.at, a, b})
    if (abs(x) < largest) {
      try_at(round_below(x, m.results));
      try_at(round_above(x, m.results));
    }

  std::string why;
  Ball const bound = network_rounding(rounded, a, b, m, &why);
  if (bound.is_finite()) {
    r.rounding = bound.upper();
    if (r.error.bounded) r.error.upper = r.exact.upper + r.rounding;
  } else {
    r.error.bounded = r.error.proved = false;
    r.error.reason = why;
  }
  r.error.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return r;
}

}  // namespace nwidth::certify
