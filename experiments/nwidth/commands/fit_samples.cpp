// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "experiments/fit/curves.hpp"
#include "experiments/fit/samples_file.hpp"
#include "experiments/fit/waiting.hpp"
#include "experiments/nwidth/commands/fit_request.hpp"
#include "experiments/record/atomic_file.hpp"
#include "experiments/record/bounds.hpp"
#include "experiments/record/sha256.hpp"
#include "fitting/network/shallow_network.hpp"
#include "theory/number/error.hpp"

namespace nwidth::program {
namespace {

using fitting::SplineSampleFit;

constexpr char const* nothing_to_certify = "samples, no function to certify against";
constexpr double most_matrix = 2e7;  // numbers in the matrix of the fit: 160 MB

fitting::Loss loss_of(std::string const& text) {
  if (text.empty() || text == "l2") return fitting::Loss::squares();
  if (text == "huber") return fitting::Loss::huber();
  if (text == "cauchy") return fitting::Loss::cauchy();
  throw InvalidInput("--loss = '" + text + "': allowed are l2, huber and cauchy");
}

std::string number(double x, char const* format = "%.12g") {
  char text[40];
  std::snprintf(text, sizeof text, format, x);
  return text;
}

std::string with_error(double x, double error) { return number(x) + " +- " + number(error, "%.2g"); }

/// Norms of y - s at samples of positive weight; l2 has the weights.
struct Residuals {
  double l2 = 0, rms = 0, sup = 0;

  Residuals(fitting::Samples const& s, fitting::FreeKnotSpline<double> const& spline) {
    double squares = 0;
    int count = 0;
    for (Eigen::Index i = 0; i < s.y.size(); ++i) {
      double const w = s.weight.size() == 0 ? 1 : s.weight[i], r = s.y[i] - spline(s.x(i, 0));
      if (!(w > 0)) continue;
      l2 += w * r * r;
      squares += r * r;
      sup = std::max(sup, std::abs(r));
      ++count;
    }
    l2 = std::sqrt(l2);
    rms = std::sqrt(squares / count);
  }
};

}  // namespace

int run_fit_samples(FitOptions const& o, FitRequest const& request) {
  auto const start = std::chrono::steady_clock::now();
  fitting::SplineSampleOptions options;
  options.loss = loss_of(o.loss);
  std::string const loss = o.loss.empty() ? "l2" : o.loss;
  fit::SamplesFile const data = fit::read_samples(record::read_whole(o.samples), o.samples);
  fitting::Samples const& samples = data.samples;
  double const a = request.domain ? to_double(request.domain->first) : data.least;
  double const b = request.domain ? to_double(request.domain->second) : data.most;
  if (!(a < b))
    throw InvalidInput("samples '" + o.samples + "' have one place only, x = " + number(a) +
                       ": allowed are two or more, or --domain");
  for (Eigen::Index i = 0; i < samples.y.size(); ++i)
    if (double const x = samples.x(i, 0); !(a <= x && x <= b))
      throw InvalidInput("samples '" + o.samples + "', line " + std::to_string(data.line[static_cast<std::size_t>(i)]) +
                         ": x = " + number(x) + " lies outside the domain " + o.domain);
  if (static_cast<double>(samples.y.size()) * request.kind.dimension(request.knots) > most_matrix)
    throw InvalidInput("samples '" + o.samples + "': " + std::to_string(samples.y.size()) + " of them and " +
                       std::to_string(request.kind.dimension(request.knots)) +
                       " coefficients, allowed is a product of 20000000 at most");
  require_writable(o);

  SplineSampleFit fit;
  Network network;
  certify::Enclosure effect;
  {
    fit::Waiting waiting(::isatty(STDERR_FILENO) == 1);
    waiting.show("fitting");
    fit = fitting::fit_spline_samples(request.kind, request.knots, a, b, samples, options);
    waiting.show("rounding");
    fitting::ShallowOptions shallow;
    shallow.bits = request.bits;
    network = fitting::shallow_network(fit.function, shallow).network;
    certify::Options certify;
    certify.relative = Rational(1, 100);
    effect = fitting::rounding_effect(fit.function, network, certify);
  }
  NetworkFile const file = fit::write(network, request.format);
  Residuals const residuals(samples, fit.function);
  fitting::SampleReport const& report = fit.report;
  std::vector<double> const knots(fit.function.knots.begin() + 1, fit.function.knots.end() - 1);
  auto const counts = record::Counts::of(network);
  std::string const rounding_most = effect.bounded ? decimal_above(effect.upper, 3) : "inf";
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::string text;
  if (o.json) {
    Json j;
    j["command"] = "fit";
    j["samples"] = o.samples;
    j["domain"] = {exact(a).str(), exact(b).str()};
    j["activation"] = o.activation;
    j["loss"] = loss;
    j["knots"] = request.knots;
    j["bits"] = request.bits;
    j["fit"] = {{"status", fitting::name(report.outcome.status)},
                {"detail", report.outcome.detail},
                {"iterations", report.iterations},
                {"samples", report.samples},
                {"parameters", report.parameters},
                {"sigma", report.sigma},
                {"loss_scale", report.loss_scale}};
    j["residuals"] = {{"l2", residuals.l2}, {"rms", residuals.rms}, {"sup", residuals.sup}};
    j["interior_knots"] = knots;
    j["knot_errors"] = fit.knot_errors;
    j["coefficients_of_b_splines"] = fit.function.coefficients;
    j["coefficient_errors"] = fit.coefficient_errors;
    j["rounding_effect"] = rounding_most;
    j["out"] = o.out;
    j["format"] = fit::name(request.format);
    j["rounded"] = file.rounding.rounded;
    j["network_sha256"] = record::sha256(file.bytes);
    put(j, counts);
    j["status"] = "fitted";
    j["reason"] = nothing_to_certify;
    put_seconds(j, seconds);
    text = j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  } else {
    Sheet sheet;
    sheet
        .row("samples",
             o.samples + ", " + std::to_string(report.samples) + " on [" + number(a) + ", " + number(b) + "]")
        .row("fit", o.activation + ", " + std::to_string(request.knots) + " knots, " + loss +
                        " loss: " + fitting::name(report.outcome.status) +
                        (report.outcome.detail.empty() ? "" : " (" + report.outcome.detail + ")"))
        .row("residuals", "l2 " + number(residuals.l2, "%.6g") + ", rms " + number(residuals.rms, "%.6g") + ", sup " +
                              number(residuals.sup, "%.6g"))
        .row("sigma", number(report.sigma, "%.6g") + " estimated at weight 1, " + std::to_string(report.parameters) +
                          " parameters")
        .row("status", std::string("fitted: ") + nothing_to_certify);
    for (std::size_t i = 0; i < knots.size(); ++i)
      sheet.row("knot " + std::to_string(i + 1), with_error(knots[i], fit.knot_errors[i]));
    for (std::size_t i = 0; i < fit.function.coefficients.size(); ++i)
      sheet.row("B-spline " + std::to_string(i + 1),
                with_error(fit.function.coefficients[i], fit.coefficient_errors[i]));
    sheet.row("rounding", "moves the network by " + rounding_most + " at most").counts(counts);
    sheet.row("written", o.out + (o.figure.empty() ? "" : ", " + o.figure + ".{json,svg,pdf,png}"))
        .row("format", fit::describe(request.format, file.rounding));
    text = sheet.text();
  }
  deliver(o, text, file.bytes, o.figure.empty() ? Json() : fit::curves(o.samples, samples, fit, network));
  return fitting::is_usable(report.outcome.status) ? done : not_proved;
}

}  // namespace nwidth::program
