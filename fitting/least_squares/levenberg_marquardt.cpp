// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/levenberg_marquardt.hpp"

#include <string>

#include "fitting/least_squares/assembly.hpp"
#include "fitting/problem/minimiser.hpp"

namespace nwidth::fitting {
namespace {

/// Residuals of one segment; parameters: the knots around it, then its d + 1 coefficients, each a block of its own.
class SegmentCost : public ceres::CostFunction {
 public:
  SegmentCost(FreeKnotSpline<double> const& s, int i, SegmentTerms<double>& terms, double least_spacing, double* bad)
      : kind_(s.kind),
        at_(support(s.kind, s.interior_knots(), i)),
        left_(i - at_.first_knot),
        terms_(terms),
        least_spacing_(least_spacing),
        bad_(bad) {
    set_num_residuals(kind_.degree + 4);
    for (int k = 0; k < at_.knots + kind_.degree + 1; ++k) mutable_parameter_block_sizes()->push_back(1);
  }

  bool Evaluate(double const* const* p, double* residuals, double** jacobians) const override {
    int const d = kind_.degree, K = knots_around(kind_);
    std::vector<double> t(index(K));
    for (int k = 0; k < K; ++k) t[index(k)] = *p[std::clamp(k - at_.slot, 0, at_.knots - 1)];
    for (int k = 0; k + 1 < at_.knots; ++k)
      if (!(*p[k + 1] - *p[k] > least_spacing_)) return false;  // Ceres takes it as an infinite cost
    BernsteinMap<double> const map = bernstein_map(kind_, t.data());
    std::vector<double> b(index(d + 1), 0.0), jacobian;
    for (int k = 0; k <= d; ++k)
      if (map.constant)
        b[index(k)] = *p[at_.knots + k];
      else
        for (int j = 0; j <= d; ++j) b[index(k)] += map.value(k, j) * *p[at_.knots + j];
    if (!segment_residuals(terms_, *p[left_], *p[left_ + 1], b.data(), residuals,
                           jacobians == nullptr ? nullptr : &jacobian)) {
      *bad_ = terms_.bad_point();
      return false;
    }
    if (jacobians == nullptr) return true;
    int const rows = d + 4, z = d + 3;
    for (int k = 0; k < at_.knots + d + 1; ++k) {
      if (jacobians[k] == nullptr) continue;
      for (int row = 0; row < rows; ++row) {
        double const* const by = &jacobian[index(row * z)];
        double sum = k == left_ ? by[0] : k == left_ + 1 ? by[1] : 0.0;
        if (k >= at_.knots) {
          int const j = k - at_.knots;
          if (map.constant)
            sum = by[2 + j];
          else
            for (int q = 0; q <= d; ++q) sum += by[2 + q] * map.value(q, j);
        } else if (!map.constant) {
          for (int q = 0; q <= d; ++q)
            for (int j = 0; j <= d; ++j) sum += by[2 + q] * map.first(q, j, at_.slot + k) * *p[at_.knots + j];
        }
        jacobians[k][row] = sum;
      }
    }
    return true;
  }

 private:
  SplineClass kind_;
  Support at_;
  int left_;  // which parameter is the segment's left end
  SegmentTerms<double>& terms_;
  double least_spacing_;
  double* bad_;
};

}  // namespace

MarquardtResult levenberg_marquardt(Function const& f, MovingNodes<double> const& nodes, Objective const& objective,
                                    MarquardtOptions const& options, double scale, FreeKnotSpline<double>& s) {
  SegmentTerms<double> terms(f, nodes, objective, s.kind.degree, scale);
  double const none = std::numeric_limits<double>::quiet_NaN();
  double bad = none;
  std::vector<double> knots = s.knots, coefficients = s.coefficients;
  ceres::Problem problem;
  for (int i = 0; i < s.segments(); ++i) {
    Support const at = support(s.kind, s.interior_knots(), i);
    std::vector<double*> blocks;
    for (int k = 0; k < at.knots; ++k) blocks.push_back(&knots[index(at.first_knot + k)]);
    for (int j = 0; j <= s.kind.degree; ++j) blocks.push_back(&coefficients[index(at.first_coefficient + j)]);
    problem.AddResidualBlock(new SegmentCost(s, i, terms, options.least_spacing, &bad), nullptr, blocks);
  }
  problem.SetParameterBlockConstant(&knots.front());
  problem.SetParameterBlockConstant(&knots.back());
  ceres::Solver::Options o = minimiser(options.max_iterations, options.function_tolerance, 1e-16);
  if (options.solver != LinearSolver::dense_qr) o.linear_solver_type = ceres::SPARSE_NORMAL_CHOLESKY;
  ceres::Solver::Summary summary;
  ceres::Solve(o, &problem, &summary);
  if (bad == bad)
    throw InvalidInput("'" + f.target().name + "' or a derivative that the fit needs is not finite at x = " +
                       std::to_string(bad) + ", inside the domain");
  MarquardtResult result;
  result.iterations = static_cast<int>(summary.iterations.size());
  if (!summary.IsSolutionUsable()) {
    result.outcome = {Status::max_iterations, summary.message};
    return result;
  }
  s.knots = knots;
  s.coefficients = coefficients;
  bool const ended = summary.termination_type == ceres::CONVERGENCE;
  result.outcome = {ended ? Status::flat : Status::max_iterations, summary.message};
  return result;
}

}  // namespace nwidth::fitting
