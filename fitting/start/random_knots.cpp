// SPDX-License-Identifier: Apache-2.0
#include "fitting/start/random_knots.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "fitting/start/equidistribution.hpp"

namespace nwidth::fitting {
namespace {

std::uint64_t splitmix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

}  // namespace

std::vector<double> random_knots(Function const& f, int r, int n, std::uint64_t seed, int trial) {
  std::mt19937_64 g(splitmix(splitmix(seed) + static_cast<std::uint64_t>(trial)));
  double const a = to_double(f.begin()), b = to_double(f.end());
  constexpr int fine = 1023;
  std::vector<double> quantile{a};
  if (trial % 2 != 0) {
    std::vector<double> const inner = equidistribution(f, std::min(r, 7), 2, fine);
    quantile.insert(quantile.end(), inner.begin(), inner.end());
  }
  quantile.push_back(b);
  std::vector<double> knots;
  for (int i = 0; i < n; ++i) {
    double const u = static_cast<double>(g() >> 11) * 0x1p-53 * static_cast<double>(quantile.size() - 1);
    std::size_t const k = static_cast<std::size_t>(u);
    knots.push_back(quantile[k] + (u - std::floor(u)) * (quantile[k + 1] - quantile[k]));
  }
  std::sort(knots.begin(), knots.end());
  for (int i = 0; i < n; ++i) {
    double& t = knots[static_cast<std::size_t>(i)];
    t = 0.9 * t + 0.1 * (a + (b - a) * (i + 1) / (n + 1));
  }
  return knots;
}

}  // namespace nwidth::fitting
