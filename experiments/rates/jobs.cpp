// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/jobs.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include "experiments/methods/plan.hpp"
#include "experiments/rates/fits.hpp"
#include "experiments/record/bounds.hpp"
#include "experiments/record/sha256.hpp"
#include "theory/network/json.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::rates {
namespace {

using record::Kind;

std::string replace_all(std::string text, std::string const& what, std::string const& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

std::vector<std::string> canonical_targets(std::vector<std::string> const& patterns, int n, long seed) {
  std::vector<std::string> names;
  for (std::string const& pattern : patterns) {
    std::string const text =
        replace_all(replace_all(pattern, "{n}", std::to_string(n)), "{seed}", std::to_string(seed));
    names.push_back(target::resolve(text, 1, n).name);
  }
  return names;
}

std::string key_of(Job const& job) {
  if (job.fit) return fit_key(job);
  std::string key = std::string(record::name(job.kind)) + " " + job.method + " n=" + std::to_string(job.n);
  if (job.kind == Kind::limit) return key + " W=" + std::to_string(job.W);
  key += " " + methods::to_text(methods::find(job.method), job.parameters);
  if (job.kind == Kind::of_target) key += " target=" + job.target;
  return key + " relative=" + job.relative.str();
}

class Planner {
 public:
  void add(Job job) {
    job.key = key_of(job);
    if (seen_.insert(job.key).second) jobs_.push_back(std::move(job));
  }
  std::vector<Job> take() { return std::move(jobs_); }

 private:
  std::set<std::string> seen_;
  std::vector<Job> jobs_;
};

record::Record limit_record(Job const& job) {
  record::Record r;
  Ball const value = job.method == width_limit ? width::width_value(job.n, static_cast<int>(job.W))
                                               : width::continuous_selection_limit(job.n, static_cast<int>(job.W));
  r.bounds = record::bounds_of(value, record_digits);
  r.parameters["W"] = job.W;
  r.counts.size = static_cast<std::size_t>(job.W);
  return r;
}

record::Record class_record(Job const& job) {
  methods::Method const& method = methods::find(job.method);
  record::Record r;
  r.bounds = record::bounds_of(methods::class_certificate(method, job.n, job.parameters, job.relative), record_digits);
  r.parameters = methods::to_json(method, job.parameters);
  // No weight of this one vanishes by chance: the size that the method needs in general.
  r.counts = record::Counts::of(methods::build(method, target::resolve("exp(x)"), job.n, job.parameters));
  return r;
}

record::Record target_record(Job const& job) {
  methods::Method const& method = methods::find(job.method);
  target::Target const f = target::resolve(job.target, 1, job.n);
  Network const net = methods::build(method, f, job.n, job.parameters);
  certify::Options options;
  options.relative = job.relative;
  options.most_seconds = 1e9;  // what is proved must not depend on the speed of the machine: pieces are counted instead
  options.most_pieces = 50000;
  record::Record r;
  r.bounds = record::bounds_of(certify::sup_error(net, f, -1, 1, options), record_digits);
  r.parameters = methods::to_json(method, job.parameters);
  r.counts = record::Counts::of(net);
  r.network_sha256 = record::sha256(write_network(net));
  return r;
}

}  // namespace

std::vector<Job> plan_jobs(Config const& config) {
  Planner planner;
  for (int const n : config.series.empty() ? std::vector<int>{} : config.n) {
    Job job;
    job.n = n;
    job.relative = config.relative;
    job.seed = config.seed;
    job.kind = Kind::limit;
    for (char const* const limit : {width_limit, selection_limit})
      for (long const W : config.limits.grid()) {
        if (limit == width_limit && W < n) continue;
        job.method = limit;
        job.W = W;
        job.cost = 20 + 0.1 * static_cast<double>(W);
        planner.add(job);
      }
    job.W = 0;
    for (Series const& series : config.series) {
      methods::Method const& method = methods::find(series.method);
      if (n > method.n_max || std::find(series.n.begin(), series.n.end(), n) == series.n.end()) continue;
      job.method = series.method;
      auto const targets = canonical_targets(series.targets, n, config.seed);
      auto const for_sizes = [&](Sizes const& sizes, auto const& visit) {
        for (long const size : sizes.grid()) {
          auto const parameters = methods::plan_for_size(method, n, size, series.overlap);
          if (!parameters) continue;
          job.parameters = *parameters;
          job.cost = 20 + static_cast<double>(size);
          visit();
        }
      };
      job.target.clear();
      job.kind = Kind::of_class;
      if (method.linear) for_sizes(series.sizes, [&] { planner.add(job); });
      job.kind = Kind::of_target;
      for_sizes(series.target_sizes, [&] {
        for (std::string const& target : targets) {
          job.target = target;
          planner.add(job);
        }
      });
      job.target.clear();
    }
  }
  if (config.fits)
    for (Job& job : plan_fits(*config.fits, config.relative, config.seed)) planner.add(std::move(job));
  return planner.take();
}

record::Record run_job(Job const& job) {
  auto const start = std::chrono::steady_clock::now();
  record::Record r = job.fit                      ? fit_record(job)
                     : job.kind == Kind::limit    ? limit_record(job)
                     : job.kind == Kind::of_class ? class_record(job)
                                                  : target_record(job);
  r.key = job.key;
  r.kind = job.kind;
  r.method = job.method;
  r.target = job.target;
  r.n = job.n;
  r.seed = job.seed;
  r.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return r;
}

}  // namespace nwidth::rates
