// SPDX-License-Identifier: Apache-2.0
/// Fits to noisy samples: least squares or with a robust loss, with standard errors.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "fitting/problem/spline.hpp"
#include "fitting/problem/status.hpp"
#include "fitting/projection/separable.hpp"
#include "fitting/ridge/ridge_network.hpp"

namespace nwidth::fitting {

/// y_i = f(x_i) + noise of variance sigma^2/weight_i.
struct Samples {
  Eigen::MatrixXd x;  ///< samples x inputs
  Eigen::VectorXd y;
  Eigen::VectorXd weight;  ///< at least 0; empty: all 1

  /// @throws InvalidInput if sizes do not fit, x, y or weights are not finite, a weight is negative, or fewer than
  ///   `parameters` weights are positive: the line names the sample
  void validate(int parameters) const;
};

/// How residuals count: rho(r^2) with r in units of `scale`.
struct Loss {
  enum class Kind { squares, huber, cauchy } kind = Kind::squares;
  /// In the units of sqrt(weight) y; 0: 1.4826 times the median of |r| at the fit before it, times 1.345 (Huber) or
  /// 2.385 (Cauchy), which keep 95 % of the efficiency under normal noise.
  double scale = 0;

  static Loss squares() { return {}; }
  static Loss huber(double scale = 0) { return {Kind::huber, scale}; }
  static Loss cauchy(double scale = 0) { return {Kind::cauchy, scale}; }
};

/// What a fit to samples says about itself.
struct SampleReport {
  double sigma = 0;  ///< estimate of the noise at weight 1; under a loss from psi, as the standard errors
  double l2 = 0;     ///< sqrt(sum weight r^2), outliers included
  int parameters = 0, samples = 0;  ///< free numbers; samples of positive weight
  int iterations = 0;
  std::uint64_t seed = 0;
  std::vector<double> start_l2;  ///< of each start, by least squares
  double loss_scale = 0;         ///< the one used; 0 for squares
  Outcome outcome;
};

struct SplineSampleFit {
  FreeKnotSpline<double> function;
  std::vector<double> coefficient_errors;  ///< standard errors of function.coefficients
  std::vector<double> knot_errors;         ///< of the interior knots; 0 where they were fixed
  SampleReport report;
};

struct SplineSampleOptions {
  bool free_knots = true;
  std::vector<double> knots;  ///< where interior knots begin, or stay; empty: at quantiles of the samples
  Loss loss;
  int max_iterations = 300;
};

/// A spline of the class with n interior knots on [a, b], by variable projection on log-spacings; then, under a loss,
/// all parameters by Ceres with the loss on each sample (Huber first, for Cauchy). Standard errors: sigma^2 (J^T
/// J)^{-1} with the Jacobian J of all parameters (the Gauss-Newton Hessian); under a loss sigma^2 is sum psi^2/(m - p)
/// over the squared mean of psi'. They assume independent noise and a model that holds. Where knots run together, or
/// samples do not determine a parameter, its error is infinite and the status is rank_deficient.
/// @cite huber1981
/// @throws InvalidInput on bad samples (see Samples), samples outside [a, b], fewer samples than parameters, n < 0
SplineSampleFit fit_spline_samples(SplineClass kind, int n, double a, double b, Samples const& samples,
                                   SplineSampleOptions const& options = {});

struct RidgeSampleFit {
  RidgeNetwork function;
  Eigen::VectorXd affine_errors;       ///< standard errors of function.affine
  Eigen::MatrixXd coefficient_errors;  ///< of function.coefficients
  Eigen::VectorXd offset_errors;       ///< of function.offsets
  SampleReport report;
  Network to_network() const { return function.to_network(); }
};

struct RidgeSampleOptions {
  RidgeKind kind;
  int random_starts = 4;  ///< besides the greedy one
  std::uint64_t seed = 1;
  Loss loss;
  int max_iterations = 200;
};

/// A ridge network of N neurons with samples of one or more inputs in [-1, 1]^d; else as fit_spline_samples.
/// @throws InvalidInput on bad samples, samples outside the cube, fewer samples than parameters, N < 1
RidgeSampleFit fit_ridge_samples(int neurons, Samples const& samples, RidgeSampleOptions const& options = {});

}  // namespace nwidth::fitting
