// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/specialise.hpp"

#include <algorithm>
#include <unordered_map>

#include "theory/number/interval.hpp"

namespace nwidth::certify {
namespace {

using Form = LinearForm;
using Kind = Neuron::Kind;

constexpr std::size_t short_form = 6;  // terms that are copied into what reads them
constexpr std::size_t short_base = 4;  // terms of a polynomial's argument that is expanded
constexpr std::size_t highest_power = 4;
constexpr std::size_t longest_number = 3000;  // bits
// Where halving does not pay any more; chosen by experiment.
constexpr std::size_t small_graph = 128;
constexpr std::size_t small_slack_graph = 32;
constexpr double small_fan_out = 3;
constexpr int deepest = 40;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

bool is_long(Rational const& q) {
  return mpz_sizeinbase(mpq_numref(q.backend().data()), 2) + mpz_sizeinbase(mpq_denref(q.backend().data()), 2) >
         longest_number;
}

std::size_t hash_of(Rational const& q) {
  return static_cast<std::size_t>(mpz_get_ui(mpq_numref(q.backend().data()))) * 31 +
         static_cast<std::size_t>(mpz_get_ui(mpq_denref(q.backend().data()))) +
         static_cast<std::size_t>(q.sign() + 1) * 7;
}

bool same(Form const& p, Form const& q) {
  return p.terms.size() == q.terms.size() && p.constant == q.constant &&
         std::equal(p.terms.begin(), p.terms.end(), q.terms.begin(),
                    [](auto const& a, auto const& b) { return a.neuron == b.neuron && a.weight == b.weight; });
}

Form scaled(Form f, Rational const& c) {
  if (c == 1) return f;
  if (c == 0) return {};
  for (Form::Term& t : f.terms) t.weight *= c;
  f.constant *= c;
  return f;
}

Form symbol_form(int i) { return {{{i, Rational(1)}}, Rational(0)}; }

Form sum(Form const& p, Form const& q, Rational const& weight) {
  return combine({&p, &q}, {Rational(1), weight}, Rational(0));
}

Rational floor_of(Rational const& q) {
  Integer f = numerator(q) / denominator(q);
  if (Rational(f) > q) --f;
  return Rational(f);
}

Interval power_range(Interval x, unsigned k) {
  Interval p(1);
  double const least = x.mignitude(), most = x.magnitude();
  if (k % 2 == 0) x = Interval(least, most);
  for (unsigned i = 0; i < k; ++i) p = p * x;
  return x.lo >= 0 ? Interval(std::max(p.lo, 0.0), p.hi) : p;  // not a little less than 0 by rounding
}

class Specialiser {
 public:
  Specialiser(Graph const& graph, Point const& l, Point const& r, Slack slack)
      : graph_(graph), slack_(slack), expand_(slack == Slack::expand) {
    Rational const left = l.rational(), right = r.rational();
    result_.centre = (left + right) / 2;
    half_ = (right - left) / 2;
    range_.push_back(enclose(half_));
    range_[0].lo = -range_[0].hi;
  }

  Graph run() {
    Form x = symbol_form(0);
    x.constant = result_.centre - graph_.centre;
    values_.push_back(std::move(x));
    for (std::size_t i = 1; i < graph_.neurons().size(); ++i) {
      Neuron const& n = graph_.neurons()[i];
      Form z = substituted(n.z);
      switch (n.kind) {
        case Kind::gated: values_.push_back(gated(std::move(z), n.a)); break;
        case Kind::always: values_.push_back(polynomial(std::move(z), n.a)); break;
        case Kind::emulator: values_.push_back(emulator(std::move(z), n.level)); break;
        case Kind::ripple: values_.push_back(ripple(std::move(z), n.level)); break;
        case Kind::noise: values_.push_back(noise(n.a[0])); break;
      }
    }
    result_.output = substituted(graph_.output);
    if (slack_ == Slack::forget) pair_ripples();
    return prune(result_, slack_ != Slack::forget);
  }

  /// After run().
  double teeth() const {
    double sum = 0;
    for (Neuron const& n : result_.neurons()) {
      if (n.kind != Kind::emulator && n.kind != Kind::ripple) continue;
      Interval const z = range_of(n.z).hull;
      sum += std::ldexp(z.hi - z.lo, n.level) + 1;
    }
    return sum;
  }

 private:
  struct Range {
    Interval hull;
    int sign = 0;  // +1: z >= 0 on all of [l, r]; -1: z <= 0
  };

