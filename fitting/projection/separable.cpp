// SPDX-License-Identifier: Apache-2.0
#include "fitting/projection/separable.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <sstream>

#include "fitting/problem/minimiser.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting {

int SeparableModel::parameters() const {
  int sum = 0;
  for (ParameterBlock const& b : blocks()) sum += b.size;
  return sum;
}

Projection::Projection(Eigen::MatrixXd phi, Eigen::VectorXd const& y, double rank_tolerance) : c_(phi.cols()) {
  Eigen::Index const m = phi.cols();
  Eigen::VectorXd scale(m);
  for (Eigen::Index j = 0; j < m; ++j) scale[j] = phi.col(j).norm();
  double const longest = m > 0 ? scale.maxCoeff() : 0;
  for (Eigen::Index j = 0; j < m; ++j) {
    if (scale[j] > 1e-12 * longest) {
      phi.col(j) /= scale[j];
      ++live_;
    } else {
      phi.col(j).setZero();
      scale[j] = 0;
    }
  }
  Eigen::HouseholderQR<Eigen::MatrixXd> const big(phi);  // blocked: the triangle alone is pivoted
  qr_ = big.matrixQR();
  hq_ = big.hCoeffs();
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> const pivoted(
      Eigen::MatrixXd(qr_.topRows(m).triangularView<Eigen::Upper>()));
  small_ = pivoted.matrixQR();
  small_hq_ = pivoted.hCoeffs();
  double const first = m > 0 ? std::abs(small_(0, 0)) : 0;
  while (rank_ < m && std::abs(small_(rank_, rank_)) > rank_tolerance * first) ++rank_;
  if (rank_ > 0) condition_ = first / std::abs(small_(rank_ - 1, rank_ - 1));

  residual_ = y;
  rotate(residual_);
  Eigen::VectorXd c = Eigen::VectorXd::Zero(m);
  c.head(rank_) = small_.topLeftCorner(rank_, rank_).triangularView<Eigen::Upper>().solve(residual_.head(rank_).eval());
  c_ = pivoted.colsPermutation() * c;
  for (Eigen::Index j = 0; j < m; ++j) c_[j] = scale[j] > 0 ? c_[j] / scale[j] : 0;
  residual_.head(rank_).setZero();
}

void Projection::rotate(Eigen::Ref<Eigen::MatrixXd> d) const {
  Eigen::Index const m = qr_.cols();
  if (m == 0) return;
  d.applyOnTheLeft(Eigen::HouseholderSequence<Eigen::MatrixXd, Eigen::VectorXd>(qr_, hq_).setLength(m).transpose());
  Eigen::Block<Eigen::Ref<Eigen::MatrixXd>> top = d.topRows(m);
  top.applyOnTheLeft(
      Eigen::HouseholderSequence<Eigen::MatrixXd, Eigen::VectorXd>(small_, small_hq_).setLength(m).transpose());
}

void Projection::project(Eigen::MatrixXd& d, double noise) const {
  Eigen::VectorXd const whole = d.colwise().norm();
  rotate(d);
  d.topRows(rank_).setZero();
  for (Eigen::Index j = 0; j < d.cols(); ++j)
    if (d.col(j).norm() <= noise * whole[j]) d.col(j).setZero();
}

namespace {

/// The projected residual over its value at the start. Keeps the last factorisation: Ceres asks for the residual of a
/// trial step first, and for the Jacobian at the same point if it accepts the step.
class ProjectedCost final : public ceres::CostFunction {
 public:
  ProjectedCost(SeparableModel const& model, ProjectionOptions const& options, double scale)
      : model_(model),
        blocks_(model.blocks()),
        parameters_(model.parameters()),
        tolerance_(options.rank_tolerance),
        noise_(options.derivative_noise),
        scale_(scale) {
    set_num_residuals(model.rows());
    for (ParameterBlock const& b : blocks_) mutable_parameter_block_sizes()->push_back(b.size);
  }

