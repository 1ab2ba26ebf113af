// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/fits.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "experiments/fit/shape.hpp"
#include "experiments/record/bounds.hpp"
#include "experiments/record/sha256.hpp"
#include "fitting/baseline/baseline.hpp"
#include "fitting/report/proved_fit.hpp"
#include "fitting/ridge/ridge_fit.hpp"
#include "theory/network/json.hpp"

namespace nwidth::rates {
namespace {

using By = FitJob::By;
using record::Json;

certify::Options certify_options(Rational const& relative) {
  certify::Options options;
  options.relative = relative;
  options.most_seconds = 1e9;  // what is proved must not depend on the speed of the machine: pieces are counted instead
  options.most_pieces = 50000;
  return options;
}

Json parameters_of(FitJob const& fit) {
  switch (fit.by) {
    case By::knots: return {{"segments", fit.size}, {"norm", "sup"}};
    case By::adam: return {{"segments", fit.size}, {"steps", adam_steps}, {"samples", contrast_samples}};
    case By::raw_lm: return {{"segments", fit.size}, {"steps", raw_lm_steps}, {"samples", contrast_samples}};
    case By::ridge: return {{"neurons", fit.size}, {"exchanges", ridge_exchanges}, {"norm", "l2"}};
  }
  return {};
}

Json ended(fitting::Outcome const& outcome, int iterations) {
  return {{"status", fitting::name(outcome.status)}, {"detail", outcome.detail}, {"iterations", iterations}};
}

/// A rounded number that is no bound of anything.
double estimate(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6e", x);
  return std::strtod(text, nullptr);
}

void put_network(record::Record& r, Network const& net) {
  r.counts = record::Counts::of(net);
  r.network_sha256 = record::sha256(write_network(net));
}

record::Record knots_record(Job const& job, fitting::Function const& f) {
  fitting::ProvedFitOptions options;
  options.seed = static_cast<std::uint64_t>(job.seed);
  options.all_networks = options.blocks = false;  // each would cost as much as all the rest
  options.certify = certify_options(job.relative);
  auto const kind = fit::shape_of("activation", job.fit->activation).kind;
  auto const fit = fitting::proved_fit(f, kind, static_cast<int>(job.fit->size) - 1, options);
  record::Record r;
  r.bounds = record::bounds_of(fit.sup, record_digits);
  r.fit = ended(fit.outcome, fit.iterations);
  r.fit["start"] = fit.start;
  if (fit.bound && fit.bound->proved && fit.bound->lower > 0)
    r.bound = {{"lower", decimal_below(fit.bound->lower, record_digits)},
               {"kind", fitting::letter(fit.bound->kind)},
               {"knots", fit.bound->knots}};
  put_network(r, fit.network);
  return r;
}

record::Record contrast_record(Job const& job, fitting::Function const& f) {
  fitting::BaselineOptions options;
  options.seed = static_cast<std::uint64_t>(job.seed);
  options.samples = contrast_samples;
  bool const adam = job.fit->by == By::adam;
  options.steps = adam ? adam_steps : raw_lm_steps;
  // One more neuron carries s_1 x, as in the fit by knots: as many neurons, and at most as many segments.
  int const neurons = static_cast<int>(job.fit->size) - 1;
  auto const fit = adam ? fitting::fit_adam(f, neurons, options) : fitting::fit_raw(f, neurons, options);
  Network const net = fit.to_network();
  record::Record r;
  r.bounds = record::bounds_of(certify::sup_error(net, f.target(), f.begin(), f.end(), certify_options(job.relative)),
                               record_digits);
  r.fit = ended(fit.outcome, fit.iterations);
  r.fit["l2"] = estimate(fit.l2);
  put_network(r, net);
  return r;
}

record::Record ridge_record(Job const& job) {
  static std::map<std::string, fitting::RidgeKind> const kinds = {{"relu", fitting::RidgeKind::relu()},
                                                                  {"relu2", fitting::RidgeKind::relu_power(2)},
                                                                  {"relu3", fitting::RidgeKind::relu_power(3)},
                                                                  {"polyrelu", fitting::RidgeKind::polyrelu(3)}};
  fitting::RidgeOptions options;
  options.kind = kinds.at(job.fit->activation);
  options.seed = static_cast<std::uint64_t>(job.seed);
  options.exchanges = ridge_exchanges;
  auto const fit = fitting::fit_ridge(target::resolve(job.target, 2), static_cast<int>(job.fit->size), options);
  record::Record r;
  r.estimate = true;
  r.bounds.reason = "the L2 error in two variables is by quadrature";
  r.fit = ended(fit.outcome, fit.iterations);
  r.fit["l2"] = estimate(fit.l2_validated);
  put_network(r, fit.to_network());
  return r;
}

/// On the scale of the constructions, whose cost is about their size; as measured.
double cost_of(FitJob const& fit) {
  double const size = static_cast<double>(fit.size);
  switch (fit.by) {
    case By::knots: return (fit.activation == "relu" ? 65 : 400) * size;
    case By::adam: return 190 * size;
    case By::raw_lm: return 60 + 1.5 * size * size;
    case By::ridge: return 2000 + (fit.activation == "polyrelu" ? 250 : 30) * size * size;
  }
  return 1;
}

}  // namespace

std::string fit_method(FitJob const& fit) {
  char const* const by = fit.by == By::knots    ? "fit-"
                         : fit.by == By::adam   ? "adam-"
                         : fit.by == By::raw_lm ? "raw-lm-"
                                                : "ridge-";
  return by + fit.activation;
}

std::string const& franke() {
  static std::string const text =
      "3/4*exp(-((9*x1+5)^2+(9*x2+5)^2)/16) + 3/4*exp(-(9*x1+11)^2/196-(9*x2+11)/20)"
      " + 1/2*exp(-((9*x1-5)^2+(9*x2+3)^2)/16) - 1/5*exp(-(9*x1+1)^2/4-(9*x2-5)^2/4)";
  return text;
}

std::vector<Job> plan_fits(Fits const& fits, Rational const& relative, long seed) {
  std::vector<Job> jobs;
  Job job;
  job.kind = record::Kind::of_target;
  job.n = 0;
  job.relative = relative;
  job.seed = seed;
  auto const series = [&](By by, std::string const& activation, std::vector<long> const& sizes) {
    for (long const size : sizes) {
      job.fit = FitJob{by, activation, size};
      job.method = fit_method(*job.fit);
      job.cost = cost_of(*job.fit);
      jobs.push_back(job);
    }
  };
  for (std::string const& text : fits.targets) {
    job.target = fitting::Function::of(text).target().name;
    for (auto const& [activation, segments] : fits.activations) series(By::knots, activation, segments);
    if (fits.contrast)
      for (By const by : {By::adam, By::raw_lm}) series(by, "relu", fits.contrast_segments);
  }
  job.target = target::resolve(franke(), 2).name;
  for (auto const& [activation, neurons] : fits.ridge) series(By::ridge, activation, neurons);
  return jobs;
}

std::string fit_key(Job const& job) {
  std::string key = std::string(record::name(job.kind)) + " " + job.method;
  Json const parameters = parameters_of(*job.fit);
  for (auto const& [name, value] : parameters.items())
    key += " " + name + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
  key += " seed=" + std::to_string(job.seed) + " target=" + job.target;
  return job.fit->by == By::ridge ? key : key + " relative=" + job.relative.str();
}

record::Record fit_record(Job const& job) {
  record::Record r = job.fit->by == By::ridge   ? ridge_record(job)
                     : job.fit->by == By::knots ? knots_record(job, fitting::Function::of(job.target))
                                                : contrast_record(job, fitting::Function::of(job.target));
  r.parameters = parameters_of(*job.fit);
  return r;
}

}  // namespace nwidth::rates
