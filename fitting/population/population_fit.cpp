// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/population_fit.hpp"

#include <chrono>

#include "fitting/population/starts.hpp"
#include "fitting/population/variable_projection.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

constexpr int most_revivals = 5;

}  // namespace

Eigen::VectorXd values_of(PopulationFit const& fit, PopulationLoss const& loss) {
  NetworkModel const model(fit.shape, loss.coordinates());
  if (static_cast<Eigen::Index>(fit.parameters.size()) != model.parameters() ||
      fit.coefficients.size() != model.columns())
    throw InvalidInput("a fit whose parameters are not those of its shape");
  Eigen::MatrixXd phi;
  model.basis(fit.parameters.data(), phi);
  return phi * fit.coefficients;
}

PopulationFit fit_population(PopulationLoss const& loss, NetworkShape const& shape, PopulationFitOptions const& options,
                             PopulationFit const* smaller) {
  if (options.restarts < 0 || (options.restarts == 0 && smaller == nullptr))
    throw InvalidInput(std::to_string(options.restarts) + " restarts: a fit needs a start");
  NetworkModel const model(shape, loss.coordinates());
  ProjectedProblem const problem{&model, loss.root_weights(), loss.logits()};
  PopulationFit result;
  result.shape = shape;
  auto run = [&](std::string const& kind, std::uint64_t seed, std::vector<double> start) {
    ProjectedOptions o;
    o.max_iterations = options.max_iterations;
    o.least_decrease = options.least_decrease;
    if (options.progress)
      o.progress = [&](int iteration, double value) { options.progress({shape.hidden, kind, seed, iteration, value}); };
    auto const begin = std::chrono::steady_clock::now();
    ProjectedFit fit = fit_projected(problem, std::move(start), o);
    int spent = fit.iterations;
    for (int i = 0; i < most_revivals && fit.outcome.status == Status::rank_deficient && shape.hidden.size() == 1;
         ++i) {
      // neurons that died come back where they help most
      o.max_iterations = options.max_iterations - spent;
      if (o.max_iterations < 1) break;
      fit = fit_projected(problem, grown_start(problem, model, model, fit.parameters, fit.value, seed), o);
      spent += fit.iterations;
    }
    Eigen::MatrixXd phi;
    model.basis(fit.parameters.data(), phi);
    // of the network itself: large coefficients may cost digits that the projection still had
    double const value = loss.quadratic(phi * fit.value.coefficients);
    double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    result.runs.push_back({kind, seed, value, spent, fit.outcome, seconds});
    if (result.runs.size() > 1 && !(value < result.loss)) return;
    result.best = result.runs.size() - 1;
    result.loss = value;
    result.outcome = fit.outcome;
    result.parameters = std::move(fit.parameters);
    result.coefficients = std::move(fit.value.coefficients);
  };
  for (int i = 0; i < options.restarts; ++i) {
    std::uint64_t const seed = options.seed + static_cast<std::uint64_t>(i);
    run("random", seed, random_start(model, seed));
  }
  if (smaller != nullptr) {
    NetworkModel const small(smaller->shape, loss.coordinates());
    ProjectedValue value;
    value.coefficients = smaller->coefficients;
    run("grown", options.seed, grown_start(problem, model, small, smaller->parameters, value, options.seed));
  }
  result.divergence = loss.divergence(values_of(result, loss));
  return result;
}

PopulationCurve population_curve(PopulationLoss const& loss, Unit const& unit, PopulationCurveOptions const& options) {
  if (options.depth < 1 || options.depth > 2)
    throw InvalidInput("depth " + std::to_string(options.depth) + ": 1 and 2 are possible");
  if (options.widths.size() < 2)
    throw InvalidInput(std::to_string(options.widths.size()) + " widths: a slope needs two");
  PopulationCurve curve;
  std::vector<double> sizes, quadratic, divergence;
  for (int width : options.widths) {
    if (!sizes.empty() && !(width > sizes.back()))
      throw InvalidInput("the width " + std::to_string(width) + ": widths must ascend");
    PopulationFitOptions fit = options.fit;
    if (width > options.widest_random) fit.restarts = 0;
    PopulationFit const* const smaller = options.grow && !curve.fits.empty() ? &curve.fits.back() : nullptr;
    std::vector<int> const hidden(static_cast<std::size_t>(options.depth), width);
    PopulationFit next = fit_population(loss, {loss.dimension(), hidden, unit}, fit, smaller);
    curve.fits.push_back(std::move(next));
    sizes.push_back(width);
    quadratic.push_back(curve.fits.back().loss);
    divergence.push_back(curve.fits.back().divergence);
  }
  curve.quadratic = measured_exponents(sizes, quadratic);
  curve.divergence = measured_exponents(sizes, divergence);
  return curve;
}

ScalingResult scaling_study(ScalingStudy const& study) {
  if (study.targets.empty()) throw InvalidInput("a study of slopes without a target");
  ScalingResult result;
  result.predicted = predicted_exponents(study.dimension, study.smoothness, study.unit);
  for (std::uint64_t seed : study.targets) {
    GaussianField const field(study.dimension, study.smoothness, seed, study.frequencies);
    result.curves.push_back(population_curve({field, study.points_per_axis}, study.unit, study.curve));
    result.mean += result.curves.back().quadratic.ols / static_cast<double>(study.targets.size());
  }
  return result;
}

}  // namespace nwidth::fitting::population
