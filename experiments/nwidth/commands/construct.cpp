// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <optional>

#include "experiments/methods/plan.hpp"
#include "experiments/nwidth/arguments.hpp"
#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/output.hpp"
#include "experiments/nwidth/parameters.hpp"
#include "experiments/record/atomic_file.hpp"
#include "experiments/record/bounds.hpp"
#include "experiments/record/sha256.hpp"
#include "theory/certify/sup_norm.hpp"
#include "theory/network/json.hpp"
#include "theory/number/error.hpp"

namespace nwidth::program {

int run_construct(ConstructOptions const& o) {
  auto const start = std::chrono::steady_clock::now();
  methods::Method const& method = methods::find(o.method);
  int const n = parse_smoothness(method, o.n);
  if (!o.d.empty()) parse_integer("--d", o.d, 1, 1);
  certify::Options options;
  options.relative =
      o.rel.empty() ? parse_rational("1e-6") : parse_number("--rel", o.rel, parse_rational("1e-12"), Rational(1, 2));
  int const digits = o.digits.empty() ? 17 : static_cast<int>(parse_integer("--digits", o.digits, 1, 60));
  target::Target const f = target::resolve(o.target, 1, n);
  std::optional<Rational> eps;
  methods::Parameters p;
  if (!o.eps.empty()) {
    eps = parse_number("--eps", o.eps, parse_rational("1e-60"), 1000000);
    p = methods::plan_for_error(method, n, *eps, parse_overlap_only(method, o.parameters));
  } else {
    p = parse_parameters(method, n, o.parameters);
  }
  Network const net = methods::build(method, f, n, p);
  std::string const file = write_network(net);
  record::StagedFile staged(o.out, file);
  std::optional<certify::Enclosure> e;
  record::Bounds bounds;
  bool reached = true;
  if (!o.no_certify) {
    e = certify::sup_error(net, f, -1, 1, options);
    bounds = record::bounds_of(*e, digits);
    reached = bounds.proved;
    if (eps && !(e->bounded && e->upper <= *eps)) {
      reached = false;
      if (bounds.proved)
        bounds.reason =
            "the error is not at most --eps: |f^(n)| of this target exceeds 1, or the estimate was too small";
    }
  }
  auto const counts = record::Counts::of(net);
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::string text;
  if (o.json) {
    Json j;
    j["command"] = "construct";
    j["method"] = method.name;
    j["target"] = f.name;
    j["n"] = n;
    j["parameters"] = methods::to_json(method, p);
    if (eps) j["eps"] = o.eps;
    j["out"] = o.out;
    j["network_sha256"] = record::sha256(file);
    put(j, counts);
    if (e) {
      put(j, bounds);
      if (eps) j["reached_eps"] = reached;
    }
    put_seconds(j, seconds);
    text = j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  } else {
    Sheet sheet;
    sheet.row("method", std::string(method.name) + ", n = " + std::to_string(n) + ", " + methods::to_text(method, p))
        .row("target", f.name)
        .counts(counts);
    if (e) sheet.bounds("sup error", bounds);
    sheet.row("written", o.out);
    text = sheet.text();
  }
  // The file appears only if the answer did: a full disk or a closed pipe leaves nothing behind.
  print(text);
  staged.commit();
  return reached ? done : not_proved;
}

}  // namespace nwidth::program
