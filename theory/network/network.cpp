// SPDX-License-Identifier: Apache-2.0
#include "theory/network/network.hpp"

#include <algorithm>

namespace nwidth {

SparseMatrix::SparseMatrix(int rows, int columns, std::vector<Entry> entries)
    : rows_(rows), columns_(columns), entries_(std::move(entries)) {
  if (rows < 0 || columns < 0)
    throw InvalidInput("a matrix cannot be " + std::to_string(rows) + " x " + std::to_string(columns));
  auto place = [](Entry const& e) { return "(" + std::to_string(e.row) + ", " + std::to_string(e.column) + ")"; };
  for (Entry const& e : entries_)
    if (e.row < 0 || e.row >= rows || e.column < 0 || e.column >= columns)
      throw InvalidInput("matrix entry at " + place(e) + " lies outside " + std::to_string(rows) + " x " +
                         std::to_string(columns));
  std::stable_sort(entries_.begin(), entries_.end(),
                   [](Entry const& a, Entry const& b) { return a.row != b.row ? a.row < b.row : a.column < b.column; });
  for (std::size_t i = 1; i < entries_.size(); ++i)
    if (entries_[i].row == entries_[i - 1].row && entries_[i].column == entries_[i - 1].column)
      throw InvalidInput("matrix entry at " + place(entries_[i]) + " is given twice");
  std::erase_if(entries_, [](Entry const& e) { return e.value == 0; });
  start_.assign(static_cast<std::size_t>(rows) + 1, 0);
  for (Entry const& e : entries_) ++start_[static_cast<std::size_t>(e.row) + 1];
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) start_[r + 1] += start_[r];
}

SparseMatrix SparseMatrix::dense(std::vector<std::vector<Rational>> const& rows) {
  std::size_t const columns = rows.empty() ? 0 : rows[0].size();
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].size() != columns)
      throw InvalidInput("matrix row " + std::to_string(i) + " has " + std::to_string(rows[i].size()) +
                         " numbers, row 0 has " + std::to_string(columns));
    for (std::size_t j = 0; j < columns; ++j)
      if (rows[i][j] != 0) entries.push_back({static_cast<int>(i), static_cast<int>(j), rows[i][j]});
  }
  return {static_cast<int>(rows.size()), static_cast<int>(columns), std::move(entries)};
}

SparseMatrix SparseMatrix::identity(int n) {
  std::vector<Entry> entries;
  for (int i = 0; i < n; ++i) entries.push_back({i, i, 1});
  return {n, n, std::move(entries)};
}

Activation Activation::relu_power(int k) {
  if (k < 1 || k > most_power)
    throw InvalidInput("relu_power needs 1 <= k <= " + std::to_string(most_power) + ", not " + std::to_string(k));
  Activation a = make(Kind::relu_power);
  a.power = k;
  return a;
}

Activation Activation::polyrelu(std::vector<Rational> c) {
  std::vector<std::vector<Rational>> one;
  one.push_back(std::move(c));
  return polyrelu_per_neuron(std::move(one));
}

Activation Activation::polyrelu_per_neuron(std::vector<std::vector<Rational>> c) {
  Activation a = make(Kind::polyrelu);
  a.coefficients = std::move(c);
  if (a.coefficients.empty()) throw InvalidInput("polyrelu needs at least one coefficient vector");
  for (auto const& v : a.coefficients)
    if (v.empty()) throw InvalidInput("polyrelu needs at least one coefficient");
  return a;
}

Activation Activation::rational(std::vector<Rational> p, std::vector<Rational> q) {
  if (p.empty() || q.empty()) throw InvalidInput("a rational activation needs a numerator and a denominator");
  if (std::all_of(q.begin(), q.end(), [](Rational const& c) { return c == 0; }))
    throw InvalidInput("the denominator of a rational activation must not be 0");
  Activation a = make(Kind::rational);
  a.numerator = std::move(p);
  a.denominator = std::move(q);
  return a;
}

Network::Network(int inputs, std::vector<Layer> layers) : inputs_(inputs), layers_(std::move(layers)) {
  if (inputs < 1) throw InvalidInput("a network needs at least one input, not " + std::to_string(inputs));
  if (layers_.empty()) throw InvalidInput("a network needs at least one layer");
  int columns = inputs;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer const& layer = layers_[l];
    std::string const name = "layer " + std::to_string(l + 1) + ": ";
    if (layer.weights.columns() != columns)
      throw InvalidInput(name + "weights have " + std::to_string(layer.weights.columns()) +
                         " columns, the layer before has " + std::to_string(columns) + " outputs");
    if (layer.weights.rows() < 1) throw InvalidInput(name + "weights need at least one row");
    if (layer.bias.size() != static_cast<std::size_t>(layer.weights.rows()))
      throw InvalidInput(name + "bias has " + std::to_string(layer.bias.size()) + " numbers for " +
                         std::to_string(layer.weights.rows()) + " rows");
    if (layer.activation.per_neuron() && layer.activation.coefficients.size() != layer.bias.size())
      throw InvalidInput(name + std::to_string(layer.activation.coefficients.size()) + " coefficient vectors for " +
                         std::to_string(layer.bias.size()) + " neurons");
    columns = layer.weights.rows();
  }
}

namespace {
bool active(Layer const& layer) { return layer.activation.kind != Activation::Kind::identity; }
std::size_t nonzeros(std::vector<Rational> const& v) {
  return static_cast<std::size_t>(std::count_if(v.begin(), v.end(), [](Rational const& q) { return q != 0; }));
}
}  // namespace

std::size_t Network::size() const {
  std::size_t s = 0;
  for (Layer const& layer : layers_) s += layer.weights.nonzeros() + nonzeros(layer.bias);
  return s;
}

std::size_t Network::neurons() const {
  std::size_t s = 0;
  for (Layer const& layer : layers_)
    if (active(layer)) s += layer.bias.size();
  return s;
}

int Network::depth() const { return static_cast<int>(std::count_if(layers_.begin(), layers_.end(), active)); }

int Network::width() const {
  int w = 0;
  for (Layer const& layer : layers_)
    if (active(layer)) w = std::max(w, layer.weights.rows());
  return w;
}

std::size_t Network::coefficients() const {
  std::size_t s = 0;
  for (Layer const& layer : layers_) {
    for (auto const& v : layer.activation.coefficients) s += nonzeros(v);
    s += nonzeros(layer.activation.numerator) + nonzeros(layer.activation.denominator);
  }
  return s;
}

bool Network::is_piecewise_polynomial() const {
  return std::all_of(layers_.begin(), layers_.end(),
                     [](Layer const& l) { return l.activation.is_piecewise_polynomial(); });
}

void require_no_pole(Activation const& a, Rational const& t) {
  Rational q = 0;
  for (auto c = a.denominator.rbegin(); c != a.denominator.rend(); ++c) q = q * t + *c;
  if (q == 0) throw InvalidInput("a rational activation has a pole at " + exact_string(t));
}

}  // namespace nwidth
