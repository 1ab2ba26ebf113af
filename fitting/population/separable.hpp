// SPDX-License-Identifier: Apache-2.0
/// What variable projection needs to know of a model: f = Phi(p) c, linear in c.
#pragma once
#include <Eigen/Core>
#include <vector>

namespace nwidth::fitting::population {

/// Consecutive nonlinear parameters that move together.
struct ParameterBlock {
  int size = 1;
  bool sphere = false;  ///< kept at its Euclidean norm: the scale of the block is a gauge
};

/// A model whose values at the points are Phi(p) c.
class SeparableModel {
 public:
  virtual ~SeparableModel() = default;
  virtual Eigen::Index points() const = 0;
  virtual Eigen::Index columns() const = 0;  ///< of Phi: length of c
  virtual std::vector<ParameterBlock> const& blocks() const = 0;

  /// Phi(p): points() x columns(). @param p  the blocks one after the other
  virtual void basis(double const* p, Eigen::MatrixXd& phi) const = 0;
  /// d(Phi(p) c)/dp with c held: points() x (sum of the sizes of the blocks)
  virtual void derivative(double const* p, Eigen::VectorXd const& c, Eigen::MatrixXd& jacobian) const = 0;

  Eigen::Index parameters() const {
    Eigen::Index sum = 0;
    for (ParameterBlock const& b : blocks()) sum += b.size;
    return sum;
  }
};

}  // namespace nwidth::fitting::population
