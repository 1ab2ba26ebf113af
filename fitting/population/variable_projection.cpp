// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/variable_projection.hpp"

#include <ceres/ceres.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "fitting/population/projection.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double dead_column = 1e-11;  // of a column of the Jacobian, what projection may leave and still be noise

/// D Phi(p) projected, and Kaufman's Jacobian if asked for.
Projection evaluate(ProjectedProblem const& problem, double const* p, Eigen::MatrixXd* jacobian) {
  Eigen::MatrixXd phi;
  problem.model->basis(p, phi);
  phi.array().colwise() *= problem.root_weights.array();
  Projection result = project(phi, problem.root_weights.cwiseProduct(problem.values), jacobian != nullptr);
  if (jacobian == nullptr || !result.residual.allFinite()) return result;
  problem.model->derivative(p, result.coefficients, *jacobian);
  jacobian->array().colwise() *= problem.root_weights.array();
  Eigen::VectorXd const whole = jacobian->colwise().norm();
  Eigen::MatrixXd const along = result.range.transpose() * *jacobian;
  jacobian->noalias() -= result.range * along;
  for (Eigen::Index j = 0; j < jacobian->cols(); ++j)
    if (!(jacobian->col(j).norm() > dead_column * whole[j])) jacobian->col(j).setZero();
  return result;
}

/// The residual for Ceres: one block of residuals over all blocks of parameters.
class ProjectedCost final : public ceres::CostFunction {
 public:
  ProjectedCost(ProjectedProblem const& problem, double const& scale) : problem_(problem), scale_(scale) {
    set_num_residuals(static_cast<int>(problem.model->points()));
    for (ParameterBlock const& b : problem.model->blocks()) mutable_parameter_block_sizes()->push_back(b.size);
  }

  bool Evaluate(double const* const* parameters, double* residuals, double** jacobians) const override {
    std::vector<double> p;
    auto const& blocks = problem_.model->blocks();
    for (std::size_t b = 0; b < blocks.size(); ++b) p.insert(p.end(), parameters[b], parameters[b] + blocks[b].size);
    Eigen::MatrixXd jacobian;
    Projection const projection = evaluate(problem_, p.data(), jacobians != nullptr ? &jacobian : nullptr);
    if (!projection.residual.allFinite()) return false;
    Eigen::Index const n = problem_.model->points();
    Eigen::Map<Eigen::VectorXd>(residuals, n) = scale_ * projection.residual;
    if (jacobians == nullptr) return true;
    if (!jacobian.allFinite()) return false;
    Eigen::Index column = 0;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      if (jacobians[b] != nullptr)
        Eigen::Map<RowMajor>(jacobians[b], n, blocks[b].size) = scale_ * jacobian.middleCols(column, blocks[b].size);
      column += blocks[b].size;
    }
    return true;
  }

 private:
  ProjectedProblem const& problem_;
  double const& scale_;
};

/// Counts and reports iterations; ends a round when the scale has become unfit, and the fit below the precision.
class Watch final : public ceres::IterationCallback {
 public:
  std::function<void(int, double)> const* progress = nullptr;
  double scale = 1, floor = 0, cost = 0;
  int before = 0;
  bool rescale = false, below = false;

  ceres::CallbackReturnType operator()(ceres::IterationSummary const& s) override {
    if (s.step_is_successful || s.iteration == 0) cost = s.cost;  // else s.cost is that of the step refused
    double const loss = 2 * cost / (scale * scale);
    if (*progress && s.iteration > 0) (*progress)(before + s.iteration, loss);
    below = loss <= floor;
    rescale = cost < 0.5e-6;
    return below || rescale ? ceres::SOLVER_TERMINATE_SUCCESSFULLY : ceres::SOLVER_CONTINUE;
  }
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
}

}  // namespace

