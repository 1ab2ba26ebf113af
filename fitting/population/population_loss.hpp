// SPDX-License-Identifier: Apache-2.0
/// What a language model's loss is when nothing is sampled: the divergence between two laws, over the whole population.
#pragma once
#include <Eigen/Core>

#include "fitting/population/gaussian_field.hpp"

namespace nwidth::fitting::population {

/// KL(Bernoulli(sigmoid(g)) || Bernoulli(sigmoid(g + delta))), in nats. Relative error below 1e-11 for |delta| <= 700.
double bernoulli_divergence(double g, double delta);

/// A binary token y ~ Bernoulli(sigmoid(g(x))), x uniform on the midpoints of a grid with n points an axis on [0,1]^d:
/// every state is enumerated. Networks read 2x - 1 in [-1,1]^d.
class PopulationLoss {
 public:
  static constexpr int most_points = 1 << 16;

  /// Of a field. @param n  points an axis, n^d <= most_points; n >= field.frequencies()
  /// @throws InvalidInput outside these ranges
  PopulationLoss(GaussianField const& field, int n);
  /// Of given logits, last axis fastest. @throws InvalidInput if they are not n^d finite numbers
  PopulationLoss(int d, int n, std::vector<double> const& logits);

  int dimension() const { return d_; }
  int points_per_axis() const { return n_; }
  Eigen::Index points() const { return logits_.size(); }
  /// points() x d, in [-1,1].
  Eigen::MatrixXd const& coordinates() const { return coordinates_; }
  Eigen::VectorXd const& logits() const { return logits_; }
  /// (p (1-p) / (2 points))^(1/2), p = sigmoid(g): what weights a residual f - g in quadratic().
  Eigen::VectorXd const& root_weights() const { return root_weights_; }

  /// The mean of p (1-p) (f-g)^2 / 2: the divergence to second order in f - g, half the Fisher information.
  double quadratic(Eigen::VectorXd const& f) const;
  /// The mean divergence KL(true law || law of f): the excess of the cross-entropy over its floor, in nats.
  double divergence(Eigen::VectorXd const& f) const;
  /// The mean entropy of y given x: the floor of the cross-entropy, in nats.
  double entropy() const;

 private:
  void check(Eigen::VectorXd const& f) const;

  int d_, n_;
  Eigen::VectorXd logits_, root_weights_;
  Eigen::MatrixXd coordinates_;
};

}  // namespace nwidth::fitting::population
