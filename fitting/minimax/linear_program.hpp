// SPDX-License-Identifier: Apache-2.0
/// Linear programs with few variables and many rows: the step of a minimax fit.
#pragma once
#include <Eigen/Core>
#include <Eigen/SparseCore>

namespace nwidth::fitting {

/// min c'x over free x with A x <= b.
struct LinearProgram {
  Eigen::SparseMatrix<double, Eigen::RowMajor> A;  ///< m rows, n columns
  Eigen::VectorXd b;                               ///< m
  Eigen::VectorXd c;                               ///< n
};

struct LinearProgramSolution {
  enum class Status {
    optimal,     ///< to the tolerance asked
    infeasible,  ///< no x has A x <= b + 1e-7, entries of A and b taken relative to the largest of their row
    unbounded,   ///< there is a direction d, |d_i| <= 1, with A d <= 0 and c'd < 0, to the same accuracy
    stalled,     ///< neither: rounding, or the iterations ran out. x is the best point met, still useful as a step
  };
  Status status = Status::stalled;
  Eigen::VectorXd x;  ///< n
  Eigen::VectorXd y;  ///< m multipliers: y >= 0, A'y = -c, y'(b - Ax) = 0 at the optimum
  double gap = 0;     ///< the largest of the relative duality gap and the relative residuals
  int iterations = 0;
};

char const* name(LinearProgramSolution::Status s);

/// Mehrotra's predictor-corrector interior point method; the status is decided by two auxiliary programs that always
/// have solutions (least violation; steepest direction in the recession cone) if the method does not converge.
/// Rounded: its answer is a step or a start, never a proof.
/// Cost per iteration: the sum over rows of (nonzeros)^2, and a sparse Cholesky factor of A'A: O(n) for splines, n^3/3
/// at most; 10 to 30 iterations.
/// @param tolerance  for the relative gap and residuals, 1e-12 ... 1e-2
/// @throws InvalidInput if sizes do not fit, n = 0, or an entry is not finite
/// @cite mehrotra1992
LinearProgramSolution solve(LinearProgram const& program, double tolerance = 1e-10, int max_iterations = 80);

}  // namespace nwidth::fitting