  bool Evaluate(double const* const* parameters, double* residuals, double** jacobians) const override {
    Eigen::VectorXd theta(parameters_);
    int at = 0;
    for (std::size_t b = 0; b < blocks_.size(); at += blocks_[b].size, ++b)
      theta.segment(at, blocks_[b].size) = Eigen::Map<Eigen::VectorXd const>(parameters[b], blocks_[b].size);
    if (!factor(theta)) return false;
    Eigen::Map<Eigen::VectorXd>(residuals, model_.rows()) = projection_->residual() / scale_;
    if (jacobians == nullptr) return true;
    jacobian(derivative_);
    derivative_ *= -1 / scale_;
    if (!derivative_.allFinite()) return false;
    at = 0;
    for (std::size_t b = 0; b < blocks_.size(); at += blocks_[b].size, ++b) {
      if (jacobians[b] == nullptr) continue;
      using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
      if (blocks_[b].size == 1)  // Eigen has no row-major matrix of one column
        Eigen::Map<Eigen::VectorXd>(jacobians[b], model_.rows()) = derivative_.col(at);
      else
        Eigen::Map<RowMajor>(jacobians[b], model_.rows(), blocks_[b].size) =
            derivative_.middleCols(at, blocks_[b].size);
    }
    return true;
  }

  /// Factors Phi(theta). @return false if theta is not admissible
  bool factor(Eigen::VectorXd const& theta) const {
    if (projection_ && theta == theta_) return true;
    projection_.reset();
    if (!theta.allFinite()) return false;
    Eigen::MatrixXd phi(model_.rows(), model_.columns());
    Eigen::VectorXd y(model_.rows());
    if (!model_.evaluate(theta, phi, y) || !phi.allFinite() || !y.allFinite()) return false;
    y_norm_ = y.norm();
    projection_ = std::make_unique<Projection>(std::move(phi), y, tolerance_);
    theta_ = theta;
    return true;
  }
  /// P_perp d(Phi c)/dtheta at the point factored last.
  void jacobian(Eigen::MatrixXd& d) const {
    d.resize(model_.rows(), parameters_);
    if (parameters_ == 0) return;
    model_.differentiate(theta_, projection_->coefficients(), d);
    projection_->project(d, noise_);
  }
  Projection const& projection() const { return *projection_; }
  double y_norm() const { return y_norm_; }

 private:
  SeparableModel const& model_;
  std::vector<ParameterBlock> blocks_;
  int parameters_;
  double tolerance_, noise_, scale_;
  mutable Eigen::VectorXd theta_;
  mutable Eigen::MatrixXd derivative_;
  mutable std::unique_ptr<Projection> projection_;
  mutable double y_norm_ = 0;
};

/// Reports, and stops after two successful steps in a row that gained next to nothing.
class Watch final : public ceres::IterationCallback {
 public:
  Watch(ProjectionOptions const& options, double scale) : options_(options), scale_(scale) {}
  ceres::CallbackReturnType operator()(ceres::IterationSummary const& s) override {
    if (s.step_is_successful || s.iteration == 0) cost_ = s.cost;  // else s.cost is that of the step refused
    if (s.iteration == 0) return ceres::SOLVER_CONTINUE;
    if (options_.progress) options_.progress(s.iteration, 2 * cost_ * scale_ * scale_);
    if (!s.step_is_successful) return ceres::SOLVER_CONTINUE;
    slow_ = s.cost_change < options_.flat_tolerance * s.cost ? slow_ + 1 : 0;
    return slow_ >= 2 ? ceres::SOLVER_TERMINATE_SUCCESSFULLY : ceres::SOLVER_CONTINUE;
  }

 private:
  ProjectionOptions const& options_;
  double scale_, cost_ = 0;
  int slow_ = 0;
};

std::string text(double x) {
  std::ostringstream s;
  s.precision(3);
  s << x;
  return s.str();
}

Outcome outcome_of(ProjectionResult const& r, double y_norm, bool out_of_iterations) {
  if (r.rank < r.live_columns)
    return {Status::rank_deficient,
            "rank " + std::to_string(r.rank) + " of " + std::to_string(r.live_columns) + " live columns"};
  if (!(r.error >= 10 * std::numeric_limits<double>::epsilon() * y_norm))
    return {Status::below_precision, "error " + text(r.error) + " of a function of norm " + text(y_norm)};
  std::string const detail = "scaled gradient " + text(r.scaled_gradient);
  if (r.scaled_gradient < 1e-6) return {Status::converged, detail};
  if (out_of_iterations) return {Status::max_iterations, std::to_string(r.iterations) + " iterations, " + detail};
  return {Status::flat, detail};
}

}  // namespace

