// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <optional>

#include "experiments/fit/curves.hpp"
#include "experiments/fit/shape.hpp"
#include "experiments/nwidth/arguments.hpp"
#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/output.hpp"
#include "experiments/plot/run_python.hpp"
#include "experiments/rates/built_in.hpp"
#include "experiments/record/atomic_file.hpp"
#include "experiments/record/bounds.hpp"
#include "experiments/record/sha256.hpp"
#include "fitting/report/proved_fit.hpp"
#include "theory/network/json.hpp"
#include "theory/number/error.hpp"

namespace nwidth::program {
namespace {

using fitting::Norm;

constexpr long most_knots = 512;

int knots_of(FitOptions const& o, fit::Shape const& shape) {
  if (o.knots.empty() == o.width.empty()) throw InvalidInput("one of --knots and --width is needed, not both");
  if (!o.knots.empty()) return static_cast<int>(parse_integer("--knots", o.knots, 0, most_knots));
  return static_cast<int>(parse_integer("--width", o.width, shape.always_on, most_knots + shape.always_on)) -
         shape.always_on;
}

record::Bounds bounds_of(certify::Enclosure const& e, int digits) { return record::bounds_of(e, digits); }

Json object(record::Bounds const& b) {
  Json j;
  put(j, b);
  return j;
}

std::string upward(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", x);
  return text;
}

Json to_json(fitting::LowerBound const& bound, fitting::ProvedFactor const& factor, int digits) {
  Json j;
  j["lower"] = decimal_below(bound.lower, digits);
  j["kind"] = fitting::letter(bound.kind);
  j["knots"] = bound.knots;
  j["factor"] = decimal_above(factor.error / bound.lower, 12);
  return j;
}

/// Counts on stderr what is being done: a line that is overwritten on a terminal, else nothing, since fits are short.
class Waiting {
 public:
  explicit Waiting(bool quiet) : on_(!quiet && ::isatty(STDERR_FILENO) == 1) {}
  ~Waiting() {
    if (on_) std::cerr << "\r\033[K" << std::flush;
  }
  void show(std::string const& what) const {
    if (on_) std::cerr << "\r\033[K" << what << " ..." << std::flush;
  }

 private:
  bool on_;
};

}  // namespace

int run_fit(FitOptions const& o) {
  auto const start = std::chrono::steady_clock::now();
  fit::Shape const shape = fit::shape_of("--activation", o.activation);
  int const n = knots_of(o, shape);
  if (!o.depth.empty()) parse_integer("--depth", o.depth, 1, 1);
  if (!o.norm.empty() && o.norm != "sup" && o.norm != "l2")
    throw InvalidInput("--norm = '" + o.norm + "': allowed are sup and l2");
  Norm const norm = o.norm == "l2" ? Norm::l2 : Norm::sup;
  auto const [a, b] = o.domain.empty() ? std::pair<Rational, Rational>(-1, 1) : parse_domain(o.domain);
  int const digits = o.digits.empty() ? 17 : static_cast<int>(parse_integer("--digits", o.digits, 1, 60));
  Waiting const waiting(o.json);
  fitting::ProvedFitOptions options;
  options.norm = norm;
  options.bounds = !o.no_bound;
  options.seed = o.seed.empty() ? 1 : static_cast<std::uint64_t>(parse_integer("--seed", o.seed, 0, 1L << 53));
  options.certify.relative =
      o.rel.empty() ? parse_rational("1e-6") : parse_number("--rel", o.rel, parse_rational("1e-12"), Rational(1, 2));
  options.progress = [&waiting](std::string const& what) { waiting.show(what); };
  fitting::Function const f(target::resolve(o.target), a, b);
  fitting::ProvedFit const fit = fitting::proved_fit(f, shape.kind, n, options);
  std::string const file = write_network(fit.network);
  record::StagedFile staged(o.out, file);
  std::optional<record::StagedFile> staged_curves;
  std::string const curves_path = o.figure + ".json";
  if (!o.figure.empty())
    staged_curves.emplace(curves_path,
                          fit::curves(f, fit, norm).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  record::Bounds const sup = bounds_of(fit.sup, digits);
  std::optional<record::Bounds> l2;
  if (fit.l2) l2 = bounds_of(*fit.l2, digits);
  bool const proved = norm == Norm::sup ? sup.proved : l2 && l2->proved;
  auto const counts = record::Counts::of(fit.network);
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::string const status = fitting::name(fit.outcome.status);
  std::string text;
  if (o.json) {
    Json j;
    j["command"] = "fit";
    j["target"] = f.target().name;
    j["domain"] = {a.str(), b.str()};
    j["activation"] = o.activation;
    j["norm"] = norm == Norm::sup ? "sup" : "l2";
    j["knots"] = n;
    j["seed"] = options.seed;
    j["fit"] = {{"status", status},    {"detail", fit.outcome.detail},
                {"start", fit.start},  {"iterations", fit.iterations},
                {"error", fit.fitted}, {"alternations", fit.alternation.size()}};
    j["sup"] = object(sup);
    if (l2) j["l2"] = object(*l2);
    if (fit.factor) {
      j["bound"] = to_json(*fit.bound, *fit.factor, digits);
      j["factor"] = j["bound"]["factor"];
    }
    if (fit.all_factor) j["bound_all_networks"] = to_json(*fit.all_bound, *fit.all_factor, digits);
    j["out"] = o.out;
    j["network_sha256"] = record::sha256(file);
    put(j, counts);
    j["status"] = proved ? "proved" : "not_proved";
    if (!proved) j["reason"] = norm == Norm::sup ? sup.reason : l2 ? l2->reason : "no enclosure of the L2 norm";
    put_seconds(j, seconds);
    text = j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  } else {
    Sheet sheet;
    sheet.row("target", f.target().name + " on [" + a.str() + ", " + b.str() + "]")
        .row("fit", o.activation + ", " + std::to_string(n) + " knots, " + (norm == Norm::sup ? "sup" : "L2") +
                        " norm: " + status + (fit.outcome.detail.empty() ? "" : " (" + fit.outcome.detail + ")"))
        .row("start", fit.start + ", " + std::to_string(fit.iterations) + " iterations")
        .bounds("sup error", sup);
    if (l2) sheet.bounds("L2 error", *l2);
    if (fit.factor)
      sheet
          .row("lower bound", decimal_below(fit.bound->lower, 12) + " for every spline with " + std::to_string(n) +
                                  " knots (" + fitting::letter(fit.bound->kind) + ")")
          .row("factor", "at most " + upward(fit.factor->factor) + " above the best possible");
    if (fit.all_factor)
      sheet.row("all networks", decimal_below(fit.all_bound->lower, 12) + " for every network of " +
                                    std::to_string(fit.all_bound->knots) + " neurons (" +
                                    fitting::letter(fit.all_bound->kind) + "): factor " +
                                    upward(fit.all_factor->factor));
    sheet.counts(counts).row("written", o.out + (o.figure.empty() ? "" : ", " + o.figure + ".{json,svg,pdf,png}"));
    text = sheet.text();
  }
  // The files appear only if the answer did: a full disk or a closed pipe leaves nothing behind.
  print(text);
  staged.commit();
  if (staged_curves) {
    staged_curves->commit();
    std::string const reason = plot::run_python(rates::fit_script_text(), {curves_path, "--out", o.figure});
    if (!reason.empty())
      std::cerr << "nwidth: figure not drawn (" << reason << "): python3 experiments/plot/fit.py " << curves_path
                << " --out " << o.figure << '\n';
  }
  return proved && fitting::is_usable(fit.outcome.status) ? done : not_proved;
}

}  // namespace nwidth::program