  /// The form in terms of the new neurons.
  Form substituted(Form const& f) const {
    Form r;
    r.constant = f.constant;
    for (Form::Term const& t : f.terms) {
      Form const& v = values_[at(t.neuron)];
      if (v.constant != 0) r.constant += t.weight * v.constant;
      for (Form::Term const& u : v.terms)
        r.terms.push_back({u.neuron, u.weight == 1 ? t.weight : Rational(t.weight * u.weight)});
    }
    std::stable_sort(r.terms.begin(), r.terms.end(), [](auto const& a, auto const& b) { return a.neuron < b.neuron; });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < r.terms.size();) {
      Form::Term t = std::move(r.terms[i]);
      for (++i; i < r.terms.size() && r.terms[i].neuron == t.neuron; ++i) t.weight += r.terms[i].weight;
      if (t.weight != 0) r.terms[kept++] = std::move(t);
    }
    r.terms.resize(kept);
    return r;
  }

  Range range_of(Form const& z) const {
    Rational lo = z.constant, hi = z.constant;
    std::size_t first = 0;
    if (!z.terms.empty() && z.terms[0].neuron == 0) {
      Rational const reach = abs(z.terms[0].weight) * half_;
      lo -= reach;
      hi += reach;
      first = 1;
    }
    Range r;
    if (first == z.terms.size()) {
      r.sign = lo >= 0 ? 1 : hi <= 0 ? -1 : 0;
      r.hull = {enclose(lo).lo, enclose(hi).hi};
      return r;
    }
    r.hull = {enclose(lo).lo, enclose(hi).hi};
    for (std::size_t i = first; i < z.terms.size(); ++i) {
      Interval const x = range_[at(z.terms[i].neuron)], w = enclose(z.terms[i].weight), t = w * x;
      bool const rises = w.lo > 0;
      // A bound that is 0 stays 0: many neurons are known to be >= 0, and no more.
      if ((rises ? x.lo : x.hi) != 0) r.hull.lo = round_down(r.hull.lo + t.lo);
      if ((rises ? x.hi : x.lo) != 0) r.hull.hi = round_up(r.hull.hi + t.hi);
    }
    r.sign = r.hull.lo >= 0 ? 1 : r.hull.hi <= 0 ? -1 : 0;
    return r;
  }

  /// The new neuron, or an equal one that there is already.
  int symbol(Neuron n, Interval range) {
    std::size_t hash = static_cast<std::size_t>(n.kind) + 8 * static_cast<std::size_t>(n.level);
    bool const shared = n.z.terms.size() <= 2 * short_form;
    if (shared) {
      for (Form::Term const& t : n.z.terms) hash = hash * 1000003 + at(t.neuron) * 17 + hash_of(t.weight);
      for (Rational const& c : n.a) hash = hash * 1000003 + hash_of(c);
      hash = hash * 1000003 + hash_of(n.z.constant);
      auto const [begin, end] = known_.equal_range(hash);
      for (auto it = begin; it != end; ++it) {
        Neuron const& o = result_.neurons()[at(it->second)];
        if (o.kind == n.kind && o.level == n.level && o.a == n.a && same(o.z, n.z)) return it->second;
      }
    }
    result_.neurons().push_back(std::move(n));
    range_.push_back(range);
    int const i = static_cast<int>(range_.size()) - 1;
    if (shared) known_.emplace(hash, i);
    return i;
  }

  static Interval polynomial_range(std::vector<Rational> const& a, Interval z) {
    bool const monomial = std::all_of(a.begin(), a.end() - 1, [](Rational const& c) { return c == 0; });
    if (monomial) {
      Interval const p = power_range(z, static_cast<unsigned>(a.size() - 1));
      return a.back() == 1 ? p : enclose(a.back()) * p;
    }
    Interval p;
    for (std::size_t i = a.size(); i-- > 0;) p = p * z + enclose(a[i]);
    return p;
  }

