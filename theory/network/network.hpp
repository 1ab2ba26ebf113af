// SPDX-License-Identifier: Apache-2.0
/// Networks as data: layers of sparse affine maps with exact weights, and activations with exact coefficients.
#pragma once
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/activation/polyrelu.hpp"
#include "kernels/activation/smooth.hpp"
#include "theory/number/error.hpp"
#include "theory/number/interval.hpp"
#include "theory/number/rational.hpp"

namespace nwidth {

/// A matrix entry that is not zero.
struct Entry {
  int row = 0, column = 0;
  Rational value;
};

/// A rows x columns matrix in compressed rows; zeros are not stored.
class SparseMatrix {
 public:
  SparseMatrix() = default;
  /// @param entries  any order; zeros are dropped. @throws InvalidInput on an index out of range or given twice
  SparseMatrix(int rows, int columns, std::vector<Entry> entries);
  /// @throws InvalidInput if the rows are not of one length
  static SparseMatrix dense(std::vector<std::vector<Rational>> const& rows);
  static SparseMatrix identity(int n);

  int rows() const { return rows_; }
  int columns() const { return columns_; }
  std::size_t nonzeros() const { return entries_.size(); }
  std::vector<Entry> const& entries() const { return entries_; }  // by row, then by column
  Entry const* row_begin(int row) const { return entries_.data() + start_[static_cast<std::size_t>(row)]; }
  Entry const* row_end(int row) const { return entries_.data() + start_[static_cast<std::size_t>(row) + 1]; }

 private:
  int rows_ = 0, columns_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::size_t> start_{0};
};

/// What a layer applies to each pre-activation t.
struct Activation {
  enum class Kind { identity, relu, relu_power, polyrelu, rational, gelu, silu };

  Kind kind = Kind::identity;
  static constexpr int most_power = 1000;
  int power = 1;  // relu_power: relu(t)^power, 1 <= power <= most_power
  /// polyrelu: a_0 ... a_r (theory's order), one vector for the layer (models M2, M3) or one per neuron (M1)
  std::vector<std::vector<Rational>> coefficients;
  std::vector<Rational> numerator, denominator;  // rational: constant term first

  static Activation identity() { return {}; }
  static Activation relu() { return make(Kind::relu); }
  static Activation relu_power(int k);
  static Activation polyrelu(std::vector<Rational> a);
  static Activation polyrelu_per_neuron(std::vector<std::vector<Rational>> a);
  static Activation rational(std::vector<Rational> p, std::vector<Rational> q);
  static Activation gelu() { return make(Kind::gelu); }
  static Activation silu() { return make(Kind::silu); }

  bool per_neuron() const { return coefficients.size() > 1; }
  std::vector<Rational> const& coefficients_of(int neuron) const {
    return coefficients[per_neuron() ? static_cast<std::size_t>(neuron) : 0];
  }
  /// Polynomial on t > 0 and constant on t <= 0 (identity included): what the piecewise certifier takes apart.
  bool is_piecewise_polynomial() const { return kind != Kind::rational && kind != Kind::gelu && kind != Kind::silu; }

 private:
  static Activation make(Kind k) {
    Activation a;
    a.kind = k;
    return a;
  }
};

/// h -> activation(weights h + bias).
struct Layer {
  SparseMatrix weights;
  std::vector<Rational> bias;  // one per row
  Activation activation;
};

/// h_0 = x, h_l = activation_l(W_l h_{l-1} + b_l); the last layer usually has the identity as activation.
class Network {
 public:
  Network() = default;
  /// @throws InvalidInput if there is no layer, or shapes or coefficient counts do not fit
  Network(int inputs, std::vector<Layer> layers);

  int inputs() const { return inputs_; }
  int outputs() const { return layers_.empty() ? inputs_ : layers_.back().weights.rows(); }
  std::vector<Layer> const& layers() const { return layers_; }

  /// nonzero weights and biases: the abscissa of every rate plot
  std::size_t size() const;
  /// neurons with an activation other than the identity
  std::size_t neurons() const;
  /// layers with such neurons
  int depth() const;
  /// the largest number of such neurons in a layer
  int width() const;
  /// nonzero activation coefficients: of each layer, or of each neuron in model M1 (relu counts none)
  std::size_t coefficients() const;
  bool is_piecewise_polynomial() const;

  /// The real function of the network in any scalar: exact in Rational, an enclosure in Ball and Interval, rounded
  /// in double and Real. Cost: size() multiplications.
  /// @throws InvalidInput for Rational and Interval if an activation is gelu or silu, for Rational at a pole
  template <class T>
  std::vector<T> operator()(std::vector<T> x) const;
  /// One input, one output.
  template <class T>
  T operator()(T const& x) const {
    return (*this)(std::vector<T>{x})[0];
  }

 private:
  int inputs_ = 0;
  std::vector<Layer> layers_;
};

/// A rational as a T: exact or enclosed where T can, else the nearest.
template <class T>
T scalar_from(Rational const& q) {
  if constexpr (std::is_same_v<T, double>) {
    return to_double(q);
  } else if constexpr (std::is_same_v<T, Interval>) {
    return enclose(q);
  } else if constexpr (std::is_floating_point_v<T>) {
    return q.template convert_to<T>();
  } else {
    return T(q);
  }
}

/// @throws InvalidInput if the denominator of a rational activation is 0 at t
void require_no_pole(Activation const& a, Rational const& t);

template <class T>
T apply(Activation const& a, int neuron, T const& t) {
  using Kind = Activation::Kind;
  auto convert = [](std::vector<Rational> const& q) {
    std::vector<T> c;
    for (Rational const& v : q) c.push_back(scalar_from<T>(v));
    return c;
  };
  switch (a.kind) {
    case Kind::identity: return t;
    case Kind::relu: return activation::relu(t);
    case Kind::relu_power: return activation::relu_power(t, a.power);
    case Kind::polyrelu: return activation::polyrelu(t, convert(a.coefficients_of(neuron)));
    case Kind::rational:
      if constexpr (std::is_same_v<T, Rational>) require_no_pole(a, t);
      return activation::rational(t, convert(a.numerator), convert(a.denominator));
    case Kind::gelu:
      if constexpr (activation::SmoothScalar<T>) return activation::gelu(t);
      break;
    case Kind::silu:
      if constexpr (activation::SmoothScalar<T>) return activation::silu(t);
      break;
  }
  throw InvalidInput("gelu and silu cannot be evaluated in arithmetic with + - * / only (Rational, Interval)");
}

template <class T>
std::vector<T> Network::operator()(std::vector<T> x) const {
  for (Layer const& layer : layers_) {
    std::vector<T> h;
    h.reserve(static_cast<std::size_t>(layer.weights.rows()));
    for (int i = 0; i < layer.weights.rows(); ++i) {
      T t = scalar_from<T>(layer.bias[static_cast<std::size_t>(i)]);
      for (Entry const* e = layer.weights.row_begin(i); e != layer.weights.row_end(i); ++e)
        t = t + scalar_from<T>(e->value) * x[static_cast<std::size_t>(e->column)];
      h.push_back(apply(layer.activation, i, t));
    }
    x = std::move(h);
  }
  return x;
}

}  // namespace nwidth
