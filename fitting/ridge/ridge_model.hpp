// SPDX-License-Identifier: Apache-2.0
/// Ridge networks as a separable model: unit directions and offsets are nonlinear, all else is eliminated.
#pragma once
#include "fitting/projection/nodes.hpp"
#include "fitting/projection/separable.hpp"
#include "fitting/ridge/ridge_network.hpp"

namespace nwidth::fitting {

/// theta = (w_1, b_1, ..., w_N, b_N), each w_i on the unit sphere of R^d. Columns: 1, x_1 ... x_d, then the powers of
/// neuron 1, of neuron 2, ...; relu'(0) = 0.
class RidgeModel final : public SeparableModel {
 public:
  /// @param y  one value per node
  RidgeModel(Nodes nodes, Eigen::VectorXd const& y, RidgeKind kind, int neurons);

  std::vector<ParameterBlock> blocks() const override;
  int rows() const override { return static_cast<int>(x_.rows()); }
  int columns() const override { return 1 + d_ + neurons_ * kind_.terms(); }
  bool evaluate(Eigen::VectorXd const& theta, Eigen::MatrixXd& phi, Eigen::VectorXd& y) const override;
  void differentiate(Eigen::VectorXd const& theta, Eigen::VectorXd const& c, Eigen::MatrixXd& d) const override;

  RidgeNetwork network(Eigen::VectorXd const& theta, Eigen::VectorXd const& c) const;

 private:
  Eigen::MatrixXd x_;
  Eigen::VectorXd root_weight_, y_;
  RidgeKind kind_;
  int neurons_, d_;
};

/// N random neurons: directions uniform on the sphere, offsets uniform where the kink crosses [-1, 1]^d.
Eigen::VectorXd random_ridges(int d, int neurons, std::uint64_t seed);

/// Adds neurons to those of theta one by one, by orthogonal greedy choice: of a dictionary of directions times offsets
/// the neuron one of whose powers, made orthogonal to all columns so far, correlates most with the residual.
/// d = 2: 48 directions times 49 offsets; d >= 3: 256 quasi-random directions times 17 offsets.
/// Cost: O(nodes dictionary terms) for each column added; memory the same.
/// @cite siegel2022oga
Eigen::VectorXd grow_ridges(Nodes const& nodes, Eigen::VectorXd const& y, RidgeKind kind, Eigen::VectorXd theta,
                            int neurons);

/// theta without the `drop` neurons whose loss costs least: |y - Phi c|^2 grows by c_i^T ((Phi^T Phi)^{-1}_ii)^{-1} c_i
/// if neuron i goes and the others adapt their coefficients.
Eigen::VectorXd drop_ridges(Nodes const& nodes, Eigen::VectorXd const& y, RidgeKind kind, Eigen::VectorXd const& theta,
                            int drop);

}  // namespace nwidth::fitting
