// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/graph.hpp"

#include <algorithm>
#include <map>

namespace nwidth::certify {

LinearForm combine(std::vector<LinearForm const*> const& forms, std::vector<Rational> const& weights,
                   Rational const& constant) {
  LinearForm r;
  r.constant = constant;
  std::map<int, Rational> sum;
  for (std::size_t i = 0; i < forms.size(); ++i) {
    r.constant += weights[i] * forms[i]->constant;
    for (LinearForm::Term const& t : forms[i]->terms) sum[t.neuron] += weights[i] * t.weight;
  }
  for (auto& [neuron, weight] : sum)
    if (weight != 0) r.terms.push_back({neuron, std::move(weight)});
  return r;
}

namespace {

std::vector<Rational> polynomial_of(Activation const& a, int neuron) {
  using Kind = Activation::Kind;
  switch (a.kind) {
    case Kind::relu: return {0, 1};
    case Kind::relu_power: {
      std::vector<Rational> c(static_cast<std::size_t>(a.power) + 1);
      c.back() = 1;
      return c;
    }
    case Kind::polyrelu: {
      std::vector<Rational> c = a.coefficients_of(neuron);
      while (c.size() > 1 && c.back() == 0) c.pop_back();
      return c;
    }
    default: throw InvalidInput("a network with this activation has no polynomial pieces");
  }
}

}  // namespace

std::vector<LinearForm> Graph::append(Network const& network) {
  if (network.inputs() != 1)
    throw InvalidInput("a network of one input is needed, not of " + std::to_string(network.inputs()));
  std::vector<LinearForm> forms(1);
  forms[0].terms.push_back({0, Rational(1)});
  for (Layer const& layer : network.layers()) {
    std::vector<LinearForm> next(layer.bias.size());
    for (int i = 0; i < layer.weights.rows(); ++i) {
      std::vector<LinearForm const*> inputs;
      std::vector<Rational> weights;
      for (Entry const* e = layer.weights.row_begin(i); e != layer.weights.row_end(i); ++e) {
        inputs.push_back(&forms[static_cast<std::size_t>(e->column)]);
        weights.push_back(e->value);
      }
      LinearForm z = combine(inputs, weights, layer.bias[static_cast<std::size_t>(i)]);
      if (layer.activation.kind == Activation::Kind::identity) {
        next[static_cast<std::size_t>(i)] = std::move(z);
        continue;
      }
      Neuron neuron;
      neuron.z = std::move(z);
      neuron.a = polynomial_of(layer.activation, i);
      neurons_.push_back(std::move(neuron));
      next[static_cast<std::size_t>(i)].terms.push_back({static_cast<int>(neurons_.size()) - 1, Rational(1)});
    }
    forms = std::move(next);
  }
  return forms;
}

std::size_t Graph::size() const {
  std::size_t sum = neurons_.size() + output.terms.size();
  for (Neuron const& n : neurons_) sum += n.z.terms.size();
  return sum;
}

bool Graph::has_slack() const {
  return std::any_of(neurons_.begin(), neurons_.end(), [](Neuron const& n) { return n.has_slack(); });
}

Graph prune(Graph const& graph, bool ripples) {
  auto const at = [](int i) { return static_cast<std::size_t>(i); };
  std::vector<Neuron> const& all = graph.neurons();
  auto const reads = [&](Neuron const& n) { return ripples || n.kind != Neuron::Kind::ripple; };
  std::vector<int> number(all.size(), -1);  // 0: needed
  for (LinearForm::Term const& t : graph.output.terms) number[at(t.neuron)] = 0;
  for (std::size_t i = all.size(); i-- > 1;)
    if (number[i] == 0 && reads(all[i]))
      for (LinearForm::Term const& t : all[i].z.terms) number[at(t.neuron)] = 0;
  number[0] = 0;
  Graph result;
  result.centre = graph.centre;
  auto const renumbered = [&](LinearForm f) {
    for (LinearForm::Term& t : f.terms) t.neuron = number[at(t.neuron)];
    return f;
  };
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (number[i] < 0) continue;
    number[i] = static_cast<int>(result.neurons().size());
    Neuron n;
    n.a = all[i].a;
    n.kind = all[i].kind;
    n.level = all[i].level;
    if (reads(all[i])) n.z = renumbered(all[i].z);
    result.neurons().push_back(std::move(n));
  }
  result.output = renumbered(graph.output);
  return result;
}

Graph difference_graph(Network const& first, Network const* second) {
  Graph g;
  std::vector<LinearForm> const a = g.append(first);
  if (a.size() != 1) throw InvalidInput("a network of one output is needed, not of " + std::to_string(a.size()));
  if (second == nullptr) {
    g.output = a[0];
    return g;
  }
  std::vector<LinearForm> const b = g.append(*second);
  if (b.size() != 1) throw InvalidInput("a network of one output is needed, not of " + std::to_string(b.size()));
  g.output = combine({&a[0], &b[0]}, {Rational(1), Rational(-1)}, Rational(0));
  return g;
}

}  // namespace nwidth::certify
