// SPDX-License-Identifier: Apache-2.0
/// Shallow networks of several inputs with unit weight vectors: what ridge fits return.
#pragma once
#include <Eigen/Core>
#include <string>
#include <vector>

#include "theory/network/network.hpp"

namespace nwidth::fitting {

/// The powers of z = relu(w.x + b) that a neuron has coefficients of its own for: low, low + 1, ..., high.
struct RidgeKind {
  int low = 1, high = 1;

  static RidgeKind relu() { return {1, 1}; }
  static RidgeKind relu_power(int k) { return {k, k}; }
  static RidgeKind polyrelu(int r = 3) { return {1, r}; }  ///< one coefficient vector per neuron (M1)

  int terms() const { return high - low + 1; }
  /// @throws InvalidInput unless 1 <= low <= high <= 8, and low = 1 or low = high
  void validate() const;
  friend bool operator==(RidgeKind const&, RidgeKind const&) = default;
};

/// s(x) = p_0 + p.x + sum_i sum_k c_ik relu(w_i.x + b_i)^k on [-1, 1]^d.
struct RidgeNetwork {
  RidgeKind kind;
  Eigen::MatrixXd directions;    ///< N x d, rows of length 1
  Eigen::VectorXd offsets;       ///< b_i
  Eigen::VectorXd affine;        ///< p_0, p_1 ... p_d
  Eigen::MatrixXd coefficients;  ///< N x terms: c_ik, k = low ... high

  int inputs() const { return static_cast<int>(directions.cols()); }
  int neurons() const { return static_cast<int>(offsets.size()); }
  /// Free reals: N (d - 1 + 1 + terms) + d + 1.
  int parameters() const { return neurons() * (inputs() + kind.terms()) + inputs() + 1; }
  double operator()(std::vector<double> const& x) const;
  /// At each row of x (points x inputs). Cost: O(points N (d + terms)).
  Eigen::VectorXd values(Eigen::MatrixXd const& x) const;
  /// N neurons and those that carry the affine part through the layer, valid where |x_j| <= 1: one, or k for relu^k,
  /// k >= 2, by Lemma (T). Weights are these numbers, exact; neurons with no coefficient are left out.
  Network to_network() const;
};

}  // namespace nwidth::fitting
