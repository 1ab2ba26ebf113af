// SPDX-License-Identifier: Apache-2.0
/// What the tests of the spline networks share: perfect splines as targets (the functions that decide how good a method
/// is on the class W^n), and the splines of the cells from their definition.
#pragma once
#include <algorithm>
#include <random>
#include <vector>

#include "tests/random.hpp"
#include "theory/construct/two_level_cells.hpp"
#include "theory/target/target.hpp"

namespace nwidth::test {

/// f with f^(n) = sign (-1)^j between its knots and f^(i)(-1) = 0 for i < n, as a network: exact in every arithmetic.
inline target::Target perfect_spline(int n, std::vector<Rational> const& knots, int sign = 1) {
  int const k = static_cast<int>(knots.size()) + 1;
  std::vector<Entry> in, out;
  std::vector<Rational> bias{Rational(1)};
  Rational weight = Rational(sign) / factorial(n);
  out.push_back({0, 0, weight});
  for (int j = 0; j < k; ++j) in.push_back({j, 0, Rational(1)});
  for (int j = 1; j < k; ++j) {
    bias.push_back(-knots[static_cast<std::size_t>(j - 1)]);
    weight = (j == 1 ? -2 : -1) * weight;
    out.push_back({0, j, weight});
  }
  std::vector<Layer> layers(2);
  layers[0] = {SparseMatrix(k, 1, std::move(in)), std::move(bias), Activation::relu_power(n)};
  layers[1] = {SparseMatrix(1, k, std::move(out)), {Rational(0)}, Activation::identity()};
  target::Target f;
  f.name = "perfect spline";
  f.network = Network(1, std::move(layers));
  return f;
}

/// The same with random knots in (-1, 1).
inline target::Target random_perfect_spline(std::mt19937_64& g, int n, int most_knots) {
  std::vector<Rational> knots;
  for (long i = uniform(g, 0, most_knots); i > 0; --i) knots.push_back(Rational(uniform(g, -1023, 1023)) / 1024);
  std::sort(knots.begin(), knots.end());
  return perfect_spline(n, knots, coin(g) ? 1 : -1);
}

/// G_i(x), exactly.
inline Rational cell_value(construct::TwoLevelGrid const& grid, construct::CellPowers const& cells, int i,
                           Rational const& x) {
  Rational const u = (x + 1) / grid.pitch();
  Rational y = grid.reflected(i) ? Rational(i + 1 + grid.overlap - u) : Rational(u - i);
  auto const [first, last] = grid.range();
  if (grid.n == 1) y = std::min(std::max(y, first), last);  // constant beyond the outer midpoints
  y -= first;
  Rational G = cells.constant[static_cast<std::size_t>(i)];
  for (std::size_t k = 0; k < cells.knots.size(); ++k) {
    Rational const t = cells.scales[k] * (y - cells.knots[k]);
    if (t > 0) G += cells.weights[static_cast<std::size_t>(i)][k] * power(t, static_cast<unsigned>(cells.p));
  }
  return G;
}

}  // namespace nwidth::test
