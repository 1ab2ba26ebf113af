// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "fitting/least_squares/fit_l2.hpp"

namespace nwidth::fitting {

struct MarquardtOptions {
  LinearSolver solver = LinearSolver::sparse_normal_cholesky;
  int max_iterations = 3000;
  double function_tolerance = 1e-16;
  double least_spacing = 0;  ///< absolute
};
struct MarquardtResult {
  Outcome outcome;
  int iterations = 0;
};

/// Levenberg and Marquardt's method of Ceres on all interior knots and coefficients of s, one residual block a segment,
/// with errors divided by `scale`: about the error itself, else Ceres' tolerances fire too early.
/// @throws InvalidInput if f is not finite at a node
MarquardtResult levenberg_marquardt(Function const& f, MovingNodes<double> const& nodes, Objective const& objective,
                                    MarquardtOptions const& options, double scale, FreeKnotSpline<double>& s);

}  // namespace nwidth::fitting
