// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets_emulation.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

namespace nwidth::construct {
namespace {

using Kind = Activation::Kind;

/// The coefficients of neuron i, relu^k being e_k; nothing for the identity.
std::optional<Frozen> coefficients_of(Activation const& activation, int i) {
  switch (activation.kind) {
    case Kind::identity: return std::nullopt;
    case Kind::relu: return Frozen::unit(1);
    case Kind::relu_power: return Frozen::unit(activation.power);
    case Kind::polyrelu: return Frozen{activation.coefficients_of(i)};
    default: throw InvalidInput("only layers of relu, relu_power, polyrelu and identity have PolyReLU coefficients");
  }
}

/// A neuron as a combination of its copies: sum_j v_j PolyReLU_a(s_j t) + constant.
struct Copies {
  std::vector<Rational> v{1};
  Rational constant = 0;
};

/// PolyReLU_b by PolyReLU_a at the scales of Lemma (S), which do not depend on b.
Copies copies(Frozen const& a, Frozen const& b, std::map<int, Scales>& known) {
  Copies result{{}, b.coefficient(0)};
  for (int k = 1; k <= b.degree(); ++k) {
    if (b.coefficient(k) == 0) continue;
    if (!known.contains(k)) known.emplace(k, scales(a, k));
    Scales const& S = known.at(k);
    result.v.resize(S.v.size());
    for (std::size_t j = 0; j < S.v.size(); ++j) result.v[j] += b.coefficient(k) * S.v[j];
    result.constant += b.coefficient(k) * S.constant;
  }
  return result;
}

}  // namespace

Model coefficient_model(Network const& net) {
  std::vector<std::vector<Rational>> vectors;
  bool per_layer = true;
  for (Layer const& layer : net.layers())
    for (int i = 0; i < layer.weights.rows(); ++i) {
      auto const a = coefficients_of(layer.activation, i);
      if (!a) break;
      std::vector<Rational> c(a->a.begin(), a->a.begin() + a->degree() + 1);
      if (i > 0 && c != vectors.back()) per_layer = false;
      if (i == 0 || c != vectors.back()) vectors.push_back(std::move(c));
    }
  if (!per_layer) return Model::M1;
  return std::adjacent_find(vectors.begin(), vectors.end(), std::not_equal_to<>()) == vectors.end() ? Model::M3
                                                                                                    : Model::M2;
}

Network relu_to_polyrelu(Network const& net) {
  std::vector<Layer> layers = net.layers();
  for (Layer& layer : layers)
    if (layer.activation.kind != Kind::polyrelu)
      if (auto const a = coefficients_of(layer.activation, 0)) layer.activation = activation(*a);
  return Network(net.inputs(), std::move(layers));
}

Network relu_to_polyrelu(Network const& net, Frozen const& a) {
  std::vector<Rational> s;  // the scales of every neuron's copies
  for (int i = 1; i <= a.degree(); ++i)
    if (a.coefficient(i) != 0) s.emplace_back(static_cast<long>(s.size()) + 1);
  std::map<int, Scales> known;
  std::vector<Layer> layers;
  std::vector<Copies> before(static_cast<std::size_t>(net.inputs()));
  int columns = net.inputs();

  // Rows repeated at the scales `at`, reading the combinations of the layer before.
  auto add = [&](SparseMatrix const& weights, std::vector<Rational> const& bias, std::vector<Rational> const& at,
                 Activation act) {
    int const width = columns / static_cast<int>(before.size());
    std::vector<Entry> entries;
    std::vector<Rational> constants;
    int row = 0;
    for (int i = 0; i < weights.rows(); ++i) {
      Rational constant = bias[static_cast<std::size_t>(i)];
      for (Entry const* e = weights.row_begin(i); e != weights.row_end(i); ++e)
        constant += e->value * before[static_cast<std::size_t>(e->column)].constant;
      for (Rational const& scale : at) {
        for (Entry const* e = weights.row_begin(i); e != weights.row_end(i); ++e) {
          int column = e->column * width;
          for (Rational const& v : before[static_cast<std::size_t>(e->column)].v)
            entries.push_back({row, column++, scale * e->value * v});
        }
        constants.push_back(scale * constant);
        ++row;
      }
    }
    layers.push_back({SparseMatrix(row, columns, std::move(entries)), std::move(constants), std::move(act)});
    columns = row;
  };

  for (Layer const& layer : net.layers()) {
    std::vector<Copies> now;
    for (int i = 0; i < layer.weights.rows(); ++i) {
      auto const b = coefficients_of(layer.activation, i);
      now.push_back(b ? copies(a, *b, known) : Copies{});
    }
    bool const active = layer.activation.kind != Kind::identity;
    add(layer.weights, layer.bias, active ? s : std::vector<Rational>{1},
        active ? activation(a) : Activation::identity());
    before = std::move(now);
  }
  if (net.layers().back().activation.kind != Kind::identity) {  // the combinations need an affine layer
    std::vector<Entry> identity;
    for (int i = 0; i < net.outputs(); ++i) identity.push_back({i, i, 1});
    add(SparseMatrix(net.outputs(), net.outputs(), std::move(identity)),
        std::vector<Rational>(static_cast<std::size_t>(net.outputs())), {1}, Activation::identity());
  }
  return Network(net.inputs(), std::move(layers));
}

}  // namespace nwidth::construct
