// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <optional>

#include "experiments/nwidth/arguments.hpp"
#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/output.hpp"
#include "experiments/record/atomic_file.hpp"
#include "experiments/record/bounds.hpp"
#include "experiments/record/sha256.hpp"
#include "theory/certify/evaluated_error.hpp"
#include "theory/certify/l2_norm.hpp"
#include "theory/certify/sup_norm.hpp"
#include "theory/network/json.hpp"
#include "theory/number/error.hpp"

namespace nwidth::program {

int run_certify(CertifyOptions const& o) {
  auto const start = std::chrono::steady_clock::now();
  if (!o.norm.empty() && o.norm != "sup" && o.norm != "l2")
    throw InvalidInput("--norm = '" + o.norm + "': allowed are sup and l2");
  bool const l2 = o.norm == "l2";
  std::optional<certify::Evaluation> evaluation;
  if (!o.evaluated_in.empty()) {
    try {
      evaluation = certify::Evaluation::of(o.evaluated_in);
    } catch (InvalidInput const& e) {
      throw InvalidInput("--evaluated-in = '" + o.evaluated_in + "': " + e.what());
    }
    if (l2) throw InvalidInput("--norm = 'l2' with --evaluated-in: allowed is sup");
  }
  auto const [a, b] = o.domain.empty() ? std::pair<Rational, Rational>(-1, 1) : parse_domain(o.domain);
  certify::Options options;
  options.relative =
      o.rel.empty() ? parse_rational("1e-6") : parse_number("--rel", o.rel, parse_rational("1e-12"), Rational(1, 2));
  int const digits = o.digits.empty() ? 17 : static_cast<int>(parse_integer("--digits", o.digits, 1, 60));
  target::Target const f = target::resolve(o.target);
  std::string const file = record::read_whole(o.network);
  Network net;
  try {
    net = read_network(file);
  } catch (InvalidInput const& e) {
    throw InvalidInput("network '" + o.network + "': " + e.what());
  }
  if (net.inputs() != 1 || net.outputs() != 1)
    throw InvalidInput("network '" + o.network + "' has " + std::to_string(net.inputs()) + " inputs and " +
                       std::to_string(net.outputs()) + " outputs: allowed is 1 of each");
  certify::EvaluatedEnclosure machine;
  if (evaluation) machine = certify::evaluated_sup_error(net, f, a, b, *evaluation, options);
  certify::Enclosure const e = evaluation ? machine.error
                               : l2       ? certify::l2_error(net, f, a, b, options)
                                          : certify::sup_error(net, f, a, b, options);
  record::Bounds const bounds = record::bounds_of(e, digits);
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  auto const counts = record::Counts::of(net);
  if (o.json) {
    Json j;
    j["command"] = "certify";
    j["network"] = o.network;
    j["network_sha256"] = record::sha256(file);
    j["target"] = f.name;
    j["domain"] = {a.str(), b.str()};
    j["norm"] = l2 ? "l2" : "sup";
    put(j, bounds);
    if (!l2) j["at"] = exact_string(e.at);
    if (evaluation) {
      j["evaluated_in"] = evaluation->name;
      j["rounding_bound"] = e.bounded ? decimal_above(machine.rounding, digits) : "inf";
      j["weights_rounded"] = machine.weights.rounded;
      Json real_function;
      put(real_function, record::bounds_of(machine.exact, digits));
      j["rounded_network"] = std::move(real_function);
    }
    j["method"] = e.method;
    j["pieces"] = e.pieces;
    j["boxes"] = e.boxes;
    put(j, counts);
    put_seconds(j, seconds);
    print(j);
  } else {
    Sheet sheet;
    sheet.row("network", o.network)
        .row("target", f.name)
        .row("domain", "[" + a.str() + ", " + b.str() + "]")
        .bounds(l2 ? "L2 error" : "sup error", bounds);
    if (!l2) sheet.row("largest near", "x = " + decimal_below(e.at, 12));
    if (evaluation) {
      record::Bounds const own = record::bounds_of(machine.exact, digits);
      sheet
          .row("evaluated in", evaluation->name + ", " + std::to_string(machine.weights.rounded) + " of " +
                                   std::to_string(machine.weights.numbers) + " weights rounded")
          .row("rounded network", "error in [" + own.lower + ", " + own.upper + "]")
          .row("rounding", e.bounded ? "at most " + decimal_above(machine.rounding, 3) : "no bound");
    }
    print(sheet
              .row("method",
                   e.method + ", " + std::to_string(e.pieces) + " pieces, " + std::to_string(e.boxes) + " boxes")
              .counts(counts)
              .text());
  }
  return bounds.proved ? done : not_proved;
}

}  // namespace nwidth::program
