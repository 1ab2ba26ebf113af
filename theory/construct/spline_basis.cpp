// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/spline_basis.hpp"

#include <algorithm>

#include "theory/number/error.hpp"

namespace nwidth::construct {
namespace {

std::size_t size(int i) { return static_cast<std::size_t>(i); }

/// Monomial coefficients of the Lagrange polynomials of the nodes: row i is that of node i.
std::vector<std::vector<Rational>> lagrange(std::vector<Rational> const& nodes) {
  std::vector<std::vector<Rational>> rows;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    std::vector<Rational> c{Rational(1)};
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      if (k == i) continue;
      Rational const gap = nodes[i] - nodes[k];
      if (gap == 0)
        throw InvalidInput("the shifts of a polynomial must differ: " + exact_string(nodes[i]) + " is given twice");
      std::vector<Rational> d(c.size() + 1);
      for (std::size_t e = 0; e < c.size(); ++e) {
        d[e + 1] += c[e] / gap;
        d[e] -= c[e] * nodes[k] / gap;
      }
      c = std::move(d);
    }
    rows.push_back(std::move(c));
  }
  return rows;
}

}  // namespace

Rational rounding_share() { return Rational(1) / power(Rational(10), 12); }

Rational width_floor(int n, int N) {
  return 1 / (power_of_two(n - 1) * factorial(n) * power(Rational(N - n + 1), static_cast<unsigned>(n)));
}

Rational largest_radius(std::vector<Ball> const& balls) {
  Ball most;  // the radius as a midpoint, without the detour over the two ends
  for (Ball const& b : balls) {
    Ball radius;
    arf_set_mag(arb_midref(radius.get()), arb_radref(b.get()));
    if (arf_cmp(arb_midref(radius.get()), arb_midref(most.get())) > 0) most = radius;
  }
  return most.midpoint();
}

long bits_below(Rational const& x) {
  if (x <= 0) throw InvalidInput("no power of 2 lies below " + exact_string(x));
  long b = static_cast<long>(msb(denominator(x))) - static_cast<long>(msb(numerator(x)));
  while (power_of_two(-b) > x) ++b;
  while (power_of_two(1 - b) <= x) --b;
  return b;
}

std::vector<std::vector<Rational>> shifted_powers(int p, std::vector<Rational> const& shifts) {
  if (p < 1 || shifts.size() != size(p))
    throw InvalidInput("a polynomial of degree " + std::to_string(p) + " needs as many shifts, not " +
                       std::to_string(shifts.size()));
  // sum_i v_i shifts[i]^e = q_{p-e} / C(p, e) for e < p: the inverse of a Vandermonde matrix
  std::vector<std::vector<Rational>> const l = lagrange(shifts);
  std::vector<std::vector<Rational>> W(size(p), std::vector<Rational>(size(p)));
  for (int i = 0; i < p; ++i) {
    Rational choose = 1;
    for (int e = 0; e < p; ++e) {
      W[size(i)][size(p - e - 1)] = l[size(i)][size(e)] / choose;
      choose = choose * (p - e) / (e + 1);
    }
  }
  return W;
}

std::vector<Ball> shifted_coefficients(std::vector<std::vector<Rational>> const& W, std::vector<Rational> const& shifts,
                                       std::vector<Ball> const& q) {
  unsigned const p = static_cast<unsigned>(W.size());
  std::vector<Ball> c{q[0]};
  for (std::size_t i = 0; i < p; ++i) {
    Ball v;
    for (std::size_t e = 0; e < p; ++e) v += Ball(W[i][e]) * q[e + 1];
    c[0] -= v * Ball(power(shifts[i], p));
    c.push_back(std::move(v));
  }
  return c;
}

std::optional<std::vector<Rational>> round_together(std::vector<Ball> const& c, std::vector<Rational> const& norms,
                                                    Rational const& tolerance) {
  if (c.size() != norms.size())
    throw InvalidInput(std::to_string(c.size()) + " coefficients need as many norms, not " +
                       std::to_string(norms.size()));
  Rational norm = 0;
  Ball spread;
  for (std::size_t j = 0; j < c.size(); ++j) {
    norm += norms[j];
    if (!c[j].is_finite()) return std::nullopt;
    spread += Ball(largest_radius({c[j]})) * Ball(norms[j]);
  }
  if (!certainly_less(Ball(2) * spread, Ball(tolerance))) return std::nullopt;
  long const bits = bits_below(tolerance / norm);  // half of 2^-bits in each
  std::vector<Rational> r;
  r.reserve(c.size());
  for (Ball const& b : c) r.push_back(round_to_dyadic(b.midpoint(), bits));
  return r;
}

std::optional<PowerSum> power_sum(width::Spline const& s, Rational const& tolerance) {
  int const p = s.degree();
  if (p < 1) throw InvalidInput("truncated powers as neurons need a spline of degree >= 1, not " + std::to_string(p));
  width::TruncatedPowers const t = s.truncated_powers();
  std::vector<Rational> shifts, norms{Rational(1)};
  PowerSum r;
  r.p = p;
  for (int i = p; i >= 1; --i) {
    shifts.push_back(Rational(i));
    norms.push_back(power(Rational(i + 2), static_cast<unsigned>(p)));
    r.knots.push_back(Rational(-1 - i));
  }
  std::vector<Ball> c = shifted_coefficients(shifted_powers(p, shifts), shifts, t.polynomial);
  c.insert(c.end(), t.jumps.begin(), t.jumps.end());
  norms.insert(norms.end(), t.jumps.size(), power_of_two(p));
  auto rounded = round_together(c, norms, tolerance);
  if (!rounded) return std::nullopt;
  r.constant = rounded->front();
  r.weights.assign(rounded->begin() + 1, rounded->end());
  r.knots.insert(r.knots.end(), s.knots().begin(), s.knots().end());
  return r;
}

std::optional<std::vector<Ball>> values_at(target::Target const& f, std::vector<Rational> const& points) {
  std::vector<Ball> v;
  v.reserve(points.size());
  for (Rational const& x : points) {
    v.push_back(f(Ball(x)));
    if (!v.back().is_finite()) return std::nullopt;
  }
  return v;
}

void raise_precision(long bits, std::string const& what, std::function<bool(long)> const& attempt) {
  for (; bits <= 1L << 14; bits *= 2) {
    PrecisionScope const scope(bits);
    if (attempt(bits)) return;
  }
  throw InvalidInput(what);
}

}  // namespace nwidth::construct
