// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/variable_projection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double noise = 1e-11;  // of a column of the Jacobian, what projection may leave and still be rounding

class Weighted final : public SeparableModel {
 public:
  explicit Weighted(ProjectedProblem const& problem) : problem_(problem) {}
  std::vector<ParameterBlock> blocks() const override { return problem_.model->blocks(); }
  int rows() const override { return static_cast<int>(problem_.model->points()); }
  int columns() const override { return static_cast<int>(problem_.model->columns()); }
  bool evaluate(Eigen::VectorXd const& theta, Eigen::MatrixXd& phi, Eigen::VectorXd& y) const override {
    problem_.model->basis(theta.data(), phi);
    phi.array().colwise() *= problem_.root_weights.array();
    y = problem_.root_weights.cwiseProduct(problem_.values);
    return true;
  }
  void differentiate(Eigen::VectorXd const& theta, Eigen::VectorXd const& c, Eigen::MatrixXd& d) const override {
    problem_.model->derivative(theta.data(), c, d);
    d.array().colwise() *= problem_.root_weights.array();
  }

 private:
  ProjectedProblem const& problem_;
};

void check(ProjectedProblem const& problem, std::vector<double> const& p) {
  if (problem.model == nullptr) throw InvalidInput("a projected problem without a model");
  Eigen::Index const n = problem.model->points(), q = problem.model->parameters();
  if (problem.root_weights.size() != n || problem.values.size() != n)
    throw InvalidInput(std::to_string(problem.root_weights.size()) + " weights and " +
                       std::to_string(problem.values.size()) + " values for a model at " + std::to_string(n) +
                       " points");
  if (static_cast<Eigen::Index>(p.size()) != q)
    throw InvalidInput(std::to_string(p.size()) + " parameters for a model with " + std::to_string(q));
  if (problem.model->columns() > n)
    throw InvalidInput(std::to_string(problem.model->columns()) + " coefficients for " + std::to_string(n) + " points");
}

}  // namespace

ProjectedValue projected_value(ProjectedProblem const& problem, std::vector<double> const& p, bool with_gradient) {
  check(problem, p);
  Weighted const model(problem);
  Eigen::VectorXd const theta = Eigen::Map<Eigen::VectorXd const>(p.data(), static_cast<Eigen::Index>(p.size()));
  Eigen::MatrixXd phi;
  Eigen::VectorXd y;
  model.evaluate(theta, phi, y);
  ProjectedValue value;
  if (!phi.allFinite()) {
    value.loss = std::numeric_limits<double>::quiet_NaN();
    value.coefficients = Eigen::VectorXd::Zero(phi.cols());
    return value;
  }
  Projection const projection(std::move(phi), y);
  value.loss = projection.residual().squaredNorm();
  value.coefficients = projection.coefficients();
  value.rank = projection.rank();
  if (!with_gradient) return value;
  Eigen::MatrixXd d;
  model.differentiate(theta, value.coefficients, d);
  projection.project(d, noise);
  value.gradient = -2 * d.transpose() * projection.residual();
  for (Eigen::Index j = 0; j < d.cols(); ++j) {
    double const size = 2 * d.col(j).norm() * projection.error();
    if (size > 0) value.cosine = std::max(value.cosine, std::abs(value.gradient[j]) / size);
  }
  return value;
}

ProjectedFit fit_projected(ProjectedProblem const& problem, std::vector<double> start,
                           ProjectedOptions const& options) {
  check(problem, start);
  Eigen::Index const n = problem.model->points(), m = problem.model->columns();
  if (problem.model->parameters() + m > n)
    throw InvalidInput(std::to_string(problem.model->parameters() + m) + " parameters for " + std::to_string(n) +
                       " points: there must be as many points as parameters");
  if (options.max_iterations < 0)
    throw InvalidInput(std::to_string(options.max_iterations) + " iterations: 0 or more are possible");
  if (!(options.least_decrease >= 0 && options.least_decrease < 1))
    throw InvalidInput("a least decrease of " + std::to_string(options.least_decrease) + ": it must lie in [0, 1)");

  ProjectionOptions solver;
  solver.max_iterations = options.max_iterations;
  solver.flat_tolerance = options.least_decrease;
  solver.initial_radius = 1e4;
  solver.derivative_noise = noise;
  solver.progress = options.progress;
  Eigen::Map<Eigen::VectorXd const> const theta(start.data(), static_cast<Eigen::Index>(start.size()));
  ProjectionResult const found = fit_separable(Weighted(problem), theta, solver);

  ProjectedFit result;
  result.parameters.assign(found.theta.begin(), found.theta.end());
  result.iterations = found.iterations;
  result.value = projected_value(problem, result.parameters, true);
  double const size = problem.root_weights.cwiseProduct(problem.values).norm(), left = std::sqrt(result.value.loss);
  double const still = std::max(1e-8, 1e3 * eps * size / left);
  auto text = [](double x) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.2g", x);
    return std::string(buffer);
  };
  std::string const cosine = "the residual's largest cosine with the tangent space is " + text(result.value.cosine);
  if (result.value.rank < m)
    result.outcome = {Status::rank_deficient, "rank " + std::to_string(result.value.rank) + " of " + std::to_string(m)};
  else if (left <= 100 * eps * size)
    result.outcome = {Status::below_precision, "the loss " + text(result.value.loss) + " is rounding"};
  else if (result.value.cosine <= still)
    result.outcome = {Status::converged, cosine};
  else if (result.iterations < options.max_iterations)
    result.outcome = {Status::flat, "decrease below " + text(options.least_decrease) + " of the loss; " + cosine};
  else
    result.outcome = {Status::max_iterations, std::to_string(result.iterations) + " iterations; " + cosine};
  return result;
}

}  // namespace nwidth::fitting::population
