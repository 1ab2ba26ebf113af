// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/network_model.hpp"

#include <array>
#include <cmath>
#include <numbers>
#include <span>

#include "kernels/activation/polyrelu.hpp"
#include "kernels/activation/smooth.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

/// v + d e, e^2 = 0: a value and its derivative.
struct Dual {
  double v = 0, d = 0;
  Dual() = default;
  Dual(double value, double derivative = 0) : v(value), d(derivative) {}
  friend Dual operator+(Dual a, Dual b) { return {a.v + b.v, a.d + b.d}; }
  friend Dual operator-(Dual a, Dual b) { return {a.v - b.v, a.d - b.d}; }
  friend Dual operator*(Dual a, Dual b) { return {a.v * b.v, a.v * b.d + a.d * b.v}; }
  friend Dual operator/(Dual a, Dual b) {
    double const q = a.v / b.v;
    return {q, (a.d - q * b.d) / b.v};
  }
};

}  // namespace
}  // namespace nwidth::fitting::population

template <>
struct nwidth::activation::ops<nwidth::fitting::population::Dual> {
  using Dual = nwidth::fitting::population::Dual;
  using real = nwidth::activation::ops<double>;
  static Dual relu(Dual x) { return x.v <= 0 ? Dual(0) : x; }
  static Dual fma(Dual a, Dual b, Dual c) { return a * b + c; }
  static Dual ratio(long p, long q) { return static_cast<double>(p) / static_cast<double>(q); }
  static Dual exp(Dual x) {
    double const e = std::exp(x.v);
    return {e, e * x.d};
  }
  static Dual erf(Dual x) { return {std::erf(x.v), 2 * std::numbers::inv_sqrtpi * std::exp(-x.v * x.v) * x.d}; }
  static Dual sqrt(Dual x) {
    double const s = std::sqrt(x.v);
    return {s, x.d / (2 * s)};
  }
  static Dual select(Dual x, Dual a, Dual b) { return x.v > 0 ? a : x.v <= 0 ? b : x; }
  static Dual erfc(Dual x) { return {std::erfc(x.v), -2 * std::numbers::inv_sqrtpi * std::exp(-x.v * x.v) * x.d}; }
  static Dual expm1(Dual x) { return {std::expm1(x.v), std::exp(x.v) * x.d}; }
  static Dual log1p(Dual x) { return {std::log1p(x.v), x.d / (1 + x.v)}; }
  static Dual pi() { return std::numbers::pi; }
  static Dual sigmoid(Dual x) {
    double const p = real::sigmoid(x.v);
    return {p, p * real::sigmoid(-x.v) * x.d};
  }
};

