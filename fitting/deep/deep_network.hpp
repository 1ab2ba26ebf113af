// SPDX-License-Identifier: Apache-2.0
/// Networks of one input with two hidden PolyReLU layers, one coefficient vector for each layer (model M2).
#pragma once
#include <Eigen/Core>

#include "theory/network/network.hpp"

namespace nwidth::fitting {

/// s(x) = c_0 + c_1 x + v.P_2(W P_1(w x + b) + d), P_l(t) = a_l1 t + a_l2 t^2 + a_l3 t^3 at t > 0, else 0.
struct DeepPolyReLU {
  double begin = -1, end = 1;      ///< where the affine part is carried
  Eigen::VectorXd w, b;            ///< first layer: `width` of each
  Eigen::MatrixXd W;               ///< width x width
  Eigen::VectorXd d;               ///< biases of the second layer
  Eigen::Vector3d first, second;   ///< a_1, a_2
  Eigen::VectorXd v;               ///< output weights
  double constant = 0, slope = 0;  ///< c_0, c_1

  int width() const { return static_cast<int>(w.size()); }
  int parameters() const { return width() * width() + 4 * width() + 8; }
  double operator()(double x) const;
  /// 2 hidden layers. Where slope != 0 (and a_l != 0) x goes beside them by Lemma (T), at most 3 more neurons each.
  Network to_network() const;
};

}  // namespace nwidth::fitting
