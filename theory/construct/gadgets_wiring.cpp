// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets_wiring.hpp"

namespace nwidth::construct {

void Form::add(Form const& o, int sign) {
  constant_ += sign * o.constant_;
  if (o.terms_.empty()) return;
  if (terms_.empty()) {
    layer_ = o.layer_;
  } else if (layer_ != o.layer_) {
    throw InvalidInput("forms of layers " + std::to_string(layer_) + " and " + std::to_string(o.layer_) +
                       " cannot be added");
  }
  if (terms_.empty() || terms_.back().first < o.terms_.front().first) {  // the usual case when a long sum is written
    for (auto const& [j, w] : o.terms_) terms_.emplace_back(j, sign * w);
    return;
  }
  std::vector<std::pair<int, Rational>> merged;
  merged.reserve(terms_.size() + o.terms_.size());
  auto p = terms_.begin();
  auto q = o.terms_.begin();
  while (p != terms_.end() || q != o.terms_.end()) {
    if (q == o.terms_.end() || (p != terms_.end() && p->first < q->first)) {
      merged.push_back(std::move(*p++));
    } else if (p == terms_.end() || q->first < p->first) {
      merged.emplace_back(q->first, sign * q->second);
      ++q;
    } else {
      Rational w = p->second + sign * q->second;
      if (w != 0) merged.emplace_back(p->first, std::move(w));
      ++p, ++q;
    }
  }
  terms_ = std::move(merged);
}

Form& Form::operator+=(Form const& o) {
  if (&o == this) return *this *= 2;
  add(o, 1);
  return *this;
}

Form& Form::operator-=(Form const& o) {
  if (&o == this) return *this *= 0;
  add(o, -1);
  return *this;
}

Form& Form::operator*=(Rational const& s) {
  constant_ *= s;
  if (s == 0) terms_.clear();
  for (auto& [j, w] : terms_) w *= s;
  return *this;
}

Wiring::Wiring(int inputs) : inputs_(inputs), width_(inputs) {
  if (inputs < 1) throw InvalidInput("a network needs at least one input, not " + std::to_string(inputs));
}

Form Wiring::input(int i) const {
  if (i < 0 || i >= inputs_)
    throw InvalidInput("input " + std::to_string(i) + " of a network with " + std::to_string(inputs_));
  Form x;
  x.layer_ = 0;
  x.terms_.emplace_back(i, 1);
  return x;
}

void Wiring::check(Form const& t, int layer) const {
  if (!t.is_constant() && t.layer_ != layer)
    throw InvalidInput("a form of layer " + std::to_string(t.layer_) + " is read where one of layer " +
                       std::to_string(layer) + " is needed");
}

namespace {
Layer layer_of(std::vector<Form> const& forms, std::vector<Entry> entries, int columns, Activation activation) {
  Layer layer;
  layer.weights = SparseMatrix(static_cast<int>(forms.size()), columns, std::move(entries));
  for (Form const& t : forms) layer.bias.push_back(t.constant());
  layer.activation = std::move(activation);
  return layer;
}
}  // namespace

void Wiring::seal() {
  if (!open_) return;
  if (neurons_.empty()) throw InvalidInput("a hidden layer without neurons");
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < neurons_.size(); ++i)
    for (auto const& [j, w] : neurons_[i].terms_) entries.push_back({static_cast<int>(i), j, w});
  if (!own_.empty()) activation_ = Activation::polyrelu_per_neuron(std::move(own_));
  done_.push_back(layer_of(neurons_, std::move(entries), width_, std::move(activation_)));
  width_ = static_cast<int>(neurons_.size());
  own_.clear();
  neurons_.clear();
  known_.clear();
  open_ = false;
}

void Wiring::open(Activation activation) {
  seal();
  activation_ = std::move(activation);
  open_ = true;
}

Form Wiring::neuron(Form const& t) {
  if (!own_.empty()) throw InvalidInput("this layer's neurons have coefficients of their own");
  return neuron(t, {});
}

Form Wiring::neuron(Form const& t, std::vector<Rational> const& a) {
  if (!open_) throw InvalidInput("a neuron needs an open layer");
  check(t, static_cast<int>(done_.size()));
  if (!a.empty() && own_.size() != neurons_.size())
    throw InvalidInput("some neurons of this layer have no coefficients of their own");
  if (t.is_constant()) return apply(a.empty() ? activation_ : Activation::polyrelu(a), 0, t.constant());
  auto const [place, fresh] = known_.try_emplace(Key{t.terms_, {t.constant_, a}}, static_cast<int>(neurons_.size()));
  if (fresh) {
    neurons_.push_back(t);
    if (!a.empty()) own_.push_back(a);
  }
  Form h;
  h.layer_ = static_cast<int>(done_.size()) + 1;
  h.terms_.emplace_back(place->second, 1);
  return h;
}

Network Wiring::close(std::vector<Form> const& outputs) {
  seal();
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    check(outputs[i], static_cast<int>(done_.size()));
    for (auto const& [j, w] : outputs[i].terms_) entries.push_back({static_cast<int>(i), j, w});
  }
  done_.push_back(layer_of(outputs, std::move(entries), width_, Activation::identity()));
  return Network(inputs_, std::move(done_));
}

}  // namespace nwidth::construct