ProjectionResult fit_separable(SeparableModel const& model, Eigen::VectorXd const& start,
                               ProjectionOptions const& options) {
  if (start.size() != model.parameters())
    throw InvalidInput("a model of " + std::to_string(model.parameters()) + " nonlinear parameters cannot start at " +
                       std::to_string(start.size()));
  if (model.rows() < model.columns())
    throw InvalidInput("a fit of " + std::to_string(model.columns()) + " coefficients needs as many nodes, not " +
                       std::to_string(model.rows()));
  if (options.max_iterations < 0)
    throw InvalidInput("max_iterations must not be negative, as is " + std::to_string(options.max_iterations));
  ProjectedCost const first(model, options, 1);
  if (!first.factor(start)) throw InvalidInput("the start of a fit is not admissible or not finite");

  ProjectionResult result;
  result.theta = start;
  bool out_of_iterations = false;
  double const scale = first.projection().error();
  if (start.size() > 0 && scale > 0) {
    ceres::Problem::Options ownership;
    ownership.cost_function_ownership = ceres::DO_NOT_TAKE_OWNERSHIP;
    ceres::Problem problem(ownership);
    ProjectedCost cost(model, options, scale);
    std::vector<double*> blocks;
    double* at = result.theta.data();
    for (ParameterBlock const& b : model.blocks()) {
      blocks.push_back(at);
      problem.AddParameterBlock(at, b.size);
      if (b.sphere) problem.SetManifold(at, new ceres::SphereManifold<ceres::DYNAMIC>(b.size));
      at += b.size;
    }
    problem.AddResidualBlock(&cost, nullptr, blocks);

    ceres::Solver::Options o = minimiser(options.max_iterations, 1e-16, 1e-16);
    if (options.normal_equations) o.linear_solver_type = ceres::DENSE_NORMAL_CHOLESKY;
    o.initial_trust_region_radius = options.initial_radius;
    o.max_num_consecutive_invalid_steps = 60;
    o.min_lm_diagonal = options.damping_floor;
    Watch watch(options, scale);
    o.callbacks.push_back(&watch);
    ceres::Solver::Summary summary;
    ceres::Solve(o, &problem, &summary);
    result.iterations = static_cast<int>(summary.iterations.size()) - 1;
    out_of_iterations = summary.termination_type == ceres::NO_CONVERGENCE;
  }

  ProjectedCost const last(model, options, 1);
  if (!last.factor(result.theta)) {  // cannot happen to a point that Ceres accepted; the start is admissible
    result.theta = start;
    last.factor(start);
  }
  Projection const& p = last.projection();
  result.coefficients = p.coefficients();
  result.error = p.error();
  result.rank = p.rank();
  result.live_columns = p.live_columns();
  result.condition = p.condition();
  Eigen::MatrixXd j;
  last.jacobian(j);
  int first_column = 0;
  for (ParameterBlock const& b : model.blocks()) {
    if (b.sphere) {  // only what is tangent to the sphere counts
      Eigen::VectorXd const w = result.theta.segment(first_column, b.size);
      Eigen::MatrixXd part = j.middleCols(first_column, b.size);
      j.middleCols(first_column, b.size) = part - (part * w) * w.transpose() / w.squaredNorm();
    }
    first_column += b.size;
  }
  double const longest = j.cols() > 0 ? j.colwise().norm().maxCoeff() : 0;
  for (Eigen::Index k = 0; k < j.cols(); ++k) {
    double const size = std::max(j.col(k).norm(), 1e-12 * longest) * result.error;
    if (size > 0)
      result.scaled_gradient = std::max(result.scaled_gradient, std::abs(j.col(k).dot(p.residual())) / size);
  }
  result.outcome = outcome_of(result, last.y_norm(), out_of_iterations);
  return result;
}

}  // namespace nwidth::fitting
