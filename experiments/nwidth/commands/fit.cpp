// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <chrono>

#include "experiments/fit/curves.hpp"
#include "experiments/fit/waiting.hpp"
#include "experiments/nwidth/commands/fit_request.hpp"
#include "experiments/record/bounds.hpp"
#include "experiments/record/sha256.hpp"

namespace nwidth::program {
namespace {

using fitting::Norm;
using fitting::ProvedFit;

// A fit that is proved so near to the best, or exact, is done, whatever became of its alternation.
Rational const near_best(6, 5);

/// "1.035399", rounded up.
std::string factor_text(fitting::LowerBound const& bound, fitting::ProvedFactor const& factor) {
  constexpr int decimals = 6;
  Rational const scaled = factor.error / bound.lower * power(Rational(10), decimals);
  Integer const up = (numerator(scaled) + denominator(scaled) - 1) / denominator(scaled);
  std::string text = up.str();
  if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
  return text.insert(text.size() - decimals, ".");
}

Json to_json(fitting::LowerBound const& bound, fitting::ProvedFactor const& factor, int digits) {
  return {{"lower", decimal_below(bound.lower, digits)},
          {"kind", fitting::letter(bound.kind)},
          {"knots", bound.knots},
          {"factor", factor_text(bound, factor)}};
}

/// All that is printed, once.
struct Answer {
  FitOptions const& o;
  FitRequest const& request;
  fitting::Function const& f;
  ProvedFit const& fit;
  NetworkFile const& file;
  double seconds = 0;
  record::Bounds sup = record::bounds_of(fit.sup, request.digits);
  record::Bounds l2 = fit.l2 ? record::bounds_of(*fit.l2, request.digits)
                             : record::Bounds{"0", "inf", false, "no enclosure of the L2 norm"};

  record::Bounds const& asked() const { return request.norm == Norm::sup ? sup : l2; }
  bool near() const {
    if (fit.factor) return fit.factor->error <= near_best * fit.bound->lower;
    certify::Enclosure const* const e = request.norm == Norm::sup ? &fit.sup : fit.l2 ? &*fit.l2 : nullptr;
    return e && e->bounded && e->upper == 0;
  }
  bool is_done() const { return asked().proved && (fitting::is_usable(fit.outcome.status) || near()); }
  Json json() const;
  std::string text() const;
};

Json Answer::json() const {
  auto const object = [](record::Bounds const& b) {
    Json j;
    put(j, b);
    return j;
  };
  Json j;
  j["command"] = "fit";
  j["target"] = f.target().name;
  j["domain"] = {f.begin().str(), f.end().str()};
  j["activation"] = o.activation;
  j["norm"] = request.norm_name();
  j["knots"] = fit.knots;
  j["bits"] = request.bits;
  j["seed"] = request.seed;
  j["fit"] = {{"status", fitting::name(fit.outcome.status)},
              {"detail", fit.outcome.detail},
              {"optimiser", fitting::name(fit.optimiser.status)},
              {"start", fit.start},
              {"iterations", fit.iterations},
              {"error", fit.fitted},
              {"alternations", fit.alternation.size()}};
  j["sup"] = object(sup);
  if (fit.l2 || request.norm == Norm::l2) j["l2"] = object(l2);
  if (fit.factor) {
    j["bound"] = to_json(*fit.bound, *fit.factor, request.digits);
    j["factor"] = j["bound"]["factor"];
  }
  if (fit.all_factor) j["bound_all_networks"] = to_json(*fit.all_bound, *fit.all_factor, request.digits);
  j["out"] = o.out;
  j["format"] = fit::name(request.format);
  j["rounded"] = file.rounding.rounded;
  j["network_sha256"] = record::sha256(file.bytes);
  put(j, record::Counts::of(fit.network));
  j["status"] = asked().proved ? "proved" : "not_proved";
  if (!asked().proved) j["reason"] = asked().reason;
  put_seconds(j, seconds);
  return j;
}

std::string Answer::text() const {
  std::string const detail = fit.outcome.detail.empty() ? "" : " (" + fit.outcome.detail + ")";
  Sheet sheet;
  sheet.row("target", f.target().name + " on [" + f.begin().str() + ", " + f.end().str() + "]")
      .row("fit", o.activation + ", " + std::to_string(fit.knots) + " knots, " +
                      (request.norm == Norm::sup ? "sup" : "L2") + " norm: " + fitting::name(fit.outcome.status) +
                      detail)
      .row("start", fit.start + ", " + std::to_string(fit.iterations) + " iterations")
      .bounds("sup error", sup);
  if (fit.l2 || request.norm == Norm::l2) sheet.bounds("L2 error", l2);
  if (fit.factor)
    sheet
        .row("lower bound", decimal_below(fit.bound->lower, 12) + " for every spline of its class with " +
                                std::to_string(fit.knots) + " knots (" + fitting::letter(fit.bound->kind) + ")")
        .row("factor", "at most " + factor_text(*fit.bound, *fit.factor) + " times the least error possible");
  if (fit.all_factor)
    sheet.row("all networks", decimal_below(fit.all_bound->lower, 12) + " for every network of its kind with " +
                                  std::to_string(fit.all_bound->knots) + " neurons (" +
                                  fitting::letter(fit.all_bound->kind) + "): factor " +
                                  factor_text(*fit.all_bound, *fit.all_factor));
  sheet.counts(record::Counts::of(fit.network))
      .row("written", o.out + (o.figure.empty() ? "" : ", " + o.figure + ".{json,svg,pdf,png}"))
      .row("format", fit::describe(request.format, file.rounding));
  return sheet.text();
}

}  // namespace

int run_fit(FitOptions const& o) {
  auto const start = std::chrono::steady_clock::now();
  FitRequest const request(o);
  if (!o.samples.empty()) return run_fit_samples(o, request);
  auto const [a, b] = request.domain.value_or(std::pair<Rational, Rational>(-1, 1));
  fitting::Function const f(target::resolve(o.target), a, b);
  require_writable(o);
  ProvedFit fit;
  {
    fit::Waiting waiting(::isatty(STDERR_FILENO) == 1);
    fitting::ProvedFitOptions options;
    options.norm = request.norm;
    options.bits = request.bits;
    options.bounds = !o.no_bound;
    options.seed = request.seed;
    options.certify.relative = request.relative;
    options.progress = [&waiting](std::string const& what) { waiting.show(what); };
    fit = request.shared ? fitting::proved_shared_fit(f, request.knots, options)
                         : fitting::proved_fit(f, request.kind, request.knots, options);
  }
  NetworkFile const file = fit::write(fit.network, request.format);
  Json const curves = o.figure.empty() ? Json() : fit::curves(f, fit, request.norm);
  Answer const answer{o,   request, f,
                      fit, file,    std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()};
  deliver(o, o.json ? answer.json().dump(-1, ' ', false, Json::error_handler_t::replace) + "\n" : answer.text(),
          file.bytes, curves);
  return answer.is_done() ? done : not_proved;
}

}  // namespace nwidth::program
