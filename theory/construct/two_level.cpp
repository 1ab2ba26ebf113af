// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/two_level.hpp"

#include <algorithm>

#include "theory/construct/two_level_front.hpp"

namespace nwidth::construct {
namespace {

std::size_t size(int i) { return static_cast<std::size_t>(i); }

Activation powers(int p) { return p == 1 ? Activation::relu() : Activation::relu_power(p); }

/// u >= 0 through a layer of p-th powers: u itself, u = ((u+1)^2 - u^2 - 1) / 2, or 3u = ((u+2)^3 - 2 (u+1)^3 + u^3 -
/// 6) / 2, where no dyadic combination gives u.
struct Carried {
  Form multiple;
  int factor = 1;
};
Carried carry(Wiring& w, Form const& u, int p) {
  Form const a = w.neuron(u);
  if (p == 1) return {a, 1};
  Form const b = w.neuron(u + Form(1));
  if (p == 2) return {(b - a - Form(1)) / 2, 1};
  return {(w.neuron(u + Form(2)) - 2 * b + a) / 2 - Form(3), 3};
}

}  // namespace

Network two_level_network(target::Target const& f, int n, int N1, int N2, Rational const& overlap) {
  TwoLevelGrid const grid(n, N1, N2, overlap);
  CellPowers const cells = cell_powers(f, grid, false);
  Rational const shift = dyadic_above(cells.bound);  // G_i + shift >= 0 on its cell

  Wiring w(1);
  TwoLevelFront const front = two_level_front(w, grid);

  w.open(powers(cells.p));
  std::vector<Form> power[2];
  for (std::size_t parity : {0U, 1U})
    for (Rational const& k : cells.knots) power[parity].push_back(w.neuron(front.y[parity] - Form(k)));
  Carried const u = carry(w, front.u, cells.p);

  w.open(Activation::relu());
  std::vector<Form> G;
  for (int i = 0; i < N1; ++i) {
    Form g(Rational(cells.constant[size(i)] + shift));
    for (std::size_t k = 0; k < cells.knots.size(); ++k) g += cells.weights[size(i)][k] * power[i % 2][k];
    G.push_back(w.neuron(g));
  }
  Ramps const ramps = make_ramps(w, grid, u.multiple, u.factor);

  // The squares of a cell stand together: where phi_i = 0 they cancel at once, also in rounded arithmetic.
  w.open(Activation::relu_power(2));
  Form sum(Rational(-shift));
  for (int i = 0; i < N1; ++i) {
    Form const phi = ramps.phi(grid, i);
    Form const both = w.neuron(phi + G[size(i)]);
    Form const first = w.neuron(phi);
    Form const second = w.neuron(G[size(i)]);
    sum += (both - first - second) / (2 * u.factor);
  }
  return w.close(sum);
}

long two_level_size(int n, int N1, int N2) {
  long const p = std::max(n - 1, 1), a = N1, b = N2;
  return a * b + (21 + 2 * p) * a + 4 * b - (n == 1 ? 11 : 16);
}

TwoLevelShape two_level_shape(int n, long size) {
  if (n < 1 || n > 4) throw InvalidInput("a two-level network needs n = 1 ... 4, not " + std::to_string(n));
  int const least = std::max(n, 2);
  if (size > 10000000 || two_level_size(n, 2, least) > size)
    throw InvalidInput("a two-level network with n = " + std::to_string(n) + " needs a size of " +
                       std::to_string(two_level_size(n, 2, least)) + " ... 10000000, not " + std::to_string(size));
  // d_N2 ~ (N2 - c_n)^-n: maximise N1 (N2 - c_n). The c_n only choose; nothing is claimed with them.
  constexpr double offset[] = {0, 0.585786437626905, 1, 1.48045803878};
  TwoLevelShape best;
  double most = -1;
  for (int N1 = 2; two_level_size(n, N1, least) <= size; ++N1) {
    long const rest = size - two_level_size(n, N1, 0);  // size is linear in N2, by N1 + 4
    int const N2 = static_cast<int>(rest / (N1 + 4));
    double const merit = N1 * (N2 - offset[n - 1]);
    if (merit > most) {
      most = merit;
      best = {N1, N2};
    }
  }
  return best;
}

}  // namespace nwidth::construct
