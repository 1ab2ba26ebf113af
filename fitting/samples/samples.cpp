// SPDX-License-Identifier: Apache-2.0
#include "fitting/samples/samples.hpp"

#include <cmath>

#include "fitting/ridge/ridge_model.hpp"
#include "fitting/samples/robust.hpp"

namespace nwidth::fitting {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

void Samples::validate(int parameters) const {
  if (x.rows() != y.size() || x.cols() < 1)
    throw InvalidInput("samples need one value for each point, not " + std::to_string(y.size()) + " for " +
                       std::to_string(x.rows()));
  if (weight.size() != 0 && weight.size() != y.size())
    throw InvalidInput("samples need no weights or one each, not " + std::to_string(weight.size()) + " for " +
                       std::to_string(y.size()));
  int positive = 0;
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    double const w = weight.size() == 0 ? 1 : weight[i];
    if (!x.row(i).allFinite() || !std::isfinite(y[i]) || !std::isfinite(w))
      throw InvalidInput("sample " + std::to_string(i) + " is not finite");
    if (w < 0) throw InvalidInput("sample " + std::to_string(i) + " has the negative weight " + std::to_string(w));
    positive += w > 0;
  }
  if (positive < parameters)
    throw InvalidInput(std::to_string(parameters) + " free parameters need as many samples of positive weight, not " +
                       std::to_string(positive));
}

RidgeSampleFit fit_ridge_samples(int neurons, Samples const& samples, RidgeSampleOptions const& options) {
  int const d = static_cast<int>(samples.x.cols());
  if (neurons < 1) throw InvalidInput("a ridge fit needs N >= 1 neurons, not " + std::to_string(neurons));
  if (options.random_starts < 0) throw InvalidInput("random_starts must not be negative");
  options.kind.validate();
  int const parameters = neurons * (d + options.kind.terms()) + d + 1;
  samples.validate(parameters);
  if (samples.x.cwiseAbs().maxCoeff() > 1) throw InvalidInput("samples of a ridge fit must lie in [-1, 1]^d");
  Nodes nodes{samples.x, samples.weight};
  if (nodes.weight.size() == 0) nodes.weight = Vector::Ones(samples.y.size());
  std::vector<bool> live;
  int live_samples = 0;
  for (double w : nodes.weight) {
    live.push_back(w > 0);
    live_samples += w > 0;
  }

  RidgeModel const model(nodes, samples.y, options.kind, neurons);
  ProjectionOptions solver;
  solver.max_iterations = options.max_iterations;
  solver.flat_tolerance = 1e-10;
  solver.damping_floor = 1e-2;
  RidgeSampleFit result;
  ProjectionResult best;
  std::vector<ProjectionResult> starts;
  for (int s = -1; s < options.random_starts; ++s) {
    Vector const start = s < 0 ? grow_ridges(nodes, samples.y, options.kind, Vector(0), neurons)
                               : random_ridges(d, neurons, options.seed + static_cast<std::uint64_t>(s));
    ProjectionResult const fit = fit_separable(model, start, solver);
    result.report.start_l2.push_back(fit.error);
    starts.push_back(fit);
    if (s < 0 || fit.error < best.error) best = fit;
  }
  double const scale = refine_with_loss(model, options.loss, options.max_iterations, live, starts, best);
  StandardErrors const errors = standard_errors(model, best, options.loss, scale, live_samples);

  result.function = model.network(best.theta, best.coefficients);
  RidgeNetwork const shape = model.network(errors.theta, errors.coefficients);
  result.affine_errors = shape.affine;
  result.coefficient_errors = shape.coefficients;
  result.offset_errors = shape.offsets;
  SampleReport& report = result.report;
  report.sigma = errors.sigma;
  report.l2 = best.error;
  report.parameters = parameters;
  report.samples = live_samples;
  report.iterations = best.iterations;
  report.seed = options.seed;
  report.loss_scale = scale;
  report.outcome = best.outcome;
  if (errors.rank < errors.parameters)
    report.outcome = {Status::rank_deficient, "the samples determine " + std::to_string(errors.rank) + " of " +
                                                  std::to_string(errors.parameters) + " parameters"};
  return result;
}

}  // namespace nwidth::fitting
