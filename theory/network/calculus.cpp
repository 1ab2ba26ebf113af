// SPDX-License-Identifier: Apache-2.0
#include "theory/network/calculus.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace nwidth {
namespace {

using Kind = Activation::Kind;

bool is_identity(Layer const& layer) { return layer.activation.kind == Kind::identity; }

SparseMatrix multiply(SparseMatrix const& a, SparseMatrix const& b) {
  std::vector<Entry> entries;
  std::vector<Rational> row(static_cast<std::size_t>(b.columns()));
  std::vector<bool> seen(row.size(), false);
  std::vector<int> touched;
  for (int i = 0; i < a.rows(); ++i) {
    for (Entry const* e = a.row_begin(i); e != a.row_end(i); ++e)
      for (Entry const* f = b.row_begin(e->column); f != b.row_end(e->column); ++f) {
        auto const j = static_cast<std::size_t>(f->column);
        if (!seen[j]) touched.push_back(f->column);
        seen[j] = true;
        row[j] += e->value * f->value;
      }
    for (int column : touched) {
      auto const j = static_cast<std::size_t>(column);
      entries.push_back({i, column, std::exchange(row[j], Rational(0))});
      seen[j] = false;
    }
    touched.clear();
  }
  return {a.rows(), b.columns(), std::move(entries)};
}

/// outer's layer after an affine one
Layer merge(Layer const& outer, Layer const& inner) {
  std::vector<Rational> bias = outer.bias;
  for (Entry const& e : outer.weights.entries())
    bias[static_cast<std::size_t>(e.row)] += e.value * inner.bias[static_cast<std::size_t>(e.column)];
  return {multiply(outer.weights, inner.weights), std::move(bias), outer.activation};
}

bool same(Activation const& a, Activation const& b) {
  return a.kind == b.kind && a.power == b.power && a.coefficients == b.coefficients && a.numerator == b.numerator &&
         a.denominator == b.denominator;
}

/// relu, relu_power and polyrelu as the coefficients of a polynomial in relu(t), without trailing zeros
std::vector<Rational> polynomial(Activation const& a, int neuron) {
  if (a.kind == Kind::polyrelu) {
    std::vector<Rational> c = a.coefficients_of(neuron);
    while (c.size() > 1 && c.back() == 0) c.pop_back();
    return c;
  }
  std::vector<Rational> c(static_cast<std::size_t>(a.kind == Kind::relu ? 1 : a.power) + 1);
  c.back() = 1;
  return c;
}

/// The shortest way to write the activation of a layer with these coefficients.
Activation from_polynomials(std::vector<std::vector<Rational>> c) {
  if (std::adjacent_find(c.begin(), c.end(), std::not_equal_to<>()) != c.end())
    return Activation::polyrelu_per_neuron(std::move(c));
  std::vector<Rational> const& one = c.front();
  int const k = static_cast<int>(one.size()) - 1;
  bool const unit =
      k >= 1 && one.back() == 1 && std::all_of(one.begin(), one.end() - 1, [](Rational const& q) { return q == 0; });
  return !unit ? Activation::polyrelu(one) : k == 1 ? Activation::relu() : Activation::relu_power(k);
}

Activation join_activations(std::vector<Layer const*> const& layers) {
  Activation const& first = layers.front()->activation;
  if (std::all_of(layers.begin(), layers.end(),
                  [&](Layer const* l) { return !l->activation.per_neuron() && same(l->activation, first); }))
    return first;
  std::vector<std::vector<Rational>> c;
  for (Layer const* layer : layers) {
    Kind const kind = layer->activation.kind;
    if (kind != Kind::relu && kind != Kind::relu_power && kind != Kind::polyrelu)
      throw InvalidInput("a rational, gelu or silu layer can stand beside layers with the very same activation only");
    for (int i = 0; i < layer->weights.rows(); ++i) c.push_back(polynomial(layer->activation, i));
  }
  return from_polynomials(std::move(c));
}

/// Layers side by side, on the same values or each on its own.
Layer join(std::vector<Layer const*> const& layers, bool same_input) {
  std::vector<Entry> entries;
  std::vector<Rational> bias;
  int rows = 0, columns = 0;
  for (Layer const* layer : layers) {
    for (Entry const& e : layer->weights.entries())
      entries.push_back({e.row + rows, e.column + (same_input ? 0 : columns), e.value});
    bias.insert(bias.end(), layer->bias.begin(), layer->bias.end());
    rows += layer->weights.rows();
    columns += layer->weights.columns();
  }
  if (same_input) columns = layers.front()->weights.columns();
  return {SparseMatrix(rows, columns, std::move(entries)), std::move(bias), join_activations(layers)};
}

std::vector<Carry> slice(std::vector<Carry> const& ways, int first, int count) {
  return {ways.begin() + first, ways.begin() + first + count};
}

/// Networks of any depths side by side.
Network beside(std::vector<Network> const& nets, std::vector<Carry> const& ways, bool same_input) {
  if (nets.empty()) throw InvalidInput("parallel networks: at least one is needed");
  int depth = 0, outputs = 0, inputs = 0;
  for (Network const& net : nets) {
    if (same_input && net.inputs() != nets[0].inputs())
      throw InvalidInput("parallel networks need the same number of inputs, not " + std::to_string(nets[0].inputs()) +
                         " and " + std::to_string(net.inputs()));
    depth = std::max(depth, net.depth());
    outputs += net.outputs();
    inputs += net.inputs();
  }
  bool const for_all = ways.size() == 1, per_network = ways.size() == nets.size();
  if (!for_all && !per_network && ways.size() != static_cast<std::size_t>(outputs))
    throw InvalidInput("parallel networks: " + std::to_string(ways.size()) +
                       " ways to carry, neither 1 nor one for each of " + std::to_string(nets.size()) +
                       " networks or " + std::to_string(outputs) + " outputs");
  std::vector<Network> padded;
  int first = 0;
  for (std::size_t i = 0; i < nets.size(); ++i) {
    std::vector<Carry> const own = for_all       ? ways
                                   : per_network ? std::vector<Carry>{ways[i]}
                                                 : slice(ways, first, nets[i].outputs());
    padded.push_back(pad(nets[i], depth, own));
    first += nets[i].outputs();
  }
  std::vector<Layer> layers;
  for (std::size_t l = 0; l <= static_cast<std::size_t>(depth); ++l) {
    std::vector<Layer const*> row;
    for (Network const& net : padded) row.push_back(&net.layers()[l]);
    layers.push_back(join(row, same_input && l == 0));
  }
  return {same_input ? nets[0].inputs() : inputs, std::move(layers)};
}

void require_network(Network const& net) {
  if (net.layers().empty()) throw InvalidInput("a network without layers has no meaning");
}

}  // namespace