namespace nwidth::fitting::population {
namespace {

/// unit(t) with coefficients a_0 = 0, a_1 ... a_r, in any scalar.
template <class T>
T apply(Unit const& unit, T const& t, std::span<double const> a) {
  switch (unit.kind) {
    case Unit::Kind::relu: return activation::relu(t);
    case Unit::Kind::relu_power: return activation::relu_power(t, unit.degree);
    case Unit::Kind::polyrelu: return activation::polyrelu(t, a);
    case Unit::Kind::gelu: return activation::gelu(t);
    case Unit::Kind::silu: return activation::silu(t);
  }
  return t;
}

constexpr std::array<std::pair<char const*, Unit>, 9> names{{{"relu", {Unit::Kind::relu, 1}},
                                                             {"relu2", {Unit::Kind::relu_power, 2}},
                                                             {"relu3", {Unit::Kind::relu_power, 3}},
                                                             {"polyrelu2", {Unit::Kind::polyrelu, 2}},
                                                             {"polyrelu3", {Unit::Kind::polyrelu, 3}},
                                                             {"polyrelu", {Unit::Kind::polyrelu, 3}},
                                                             {"polyrelu4", {Unit::Kind::polyrelu, 4}},
                                                             {"gelu", {Unit::Kind::gelu, 1}},
                                                             {"silu", {Unit::Kind::silu, 1}}}};

}  // namespace

Unit Unit::of(std::string_view name) {
  for (auto const& [text, unit] : names)
    if (name == text) return unit;
  throw InvalidInput("the activation '" + std::string(name) +
                     "': relu, relu2, relu3, polyrelu2, polyrelu3, polyrelu4, gelu and silu are possible");
}

std::string Unit::name() const {
  for (auto const& [text, unit] : names)
    if (unit == *this) return text;
  return "unknown";
}

NetworkModel::NetworkModel(NetworkShape shape, Eigen::MatrixXd z) : shape_(std::move(shape)), z_(std::move(z)) {
  if (shape_.hidden.empty() || shape_.hidden.size() > 2)
    throw InvalidInput(std::to_string(shape_.hidden.size()) + " hidden layers: 1 and 2 are possible");
  for (int w : shape_.hidden)
    if (w < 1 || w > most_width)
      throw InvalidInput("a hidden layer of " + std::to_string(w) + " neurons: 1 to " + std::to_string(most_width) +
                         " are possible");
  if (shape_.unit.name() == "unknown")
    throw InvalidInput("an activation of degree " + std::to_string(shape_.unit.degree) +
                       ": relu2, relu3, polyrelu2, polyrelu3 and polyrelu4 have one");
  if (z_.cols() != shape_.inputs)
    throw InvalidInput("points of " + std::to_string(z_.cols()) + " coordinates for a network of " +
                       std::to_string(shape_.inputs) + " inputs");
  for (int layer = 0; layer < static_cast<int>(shape_.hidden.size()); ++layer) {
    for (int i = 0; i < shape_.hidden[size(layer)]; ++i)
      blocks_.push_back({fan_in(layer) + 1, shape_.unit.homogeneous()});
    if (shape_.unit.coefficients() > 0) blocks_.push_back({shape_.unit.coefficients(), true});
  }
}

Eigen::Index NetworkModel::neuron_at(int layer, int neuron) const {
  Eigen::Index at = 0;
  for (int l = 0; l < layer; ++l)
    at += Eigen::Index{fan_in(l) + 1} * shape_.hidden[size(l)] + shape_.unit.coefficients();
  return at + Eigen::Index{fan_in(layer) + 1} * neuron;
}

std::vector<NetworkModel::Values> NetworkModel::forward(double const* p, bool with_slopes) const {
  using Weights = Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> const>;
  std::vector<Values> layers;
  for (int l = 0; l < static_cast<int>(shape_.hidden.size()); ++l) {
    Values v;
    v.input = l == 0 ? z_ : layers.back().h;
    Weights const weights(p + neuron_at(l, 0), shape_.hidden[size(l)], fan_in(l) + 1);
    Eigen::MatrixXd t = v.input * weights.leftCols(fan_in(l)).transpose();
    t.rowwise() += weights.col(fan_in(l)).transpose();
    std::array<double, 5> a{};
    for (int i = 0; i < shape_.unit.coefficients(); ++i) a[size(i) + 1] = p[coefficients_at(l) + i];
    std::span<double const> const used(a.data(), size(shape_.unit.degree) + 1);
    if (!with_slopes) {
      v.h = t.unaryExpr([&](double x) { return apply(shape_.unit, x, used); });
    } else {
      v.h.resizeLike(t);
      v.slope.resizeLike(t);
      for (Eigen::Index i = 0; i < t.size(); ++i) {
        Dual const y = apply(shape_.unit, Dual(t.data()[i], 1), used);
        v.h.data()[i] = y.v;
        v.slope.data()[i] = y.d;
      }
      if (shape_.unit.coefficients() > 0) v.rectified = t.cwiseMax(0.0);
    }
    layers.push_back(std::move(v));
  }
  return layers;
}

void NetworkModel::basis(double const* p, Eigen::MatrixXd& phi) const {
  std::vector<Values> const layers = forward(p, false);
  phi.resize(points(), columns());
  phi << layers.back().h, Eigen::VectorXd::Ones(points()), z_;
}

void NetworkModel::derivative(double const* p, Eigen::VectorXd const& c, Eigen::MatrixXd& jacobian) const {
  using Weights = Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> const>;
  std::vector<Values> const layers = forward(p, true);
  jacobian.resize(points(), parameters());
  Eigen::MatrixXd upper =  // df/dh of the layer at hand
      c.head(shape_.hidden.back()).transpose().replicate(points(), 1);
  for (int l = static_cast<int>(shape_.hidden.size()) - 1; l >= 0; --l) {
    Values const& v = layers[size(l)];
    int const width = shape_.hidden[size(l)], in = fan_in(l);
    if (shape_.unit.coefficients() > 0) {
      Eigen::MatrixXd power = v.rectified;
      for (int i = 0; i < shape_.unit.coefficients(); ++i) {
        jacobian.col(coefficients_at(l) + i) = power.cwiseProduct(upper).rowwise().sum();
        power = power.cwiseProduct(v.rectified);
      }
    }
    Eigen::MatrixXd const down = upper.cwiseProduct(v.slope);  // df/dt
    for (int j = 0; j < width; ++j) {
      auto columns = jacobian.middleCols(neuron_at(l, j), in + 1);
      columns.leftCols(in) = v.input.array().colwise() * down.col(j).array();
      columns.col(in) = down.col(j);
    }
    if (l > 0) upper = down * Weights(p + neuron_at(l, 0), width, in + 1).leftCols(in);
  }
}

}  // namespace nwidth::fitting::population
