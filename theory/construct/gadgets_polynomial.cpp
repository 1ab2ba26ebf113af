// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets_polynomial.hpp"

#include <algorithm>
#include <map>

namespace nwidth::construct {

Network polynomial_neuron(std::vector<Rational> const& c, Rational const& B) {
  if (B <= 0) throw InvalidInput("the bound B must be positive, not " + exact_string(B));
  Frozen const p{c};
  Frozen a;
  for (int i = 0; i <= p.degree(); ++i) a.a.push_back(p.taylor(-B, i));
  Wiring w(1);
  w.open(activation(a));
  return w.close(w.neuron(w.input() + B));
}

Network polynomial_pair(std::vector<Rational> const& c) {
  if (c.empty()) throw InvalidInput("a polynomial needs at least one coefficient");
  std::vector<Rational> mirrored = c;
  for (std::size_t i = 1; i < c.size(); i += 2) mirrored[i] *= -1;
  Wiring w(1);
  w.open(activation(Frozen::unit(1)));
  Form const x = w.input();
  Form const right = w.neuron(x, c), left = w.neuron(-x, mirrored);
  return w.close(right + left - c[0]);
}

Network polynomial_frozen(std::vector<Rational> const& c, Rational const& B, Frozen const& a) {
  Wiring w(1);
  w.open(activation(a));
  return w.close(polynomial_in(w, a, w.input(), c, B));
}

Network power_chain(int j) { return power_chain(j, Frozen::unit(2)); }
Network power_chain(int j, Frozen const& a) {
  if (j < 1) throw InvalidInput("a chain of squares needs j >= 1, not " + std::to_string(j));
  Wiring w(1);
  Form u = w.input();
  for (int i = 0; i < j; ++i) {
    w.open(activation(a));
    u = relu_power_in(w, a, u, 2);
  }
  return w.close(u);
}

namespace {
Form cube_from(Wiring& w, Frozen const& a, Form const& u, Form const& u2) {
  auto squared = [&](Form const& t) { return relu_power_in(w, a, t, 2); };
  Form const s1 = squared(u2 + u), s2 = squared(u2), s3 = squared(u2 + 2 * u);
  return s1 - (3 * s2 + s3) / 4;
}
}  // namespace

Network cube_by_squares() {
  Frozen const first{{0, 2, 1}}, second = Frozen::unit(2);
  Wiring w(1);
  w.open(activation(first));
  Form const u = relu_power_in(w, first, w.input(), 1), u2 = relu_power_in(w, first, w.input(), 2);
  w.open(activation(second));
  return w.close(cube_from(w, second, u, u2));
}

Network cube_by_squares(Frozen const& a) {
  if (a.degree() != 2)
    throw InvalidInput("a cube by squares needs coefficients of degree 2, not " + std::to_string(a.degree()));
  Wiring w(1);
  w.open(activation(a));
  Form const u = relu_power_in(w, a, w.input(), 1), u2 = relu_power_in(w, a, w.input(), 2);
  w.open(activation(a));
  return w.close(cube_from(w, a, u, u2));
}

std::vector<Rational> chebyshev_coefficients(std::vector<Rational> const& c) {
  // Horner's rule: x T_0 = T_1, x T_j = (T_{j+1} + T_{j-1})/2
  std::vector<Rational> t;
  for (auto k = c.rbegin(); k != c.rend(); ++k) {
    std::vector<Rational> next(t.size() + 1);
    for (std::size_t j = 0; j < t.size(); ++j) {
      if (j == 0) {
        next[1] += t[0];
      } else {
        next[j + 1] += t[j] / 2;
        next[j - 1] += t[j] / 2;
      }
    }
    next[0] += *k;
    t = std::move(next);
  }
  return t;
}

Network chebyshev_polynomial(std::vector<Rational> const& c) {
  if (c.empty()) throw InvalidInput("a polynomial needs at least one coefficient");
  int const p = Frozen{c}.degree();
  Wiring w(1);
  if (p <= 1) return w.close(c[0] + Frozen{c}.coefficient(1) * w.input());

  // T_j is made in layer made(j) and carried up to layer last[j], where it is counted; the next layer may still read it
  auto made = [](int j) {
    int l = 0;
    while ((1 << l) < j) ++l;
    return l;
  };
  std::map<int, int> last;
  auto want = [&](int j, int layer) { last[j] = std::max(last.contains(j) ? last[j] : 0, layer); };
  for (int j = 1; j <= p; ++j)
    if (c[static_cast<std::size_t>(j)] != 0) want(j, made(j));
  for (int j = p; j > 1; --j) {
    if (!last.contains(j)) continue;
    want(j / 2, made(j) - 1);
    want(j - j / 2, made(j) - 1);
    if (j % 2 == 1) want(1, made(j));
  }

  Frozen const a{{0, -4, 1}};
  std::map<int, Form> T{{1, w.input()}};
  Form sum = c[0];     // of the terms that no later layer needs
  Rational reach = 0;  // sum - c_0 is at most this in absolute value
  auto retire = [&](int layer) {
    for (auto const& [j, t] : T) {
      Rational const& cj = c[static_cast<std::size_t>(j)];
      if (last.at(j) != layer || cj == 0) continue;
      sum += cj * t;
      reach += abs(cj);
    }
  };
  retire(0);
  for (int layer = 1; layer <= made(p); ++layer) {
    std::map<int, Form> const before = T;
    std::map<int, Form> now;
    w.open(activation(a));
    if (reach != 0) sum = c[0] + reach * carry_in(w, a, (sum - c[0]) / reach, 1);
    for (auto const& [j, t] : before)
      if (last.at(j) >= layer) now.emplace(j, carry_in(w, a, t, 1));
    for (auto const& [j, until] : last) {
      if (made(j) != layer || until < layer) continue;
      Form const& t = before.at(j / 2);
      if (j % 2 == 0) {
        now.emplace(j, 2 * square_in(w, a, t, 2) - 1);
      } else {
        now.emplace(j, 2 * product_in(w, a, t, before.at(j / 2 + 1), 2) - now.at(1));
      }
    }
    T = std::move(now);
    retire(layer);
  }
  return w.close(sum);
}

}  // namespace nwidth::construct
