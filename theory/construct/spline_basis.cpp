// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/spline_basis.hpp"

#include <algorithm>

#include "theory/number/error.hpp"

namespace nwidth::construct {
namespace {

std::size_t size(int i) { return static_cast<std::size_t>(i); }

/// Monomial coefficients of the Lagrange polynomials of the nodes 1, 2, ..., p: row i - 1 is that of node i.
std::vector<std::vector<Rational>> lagrange(int p) {
  std::vector<std::vector<Rational>> rows;
  for (int i = 1; i <= p; ++i) {
    std::vector<Rational> c{Rational(1)};
    for (int k = 1; k <= p; ++k) {
      if (k == i) continue;
      std::vector<Rational> d(c.size() + 1);
      for (std::size_t e = 0; e < c.size(); ++e) {
        d[e + 1] += c[e] / (i - k);
        d[e] -= c[e] * k / (i - k);
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

std::optional<PowerSum> power_sum(width::Spline const& s, Rational const& tolerance) {
  int const p = s.degree();
  if (p < 1) throw InvalidInput("truncated powers as neurons need a spline of degree >= 1, not " + std::to_string(p));
  width::TruncatedPowers const t = s.truncated_powers();
  // With X = x + 1: sum_i v_i (X + i)^p has the coefficient C(p, e) sum_i v_i i^e at X^(p-e); e = p is the constant.
  std::vector<std::vector<Rational>> const l = lagrange(p);
  std::vector<Ball> outer, at_end;
  for (int i = 1; i <= p; ++i) {
    Ball v;
    Rational choose = 1;  // C(p, e)
    for (int e = 0; e < p; ++e) {
      v += Ball(l[size(i - 1)][size(e)] / choose) * t.polynomial[size(p - e)];
      choose = choose * (p - e) / (e + 1);
    }
    outer.push_back(v);
  }
  Ball constant = t.polynomial[0];
  for (int i = 1; i <= p; ++i) constant -= outer[size(i - 1)] * power(Ball(i), static_cast<unsigned>(p));

  // The norms on [-1, 1]: 1 of the constant, (2 + i)^p of the outer powers, at most 2^p of the inner ones.
  Rational outer_norm = 0;
  for (int i = 1; i <= p; ++i) outer_norm += power(Rational(2 + i), static_cast<unsigned>(p));
  Rational const inner_norm = power_of_two(p) * Rational(static_cast<long>(t.jumps.size()));
  Rational const spread =
      largest_radius({constant}) + outer_norm * largest_radius(outer) + inner_norm * largest_radius(t.jumps);
  if (2 * spread > tolerance) return std::nullopt;
  long const bits = bits_below(tolerance / (1 + outer_norm + inner_norm));  // an error of 2^-bits / 2 in each

  PowerSum r;
  r.p = p;
  r.constant = round_to_dyadic(constant.midpoint(), bits);
  for (int i = p; i >= 1; --i) {
    r.knots.push_back(Rational(-1 - i));
    r.weights.push_back(round_to_dyadic(outer[size(i - 1)].midpoint(), bits));
  }
  for (std::size_t j = 0; j < t.jumps.size(); ++j) {
    r.knots.push_back(s.knots()[j]);
    r.weights.push_back(round_to_dyadic(t.jumps[j].midpoint(), bits));
  }
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
