// SPDX-License-Identifier: Apache-2.0
#include "experiments/nwidth/commands/fit_request.hpp"

#include <filesystem>
#include <iostream>

#include "experiments/fit/shape.hpp"
#include "experiments/nwidth/arguments.hpp"
#include "experiments/plot/run_python.hpp"
#include "experiments/rates/built_in.hpp"
#include "experiments/record/atomic_file.hpp"
#include "theory/number/error.hpp"

namespace nwidth::program {
namespace {

using fitting::Norm;

constexpr long most_knots = 512, most_shared_knots = 64, most_bits = 1000;

int knots_of(FitOptions const& o, fit::Shape const& shape) {
  if (o.knots.empty() == o.width.empty()) throw InvalidInput("one of --knots and --width is needed, not both");
  long const least = shape.shared ? 1 : 0, most = shape.shared ? most_shared_knots : most_knots;
  if (!o.knots.empty()) return static_cast<int>(parse_integer("--knots", o.knots, least, most));
  long const on = shape.always_on;
  return static_cast<int>(parse_integer("--width", o.width, least + on, most + on) - on);
}

Norm norm_of(FitOptions const& o, bool l2_only) {
  if (o.norm.empty()) return l2_only ? Norm::l2 : Norm::sup;
  if (o.norm != "sup" && o.norm != "l2") throw InvalidInput("--norm = '" + o.norm + "': allowed are sup and l2");
  if (o.norm == "sup" && l2_only)
    throw InvalidInput("--norm = 'sup' with " +
                       std::string(o.samples.empty() ? "--activation polyrelu-shared" : "--samples") +
                       ": allowed is l2");
  return o.norm == "l2" ? Norm::l2 : Norm::sup;
}

}  // namespace

FitRequest::FitRequest(FitOptions const& o) {
  if (o.target.empty() == o.samples.empty()) throw InvalidInput("one of --target and --samples is needed, not both");
  fit::Shape const shape = fit::shape_of("--activation", o.activation, true);
  kind = shape.kind;
  shared = shape.shared;
  if (shared && !o.samples.empty())
    throw InvalidInput("--activation = 'polyrelu-shared' with --samples: allowed are relu, relu2, relu3 and polyrelu");
  std::filesystem::path const out = std::filesystem::path(o.out).lexically_normal();
  if (!o.figure.empty() && std::filesystem::path(o.figure + ".json").lexically_normal() == out)
    throw InvalidInput("--figure = '" + o.figure + "' writes '" + o.figure +
                       ".json', which is --out: allowed is another");
  if (!o.samples.empty() && std::filesystem::path(o.samples).lexically_normal() == out)
    throw InvalidInput("--out = '" + o.out + "' is the file of --samples: allowed is another");
  if (o.samples.empty() && !o.loss.empty())
    throw InvalidInput("--loss = '" + o.loss + "' with --target: allowed with --samples only");
  if (!o.samples.empty() && o.no_bound) throw InvalidInput("--no-bound with --samples: allowed with --target only");
  knots = knots_of(o, shape);
  if (!o.depth.empty()) parse_integer("--depth", o.depth, 1, 1);
  norm = norm_of(o, shared || !o.samples.empty());
  if (!o.domain.empty()) domain = parse_domain(o.domain);
  format = fit::parse_format(o.format, o.out);
  if (!o.bits.empty()) bits = static_cast<int>(parse_integer("--bits", o.bits, 2, most_bits));
  if (!o.digits.empty()) digits = static_cast<int>(parse_integer("--digits", o.digits, 1, 60));
  if (!o.seed.empty()) seed = static_cast<std::uint64_t>(parse_integer("--seed", o.seed, 0, 1L << 53));
  relative =
      o.rel.empty() ? parse_rational("1e-6") : parse_number("--rel", o.rel, parse_rational("1e-12"), Rational(1, 2));
}

void require_writable(FitOptions const& o) {
  record::StagedFile const network(o.out, "");
  if (!o.figure.empty()) record::StagedFile const curves(o.figure + ".json", "");
}

void deliver(FitOptions const& o, std::string const& text, std::string const& network, Json const& curves) {
  record::StagedFile staged(o.out, network);
  std::optional<record::StagedFile> staged_curves;
  std::string const path = o.figure + ".json";
  if (!o.figure.empty())
    staged_curves.emplace(path, curves.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  print(text);  // a full disk or a closed pipe leaves nothing behind
  staged.commit();
  if (!staged_curves) return;
  staged_curves->commit();
  std::string const reason = plot::run_python(rates::fit_script_text(), {path, "--out", o.figure});
  if (!reason.empty())
    std::cerr << "nwidth: figure not drawn (" << reason << "): python3 experiments/plot/fit.py " << path << " --out "
              << o.figure << '\n';
}

}  // namespace nwidth::program
