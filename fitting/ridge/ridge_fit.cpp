// SPDX-License-Identifier: Apache-2.0
#include "fitting/ridge/ridge_fit.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "fitting/ridge/ridge_model.hpp"

namespace nwidth::fitting {
namespace {

constexpr int default_nodes[] = {48, 24, 12}, default_validation[] = {200, 40, 16}, greedy_nodes[] = {32, 14, 9};

}  // namespace

RidgeFit fit_ridge(target::Target const& f, int neurons, RidgeOptions const& options) {
  int const d = f.inputs;
  if (d < 2 || d > 4) throw InvalidInput("ridge fits take 2 to 4 inputs, not " + std::to_string(d));
  if (neurons < 1) throw InvalidInput("a ridge fit needs N >= 1 neurons, not " + std::to_string(neurons));
  if (!options.greedy && options.random_starts < 1)
    throw InvalidInput("a ridge fit needs a start: greedy, or at least one random one");
  if (options.nodes < 0 || options.validation < 0 || options.random_starts < 0 || options.exchanges < 0)
    throw InvalidInput("nodes, validation, random_starts and exchanges of a ridge fit must not be negative");
  options.kind.validate();
  int q = options.nodes > 0 ? options.nodes : default_nodes[d - 2];
  if (options.nodes == 0 && d == 2 && neurons >= 64) q = 96;
  Nodes const nodes = tensor_gauss(d, q);
  Eigen::VectorXd const y = sample(f, nodes);

  ProjectionOptions solver;
  solver.max_iterations = options.max_iterations;
  solver.flat_tolerance = options.flat_tolerance;
  solver.normal_equations = true;
  solver.damping_floor = 1;

  RidgeFit best;
  ProjectionResult least;
  auto keep = [&](ProjectionResult const& fit, RidgeStart start) {
    start.l2 = fit.error;
    if (best.starts.empty() || fit.error < least.error) {
      least = fit;
      best.iterations = start.iterations;
    }
    best.starts.push_back(start);
  };
  Nodes const coarse = tensor_gauss(d, std::min(q, greedy_nodes[d - 2]));
  Eigen::VectorXd const coarse_y = sample(f, coarse);
  if (options.greedy) {
    std::vector<int> stages{neurons};
    while (stages.back() > 8 && stages.size() < 4) stages.push_back((stages.back() + 1) / 2);
    Eigen::VectorXd theta;
    RidgeStart start{true, 0, 0, 0};
    ProjectionResult fit;
    for (auto n = stages.rbegin(); n != stages.rend(); ++n) {
      theta = grow_ridges(coarse, coarse_y, options.kind, theta, *n);
      fit = fit_separable(RidgeModel(nodes, y, options.kind, *n), theta, solver);
      theta = fit.theta;
      start.iterations += fit.iterations;
    }
    keep(fit, start);
  }
  RidgeModel const model(nodes, y, options.kind, neurons);
  for (int s = 0; s < options.random_starts; ++s) {
    std::uint64_t const seed = options.seed + static_cast<std::uint64_t>(s);
    ProjectionResult const fit = fit_separable(model, random_ridges(d, neurons, seed), solver);
    keep(fit, {false, seed, 0, fit.iterations});
  }
  int const part[] = {8, 4, 2, 16};
  std::size_t turn = 0;
  for (int round = 0; round < options.exchanges && turn < std::size(part); ++round) {
    int const drop = (neurons + part[turn] - 1) / part[turn];
    Eigen::VectorXd theta = drop_ridges(coarse, coarse_y, options.kind, least.theta, drop);
    theta = grow_ridges(coarse, coarse_y, options.kind, theta, neurons);
    ProjectionResult const fit = fit_separable(model, theta, solver);
    best.iterations += fit.iterations;
    turn = fit.error < least.error * (1 - 1e-3) ? 0 : turn + 1;
    if (fit.error < least.error) least = fit;
  }

  best.function = model.network(least.theta, least.coefficients);
  best.l2 = least.error;
  best.outcome = least.outcome;
  Nodes const check = midpoints(d, options.validation > 0 ? options.validation : default_validation[d - 2]);
  Eigen::VectorXd const e = sample(f, check) - best.function.values(check.x);
  best.l2_validated = std::sqrt(e.cwiseAbs2().dot(check.weight));
  best.sup_sampled = e.cwiseAbs().maxCoeff();
  return best;
}

}  // namespace nwidth::fitting
