// SPDX-License-Identifier: Apache-2.0
/// All parameters of a separable model at once, with a loss on each sample, and what they are worth.
#pragma once
#include "fitting/samples/samples.hpp"

namespace nwidth::fitting {

/// Minimises sum_i rho(r_i^2) over theta and c by Ceres from each start, and puts the best into `best`: least squares
/// alone would start where the outliers drew it. Returns the scale that was used; does nothing for squares.
/// @param live  samples of positive weight: the median is taken over these
double refine_with_loss(SeparableModel const& model, Loss const& loss, int max_iterations,
                        std::vector<bool> const& live, std::vector<ProjectionResult> const& starts,
                        ProjectionResult& best);

/// Standard errors of (theta, c) and the estimate of sigma. Parameters on spheres count by their tangent part.
struct StandardErrors {
  Eigen::VectorXd theta, coefficients;  ///< infinite where the samples do not determine them
  double sigma = 0;
  int rank = 0, parameters = 0;
};
StandardErrors standard_errors(SeparableModel const& model, ProjectionResult const& fit, Loss const& loss, double scale,
                               int live_samples);

}  // namespace nwidth::fitting
