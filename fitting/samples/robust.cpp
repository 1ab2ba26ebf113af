// SPDX-License-Identifier: Apache-2.0
#include "fitting/samples/robust.hpp"

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "fitting/problem/minimiser.hpp"

namespace nwidth::fitting {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Evaluates the whole model once for each point that Ceres asks about; the residual of each sample reads its row.
class WholeModel final : public ceres::EvaluationCallback {
 public:
  WholeModel(SeparableModel const& model, Vector& theta, Vector& c)
      : model_(model), theta_(theta), c_(c), phi_(model.rows(), model.columns()), y_(model.rows()) {}
  void PrepareForEvaluation(bool jacobians, bool new_point) override {
    if (new_point) {
      admissible_ = model_.evaluate(theta_, phi_, y_) && phi_.allFinite();
      residual = phi_ * c_ - y_;
      current_ = false;
    }
    if (jacobians && admissible_ && !current_) {
      Matrix d(model_.rows(), theta_.size());
      if (theta_.size() > 0) model_.differentiate(theta_, c_, d);
      by_theta = d;
      by_c = phi_;
      current_ = true;
    }
  }
  bool admissible() const { return admissible_; }
  Vector residual;
  RowMajor by_theta, by_c;

 private:
  SeparableModel const& model_;
  Vector &theta_, &c_;
  Matrix phi_;
  Vector y_;
  bool admissible_ = false, current_ = false;
};

class OneSample final : public ceres::CostFunction {
 public:
  OneSample(WholeModel const& whole, Eigen::Index row, std::vector<ParameterBlock> const& blocks, int columns)
      : whole_(whole), row_(row) {
    set_num_residuals(1);
    for (ParameterBlock const& b : blocks) mutable_parameter_block_sizes()->push_back(b.size);
    mutable_parameter_block_sizes()->push_back(columns);
  }
  bool Evaluate(double const* const*, double* residuals, double** jacobians) const override {
    if (!whole_.admissible()) return false;
    residuals[0] = whole_.residual[row_];
    if (jacobians == nullptr) return true;
    auto const& sizes = parameter_block_sizes();
    Eigen::Index at = 0;
    for (std::size_t b = 0; b < sizes.size(); ++b) {
      bool const linear = b + 1 == sizes.size();
      if (jacobians[b] != nullptr)
        for (int k = 0; k < sizes[b]; ++k)
          jacobians[b][k] = linear ? whole_.by_c(row_, k) : whole_.by_theta(row_, at + k);
      if (!linear) at += sizes[b];
    }
    return true;
  }

 private:
  WholeModel const& whole_;
  Eigen::Index row_;
};

double automatic_scale(Loss::Kind kind, Vector const& residual, std::vector<bool> const& live) {
  std::vector<double> r;
  for (Eigen::Index i = 0; i < residual.size(); ++i)
    if (live[static_cast<std::size_t>(i)]) r.push_back(std::abs(residual[i]));
  auto const middle = r.begin() + static_cast<std::ptrdiff_t>(r.size() / 2);
  std::nth_element(r.begin(), middle, r.end());
  double const scale = 1.4826 * *middle * (kind == Loss::Kind::huber ? 1.345 : 2.385);
  return std::max(scale, std::numeric_limits<double>::min());
}

std::unique_ptr<ceres::LossFunction> loss_function(Loss::Kind kind, double scale) {
  if (kind == Loss::Kind::huber) return std::make_unique<ceres::HuberLoss>(scale);
  return std::make_unique<ceres::CauchyLoss>(scale);
}

Vector residual_of(SeparableModel const& model, ProjectionResult const& fit, Matrix& phi) {
  phi.resize(model.rows(), model.columns());
  Vector y(model.rows());
  model.evaluate(fit.theta, phi, y);
  return phi * fit.coefficients - y;
}

void descend(SeparableModel const& model, Loss::Kind kind, double scale, int max_iterations, ProjectionResult& fit) {
  WholeModel whole(model, fit.theta, fit.coefficients);
  std::unique_ptr<ceres::LossFunction> const loss = loss_function(kind, scale);
  ceres::Problem::Options own;
  own.loss_function_ownership = ceres::DO_NOT_TAKE_OWNERSHIP;
  own.evaluation_callback = &whole;
  ceres::Problem problem(own);
  std::vector<ParameterBlock> const blocks = model.blocks();
  std::vector<double*> pointers;
  double* at = fit.theta.data();
  for (ParameterBlock const& b : blocks) {
    problem.AddParameterBlock(at, b.size);
    if (b.sphere) problem.SetManifold(at, new ceres::SphereManifold<ceres::DYNAMIC>(b.size));
    pointers.push_back(at);
    at += b.size;
  }
  problem.AddParameterBlock(fit.coefficients.data(), model.columns());
  pointers.push_back(fit.coefficients.data());
  for (Eigen::Index i = 0; i < model.rows(); ++i)
    problem.AddResidualBlock(new OneSample(whole, i, blocks, model.columns()), loss.get(), pointers);
  ceres::Solver::Options o = minimiser(max_iterations, 1e-14, 1e-14, 1e-16);
  o.max_num_consecutive_invalid_steps = 60;
  ceres::Solver::Summary summary;
  ceres::Solve(o, &problem, &summary);
  fit.iterations += static_cast<int>(summary.iterations.size()) - 1;
  fit.outcome = summary.termination_type == ceres::NO_CONVERGENCE
                    ? Outcome{Status::max_iterations, std::to_string(max_iterations) + " iterations under the loss"}
                    : Outcome{Status::flat, "under the loss"};
}

double total(Loss::Kind kind, double scale, Vector const& r) {
  std::unique_ptr<ceres::LossFunction> const loss = loss_function(kind, scale);
  double sum = 0, rho[3];
  for (double v : r) {
    loss->Evaluate(v * v, rho);
    sum += rho[0];
  }
  return sum;
}

}  // namespace