  /// sum_i a_i z^i.
  Form polynomial(Form z, std::vector<Rational> const& a) {
    if (z.terms.empty() || a.size() == 1) {
      Form r;
      if (!is_long(z.constant) || a.size() <= 2) {
        for (std::size_t i = a.size(); i-- > 0;) r.constant = r.constant * z.constant + a[i];
        return r;
      }
    }
    if (a.size() == 2) {
      if (z.terms.size() > short_form) {
        Interval const range = range_of(z).hull;
        z = symbol_form(symbol({std::move(z), {0, 1}, Kind::always}, range));
      }
      z = scaled(std::move(z), a[1]);
      z.constant += a[0];
      return z;
    }
    bool const expands =
        !z.terms.empty() && z.terms.size() <= short_base && a.size() <= highest_power + 1 && !is_long(z.constant) &&
        std::none_of(z.terms.begin(), z.terms.end(), [](Form::Term const& t) { return is_long(t.weight); });
    if (!expands) {
      Interval const range = polynomial_range(a, range_of(z).hull);
      return symbol_form(symbol({std::move(z), a, Kind::always}, range));
    }
    std::vector<Rational> b = a;  // about the constant, by Horner's rule
    for (std::size_t k = 0; k + 1 < b.size(); ++k)
      for (std::size_t i = b.size() - 1; i-- > k;) b[i] += z.constant * b[i + 1];
    Rational const unit = z.terms[0].weight;
    z.constant = 0;
    Form base = z;
    for (Form::Term& t : base.terms) t.weight /= unit;
    Form r = scaled(z, b[1]);
    r.constant = b[0];
    Interval const range = range_of(base).hull;
    Rational scale = unit;
    std::vector<Rational> monomial{0, 0};
    for (std::size_t j = 2; j < b.size(); ++j) {
      scale *= unit;
      monomial.back() = 0;
      monomial.emplace_back(1);
      if (b[j] == 0) continue;
      int const s = symbol({base, monomial, Kind::always}, power_range(range, static_cast<unsigned>(j)));
      r = sum(r, symbol_form(s), b[j] * scale);
    }
    return r;
  }

  Form gated(Form z, std::vector<Rational> const& a) {
    Form nothing;
    nothing.constant = a[0];
    if (a.size() == 1) return nothing;
    Range const r = range_of(z);
    if (r.sign < 0) return nothing;
    if (r.sign > 0) return polynomial(std::move(z), a);
    Interval const open(std::max(r.hull.lo, 0.0), r.hull.hi);
    Interval const range = hull(polynomial_range(a, open), enclose(a[0]));
    return symbol_form(symbol({std::move(z), a, Kind::gated}, range));
  }

  Form relu(Form z) { return gated(std::move(z), {0, 1}); }

  /// If z is c (relu(v) + relu(-v)), c > 0: c v.
  bool unfold(Form& z) const {
    if (z.constant != 0 || z.terms.size() != 2 || z.terms[0].weight <= 0 || z.terms[0].weight != z.terms[1].weight)
      return false;
    Neuron const &p = result_.neurons()[at(z.terms[0].neuron)], &q = result_.neurons()[at(z.terms[1].neuron)];
    auto const is_relu = [](Neuron const& n) {
      return n.kind == Kind::gated && n.a.size() == 2 && n.a[0] == 0 && n.a[1] == 1;
    };
    if (!is_relu(p) || !is_relu(q) || !same(scaled(p.z, -1), q.z)) return false;
    z = scaled(p.z, z.terms[0].weight);
    return true;
  }

  /// F_level(z) as relu neurons, for z <= 1.
  Form chain(Form z, int level) {
    Form half = z;
    half.constant -= Rational(1, 2);
    Form A = relu(std::move(z));
    Form g = sum(scaled(A, 2), relu(std::move(half)), -4);
    for (int s = 1; s < level; ++s) {
      A = relu(sum(A, g, -power_of_two(-2L * s)));
      half = g;
      half.constant -= Rational(1, 2);
      Form const p = relu(std::move(g));
      g = sum(scaled(p, 2), relu(std::move(half)), -4);
    }
    return sum(A, g, -power_of_two(-2L * level));
  }

  Form emulator(Form z, int level) {
    Range const r = range_of(z);
    if (r.sign < 0) return {};
    if (expand_) return chain(std::move(z), level);
    Form v = z;
    bool const even = unfold(v);
    if ((even || r.sign > 0) && range_of(v).hull.magnitude() <= 1) {
      Form const square = polynomial(v, {0, 0, 1});
      return sum(square, ripple(std::move(v), level), 1);
    }
    Interval const range(0, (power_range(r.hull, 2) + enclose(power_of_two(-2L * level - 2))).hi);
    return symbol_form(symbol({std::move(z), {}, Kind::emulator, level}, range));
  }

