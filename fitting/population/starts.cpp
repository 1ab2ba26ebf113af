// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/starts.hpp"

#include <algorithm>
#include <cmath>

#include "fitting/population/normal.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

constexpr int candidates = 2 * NetworkModel::most_width;

void normalise(double* block, int size) {
  Eigen::Map<Eigen::VectorXd> v(block, size);
  double const norm = v.norm();
  if (norm > 0) v /= norm;
}

/// The values of the first hidden layer at all points.
Eigen::MatrixXd first_layer(NetworkModel const& model, double const* p) {
  NetworkModel const first({model.shape().inputs, {model.shape().hidden[0]}, model.shape().unit}, model.coordinates());
  Eigen::MatrixXd phi;
  first.basis(p, phi);
  return phi.leftCols(model.shape().hidden[0]);
}

}  // namespace

std::vector<double> random_start(NetworkModel const& model, std::uint64_t seed) {
  NetworkShape const& shape = model.shape();
  Normal normal(seed);
  std::vector<double> p(static_cast<std::size_t>(model.parameters()));
  for (int l = 0; l < static_cast<int>(shape.hidden.size()); ++l) {
    int const in = model.fan_in(l), width = shape.hidden[static_cast<std::size_t>(l)];
    for (int i = 0; i < shape.unit.coefficients(); ++i)
      p[static_cast<std::size_t>(model.coefficients_at(l) + i)] = 1 / std::sqrt(shape.unit.coefficients());
    Eigen::MatrixXd const h = l == 0 ? Eigen::MatrixXd() : first_layer(model, p.data());
    for (int j = 0; j < width; ++j) {
      double* const block = p.data() + model.neuron_at(l, j);
      Eigen::Map<Eigen::VectorXd> w(block, in);
      double& b = block[in];
      if (l == 0 && in == 1) {
        double const sign = normal() < 0 ? -1 : 1;
        w[0] = sign * 2 * std::exp(0.3 * normal());
        b = -w[0] * (-1 + 2.0 * (j + 1) / (width + 1) + 0.3 / width * normal());
      } else if (l == 0) {
        for (int i = 0; i < in; ++i) w[i] = normal();
        w *= 2 / w.norm();
        b = normal.uniform(-1.5, 1.5);
      } else {
        for (int i = 0; i < in; ++i) w[i] = normal();
        Eigen::VectorXd const t = h * w;
        double const spread = std::sqrt((t.array() - t.mean()).square().mean());
        if (spread > 0) w *= 1 / spread;
        // not through a value of t: where lower neurons are idle many points share one, and F has a kink there
        b = -normal.uniform(t.minCoeff(), t.maxCoeff()) / (spread > 0 ? spread : 1);
      }
      if (shape.unit.homogeneous()) normalise(block, in + 1);
    }
  }
  return p;
}

