// SPDX-License-Identifier: Apache-2.0
/// Variable projection: least squares over the nonlinear parameters alone, the linear ones eliminated by QR.
#pragma once
#include <Eigen/Core>
#include <functional>
#include <vector>

#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// Consecutive nonlinear parameters that move together.
struct ParameterBlock {
  int size = 1;
  bool sphere = false;  ///< kept at its Euclidean norm: the scale of the block is a gauge
};

/// y ~ Phi(theta) c at weighted nodes. Rows of Phi and y carry the square root of their weight, so that
/// |y - Phi c|^2 is the quadrature of the squared error. Nodes and weights may move with theta; their number may not.
class SeparableModel {
 public:
  virtual ~SeparableModel() = default;
  /// theta, in order. The sizes add up to parameters().
  virtual std::vector<ParameterBlock> blocks() const = 0;
  virtual int rows() const = 0;     ///< nodes
  virtual int columns() const = 0;  ///< linear coefficients c
  /// Fills phi (rows x columns) and y (rows). @return false where theta is not admissible: the solver steps back
  virtual bool evaluate(Eigen::VectorXd const& theta, Eigen::MatrixXd& phi, Eigen::VectorXd& y) const = 0;
  /// Fills d (rows x parameters) with d(Phi c)/dtheta at fixed c, at fixed nodes: where nodes move, the error of the
  /// quadrature is all that this leaves out of the gradient. Combinations of the columns of Phi may be left out: they
  /// are projected away.
  virtual void differentiate(Eigen::VectorXd const& theta, Eigen::VectorXd const& c, Eigen::MatrixXd& d) const = 0;

  int parameters() const;
};

/// min_c |y - Phi c|: columns scaled to norm 1, Householder QR, then QR with column pivoting of the small triangle.
/// Columns shorter than 1e-12 times the longest are dead: their coefficient is 0, as is that of columns beyond the
/// rank. Cost: O(rows columns^2).
class Projection {
 public:
  /// @param rank_tolerance  on the pivots of the scaled columns, relative to the largest
  Projection(Eigen::MatrixXd phi, Eigen::VectorXd const& y, double rank_tolerance = 1e-13);

  Eigen::VectorXd const& coefficients() const { return c_; }
  double error() const { return residual_.norm(); }
  int rank() const { return rank_; }
  int live_columns() const { return live_; }
  /// |first pivot / last pivot| of the scaled columns within the rank: an estimate of their condition from below.
  double condition() const { return condition_; }
  /// The part of y orthogonal to the columns, in the orthonormal basis of the QR: a rotation of the residual.
  Eigen::VectorXd const& residual() const { return residual_; }
  /// Projects and rotates d in the same way, in place.
  /// @param noise  columns of which no larger part is left are set to 0: they lie in the span of Phi
  void project(Eigen::MatrixXd& d, double noise = 0) const;

 private:
  void rotate(Eigen::Ref<Eigen::MatrixXd> d) const;

  Eigen::MatrixXd qr_, small_;
  Eigen::VectorXd hq_, small_hq_, c_, residual_;
  int rank_ = 0, live_ = 0;
  double condition_ = 1;
};

struct ProjectionOptions {
  int max_iterations = 3000;
  double flat_tolerance = 1e-13;  ///< relative decrease of the squared error that counts as none, twice in a row
  double initial_radius = 100;    ///< of the trust region: 1/radius is the damping of Levenberg and Marquardt
  /// Least square of a scaled column of the Jacobian that the damping assumes: larger values hold back parameters that
  /// hardly matter, such as those of a neuron in a corner.
  double damping_floor = 1e-6;
  double rank_tolerance = 1e-13;
  double derivative_noise = 0;  ///< part of a column of d(Phi c)/dtheta that counts as 0 if no more is left
  /// Normal equations for the steps (not for the coefficients): for many nodes and few digits.
  bool normal_equations = false;
  /// After each iteration, with its number and the squared error.
  std::function<void(int, double)> progress = nullptr;
};

struct ProjectionResult {
  Eigen::VectorXd theta, coefficients;
  double error = 0;            ///< |y - Phi c|
  double scaled_gradient = 0;  ///< max_j |J_j . r| / (|J_j| |r|): 0 at a stationary point
  double condition = 1;        ///< of the scaled columns: an estimate from below
  int rank = 0, live_columns = 0, iterations = 0;
  Outcome outcome;
};

/// Minimises |y - Phi(theta) c| by Levenberg-Marquardt on P_perp y with Kaufman's Jacobian -P_perp d(Phi c)/dtheta,
/// whose gradient is exact. Ceres, one thread, the same result on every call; residuals are scaled by the error at the
/// start. The status is rank_deficient if live columns depend on each other at the end, below_precision if the error is
/// under 10 eps |y|, converged if the scaled gradient is under 1e-6, else flat; or max_iterations.
/// @cite golub1973 @cite kaufman1975
/// @throws InvalidInput if the start is not admissible, not finite or of the wrong length, if there are fewer nodes
///   than coefficients, or if max_iterations < 0
ProjectionResult fit_separable(SeparableModel const& model, Eigen::VectorXd const& start,
                               ProjectionOptions const& options = {});

}  // namespace nwidth::fitting
