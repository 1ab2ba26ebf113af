// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "experiments/nwidth/arguments.hpp"
#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/output.hpp"
#include "experiments/nwidth/parameters.hpp"
#include "experiments/record/bounds.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::program {

int run_class(ClassOptions const& o) {
  auto const start = std::chrono::steady_clock::now();
  methods::Method const& method = methods::find(o.method);
  if (!method.linear)
    throw InvalidInput("--method = '" + o.method +
                       "' has no class certificate: allowed are optimal-spline, two-level, local-taylor");
  int const n = parse_smoothness(method, o.n);
  methods::Parameters const p = parse_parameters(method, n, o.parameters);
  Rational const rel =
      o.rel.empty() ? parse_rational("1e-9") : parse_number("--rel", o.rel, parse_rational("1e-12"), Rational(1, 2));
  int const digits = o.digits.empty() ? 17 : static_cast<int>(parse_integer("--digits", o.digits, 1, 60));
  certify::Enclosure const e = methods::class_certificate(method, n, p, rel);
  record::Bounds const bounds = record::bounds_of(e, digits);
  // Local Taylor uses n numbers at each of N + 1 points; the dimension of its range is what the n-width speaks of.
  long const N = method.name == "local-taylor" ? (p.N + 1) * n : methods::resolution(method, p);
  Ball const d_N = width::width_value(n, static_cast<int>(N));
  record::Bounds const width = record::bounds_of(d_N, digits);
  record::Bounds ratio;
  if (e.bounded && d_N.is_finite()) ratio = record::bounds_of(Ball::from_bounds(e.lower, e.upper) / d_N, digits);
  if (ratio.proved && parse_rational(ratio.lower) < 1) ratio.lower = "1";  // a theorem: what d_N is
  if (!ratio.proved) ratio.reason = "one of the two is not proved";
  // No weight of this one vanishes by chance: the size that the method needs in general.
  auto const counts = record::Counts::of(methods::build(method, target::resolve("exp(x)"), n, p));
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (o.json) {
    Json j;
    j["command"] = "class";
    j["method"] = method.name;
    j["n"] = n;
    j["parameters"] = methods::to_json(method, p);
    put(j, bounds);
    j["dimension"] = N;
    j["width_lower"] = width.lower;
    j["width_upper"] = width.upper;
    j["ratio_lower"] = ratio.lower;
    j["ratio_upper"] = ratio.upper;
    put(j, counts);
    put_seconds(j, seconds);
    print(j);
  } else {
    std::string const dimension = "d_" + std::to_string(N);
    print(Sheet()
              .row("class", "|f^(n)| <= 1 on [-1,1], n = " + std::to_string(n))
              .row("method", std::string(method.name) + ", " + methods::to_text(method, p))
              .bounds("error", bounds)
              .row("n-width " + dimension, width.lower + " .. " + width.upper)
              .row("error / " + dimension, ratio.lower + " .. " + ratio.upper)
              .counts(counts)
              .text());
  }
  return bounds.proved ? done : not_proved;
}

}  // namespace nwidth::program
