// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/two_level_cells.hpp"

#include <algorithm>
#include <bit>

#include "theory/number/error.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::construct {
namespace {

std::size_t size(int i) { return static_cast<std::size_t>(i); }

std::string describe(TwoLevelGrid const& g) {
  return "n = " + std::to_string(g.n) + ", N1 = " + std::to_string(g.N1) + ", N2 = " + std::to_string(g.N2);
}

/// n = 1: through the values at the midpoints.
CellPowers linear_cells(target::Target const& f, TwoLevelGrid const& grid, long bits, std::string const& refusal) {
  CellPowers c;
  c.rounding = rounding_share() * grid.floor();
  std::vector<Rational> y, norms{Rational(1)};
  for (int k = 0; k < grid.N2; ++k) y.push_back(grid.midpoint(k));
  for (std::size_t k = 0; k + 1 < y.size(); ++k) {
    c.knots.push_back(y[k] - y[0]);
    norms.push_back(y.back() - y[k]);
  }
  c.scales.assign(c.knots.size(), Rational(1));
  raise_precision(bits, refusal, [&](long) {
    c.constant.clear();
    c.weights.clear();
    c.bound = 0;
    for (int i = 0; i < grid.N1; ++i) {
      std::vector<Rational> points;
      for (Rational const& k : y) points.push_back(grid.point(i, k));
      auto const v = values_at(f, points);
      if (!v) return false;
      std::vector<Ball> w{v->front()};
      Ball before;
      for (std::size_t k = 0; k + 1 < y.size(); ++k) {
        Ball const slope = ((*v)[k + 1] - (*v)[k]) / Ball(Rational(y[k + 1] - y[k]));
        w.push_back(slope - before);
        before = slope;
      }
      auto rounded = round_together(w, norms, c.rounding);
      if (!rounded) return false;
      c.constant.push_back(rounded->front());
      rounded->erase(rounded->begin());
      c.weights.push_back(std::move(*rounded));
      for (Ball const& b : *v) c.bound = std::max(c.bound, abs(b).upper());
    }
    return true;
  });
  c.bound += c.rounding;
  return c;
}

}  // namespace

TwoLevelGrid::TwoLevelGrid(int n_, int N1_, int N2_, Rational overlap_)
    : n(n_), N1(N1_), N2(N2_), overlap(std::move(overlap_)) {
  if (n < 1 || n > 4) throw InvalidInput("a two-level network needs n = 1 ... 4, not " + std::to_string(n));
  if (N1 < 2 || N2 < std::max(n, 2) || N1 > 10000000 / N2)
    throw InvalidInput("a two-level network needs N1 >= 2, N2 >= max(n, 2) and N1 N2 <= 10^7, not " + describe(*this));
  if (overlap <= 0 || 2 * overlap > 1 || !is_dyadic(overlap))
    throw InvalidInput("the overlap of the cells must be dyadic in (0, 1/2], not " + exact_string(overlap));
}

Rational TwoLevelGrid::midpoint(int k) const {
  return round_to_dyadic((1 + overlap) * (2 * k + 1) / (2 * N2), 64 + std::bit_width(static_cast<unsigned>(N2)));
}

std::pair<Rational, Rational> TwoLevelGrid::range() const {
  if (n == 1) return {midpoint(0), midpoint(N2 - 1)};
  return {Rational(0), Rational(1 + overlap)};
}

Rational TwoLevelGrid::floor() const {
  return power(Rational((1 + overlap) / (N1 + overlap)), static_cast<unsigned>(n)) * width_floor(n, N2);
}

Ball two_level_bound(int n, int N1, int N2, Rational const& overlap) {
  TwoLevelGrid const grid(n, N1, N2, overlap);
  return Ball(power(Rational((1 + overlap) / (N1 + overlap)), static_cast<unsigned>(n))) * width::width_value(n, N2);
}

