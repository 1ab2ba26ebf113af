// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets_emulation.hpp"

namespace nwidth::construct {
namespace {

using Kind = Activation::Kind;

/// k of a layer that applies relu(t)^k, 0 for the identity.
int power_of(Layer const& layer) {
  switch (layer.activation.kind) {
    case Kind::identity: return 0;
    case Kind::relu: return 1;
    case Kind::relu_power: return layer.activation.power;
    default: throw InvalidInput("only networks of relu, relu_power and identity layers can be rewritten");
  }
}

}  // namespace

Network relu_to_polyrelu(Network const& net) {
  std::vector<Layer> layers = net.layers();
  for (Layer& layer : layers)
    if (layer.activation.kind != Kind::polyrelu)
      if (int const k = power_of(layer); k > 0) layer.activation = activation(Frozen::unit(k));
  return Network(net.inputs(), std::move(layers));
}

Network relu_to_polyrelu(Network const& net, Frozen const& a) {
  // A layer is rewritten with its rows repeated at q scales; its reader takes the neurons' combinations v and constants
  // c.
  std::vector<Layer> layers;
  std::vector<Rational> v{1};
  Rational c = 0;
  int columns = net.inputs();
  for (Layer const& layer : net.layers()) {
    int const k = power_of(layer);
    Scales S{{1}, {1}, 0};
    if (k > 0) S = scales(a, k);
    int const q = static_cast<int>(S.s.size());
    auto const copies = static_cast<int>(v.size());
    std::vector<Entry> entries;
    std::vector<Rational> bias;
    for (int i = 0; i < layer.weights.rows(); ++i) {
      Rational constant = layer.bias[static_cast<std::size_t>(i)];
      for (Entry const* e = layer.weights.row_begin(i); e != layer.weights.row_end(i); ++e) constant += e->value * c;
      for (int j = 0; j < q; ++j) {
        Rational const& s = S.s[static_cast<std::size_t>(j)];
        for (Entry const* e = layer.weights.row_begin(i); e != layer.weights.row_end(i); ++e)
          for (int m = 0; m < copies; ++m)
            entries.push_back({i * q + j, e->column * copies + m, s * e->value * v[static_cast<std::size_t>(m)]});
        bias.push_back(s * constant);
      }
    }
    int const rows = layer.weights.rows() * q;
    layers.push_back({SparseMatrix(rows, columns, std::move(entries)), std::move(bias),
                      k > 0 ? activation(a) : Activation::identity()});
    columns = rows;
    v = S.v;
    c = S.constant;
  }
  if (c != 0 || v.size() > 1 || v[0] != 1) {  // the last layer is not affine: its combinations need one that is
    int const outputs = net.outputs();
    std::vector<Entry> entries;
    for (int i = 0; i < outputs; ++i)
      for (int m = 0; m < static_cast<int>(v.size()); ++m)
        entries.push_back({i, i * static_cast<int>(v.size()) + m, v[static_cast<std::size_t>(m)]});
    layers.push_back({SparseMatrix(outputs, columns, std::move(entries)),
                      std::vector<Rational>(static_cast<std::size_t>(outputs), c), Activation::identity()});
  }
  return Network(net.inputs(), std::move(layers));
}

}  // namespace nwidth::construct
