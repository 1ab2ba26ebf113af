// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/local_taylor.hpp"

#include <algorithm>

#include "theory/construct/gadgets_frozen.hpp"

namespace nwidth::construct {
namespace {

void check(int n, int N) {
  if (n < 1 || n > 32) throw InvalidInput("the smoothness n must lie in 1..32, not " + std::to_string(n));
  if (N < 1 || N > 1000000)
    throw InvalidInput("the number of cells N must lie in 1..1000000, not " + std::to_string(N));
}

/// A quantity that the layers hand on, and a bound of its absolute value on [-1, 1].
struct Bounded {
  Form form;
  Rational bound;
};

/// The quadratic layers' coefficients: t^2 - 4t takes squares of |t - 2| <= 2 by one neuron.
Frozen const& quadratic() {
  static Frozen const a{{0, -4, 1}};
  return a;
}

Form carried(Wiring& w, Bounded const& y) {
  if (y.form.is_constant()) return y.form;
  return y.bound * carry_in(w, quadratic(), y.form / y.bound, 1);
}

/// y z for |z| <= 1.
Form multiplied(Wiring& w, Bounded const& y, Form const& z) {
  Rational const bound =
      y.bound == 0 ? Rational(1) : y.bound;  // y = 0 keeps its neurons: the shape depends on n and N only
  return bound * product_in(w, quadratic(), y.form / bound, z, 2);
}

Network by_terms(LocalTaylor const& data) {
  int const n = data.n, N = data.N;
  Wiring w(1);
  w.open(activation(Frozen::unit(1)));
  PartitionOfUnity const unity = PartitionOfUnity::in(w, N);
  std::vector<Form> t;  // t_i = phi_i ((x - x_i)/H)^j
  std::vector<Rational> values;
  for (int i = 0; i <= N; ++i) {
    t.push_back(unity.phi(i));
    values.push_back(data.coefficients[static_cast<std::size_t>(i)][0]);
  }
  Bounded sum{unity.combine(values), data.largest(0)};
  Form x = unity.x;
  Rational scale = 1;  // H^j
  for (int j = 1; j < n; ++j) {
    scale *= data.reach();
    w.open(activation(quadratic()));
    sum.form = carried(w, sum);
    Form const next = j + 1 < n ? carried(w, {x, 1}) : Form(0);
    for (int i = 0; i <= N; ++i) {
      auto const k = static_cast<std::size_t>(i);
      t[k] = multiplied(w, {t[k], 1}, (x - data.node(i)) / 2) * (2 / data.reach());
      sum.form += data.coefficients[k][static_cast<std::size_t>(j)] * scale * t[k];
    }
    sum.bound += scale * data.largest(j);
    x = next;
  }
  return w.close(sum.form);
}

Network factored(LocalTaylor const& data) {
  int const n = data.n;
  Wiring w(1);
  w.open(activation(Frozen::unit(1)));
  PartitionOfUnity const unity = PartitionOfUnity::in(w, data.N);
  // c_k of all nodes' polynomials in powers of x, and C_k = sum_i c_ik phi_i
  std::vector<std::vector<Rational>> powers(static_cast<std::size_t>(n));
  for (int i = 0; i <= data.N; ++i)
    for (int k = 0; k < n; ++k)
      powers[static_cast<std::size_t>(k)].push_back(
          Frozen{data.coefficients[static_cast<std::size_t>(i)]}.taylor(-data.node(i), k));
  std::vector<Bounded> C;
  for (auto const& c : powers) {
    Rational most = 0;
    for (Rational const& q : c) most = std::max(most, Rational(abs(q)));
    C.push_back({unity.combine(c), most});
  }
  if (n == 1) return w.close(C[0].form);
  // a relu layer of its own, so that the long sums are read once
  w.open(activation(Frozen::unit(1)));
  for (Bounded& c : C)
    if (!c.form.is_constant()) c.form = w.neuron(c.form + c.bound) - c.bound;
  Form x = w.neuron(unity.x + 1) - 1;
  Bounded p = C.back();
  for (int k = n - 2; k >= 0; --k) {
    C.pop_back();
    w.open(activation(quadratic()));
    p.form = multiplied(w, p, x);
    for (Bounded& c : C) c.form = carried(w, c);
    x = k > 0 ? carried(w, {x, 1}) : Form(0);
    p.form += C.back().form;
    p.bound += C.back().bound;
  }
  return w.close(p.form);
}

}  // namespace

Rational LocalTaylor::largest(int j) const {
  Rational most = 0;
  for (auto const& c : coefficients) most = std::max(most, Rational(abs(c[static_cast<std::size_t>(j)])));
  return most;
}

void LocalTaylor::check() const {
  construct::check(n, N);
  if (coefficients.size() != static_cast<std::size_t>(N) + 1)
    throw InvalidInput(std::to_string(coefficients.size()) + " Taylor polynomials for " + std::to_string(N + 1) +
                       " nodes");
  for (auto const& c : coefficients)
    if (c.size() != static_cast<std::size_t>(n))
      throw InvalidInput("a Taylor polynomial with " + std::to_string(c.size()) +
                         " coefficients for n = " + std::to_string(n));
}

PartitionOfUnity PartitionOfUnity::in(Wiring& w, int N) {
  PartitionOfUnity unity;
  Rational const h = Rational(2) / N, slope = 3 / h;
  Form const x = w.input();
  for (int i = 0; i < N; ++i) {
    Rational const left = i * h - 1;
    Form const up = w.neuron(x - left - h / 3), down = w.neuron(x - left - 2 * h / 3);
    unity.ramps.push_back(slope * (up - down));
  }
  unity.x = w.neuron(x + 1) - 1;
  return unity;
}

Form PartitionOfUnity::phi(int i) const {
  auto const k = static_cast<std::size_t>(i);
  return (i == 0 ? Form(1) : ramps[k - 1]) - (k == ramps.size() ? Form(0) : ramps[k]);
}

Form PartitionOfUnity::combine(std::vector<Rational> const& values) const {
  Form sum = values.front();
  for (std::size_t i = 0; i < ramps.size(); ++i) {
    Rational const jump = values[i + 1] - values[i];
    if (jump != 0) sum += jump * ramps[i];
  }
  return sum;
}

Network local_taylor_network(LocalTaylor const& data, LocalTaylorLayout layout) {
  data.check();
  return layout == LocalTaylorLayout::terms ? by_terms(data) : factored(data);
}

Rational local_taylor_error(int n, int N) {
  check(n, N);
  return power(Rational(4) / (3 * N), static_cast<unsigned>(n)) / factorial(n);
}

}  // namespace nwidth::construct
