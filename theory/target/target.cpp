// SPDX-License-Identifier: Apache-2.0
#include "theory/target/target.hpp"

#include <algorithm>

#include "theory/number/error.hpp"
#include "theory/number/series.hpp"
#include "theory/target/families.hpp"

namespace nwidth::target {
namespace {

template <class T>
T sum_at(Target const& f, T const& x) {
  if (f.inputs != 1)
    throw InvalidInput("a value at a number needs a target of one input, not of " + std::to_string(f.inputs));
  T y(0);
  if (f.expression) y = y + (*f.expression)(x);
  if (f.network) y = y + (*f.network)(x);
  return y;
}

/// The network's series at an exact point; the first layer in exact arithmetic, so that its kinks are met exactly.
Series network_series(Network const& net, Rational const& x, int length) {
  std::vector<Series> h;
  for (std::size_t l = 0; l < net.layers().size(); ++l) {
    Layer const& layer = net.layers()[l];
    std::vector<Series> next;
    for (int i = 0; i < layer.weights.rows(); ++i) {
      Series t(layer.bias[static_cast<std::size_t>(i)]);
      if (l == 0) {
        Rational slope = 0;
        for (Entry const* e = layer.weights.row_begin(i); e != layer.weights.row_end(i); ++e) slope += e->value;
        Rational const value = layer.bias[static_cast<std::size_t>(i)] + slope * x;
        t = slope == 0 ? Series(value) : Series::affine(Ball(value), Ball(slope), length);
      } else {
        for (Entry const* e = layer.weights.row_begin(i); e != layer.weights.row_end(i); ++e)
          t = t + Series(e->value) * h[static_cast<std::size_t>(e->column)];
      }
      next.push_back(apply(layer.activation, i, t));
    }
    h = std::move(next);
  }
  return h[0];
}

std::string list_of_names() {
  std::string list;
  for (FamilyMaker const& m : family_makers()) list += (list.empty() ? "" : ", ") + m.family.name;
  return list;
}

std::string_view trimmed(std::string_view s) {
  std::size_t const first = s.find_first_not_of(" \t\r\n"), last = s.find_last_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : s.substr(first, last - first + 1);
}

}  // namespace

double Target::operator()(double x) const { return sum_at(*this, x); }
Real Target::operator()(Real const& x) const { return sum_at(*this, x); }
Ball Target::operator()(Ball const& x) const { return sum_at(*this, x); }

std::vector<Ball> Target::taylor(Rational const& x, int length) const {
  if (inputs != 1) throw InvalidInput("a Taylor series needs a target of one input, not of " + std::to_string(inputs));
  if (length < 1) throw InvalidInput("a Taylor series needs at least one coefficient, not " + std::to_string(length));
  std::vector<Ball> c(static_cast<std::size_t>(length));
  auto const add = [&c](std::vector<Ball> const& more) {
    for (std::size_t k = 0; k < c.size(); ++k) c[k] += more[k];
  };
  if (expression) add(expression->taylor(x, length));
  if (network) add(network_series(*network, x, length).coefficients(length));
  return c;
}

std::vector<FamilyMaker> const& family_makers() {
  static std::vector<FamilyMaker> const makers{
      {{"plane-wave", "n (1..6, default 2), w (0 < w <= 10^6, default 8), phase (default 0)",
        "cos(w x + phase) / max(1, w^n)", "exactly 1 for w >= 11/7, else enclosed"},
       {"n", "w", "phase"},
       2,
       plane_wave},
      {{"chebyshev", "n (1..6, default 2)", "T_n(x) / (2^(n-1) n!): the extremal function of n free weights",
        "exactly 1"},
       {"n"},
       2,
       chebyshev},
      {{"extremal", "n (1..6, default 2), k (0..1024, default 8)",
        "the perfect spline x_{k,n} with k knots and least norm: attains the (n+k)-width", "exactly 1"},
       {"n", "k"},
       2,
       extremal},
      {{"random-perfect-spline", "n (1..6, default 2), seed (0..2^53, default 1), knots (0..1024, default 8)",
        "f^(n) = +-1 with sign changes at random dyadic knots, f^(j)(0) = 0 for j < n", "exactly 1"},
       {"n", "seed", "knots"},
       2,
       random_perfect_spline},
      {{"kink", "n (1..6, default 2), c (-1 < c < 1, default 11863283/33554432, about sqrt(2)/4)", "relu(x - c)^n / n!",
        "max_j (1-c)^(n-j)/(n-j)!, exactly 1 for c >= 0"},
       {"n", "c"},
       2,
       kink},
      {{"lacunary", "n (1..6, default 2), terms (1..16, default 6)",
        "mean over k < terms of cos(2^k pi x) / (2^k pi)^n: all scales at once",
        "exactly 1 for even n, at most 1 else"},
       {"n", "terms"},
       2,
       lacunary},
      {{"power", "n (1..6, default 2), alpha (n-1 < alpha < n, default n-1/2), c (-1 < c < 1, default as kink)",
        "abs(x - c)^alpha", "outside W^{n,inf}"},
       {"n", "alpha", "c"},
       2,
       power_of_distance},
      {{"runge", "n (1..6, default 2)", "1 / (n! 5^n (1 + 25 x^2))", "exactly 1 for even n, cos^(n+2)(pi/(2n+4)) else"},
       {"n"},
       2,
       runge},
      {{"exp-sin", "n (1..6, default 2), w (0 < w <= 100, default 4)", "exp(sin(w x)) / D, D rounded up to thousandths",
        "at most 1 (rigorous)"},
       {"n", "w"},
       2,
       exp_sin}};
  return makers;
}

std::vector<Family> const& families() {
  static std::vector<Family> const all = [] {
    std::vector<Family> list;
    for (FamilyMaker const& m : family_makers()) list.push_back(m.family);
    return list;
  }();
  return all;
}

Target resolve(std::string_view text, int inputs, int n) {
  text = trimmed(text);
  std::size_t const colon = text.find(':');
  std::string const name(text.substr(0, colon));
  for (FamilyMaker const& maker : family_makers()) {
    if (maker.family.name != name) continue;
    if (inputs != 1) throw InvalidInput("target " + name + " has one input, not " + std::to_string(inputs));
    Parameters const p(name, colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1), maker.keys);
    return maker.make(p, static_cast<int>(p.integer("n", n == 0 ? maker.default_n : n, 1, largest_smoothness)));
  }
  Target t;
  t.inputs = inputs;
  try {
    t.expression = Expression::parse(text, inputs);
  } catch (InvalidInput const& e) {
    // a word, or words joined by hyphens, is more likely a misspelt name
    bool const like_a_name = !name.empty() &&
                             name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-0123456789") == std::string::npos &&
                             name[0] >= 'a' && name[0] <= 'z';
    if (like_a_name)
      throw InvalidInput("unknown target '" + name.substr(0, 40) + "': neither a name (" + list_of_names() +
                         ") nor an expression in " + (inputs == 1 ? "x" : "x1 ... x" + std::to_string(inputs)));
    throw;
  }
  t.name = t.expression->text();
  return t;
}

}  // namespace nwidth::target