Network affine(SparseMatrix a, std::vector<Rational> b) {
  int const inputs = a.columns();
  std::vector<Layer> layers;
  layers.push_back({std::move(a), std::move(b), Activation::identity()});
  return {inputs, std::move(layers)};
}

Network affine(Rational const& a, Rational const& b) { return affine(SparseMatrix(1, 1, {{0, 0, a}}), {b}); }

Network compose(Network const& outer, Network const& inner) {
  require_network(outer);
  require_network(inner);
  if (outer.inputs() != inner.outputs())
    throw InvalidInput("compose: the outer network has " + std::to_string(outer.inputs()) + " inputs, the inner one " +
                       std::to_string(inner.outputs()) + " outputs");
  std::vector<Layer> layers = inner.layers();
  auto next = outer.layers().begin();
  if (is_identity(layers.back())) layers.back() = merge(*next++, layers.back());
  layers.insert(layers.end(), next, outer.layers().end());
  return {inner.inputs(), std::move(layers)};
}

Network normal_form(Network const& net) {
  require_network(net);
  std::vector<Layer> layers;
  for (Layer const& layer : net.layers()) {
    if (!layers.empty() && is_identity(layers.back())) {
      layers.back() = merge(layer, layers.back());
    } else {
      layers.push_back(layer);
    }
  }
  if (!is_identity(layers.back())) {
    int const n = layers.back().weights.rows();
    layers.push_back(
        {SparseMatrix::identity(n), std::vector<Rational>(static_cast<std::size_t>(n)), Activation::identity()});
  }
  return {net.inputs(), std::move(layers)};
}

Carry Carry::bounded(Rational const& s) {
  if (s < 0) throw InvalidInput("a bound of |y| must not be negative, not " + exact_string(s));
  Carry c;
  c.bound_ = s;
  return c;
}

Network carry(int values, int layers, std::vector<Carry> const& ways) {
  if (values < 1) throw InvalidInput("carry needs at least one value, not " + std::to_string(values));
  if (layers < 0) throw InvalidInput("carry needs at least 0 layers, not " + std::to_string(layers));
  if (ways.size() != 1 && ways.size() != static_cast<std::size_t>(values))
    throw InvalidInput("carry: " + std::to_string(ways.size()) + " ways for " + std::to_string(values) + " values");
  if (layers == 0)
    return affine(SparseMatrix::identity(values), std::vector<Rational>(static_cast<std::size_t>(values)));
  std::vector<Entry> in, out;
  std::vector<Rational> shift, back;
  int neurons = 0;
  for (int v = 0; v < values; ++v) {
    std::optional<Rational> const& s = ways[ways.size() == 1 ? 0 : static_cast<std::size_t>(v)].bound();
    for (int sign : s ? std::vector<int>{1} : std::vector<int>{1, -1}) {
      in.push_back({neurons, v, sign});
      out.push_back({v, neurons, sign});
      shift.push_back(s.value_or(0));
      ++neurons;
    }
    back.push_back(-s.value_or(0));
  }
  std::vector<Layer> result;
  result.push_back({SparseMatrix(neurons, values, std::move(in)), std::move(shift), Activation::relu()});
  for (int l = 1; l < layers; ++l)
    result.push_back({SparseMatrix::identity(neurons), std::vector<Rational>(static_cast<std::size_t>(neurons)),
                      Activation::relu()});
  result.push_back({SparseMatrix(values, neurons, std::move(out)), std::move(back), Activation::identity()});
  return {values, std::move(result)};
}