double refine_with_loss(SeparableModel const& model, Loss const& loss, int max_iterations,
                        std::vector<bool> const& live, std::vector<ProjectionResult> const& starts,
                        ProjectionResult& best) {
  if (loss.kind == Loss::Kind::squares) return 0;
  std::vector<Loss::Kind> stages{Loss::Kind::huber};
  if (loss.kind == Loss::Kind::cauchy) stages.push_back(Loss::Kind::cauchy);
  double best_scale = 0;
  Vector best_residual;
  for (ProjectionResult const& start : starts) {
    ProjectionResult fit = start;
    Matrix phi;
    double scale = loss.scale;
    for (Loss::Kind kind : stages)
      for (int turn = 0; turn < (loss.scale > 0 ? 1 : 3); ++turn) {  // the scale settles as outliers lose their pull
        if (!(loss.scale > 0)) scale = automatic_scale(kind, residual_of(model, fit, phi), live);
        descend(model, kind, scale, max_iterations, fit);
      }
    Vector const r = residual_of(model, fit, phi);
    fit.error = r.norm();
    double const common = std::min(scale, best_scale);  // the fits are compared at the finer of their scales
    if (best_residual.size() == 0 || total(loss.kind, common, r) < total(loss.kind, common, best_residual)) {
      best = fit;
      best_scale = scale;
      best_residual = r;
    }
  }
  return best_scale;
}

StandardErrors standard_errors(SeparableModel const& model, ProjectionResult const& fit, Loss const& loss, double scale,
                               int live_samples) {
  Matrix phi;
  Vector const r = residual_of(model, fit, phi);
  Eigen::Index const nonlinear = fit.theta.size(), linear = fit.coefficients.size();
  Matrix j(model.rows(), nonlinear + linear);
  if (nonlinear > 0) {
    Matrix d(model.rows(), nonlinear);
    model.differentiate(fit.theta, fit.coefficients, d);
    Eigen::Index at = 0;
    for (ParameterBlock const& b : model.blocks()) {
      if (b.sphere) {
        Vector const w = fit.theta.segment(at, b.size).normalized();
        Matrix const part = d.middleCols(at, b.size);
        d.middleCols(at, b.size) = part - (part * w) * w.transpose();
      }
      at += b.size;
    }
    j.leftCols(nonlinear) = d;
  }
  j.rightCols(linear) = phi;
  StandardErrors result;
  Vector size = j.colwise().norm();
  for (Eigen::Index k = 0; k < j.cols(); ++k)
    if (size[k] > 0) j.col(k) /= size[k];
  Eigen::BDCSVD<Matrix> const svd(j, Eigen::ComputeThinV);
  Vector const s = svd.singularValues();
  for (ParameterBlock const& b : model.blocks()) result.parameters += b.size - (b.sphere ? 1 : 0);
  result.parameters += static_cast<int>(linear);
  while (result.rank < s.size() && s[result.rank] > 1e-10 * s[0]) ++result.rank;

  double psi_squared = 0, slope = 0;
  for (Eigen::Index i = 0; i < r.size(); ++i) {
    double rho[3] = {r[i] * r[i], 1, 0};
    if (loss.kind != Loss::Kind::squares) loss_function(loss.kind, scale)->Evaluate(r[i] * r[i], rho);
    psi_squared += rho[1] * rho[1] * r[i] * r[i];
    slope += rho[1] + 2 * r[i] * r[i] * rho[2];
  }
  slope -= static_cast<double>(r.size() - live_samples);  // samples of weight 0 have slope 1 and tell nothing
  double const infinity = std::numeric_limits<double>::infinity();
  slope /= live_samples;
  int const freedom = live_samples - result.parameters;
  result.sigma = freedom > 0 && slope > 0 ? std::sqrt(psi_squared / freedom) / slope : infinity;
  Vector error(j.cols());
  for (Eigen::Index k = 0; k < j.cols(); ++k) {
    double sum = 0, captured = 0;
    for (Eigen::Index l = 0; l < result.rank; ++l) {
      sum += svd.matrixV()(k, l) * svd.matrixV()(k, l) / (s[l] * s[l]);
      captured += svd.matrixV()(k, l) * svd.matrixV()(k, l);
    }
    bool const determined = size[k] > 0 && (captured > 1 - 1e-6 || result.rank >= result.parameters);
    error[k] = determined ? result.sigma * std::sqrt(sum) / size[k] : infinity;
  }
  result.theta = error.head(nonlinear);
  result.coefficients = error.tail(linear);
  return result;
}

}  // namespace nwidth::fitting
