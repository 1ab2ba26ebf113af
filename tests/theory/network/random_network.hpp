// SPDX-License-Identifier: Apache-2.0
/// Small random networks with exact weights.
#pragma once
#include <random>
#include <vector>

#include "tests/random.hpp"
#include "theory/network/network.hpp"

namespace nwidth::test {

inline std::vector<Rational> random_vector(std::mt19937_64& g, int n, long size = 5) {
  std::vector<Rational> v;
  for (int i = 0; i < n; ++i) v.push_back(random_rational(g, size));
  return v;
}

/// About two thirds of the entries are not 0.
inline SparseMatrix random_matrix(std::mt19937_64& g, int rows, int columns) {
  std::vector<Entry> entries;
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j)
      if (g() % 3 != 0) entries.push_back({i, j, random_rational(g, 5)});
  return {rows, columns, std::move(entries)};
}

/// relu, relu_power, polyrelu of the layer or polyrelu per neuron
inline Activation random_piecewise_polynomial(std::mt19937_64& g, int neurons) {
  switch (g() % 4) {
    case 0: return Activation::relu();
    case 1: return Activation::relu_power(static_cast<int>(uniform(g, 1, 3)));
    case 2: return Activation::polyrelu(random_vector(g, static_cast<int>(uniform(g, 1, 4))));
    default: {
      std::vector<std::vector<Rational>> a;
      for (int i = 0; i < neurons; ++i) a.push_back(random_vector(g, static_cast<int>(uniform(g, 1, 4))));
      return Activation::polyrelu_per_neuron(std::move(a));
    }
  }
}

inline Layer random_layer(std::mt19937_64& g, int inputs, int outputs, Activation activation) {
  std::vector<Rational> bias = random_vector(g, outputs);
  for (Rational& b : bias)
    if (coin(g)) b = 0;
  return {random_matrix(g, outputs, inputs), std::move(bias), std::move(activation)};
}

/// A network with `hidden` layers of 1 to 3 neurons. `plain` ends with an output layer and has no identity layer
/// inside; otherwise both may happen.
inline Network random_network(std::mt19937_64& g, int inputs, int outputs, int hidden, bool plain = true) {
  std::vector<Layer> layers;
  int columns = inputs;
  for (int l = 0; l < hidden; ++l) {
    int const rows = static_cast<int>(uniform(g, 1, 3));
    bool const linear = !plain && g() % 4 == 0;
    layers.push_back(
        random_layer(g, columns, rows, linear ? Activation::identity() : random_piecewise_polynomial(g, rows)));
    columns = rows;
  }
  bool const linear = plain || coin(g);
  layers.push_back(
      random_layer(g, columns, outputs, linear ? Activation::identity() : random_piecewise_polynomial(g, outputs)));
  return {inputs, std::move(layers)};
}

}  // namespace nwidth::test
