// SPDX-License-Identifier: Apache-2.0
/// Random networks for the certifier's tests.
#pragma once
#include "tests/random.hpp"
#include "theory/network/network.hpp"

namespace nwidth::test {

inline Layer layer(std::vector<std::vector<Rational>> const& weights, std::vector<Rational> bias,
                   Activation activation) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < weights.size(); ++i)
    for (std::size_t j = 0; j < weights[i].size(); ++j)
      entries.push_back({static_cast<int>(i), static_cast<int>(j), weights[i][j]});
  return {SparseMatrix(static_cast<int>(weights.size()), static_cast<int>(weights[0].size()), std::move(entries)),
          std::move(bias), std::move(activation)};
}

inline int below(std::mt19937_64& g, int n) { return static_cast<int>(g() % static_cast<unsigned>(n)); }

/// A small number that is dyadic, a fraction, or an integer (so that breakpoints coincide now and then).
inline Rational small_weight(std::mt19937_64& g) {
  switch (below(g, 4)) {
    case 0: return Rational(below(g, 7) - 3);
    case 1: return Rational(below(g, 41) - 20) / 8;
    case 2: return Rational(below(g, 41) - 20) / (1 + below(g, 12));
    default: return Rational(static_cast<long>(g() % 4096) - 2048) / 1024;
  }
}

inline Activation random_activation(std::mt19937_64& g, int neurons, bool steep) {
  auto coefficients = [&g] {
    std::vector<Rational> a(static_cast<std::size_t>(2 + below(g, 3)));
    for (Rational& c : a) c = small_weight(g);
    return a;
  };
  switch (below(g, steep ? 5 : 2)) {
    case 0:
    case 1: return Activation::relu();
    case 2: return Activation::relu_power(2 + below(g, 2));
    case 3: return Activation::polyrelu(coefficients());
    default: {
      std::vector<std::vector<Rational>> a;
      for (int i = 0; i < neurons; ++i) a.push_back(coefficients());
      return Activation::polyrelu_per_neuron(std::move(a));
    }
  }
}

/// depth hidden layers of 1 ... width neurons; activations of degree > 1 in at most two of them.
inline Network random_network(std::mt19937_64& g, int depth, int width) {
  std::vector<Layer> layers;
  int columns = 1;
  int steep = 2;
  for (int l = 0; l <= depth; ++l) {
    int const rows = l == depth ? 1 : 1 + below(g, width);
    std::vector<std::vector<Rational>> w(static_cast<std::size_t>(rows));
    std::vector<Rational> b;
    for (auto& row : w) {
      for (int j = 0; j < columns; ++j) row.push_back(below(g, 5) == 0 ? Rational(0) : small_weight(g));
      b.push_back(below(g, 4) == 0 ? Rational(0) : small_weight(g));
    }
    Activation a = l == depth ? Activation::identity() : random_activation(g, rows, steep > 0);
    if (a.kind != Activation::Kind::relu) --steep;
    layers.push_back(layer(w, std::move(b), std::move(a)));
    columns = rows;
  }
  return Network(1, std::move(layers));
}

}  // namespace nwidth::test
