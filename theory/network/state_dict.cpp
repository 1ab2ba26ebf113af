// SPDX-License-Identifier: Apache-2.0
#include "theory/network/state_dict.hpp"

#include <algorithm>

#include "theory/number/ball.hpp"

namespace nwidth {
namespace {

Tensor vector(std::string name, std::vector<Rational> const& v) {
  Tensor t{std::move(name), {v.size()}, {}};
  for (std::size_t i = 0; i < v.size(); ++i)
    if (v[i] != 0) t.values.emplace_back(i, v[i]);
  return t;
}

}  // namespace

std::size_t Tensor::count() const {
  std::size_t n = 1;
  for (std::size_t d : shape) n *= d;
  return n;
}

Rational const* Tensor::find(std::size_t place) const {
  auto const it = std::lower_bound(values.begin(), values.end(), place,
                                   [](auto const& value, std::size_t p) { return value.first < p; });
  return it != values.end() && it->first == place ? &it->second : nullptr;
}

void Tensor::append(std::string& out, FloatWriter& writer) const {
  std::size_t place = 0;
  for (auto const& [at, value] : values) {
    out.append((at - place) * writer.size(), '\0');
    writer.append(out, value, name);
    place = at + 1;
  }
  out.append((count() - place) * writer.size(), '\0');
}

std::vector<Tensor> tensors(Layer const& layer, std::string const& name) {
  std::vector<Tensor> result;
  auto const rows = static_cast<std::size_t>(layer.weights.rows());
  auto const columns = static_cast<std::size_t>(layer.weights.columns());
  Tensor w{name + ".weight", {rows, columns}, {}};
  for (Entry const& e : layer.weights.entries())
    w.values.emplace_back(static_cast<std::size_t>(e.row) * columns + static_cast<std::size_t>(e.column), e.value);
  result.push_back(std::move(w));
  result.push_back(vector(name + ".bias", layer.bias));
  Activation const& a = layer.activation;
  if (a.kind == Activation::Kind::polyrelu && a.per_neuron()) {
    std::size_t most = 0;
    for (auto const& c : a.coefficients) most = std::max(most, c.size());
    Tensor t{name + ".activation.coefficients", {rows, most}, {}};
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t i = 0; i < a.coefficients[r].size(); ++i)
        if (a.coefficients[r][i] != 0) t.values.emplace_back(r * most + i, a.coefficients[r][i]);
    result.push_back(std::move(t));
  } else if (a.kind == Activation::Kind::polyrelu) {
    result.push_back(vector(name + ".activation.coefficients", a.coefficients[0]));
  } else if (a.kind == Activation::Kind::rational) {
    result.push_back(vector(name + ".activation.numerator", a.numerator));
    result.push_back(vector(name + ".activation.denominator", a.denominator));
  }
  return result;
}

std::string activation_word(Activation const& a) {
  using Kind = Activation::Kind;
  switch (a.kind) {
    case Kind::identity: return "identity";
    case Kind::relu: return "relu";
    case Kind::relu_power: return "relu_power:" + std::to_string(a.power);
    case Kind::polyrelu: return "polyrelu";
    case Kind::rational: return "rational";
    case Kind::gelu: return "gelu";
    case Kind::silu: return "silu";
  }
  throw InvalidInput("an activation that files do not know");
}

std::vector<std::pair<std::string, std::string>> properties(Network const& net, Rounding const& rounding) {
  std::string words;
  for (Layer const& layer : net.layers()) words += (words.empty() ? "" : " ") + activation_word(layer.activation);
  return {{"schema", state_dict_schema},
          {"activations", words},
          {"exact", rounding.exact() ? "true" : "false"},
          {"largest_relative_rounding", decimal_above(rounding.largest, 3)}};
}

void require_dense_size(Network const& net, FloatFormat format, std::size_t most, std::string const& what) {
  if (net.layers().empty()) throw InvalidInput("a network without layers cannot be written");
  double bytes = 0;
  for (Layer const& layer : net.layers()) {
    bytes += static_cast<double>(layer.weights.rows()) * (layer.weights.columns() + 1.0);
    std::size_t most_coefficients = 0;
    for (auto const& c : layer.activation.coefficients) most_coefficients = std::max(most_coefficients, c.size());
    bytes += static_cast<double>(most_coefficients) * static_cast<double>(layer.activation.coefficients.size());
  }
  bytes *= format == FloatFormat::f32 ? 4 : 8;
  if (bytes > static_cast<double>(most))
    throw InvalidInput(what + " holds dense weights: here " + std::to_string(bytes / 1e6) + " MB, at most " +
                       std::to_string(most / 1000000));
}

}  // namespace nwidth
