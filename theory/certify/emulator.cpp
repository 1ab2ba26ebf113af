// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/emulator.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace nwidth::certify {
namespace {

using Terms = std::vector<LinearForm::Term>;

struct Chain {
  int p = 0, q = 0, A = 0;  // the last level's neurons
  int first = 0;            // p_1, whose pre-activation is u
  int level = 1;
};

bool is_relu(Neuron const& n) { return n.a.size() == 2 && n.a[0] == 0 && n.a[1] == 1; }

std::string key_of(LinearForm const& z, Rational const& constant) {
  std::string key = exact_string(constant);
  for (LinearForm::Term const& t : z.terms) key += ";" + std::to_string(t.neuron) + "*" + exact_string(t.weight);
  return key;
}

/// c times the chain's value: A_m - g_m/4^m, as sorted terms.
LinearForm value_of(Chain const& c) {
  Rational const scale = power_of_two(-2 * c.level);
  LinearForm const a{{{c.A, Rational(1)}}, 0}, p{{{c.p, Rational(1)}}, 0}, q{{{c.q, Rational(1)}}, 0};
  return combine({&a, &p, &q}, {Rational(1), -2 * scale, 4 * scale}, Rational(0));
}

class Finder {
 public:
  explicit Finder(Graph const& g) : neurons_(g.neurons()) {
    for (std::size_t i = 1; i < neurons_.size(); ++i)
      if (is_relu(neurons_[i])) by_form_.emplace(key_of(neurons_[i].z, neurons_[i].z.constant), static_cast<int>(i));
  }

  /// All chains, by the neuron A_m (p_1 itself for m = 1).
  std::map<int, std::vector<Chain>> chains() const {
    std::map<int, std::vector<Chain>> found;
    std::vector<Chain> todo;
    for (std::size_t i = 1; i < neurons_.size(); ++i) {
      if (!is_relu(neurons_[i])) continue;
      int const q = find(neurons_[i].z, neurons_[i].z.constant - Rational(1, 2));
      if (q < 0) continue;
      int const p = static_cast<int>(i);
      todo.push_back({p, q, p, p, 1});
    }
    while (!todo.empty()) {
      Chain const c = todo.back();
      todo.pop_back();
      found[c.A].push_back(c);
      LinearForm const p{{{c.p, Rational(1)}}, 0}, q{{{c.q, Rational(1)}}, 0};
      LinearForm const g = combine({&p, &q}, {Rational(2), Rational(-4)}, Rational(0)), value = value_of(c);
      int const next_p = find(g, 0), next_q = find(g, Rational(-1, 2)), next_A = find(value, 0);
      if (next_p >= 0 && next_q >= 0 && next_A >= 0) todo.push_back({next_p, next_q, next_A, c.first, c.level + 1});
    }
    return found;
  }

 private:
  int find(LinearForm const& z, Rational const& constant) const {
    auto const it = by_form_.find(key_of(z, constant));
    return it == by_form_.end() ? -1 : it->second;
  }
  std::vector<Neuron> const& neurons_;
  std::map<std::string, int> by_form_;
};

Rational weight_of(Terms const& terms, int neuron) {
  auto const it = std::lower_bound(terms.begin(), terms.end(), neuron,
                                   [](LinearForm::Term const& t, int i) { return t.neuron < i; });
  return it != terms.end() && it->neuron == neuron ? it->weight : Rational(0);
}

}  // namespace

int replace_emulators(Graph& graph) {
  std::map<int, std::vector<Chain>> const chains = Finder(graph).chains();
  if (chains.empty()) return 0;
  int const count = static_cast<int>(graph.neurons().size());
  std::vector<Chain> squares;  // square k gets the provisional number count + k
  std::map<std::pair<int, int>, int> number_of;

  // Rewrites one form; chains are tried from the deepest, since a chain's inner levels look like shorter ones.
  auto rewrite = [&](LinearForm& form) {
    Terms const original = form.terms;
    for (auto it = original.rbegin(); it != original.rend(); ++it) {
      auto const here = chains.find(it->neuron);
      if (here == chains.end()) continue;
      for (Chain const& c : here->second) {
        LinearForm const value = value_of(c);
        Rational const factor = weight_of(form.terms, c.A) / weight_of(value.terms, c.A);
        bool const fits = factor != 0 && std::all_of(value.terms.begin(), value.terms.end(), [&](auto const& t) {
                            return weight_of(form.terms, t.neuron) == factor * t.weight;
                          });
        if (!fits) continue;
        auto const [place, fresh] = number_of.try_emplace({c.first, c.level}, count + static_cast<int>(squares.size()));
        if (fresh) squares.push_back(c);
        LinearForm const square{{{place->second, Rational(1)}}, 0};
        form = combine({&form, &value, &square}, {Rational(1), -factor, factor}, Rational(0));
      }
    }
  };
  std::vector<LinearForm> forms;
  for (Neuron const& n : graph.neurons()) {
    forms.push_back(n.z);
    rewrite(forms.back());
  }
  LinearForm output = graph.output;
  rewrite(output);
  if (squares.empty()) return 0;

  // What the output still needs; a square stands just before its p_1 and needs what p_1 needs.
  std::vector<char> needed(forms.size() + squares.size(), 0);
  std::vector<int> todo;
  auto need = [&](LinearForm const& f) {
    for (LinearForm::Term const& t : f.terms)
      if (!needed[static_cast<std::size_t>(t.neuron)]) {
        needed[static_cast<std::size_t>(t.neuron)] = 1;
        todo.push_back(t.neuron);
      }
  };
  auto form_of = [&](int i) -> LinearForm const& {
    return forms[static_cast<std::size_t>(i < count ? i : squares[static_cast<std::size_t>(i - count)].first)];
  };
  need(output);
  while (!todo.empty()) {
    int const i = todo.back();
    todo.pop_back();
    if (i != 0) need(form_of(i));
  }

  Graph result;
  std::vector<int> renumbered(needed.size(), 0);
  auto renumber = [&renumbered](LinearForm f) {
    for (LinearForm::Term& t : f.terms) t.neuron = renumbered[static_cast<std::size_t>(t.neuron)];
    std::sort(f.terms.begin(), f.terms.end(), [](auto const& a, auto const& b) { return a.neuron < b.neuron; });
    return f;
  };
  auto emit = [&](int i, Neuron n) {
    n.z = renumber(std::move(n.z));
    result.neurons().push_back(std::move(n));
    renumbered[static_cast<std::size_t>(i)] = static_cast<int>(result.neurons().size()) - 1;
  };
  int replaced = 0;
  for (int i = 1; i < count; ++i) {
    for (std::size_t k = 0; k < squares.size(); ++k) {
      if (squares[k].first != i || !needed[static_cast<std::size_t>(count) + k]) continue;
      ++replaced;
      emit(count + static_cast<int>(k),
           {forms[static_cast<std::size_t>(i)], {}, Neuron::Kind::emulator, squares[k].level});
    }
    if (!needed[static_cast<std::size_t>(i)]) continue;
    Neuron n = graph.neurons()[static_cast<std::size_t>(i)];
    n.z = forms[static_cast<std::size_t>(i)];
    emit(i, std::move(n));
  }
  result.output = renumber(std::move(output));
  if (replaced > 0) graph = std::move(result);
  return replaced;
}

}  // namespace nwidth::certify
