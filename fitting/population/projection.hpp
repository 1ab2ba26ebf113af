// SPDX-License-Identifier: Apache-2.0
/// Linear least squares with a basis that may have lost rank.
#pragma once
#include <Eigen/Core>

namespace nwidth::fitting::population {

/// The projection of y onto the span of the columns of Phi.
struct Projection {
  Eigen::VectorXd coefficients;  ///< c; 0 at the columns that pivoting left out
  Eigen::VectorXd residual;      ///< Phi c - y, orthogonal to the columns that were kept
  Eigen::MatrixXd range;         ///< orthonormal, points x rank: spans those columns (empty unless asked for)
  Eigen::Index rank = 0;
};

/// min |Phi c - y|. The columns are scaled to norm 1, Phi = Q R without pivoting (in blocks, at the speed of matrix
/// products), then R by QR with column pivoting; columns whose pivot is below 1e-13 of the first are left out. The
/// residual is rotated out of Q, so it has error about eps |y| however small it is.
/// Non-finite Phi gives a non-finite residual. Cost: 2 n m^2 for n points and m columns, twice that with the range.
/// @param phi  destroyed
Projection project(Eigen::MatrixXd& phi, Eigen::VectorXd const& y, bool with_range);

}  // namespace nwidth::fitting::population