Rational dyadic_above(Rational const& x) {
  if (x < 0) throw InvalidInput("no bound can be negative: " + exact_string(x));
  if (x == 0) return 1;
  long const bits = bits_below(x) + 7;
  Rational const r = round_to_dyadic(x, bits);
  return r >= x ? r : Rational(r + power_of_two(-bits));
}

CellPowers cell_powers(target::Target const& f, TwoLevelGrid const& grid, bool unit_scale) {
  if (f.inputs != 1)
    throw InvalidInput("a two-level network takes a target of one variable, not " + std::to_string(f.inputs));
  std::string const refusal = f.name + " has no finite value that could be enclosed at some node of " + describe(grid);
  int const n = grid.n, p = n - 1, N2 = grid.N2;
  long const log_N = std::bit_width(static_cast<unsigned>(grid.N1)) + std::bit_width(static_cast<unsigned>(N2));
  if (n == 1) return linear_cells(f, grid, 100 + 2 * log_N, refusal);

  Rational const stretch = (1 + grid.overlap) / 2;  // y = stretch (t + 1), t in [-1, 1]
  width::OptimalSpace const space = width::optimal_space(n, N2, 48 + log_N);
  CellPowers c;
  c.p = p;
  c.rounding = rounding_share() * grid.floor();
  std::vector<Rational> shifts, norms{Rational(1)};
  for (int k = 0; k < p; ++k) {
    shifts.push_back(Rational(k));
    c.knots.push_back(Rational(-k));
  }
  for (Rational const& t : space.knots) c.knots.push_back(stretch * (t + 1));
  for (Rational const& k : c.knots) {
    Rational const range = 1 + grid.overlap - k;
    Rational scale = 1;
    if (unit_scale) {
      long const bits = 8 - bits_below(range);
      scale = Rational(Integer(numerator(Rational(power_of_two(bits) / range)) /
                               denominator(Rational(power_of_two(bits) / range)))) *
              power_of_two(-bits);
    }
    c.scales.push_back(scale);
    norms.push_back(power(Rational(scale * range), static_cast<unsigned>(p)));
  }
  std::vector<std::vector<Rational>> const shift = shifted_powers(p, shifts);
  std::vector<Rational> nodes;
  for (Rational const& t : space.nodes) nodes.push_back(stretch * (t + 1));

  raise_precision(100 + 2 * n * log_N, refusal, [&](long bits) {
    width::SplineSpace const splines(space, bits);
    std::vector<Ball> unscale{Ball(1)};  // from the powers of t + 1 to those of y
    for (int e = 1; e <= p; ++e) unscale.push_back(Ball(power(Rational(1 / stretch), static_cast<unsigned>(e))));
    std::vector<Ball> per_neuron;
    for (Rational const& s : c.scales) per_neuron.push_back(Ball(power(Rational(1 / s), static_cast<unsigned>(p))));
    c.constant.clear();
    c.weights.clear();
    c.bound = 0;
    for (int i = 0; i < grid.N1; ++i) {
      std::vector<Rational> points;
      for (Rational const& y : nodes) points.push_back(grid.point(i, y));
      auto const values = values_at(f, points);
      if (!values) return false;
      width::Spline const s = splines.spline(*values);
      width::TruncatedPowers t = s.truncated_powers();
      for (int e = 0; e <= p; ++e) t.polynomial[size(e)] *= unscale[size(e)];
      std::vector<Ball> w = shifted_coefficients(shift, shifts, t.polynomial);
      for (Ball const& jump : t.jumps) w.push_back(jump * unscale[size(p)]);
      for (std::size_t k = 0; k < c.knots.size(); ++k) w[k + 1] *= per_neuron[k];
      auto rounded = round_together(w, norms, c.rounding);
      if (!rounded) return false;
      c.constant.push_back(rounded->front());
      rounded->erase(rounded->begin());
      c.weights.push_back(std::move(*rounded));
      c.bound = std::max(c.bound, s.bound());
    }
    return true;
  });
  c.bound += c.rounding;
  return c;
}

}  // namespace nwidth::construct