namespace {

/// One hidden layer: the kept neurons, then new ones by the orthogonal greedy algorithm.
std::vector<double> grow_one_layer(ProjectedProblem const& problem, NetworkModel const& large,
                                   NetworkModel const& small, std::vector<double> const& p, ProjectedValue const& value,
                                   std::uint64_t seed) {
  int const in = large.fan_in(0), width = large.shape().hidden[0], a = large.shape().unit.coefficients();
  std::vector<double> neurons;
  for (int j = 0; j < small.shape().hidden[0]; ++j)
    if (value.coefficients[j] != 0)
      neurons.insert(neurons.end(), p.begin() + small.neuron_at(0, j), p.begin() + small.neuron_at(0, j + 1));

  Eigen::MatrixXd phi;
  small.basis(p.data(), phi);
  phi.array().colwise() *= problem.root_weights.array();
  Projection const base(std::move(phi), problem.root_weights.cwiseProduct(problem.values));

  Eigen::MatrixXd dictionary(large.points(), candidates);
  std::vector<double> drawn;  // blocks of the candidates
  NetworkModel const chunk({large.shape().inputs, {NetworkModel::most_width}, large.shape().unit}, large.coordinates());
  for (int c = 0; c < candidates; c += NetworkModel::most_width) {
    std::vector<double> q = random_start(chunk, mix_seed(seed) + static_cast<std::uint64_t>(c));
    std::copy(p.end() - a, p.end(), q.end() - a);
    chunk.basis(q.data(), phi);
    dictionary.middleCols(c, NetworkModel::most_width) = phi.leftCols(NetworkModel::most_width);
    drawn.insert(drawn.end(), q.begin(), q.end() - a);
  }
  dictionary.array().colwise() *= problem.root_weights.array();
  Eigen::VectorXd const whole = dictionary.colwise().squaredNorm();
  base.project(dictionary);
  Eigen::VectorXd r = base.residual();
  std::size_t const block = static_cast<std::size_t>(in) + 1;
  while (neurons.size() < block * static_cast<std::size_t>(width)) {
    Eigen::VectorXd const products = dictionary.transpose() * r, left = dictionary.colwise().squaredNorm();
    int best = -1;
    double gain = -1;
    for (int c = 0; c < candidates; ++c) {
      if (!(left[c] > 1e-14 * whole[c])) continue;  // in the span already, or taken
      double const g = products[c] * products[c] / left[c];
      if (g > gain) {
        gain = g;
        best = c;
      }
    }
    if (best < 0) {  // nothing new to be had: random neurons
      std::vector<double> const q = random_start(large, mix_seed(seed + 1));
      neurons.insert(neurons.end(), q.begin() + static_cast<std::ptrdiff_t>(neurons.size()),
                     q.begin() + static_cast<std::ptrdiff_t>(block * static_cast<std::size_t>(width)));
      break;
    }
    auto const at = drawn.begin() + static_cast<std::ptrdiff_t>(block * static_cast<std::size_t>(best));
    neurons.insert(neurons.end(), at, at + static_cast<std::ptrdiff_t>(block));
    Eigen::VectorXd const q = dictionary.col(best) / std::sqrt(left[best]);
    r -= q * q.dot(r);
    Eigen::RowVectorXd const share = q.transpose() * dictionary;
    dictionary.noalias() -= q * share;
    dictionary.col(best).setZero();
  }
  neurons.insert(neurons.end(), p.end() - a, p.end());
  return neurons;
}

/// Two hidden layers: random neurons are added to both; the old ones read 0 of the new.
std::vector<double> grow_two_layers(NetworkModel const& large, NetworkModel const& small, std::vector<double> const& p,
                                    std::uint64_t seed) {
  std::vector<double> q = random_start(large, seed);
  for (int l = 0; l < 2; ++l) {
    int const in = large.fan_in(l), old_in = small.fan_in(l);
    for (int j = 0; j < small.shape().hidden[static_cast<std::size_t>(l)]; ++j) {
      double const* const from = p.data() + small.neuron_at(l, j);
      double* const to = q.data() + large.neuron_at(l, j);
      std::fill(std::copy(from, from + old_in, to), to + in, 0.0);
      to[in] = from[old_in];
    }
    for (int i = 0; i < large.shape().unit.coefficients(); ++i)
      q[static_cast<std::size_t>(large.coefficients_at(l) + i)] =
          p[static_cast<std::size_t>(small.coefficients_at(l) + i)];
  }
  return q;
}

}  // namespace

std::vector<double> grown_start(ProjectedProblem const& problem, NetworkModel const& large, NetworkModel const& small,
                                std::vector<double> const& p, ProjectedValue const& value, std::uint64_t seed) {
  NetworkShape const &a = small.shape(), &b = large.shape();
  bool fits = a.inputs == b.inputs && a.unit == b.unit && a.hidden.size() == b.hidden.size() &&
              static_cast<Eigen::Index>(p.size()) == small.parameters() && small.points() == large.points() &&
              value.coefficients.size() == small.columns();
  for (std::size_t l = 0; fits && l < a.hidden.size(); ++l) fits = a.hidden[l] <= b.hidden[l];
  if (!fits) throw InvalidInput("a network can only grow out of one of its kind with as many neurons or fewer");
  return a.hidden.size() == 1 ? grow_one_layer(problem, large, small, p, value, seed)
                              : grow_two_layers(large, small, p, seed);
}

}  // namespace nwidth::fitting::population
