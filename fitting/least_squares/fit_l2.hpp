// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "fitting/least_squares/segment.hpp"
#include "fitting/problem/spline.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// The sparse normal equations in local coordinates are well conditioned (they are not in truncated powers); the dense
/// orthogonal solver is the second opinion. The two may end in different local minima: fix one for a comparison.
enum class LinearSolver { sparse_normal_cholesky, dense_qr };

struct FitOptions {
  Objective objective;  ///< default: L2
  LinearSolver solver = LinearSolver::sparse_normal_cholesky;
  int max_iterations = 3000;    ///< of Levenberg and Marquardt and of Newton together
  double least_spacing = 1e-8;  ///< knots come no closer than this times the mean spacing
};

/// A fit, good or not: outcome says which.
struct SplineFit {
  FreeKnotSpline<double> spline;
  double error = 0;  ///< (sum_k weights[k] int |f^(k) - s^(k)|^p)^(1/p) by quadrature; in L2 the norm of f - s
  Outcome outcome;
  int iterations = 0;
  double condition = 0;               ///< of the B-splines at these knots in the norm of the fit with p = 2, unit norms
  std::vector<double> segment_error;  ///< the same norm on each segment
};

/// Fits a spline with free knots: coefficients for the start's knots first (banded linear least squares), then knots
/// and coefficients together, by Ceres' Levenberg-Marquardt method on nodes that move with the knots and by Newton's
/// method; a saddle, where symmetric starts end, is left once. The local minimum need not be the global one; its error
/// is at most that of the start's knots. Other powers p are reached by doubling p from 2. Deterministic, one thread.
///
/// Outcomes: converged (an isolated local minimum), flat, max_iterations, knot_collapse (the minimum wants a smoothness
/// that knots of this multiplicity do not give: knots meet), rank_deficient (at the start, or a knot without effect at
/// the end), below_precision (error < 10 eps max|f|: the digits of the error are noise).
/// @param start_knots  the n interior knots, ascending, strictly inside the domain of f
/// @throws InvalidInput on wrong knots, classes of degree above 5 with m < d, or f not finite at a node of quadrature
/// Cost: O(n) an iteration; 2 ms for n = 16 in all, 0.1 to 1 s for n = 512.
/// @cite deboor2001 XII
SplineFit fit_l2(Function const& f, SplineClass const& kind, std::vector<double> const& start_knots,
                 FitOptions const& options = {});

}  // namespace nwidth::fitting