Network pad(Network const& net, int depth, std::vector<Carry> const& ways) {
  Network plain = normal_form(net);
  int const missing = depth - plain.depth();
  if (missing < 0)
    throw InvalidInput("a network of depth " + std::to_string(plain.depth()) + " cannot be padded to depth " +
                       std::to_string(depth));
  return missing == 0 ? plain : compose(carry(plain.outputs(), missing, ways), plain);
}

Network delay(Network const& net, int depth, std::vector<Carry> const& ways) {
  Network plain = normal_form(net);
  int const missing = depth - plain.depth();
  if (missing < 0)
    throw InvalidInput("a network of depth " + std::to_string(plain.depth()) + " cannot be delayed to depth " +
                       std::to_string(depth));
  return missing == 0 ? plain : compose(plain, carry(plain.inputs(), missing, ways));
}

Network parallel(std::vector<Network> const& nets, std::vector<Carry> const& ways) { return beside(nets, ways, true); }

Network stack(std::vector<Network> const& nets, std::vector<Carry> const& ways) { return beside(nets, ways, false); }

Network sum(std::vector<Network> const& nets, std::vector<Rational> const& weights, std::vector<Carry> const& ways) {
  if (nets.empty()) throw InvalidInput("a sum of networks: at least one is needed");
  if (weights.size() != nets.size())
    throw InvalidInput("a sum of " + std::to_string(nets.size()) + " networks with " + std::to_string(weights.size()) +
                       " weights");
  int const inputs = nets[0].inputs(), outputs = nets[0].outputs();
  std::map<int, std::vector<std::size_t>> by_depth;
  for (std::size_t i = 0; i < nets.size(); ++i) {
    if (nets[i].inputs() != inputs || nets[i].outputs() != outputs)
      throw InvalidInput("a sum of networks of different shapes: " + std::to_string(inputs) + " -> " +
                         std::to_string(outputs) + " and " + std::to_string(nets[i].inputs()) + " -> " +
                         std::to_string(nets[i].outputs()));
    if (weights[i] != 0) by_depth[nets[i].depth()].push_back(i);
  }
  Network total = affine(SparseMatrix(outputs, inputs, {}), std::vector<Rational>(static_cast<std::size_t>(outputs)));
  bool empty = true;
  for (auto const& [depth, members] : by_depth) {
    std::vector<Network> terms;
    std::vector<Rational> factors;
    if (!empty) {
      terms.push_back(pad(total, depth, ways));
      factors.push_back(1);
    }
    for (std::size_t i : members) {
      terms.push_back(nets[i]);
      factors.push_back(weights[i]);
    }
    std::vector<Entry> entries;
    for (std::size_t t = 0; t < terms.size(); ++t)
      for (int o = 0; o < outputs; ++o) entries.push_back({o, static_cast<int>(t) * outputs + o, factors[t]});
    int const columns = static_cast<int>(terms.size()) * outputs;
    total = compose(affine(SparseMatrix(outputs, columns, std::move(entries)),
                           std::vector<Rational>(static_cast<std::size_t>(outputs))),
                    parallel(terms));
    empty = false;
  }
  return total;
}

Network scale_output(Network const& net, Rational const& c) {
  std::vector<Entry> diagonal;
  for (int i = 0; i < net.outputs(); ++i) diagonal.push_back({i, i, c});
  return compose(affine(SparseMatrix(net.outputs(), net.outputs(), std::move(diagonal)),
                        std::vector<Rational>(static_cast<std::size_t>(net.outputs()))),
                 net);
}

Network shift_output(Network const& net, std::vector<Rational> const& b) {
  return compose(affine(SparseMatrix::identity(net.outputs()), b), net);
}

Network rescale_input(Network const& net, Rational const& a, Rational const& b) {
  std::vector<Entry> diagonal;
  for (int i = 0; i < net.inputs(); ++i) diagonal.push_back({i, i, a});
  return compose(net, affine(SparseMatrix(net.inputs(), net.inputs(), std::move(diagonal)),
                             std::vector<Rational>(static_cast<std::size_t>(net.inputs()), b)));
}

}  // namespace nwidth
