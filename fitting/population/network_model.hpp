// SPDX-License-Identifier: Apache-2.0
/// Networks with hidden layers of one activation, a linear output and a linear skip, as separable models.
#pragma once
#include <string_view>

#include "fitting/projection/separable.hpp"

namespace nwidth::fitting::population {

/// An activation of hidden neurons.
struct Unit {
  enum class Kind { relu, relu_power, polyrelu, gelu, silu };
  Kind kind = Kind::relu;
  int degree = 1;  ///< k of relu_power (2 or 3), r of polyrelu (2 to 4), 1 of the others

  /// "relu", "relu2", "relu3", "polyrelu2", "polyrelu3" or "polyrelu", "polyrelu4", "gelu", "silu".
  /// @throws InvalidInput for another name
  static Unit of(std::string_view name);
  std::string name() const;
  /// Coefficients a_1 ... a_r that a layer learns: r of polyrelu, else 0. (a_0 is part of the output's constant, and
  /// for lower layers of the next layer's biases.)
  int coefficients() const { return kind == Kind::polyrelu ? degree : 0; }
  /// relu(t s) = s^k relu(t) for s > 0: the scale of a neuron is a gauge.
  bool homogeneous() const { return kind == Kind::relu || kind == Kind::relu_power; }
  bool smooth() const { return kind == Kind::gelu || kind == Kind::silu; }
  friend bool operator==(Unit const&, Unit const&) = default;
};

struct NetworkShape {
  int inputs = 1;
  std::vector<int> hidden{1};  ///< widths of the hidden layers, from the input upwards: one or two
  Unit unit;
};

/// f(z) = c_1 h_1 + ... + c_W h_W + c_{W+1} + c_{W+2} z_1 + ... + c_{W+1+d} z_d over the last hidden layer
/// h = unit(V h' + b).
///
/// Parameters: for each hidden layer, for each neuron a block (its weights, its bias); then, for polyrelu, a block
/// (a_1 ... a_r) that the neurons of the layer share. Gauges are spheres: the blocks of neurons for relu and its powers
/// (with the bias, so that kinks can leave the cube and return), the coefficients for polyrelu. Of polyrelu's other
/// gauge, the common scale of a layer, the damping of the minimiser takes care.
class NetworkModel {
 public:
  static constexpr int most_width = 256;

  /// @param z  points x inputs
  /// @throws InvalidInput if there are not one or two hidden layers of 1 to most_width neurons, or z does not fit
  NetworkModel(NetworkShape shape, Eigen::MatrixXd z);

  NetworkShape const& shape() const { return shape_; }
  Eigen::MatrixXd const& coordinates() const { return z_; }
  /// Where the parameters of a neuron begin, and those of a layer's coefficients.
  Eigen::Index neuron_at(int layer, int neuron) const;
  Eigen::Index coefficients_at(int layer) const { return neuron_at(layer, shape_.hidden[size(layer)]); }
  /// Inputs of a layer's neurons.
  int fan_in(int layer) const { return layer == 0 ? shape_.inputs : shape_.hidden[size(layer) - 1]; }

  Eigen::Index points() const { return z_.rows(); }
  Eigen::Index columns() const { return shape_.hidden.back() + 1 + shape_.inputs; }  ///< of Phi: length of c
  std::vector<ParameterBlock> const& blocks() const { return blocks_; }
  Eigen::Index parameters() const;
  /// Phi(p), points x columns: f = Phi(p) c. Cost: points x parameters().
  void basis(double const* p, Eigen::MatrixXd& phi) const;
  /// d(Phi(p) c)/dp with c held, points x parameters. By back-propagation, with H(0) = 0 at kinks. Cost: points x
  /// parameters().
  void derivative(double const* p, Eigen::VectorXd const& c, Eigen::MatrixXd& jacobian) const;

 private:
  struct Values {
    Eigen::MatrixXd input, h, slope, rectified;  // of a layer; slope and rectified only where derivatives are wanted
  };
  static std::size_t size(int i) { return static_cast<std::size_t>(i); }
  std::vector<Values> forward(double const* p, bool with_slopes) const;

  NetworkShape shape_;
  Eigen::MatrixXd z_;
  std::vector<ParameterBlock> blocks_;
};

}  // namespace nwidth::fitting::population
