// SPDX-License-Identifier: Apache-2.0
/// For sources that call Ceres; headers that others include keep out of it.
#pragma once
#include <ceres/ceres.h>

namespace nwidth::fitting {

/// What all least squares by Ceres share: Levenberg and Marquardt's method with dense QR, on one thread, silent. Two of
/// the tolerances are relative; that of the gradient is not: residuals are to be scaled to about 1.
inline ceres::Solver::Options minimiser(int max_iterations, double function_tolerance, double parameter_tolerance,
                                        double gradient_tolerance = 1e-18) {
  ceres::Solver::Options o;
  o.minimizer_type = ceres::TRUST_REGION;
  o.trust_region_strategy_type = ceres::LEVENBERG_MARQUARDT;
  o.linear_solver_type = ceres::DENSE_QR;
  o.max_num_iterations = max_iterations;
  o.function_tolerance = function_tolerance;
  o.parameter_tolerance = parameter_tolerance;
  o.gradient_tolerance = gradient_tolerance;
  o.num_threads = 1;
  o.logging_type = ceres::SILENT;
  return o;
}

}  // namespace nwidth::fitting