  Form ripple(Form z, int level) {
    Rational const period = power_of_two(-level);
    Form value;
    if (z.terms.empty()) {
      Rational const s = z.constant / period - floor_of(z.constant / period);
      value.constant = period * period * s * (1 - s);
      return value;
    }
    if (z.terms[0].weight < 0) z = scaled(std::move(z), -1);
    z.constant -= period * floor_of(z.constant / period);
    if (expand_) {
      Interval const range = range_of(z).hull;
      if (std::isfinite(range.lo) && std::isfinite(range.hi)) {
        Form y = z;
        y.constant -= period * floor_of(exact(range.lo) / period);
        Interval const moved = range_of(y).hull;
        if (moved.hi <= 1) return sum(chain(y, level), polynomial(y, {0, 0, 1}), -1);
      }
    }
    Interval const range(0, enclose(power_of_two(-2L * level - 2)).hi);
    return symbol_form(symbol({std::move(z), {}, Kind::ripple, level}, range));
  }

  Form noise(Rational const& most) {
    Interval const range(-enclose(most).hi, enclose(most).hi);
    result_.neurons().push_back({{}, {most}, Kind::noise});  // never equal to another
    range_.push_back(range);
    return symbol_form(static_cast<int>(range_.size()) - 1);
  }

  /// Ripples change by at most 2^-level times what their arguments change by.
  void pair_ripples() {
    std::vector<Form::Term>& terms = result_.output.terms;
    auto const is_ripple = [&](Form::Term const& t) {
      return t.weight != 0 && result_.neurons()[at(t.neuron)].kind == Kind::ripple;
    };
    std::vector<Form> noises;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      if (!is_ripple(terms[i])) continue;
      Neuron const p = result_.neurons()[at(terms[i].neuron)];
      Rational const period = power_of_two(-p.level);
      double least = std::ldexp(0.125, -p.level);  // a pair in [-2 excess, 2 excess] is no better than its two ripples
      std::size_t best = terms.size();
      for (std::size_t j = i + 1; j < terms.size(); ++j) {
        if (!is_ripple(terms[j]) || terms[j].weight != -terms[i].weight) continue;
        Neuron const& q = result_.neurons()[at(terms[j].neuron)];
        if (q.level != p.level) continue;
        Form d = sum(p.z, q.z, -1);
        d.constant -= period * floor_of(d.constant / period + Rational(1, 2));
        double const size = range_of(d).hull.magnitude();
        if (size < least) least = size, best = j;
      }
      if (best == terms.size()) continue;
      Rational const most = abs(terms[i].weight) * period * exact(least);
      terms[i].weight = terms[best].weight = 0;
      if (most != 0) noises.push_back(noise(most));
    }
    std::erase_if(terms, [](Form::Term const& t) { return t.weight == 0; });
    for (Form const& f : noises) result_.output = sum(result_.output, f, 1);
  }

  Graph const& graph_;
  Slack slack_;
  bool expand_;
  Rational half_;
  Graph result_;
  std::vector<Form> values_;     // of graph_'s neurons
  std::vector<Interval> range_;  // of result_'s
  std::unordered_multimap<std::size_t, int> known_;
};

/// Weights for each neuron: how much a sweep has to do where one changes.
double fan_out(Graph const& g) { return static_cast<double>(g.size()) / static_cast<double>(g.neurons().size()) - 1; }

bool divide_further(Graph const& graph, Point const& l, Point const& r, ChunkSink const& sink, int depth) {
  double const fan = fan_out(graph);
  if (graph.has_slack() ? depth == deepest : graph.size() <= small_graph || fan <= small_fan_out)
    return sink(graph, l, r);
  Point const m = Point::between(l, r);
  Graph const left = specialise(graph, l, m), right = specialise(graph, m, r);
  double const growth = static_cast<double>(left.size() + right.size()) / static_cast<double>(graph.size());
  bool const simpler = std::max(fan_out(left), fan_out(right)) <= 0.85 * fan && fan > small_fan_out;
  bool const slack = graph.has_slack(), clearer = slack && (!left.has_slack() || !right.has_slack());
  bool const pays = slack ? graph.size() > small_slack_graph && growth <= 1.8
                          : graph.size() > small_graph && growth <= (simpler ? 1.8 : 1.4);
  if (!pays && !clearer) return sink(graph, l, r);
  return divide_further(left, l, m, sink, depth + 1) && divide_further(right, m, r, sink, depth + 1);
}

}  // namespace

Graph specialise(Graph const& graph, Point const& l, Point const& r, Slack slack) {
  return Specialiser(graph, l, r, slack).run();
}

double teeth(Graph const& graph, Point const& l, Point const& r) {
  Specialiser s(graph, l, r, Slack::keep);
  s.run();
  return s.teeth();
}

bool divide(Graph const& graph, Point const& l, Point const& r, ChunkSink const& sink) {
  return divide_further(specialise(graph, l, r), l, r, sink, 0);
}

}  // namespace nwidth::certify
