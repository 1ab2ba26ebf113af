// SPDX-License-Identifier: Apache-2.0
/// fit_separable for networks on a grid with weights: what its outcome means there.
#pragma once
#include <functional>

#include "fitting/population/network_model.hpp"

namespace nwidth::fitting::population {

/// min over p of F(p), F(p) = min over c of |D (Phi(p) c - g)|^2, D = diag(root_weights).
struct ProjectedProblem {
  NetworkModel const* model = nullptr;
  Eigen::VectorXd root_weights;  ///< points() of them, >= 0
  Eigen::VectorXd values;        ///< g
};

struct ProjectedOptions {
  int max_iterations = 100;
  /// Two steps in a row that lower F by less than this part of it end the fit.
  double least_decrease = 1e-9;
  /// Called after each iteration with its number and F.
  std::function<void(int, double)> progress = nullptr;
};

/// F and its first derivative at one p.
struct ProjectedValue {
  double loss = 0;               ///< F(p); NaN if Phi(p) is not finite
  Eigen::VectorXd coefficients;  ///< the best c
  Eigen::VectorXd gradient;      ///< dF/dp (empty unless asked for)
  Eigen::Index rank = 0;         ///< of D Phi(p)
  /// The largest cosine between the residual and a column of the projected Jacobian (0 unless asked for).
  double cosine = 0;
};
/// @throws InvalidInput if lengths do not fit, or more columns than points
ProjectedValue projected_value(ProjectedProblem const& problem, std::vector<double> const& p, bool with_gradient);

struct ProjectedFit {
  std::vector<double> parameters;
  ProjectedValue value;  ///< at parameters, with its gradient
  int iterations = 0;    ///< steps tried, accepted or not
  Outcome outcome;
};

/// fit_separable with Phi = D Phi(p), y = D g. Columns of the Jacobian that projection leaves with 1e-11 of their
/// length count as 0: gauges.
///
/// Outcome: converged if the cosine of value.cosine is at rounding level (1e-8, or what |D g| / F^(1/2) allows);
/// flat if F fell by less than least_decrease, or the steps or the trust region became tiny; max_iterations;
/// below_precision if F^(1/2) <= 100 eps |D g|; rank_deficient if it ended with dependent or dead columns, whatever
/// else holds.
///
/// With relu, flat is the rule: F has kinks in p where a neuron's kink passes a point of the grid, and minima sit
/// there.
///
/// F never increases: the result is at least as good as the start. Two runs agree to the bit.
/// Cost for each iteration, n points, m columns, q parameters, q' of them tangent to their blocks: 4 n m^2 + 4 n m q +
/// 2 n q'^2 + 2 q'^3/3 operations; a step that is refused costs 2 n m^2. Memory: n (m + 3 q) doubles.
/// @throws InvalidInput if lengths do not fit, more parameters and columns than points, or Phi not finite at the start
ProjectedFit fit_projected(ProjectedProblem const& problem, std::vector<double> start, ProjectedOptions const& options);

}  // namespace nwidth::fitting::population