ProjectedValue projected_value(ProjectedProblem const& problem, std::vector<double> const& p, bool with_gradient) {
  check(problem, p);
  Eigen::MatrixXd jacobian;
  Projection const projection = evaluate(problem, p.data(), with_gradient ? &jacobian : nullptr);
  ProjectedValue value;
  value.loss = projection.residual.squaredNorm();
  value.coefficients = projection.coefficients;
  value.rank = projection.rank;
  if (with_gradient && jacobian.size() > 0) {
    value.gradient = 2 * jacobian.transpose() * projection.residual;
    for (Eigen::Index j = 0; j < jacobian.cols(); ++j) {
      double const size = 2 * jacobian.col(j).norm() * projection.residual.norm();
      if (size > 0) value.cosine = std::max(value.cosine, std::abs(value.gradient[j]) / size);
    }
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
  double loss = projected_value(problem, start, false).loss;
  if (!std::isfinite(loss)) throw InvalidInput("the basis at the start of a fit is not finite");

  double const size = problem.root_weights.cwiseProduct(problem.values).norm();
  Watch watch;
  watch.progress = &options.progress;
  watch.floor = 1e4 * eps * eps * size * size;
  std::vector<double> p = std::move(start);
  double radius = 1e4;
  ProjectedFit result;
  ceres::TerminationType end = ceres::CONVERGENCE;
  std::string message;
  watch.below = loss <= watch.floor;
  while (!watch.below) {
    watch.scale = 1 / std::sqrt(loss);
    ceres::Problem ceres_problem;
    std::vector<double*> blocks;
    double* at = p.data();
    for (ParameterBlock const& b : problem.model->blocks()) {
      ceres_problem.AddParameterBlock(at, b.size);
      if (b.sphere) ceres_problem.SetManifold(at, new ceres::SphereManifold<ceres::DYNAMIC>(b.size));
      blocks.push_back(at);
      at += b.size;
    }
    ceres_problem.AddResidualBlock(new ProjectedCost(problem, watch.scale), nullptr, blocks);
    ceres::Solver::Options o;
    o.minimizer_type = ceres::TRUST_REGION;
    o.trust_region_strategy_type = ceres::LEVENBERG_MARQUARDT;
    o.linear_solver_type = ceres::DENSE_QR;  // normal equations stall near losses of 1e-11
    o.dense_linear_algebra_library_type = ceres::EIGEN;
    o.num_threads = 1;
    o.logging_type = ceres::SILENT;
    o.max_num_iterations = options.max_iterations - result.iterations;
    o.initial_trust_region_radius = radius;
    o.function_tolerance = options.least_decrease;
    o.gradient_tolerance = 1e-14;
    o.parameter_tolerance = 1e-13;
    o.callbacks.push_back(&watch);
    ceres::Solver::Summary summary;
    watch.before = result.iterations;
    ceres::Solve(o, &ceres_problem, &summary);
    if (!summary.iterations.empty()) {
      result.iterations += static_cast<int>(summary.iterations.size()) - 1;
      radius = std::clamp(summary.iterations.back().trust_region_radius, 1e-2, 1e12);
    }
    end = summary.termination_type;
    message = summary.message;
    loss = 2 * summary.final_cost / (watch.scale * watch.scale);
    if (!(end == ceres::USER_SUCCESS && watch.rescale && !watch.below)) break;
  }

  result.value = projected_value(problem, p, true);
  result.parameters = std::move(p);
  double const still = std::max(1e-8, 1e3 * eps * size / std::sqrt(result.value.loss));
  auto text = [](double x) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.2g", x);
    return std::string(buffer);
  };
  std::string const cosine = "the residual's largest cosine with the tangent space is " + text(result.value.cosine);
  if (result.value.rank < m)
    result.outcome = {Status::rank_deficient, "rank " + std::to_string(result.value.rank) + " of " + std::to_string(m)};
  else if (watch.below)
    result.outcome = {Status::below_precision, "the loss " + text(result.value.loss) + " is rounding"};
  else if (result.value.cosine <= still)
    result.outcome = {Status::converged, cosine};
  else if (end == ceres::CONVERGENCE)
    result.outcome = {Status::flat, "decrease below " + text(options.least_decrease) + " of the loss; " + cosine};
  else if (end == ceres::FAILURE)
    result.outcome = {Status::max_iterations, "the minimiser gave up: " + message};
  else
    result.outcome = {Status::max_iterations, std::to_string(result.iterations) + " iterations; " + cosine};
  return result;
}

}  // namespace nwidth::fitting::population
