// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets_spline.hpp"

#include <algorithm>

namespace nwidth::construct {

Network folded_bspline(int p, Rational const& center, Rational const& h) {
  if (p < 1 || p > 32) throw InvalidInput("a B-spline needs a degree p in 1..32, not " + std::to_string(p));
  if (h <= 0) throw InvalidInput("the mesh h must be positive, not " + exact_string(h));
  Wiring w(1);
  w.open(activation(Frozen::unit(1)));
  Form const x = (w.input() - center) / h;
  Form const right = w.neuron(x), left = w.neuron(-x), distance = right + left;
  w.open(activation(Frozen::unit(p)));
  Form sum;
  Rational coefficient = 1 / factorial(p);  // (-1)^j C(p+1, j)/p!
  for (int j = 0; 2 * j < p + 1; ++j) {
    sum += coefficient * w.neuron(Rational(p + 1, 2) - j - distance);
    coefficient *= Rational(-(p + 1 - j), j + 1);
  }
  return w.close(sum);
}

namespace {

/// The Taylor coefficients of the polynomial c (powers of x - from) at `to`.
std::vector<Rational> moved(std::vector<Rational> const& c, Rational const& from, Rational const& to) {
  std::vector<Rational> d;
  for (int k = 0; k < static_cast<int>(c.size()); ++k) d.push_back(Frozen{c}.taylor(to - from, k));
  return d;
}

void check(PiecewisePolynomial const& f) {
  if (f.pieces.empty() || f.breaks.size() != f.pieces.size() + 1)
    throw InvalidInput(std::to_string(f.pieces.size()) + " pieces need one breakpoint more, not " +
                       std::to_string(f.breaks.size()));
  for (std::size_t i = 1; i < f.breaks.size(); ++i)
    if (f.breaks[i - 1] >= f.breaks[i])
      throw InvalidInput("breakpoints must ascend: " + exact_string(f.breaks[i - 1]) + ", " +
                         exact_string(f.breaks[i]));
}

}  // namespace

Rational PiecewisePolynomial::operator()(Rational const& x) const {
  check(*this);
  if (x < breaks.front() || x > breaks.back())
    throw InvalidInput("x must lie in [" + exact_string(breaks.front()) + ", " + exact_string(breaks.back()) +
                       "], not " + exact_string(x));
  auto const above = std::upper_bound(breaks.begin() + 1, breaks.end() - 1, x);
  auto const i = static_cast<std::size_t>(above - breaks.begin()) - 1;
  return Frozen{pieces[i]}(x - breaks[i]);
}

Network frozen_piecewise_polynomial(PiecewisePolynomial const& f, Frozen const& a) {
  check(f);
  int const r = a.degree();
  std::vector<Scales> S(1);
  for (int k = 1; k <= r; ++k) S.push_back(scales(a, k));  // throws where a_k = 0
  Wiring w(1);
  w.open(activation(a));
  Form sum = Frozen{f.pieces[0]}.coefficient(0);
  for (std::size_t i = 0; i < f.pieces.size(); ++i) {
    Frozen const right{f.pieces[i]};
    Frozen const left{i == 0 ? std::vector<Rational>{right.coefficient(0)}
                             : moved(f.pieces[i - 1], f.breaks[i - 1], f.breaks[i])};
    if (right.degree() > r)
      throw InvalidInput("a piece has degree " + std::to_string(right.degree()) + ", more than the activation's " +
                         std::to_string(r));
    if (left.coefficient(0) != right.coefficient(0))
      throw InvalidInput("the function jumps at " + exact_string(f.breaks[i]));
    for (std::size_t j = 0; j < static_cast<std::size_t>(r); ++j) {
      Rational v = 0;
      for (int k = 1; k <= r; ++k) {
        Rational const jump = right.coefficient(k) - left.coefficient(k);
        v += jump * S[static_cast<std::size_t>(k)].v[j];
      }
      if (v == 0) continue;
      sum += v * (w.neuron(S[1].s[j] * (w.input() - f.breaks[i])) - a.coefficient(0));
    }
  }
  if (sum.is_constant()) return w.close(w.neuron(w.input()) * 0 + sum);  // a layer needs a neuron
  return w.close(sum);
}

}  // namespace nwidth::construct
