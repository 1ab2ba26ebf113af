// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/optimal_spline.hpp"

#include <bit>

#include "theory/construct/spline_basis.hpp"

namespace nwidth::construct {
namespace {

Network one_hidden_layer(PowerSum const& s) {
  int const k = static_cast<int>(s.knots.size());
  std::vector<Entry> in, out;
  Layer hidden, last;
  for (int j = 0; j < k; ++j) {
    std::size_t const i = static_cast<std::size_t>(j);
    in.push_back({j, 0, Rational(1)});
    out.push_back({0, j, s.weights[i]});
    hidden.bias.push_back(-s.knots[i]);
  }
  hidden.weights = SparseMatrix(k, 1, std::move(in));
  hidden.activation = s.p == 1 ? Activation::relu() : Activation::relu_power(s.p);
  last.weights = SparseMatrix(1, k, std::move(out));
  last.bias = {s.constant};
  std::vector<Layer> layers;
  layers.push_back(std::move(hidden));
  layers.push_back(std::move(last));
  return Network(1, std::move(layers));
}

/// Interpolates values rounded to multiples of 2^-bits: linear interpolation does not enlarge their errors.
PowerSum through_midpoints(std::vector<Rational> const& z, std::vector<Rational> const& v) {
  PowerSum s;
  s.constant = v[0];
  s.knots = z;
  Rational slope = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    Rational const next = i + 1 < z.size() ? Rational((v[i + 1] - v[i]) / (z[i + 1] - z[i])) : Rational(0);
    s.weights.push_back(next - slope);
    slope = next;
  }
  return s;
}

}  // namespace

Network optimal_spline_network(target::Target const& f, int n, int N) {
  if (n < 1 || n > 6) throw InvalidInput("an optimal spline network needs n = 1 ... 6, not " + std::to_string(n));
  if (N < std::max(n, 2) || N > 1000000)
    throw InvalidInput("an optimal spline network with n = " + std::to_string(n) +
                       " needs N = " + std::to_string(std::max(n, 2)) + " ... 1000000, not " + std::to_string(N));
  if (f.inputs != 1)
    throw InvalidInput("an optimal spline network takes a target of one variable, not " + std::to_string(f.inputs));
  long const log_N = static_cast<long>(std::bit_width(static_cast<unsigned>(N)));
  Rational const tolerance = rounding_share() * width_floor(n, N);
  std::string const refusal = f.name +
                              " has no finite value that could be enclosed at some node of n = " + std::to_string(n) +
                              ", N = " + std::to_string(N);
  PowerSum sum;
  if (n == 1) {
    std::vector<Rational> nodes, values;
    for (int i = 1; i <= N; ++i) nodes.push_back(Rational(2 * i - 1) / N - 1);
    raise_precision(100 + 2 * log_N, refusal, [&](long) {
      auto const v = values_at(f, nodes);
      if (!v || 2 * largest_radius(*v) > tolerance) return false;
      for (Ball const& b : *v) values.push_back(round_to_dyadic(b.midpoint(), bits_below(tolerance)));
      return true;
    });
    sum = through_midpoints(nodes, values);
  } else {
    width::OptimalSpace const space = width::optimal_space(n, N, 48 + log_N);
    raise_precision(100 + 2 * n * log_N, refusal, [&](long bits) {
      auto const v = values_at(f, space.nodes);
      if (!v) return false;
      auto s = power_sum(width::SplineSpace(space, bits).spline(*v), tolerance);
      if (!s) return false;
      sum = std::move(*s);
      return true;
    });
  }
  return one_hidden_layer(sum);
}

}  // namespace nwidth::construct
