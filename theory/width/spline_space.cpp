// SPDX-License-Identifier: Apache-2.0
#include "theory/width/spline_space.hpp"

#include <algorithm>

#include "theory/number/error.hpp"

namespace nwidth::width {
namespace {

std::size_t size(int i) { return static_cast<std::size_t>(i); }

/// -1 (p + 1 times), the knots, 1 (p + 1 times), each exact: knots are dyadic as a rule, others are enclosed.
std::vector<Ball> open_knots(int p, std::vector<Rational> const& knots) {
  std::vector<Ball> t(size(p + 1), Ball(-1));
  for (Rational const& k : knots) t.push_back(Ball(k));
  t.insert(t.end(), size(p + 1), Ball(1));
  return t;
}

/// The q + 1 B-splines of degree q that do not vanish on [t[span], t[span + 1]], at x: sums of positive terms only.
std::vector<Ball> basis(std::vector<Ball> const& t, int span, int q, Ball const& x) {
  std::vector<Ball> b(size(q + 1));
  b[0] = Ball(1);
  for (int d = 1; d <= q; ++d) {
    Ball left;  // what the spline before hands on
    for (int r = 0; r < d; ++r) {
      Ball const right = t[size(span + r + 1)], begin = t[size(span + r + 1 - d)];
      Ball const share = b[size(r)] / (right - begin);
      b[size(r)] = left + (right - x) * share;
      left = (x - begin) * share;
    }
    b[size(d)] = left;
  }
  return b;
}

/// From the coefficients of s^(r) (B-splines of degree p - r, the first one of index `first`) those of s^(r + 1).
std::vector<Ball> derivative(std::vector<Ball> const& c, std::vector<Ball> const& t, int p, int r, int first) {
  std::vector<Ball> d;
  d.reserve(c.size() - 1);
  for (int i = 1; i < static_cast<int>(c.size()); ++i) {
    Ball const width = t[size(first + i + p - r)] - t[size(first + i)];
    d.push_back(Ball(p - r) * (c[size(i)] - c[size(i - 1)]) / width);
  }
  return d;
}

void check_knots(std::vector<Rational> const& knots) {
  Rational before = -1;
  for (Rational const& k : knots) {
    if (k <= before || k >= 1)
      throw InvalidInput("the knots of a spline must ascend inside (-1, 1), not reach " + exact_string(k));
    before = k;
  }
}

}  // namespace

Spline::Spline(int degree, std::vector<Rational> knots, std::vector<Ball> coefficients)
    : degree_(degree), knots_(std::move(knots)), coefficients_(std::move(coefficients)) {
  if (degree < 0) throw InvalidInput("a spline needs a degree >= 0, not " + std::to_string(degree));
  check_knots(knots_);
  if (coefficients_.size() != knots_.size() + size(degree) + 1)
    throw InvalidInput("a spline of degree " + std::to_string(degree) + " with " + std::to_string(knots_.size()) +
                       " knots needs " + std::to_string(knots_.size() + size(degree) + 1) + " coefficients, not " +
                       std::to_string(coefficients_.size()));
  extended_ = open_knots(degree_, knots_);
}

Rational Spline::piece_begin(int j) const { return j == 0 ? Rational(-1) : knots_[size(j - 1)]; }
Rational Spline::piece_end(int j) const { return j == static_cast<int>(knots_.size()) ? Rational(1) : knots_[size(j)]; }

int Spline::piece_of(Rational const& x) const {
  return static_cast<int>(std::upper_bound(knots_.begin(), knots_.end(), x) - knots_.begin());
}

std::vector<Ball> Spline::piece(int j) const {
  int const p = degree_;
  Ball const x(piece_midpoint(j));
  std::vector<Ball> c(coefficients_.begin() + j, coefficients_.begin() + j + p + 1), taylor;
  Ball factorial(1);
  for (int r = 0; r <= p; ++r) {
    std::vector<Ball> const b = basis(extended_, p + j, p - r, x);
    Ball value;
    for (int i = 0; i <= p - r; ++i) value += c[size(i)] * b[size(i)];
    taylor.push_back(value / factorial);
    factorial *= Ball(r + 1);
    if (r < p) c = derivative(c, extended_, p, r, j + r);
  }
  return taylor;
}

Ball Spline::operator()(Rational const& x) const {
  if (x < -1 || x > 1) throw InvalidInput("a spline on [-1, 1] has no value at " + exact_string(x));
  int const j = piece_of(x);
  std::vector<Ball> const b = basis(extended_, degree_ + j, degree_, Ball(x));
  Ball value;
  for (int i = 0; i <= degree_; ++i) value += coefficients_[size(i + j)] * b[size(i)];
  return value;
}

TruncatedPowers Spline::truncated_powers() const {
  int const p = degree_;
  TruncatedPowers s;
  std::vector<Ball> c = coefficients_;
  Ball factorial(1);
  for (int r = 0; r <= p; ++r) {
    s.polynomial.push_back(c[0] / factorial);  // at -1 the first B-spline is 1 and the others vanish
    if (r == p) break;
    c = derivative(c, extended_, p, r, r);
    factorial *= Ball(r + 1);
  }
  for (std::size_t j = 0; j + 1 < c.size(); ++j) s.jumps.push_back((c[j + 1] - c[j]) / factorial);
  return s;
}

Rational Spline::bound() const {
  Rational most = 0;
  for (Ball const& c : coefficients_) {
    Rational const up = c.upper(), down = -c.lower();
    most = std::max(most, std::max(up, down));
  }
  return most;
}

SplineSpace::SplineSpace(OptimalSpace space, long precision) : space_(std::move(space)), precision_(precision) {
  int const n = space_.n, N = space_.N;
  if (n < 1 || N < n || space_.knots.size() != size(N - n) || space_.nodes.size() != size(N))
    throw InvalidInput("a spline space with n = " + std::to_string(n) + " and N = " + std::to_string(N) +
                       " needs N >= n >= 1, N - n knots and N nodes, not " + std::to_string(space_.knots.size()) +
                       " and " + std::to_string(space_.nodes.size()));
  check_knots(space_.knots);
  for (int i = 0; i < N; ++i) {
    Rational const& z = space_.nodes[size(i)];
    // B_i must not vanish at node i. For n = 1 it does not vanish at its own left end either, but a node there would
    // leave the limit from the right undetermined, so it is refused as well.
    bool const right_of = i < n ? z >= -1 && (i == 0 || z > -1) : z > space_.knots[size(i - n)];
    bool const left_of = i >= N - n ? z <= 1 && (i == N - 1 || z < 1) : z < space_.knots[size(i)];
    if (!right_of || !left_of || (i > 0 && z <= space_.nodes[size(i - 1)]))
      throw InvalidInput("node " + std::to_string(i) + " = " + exact_string(z) +
                         " violates the Schoenberg-Whitney conditions knots[i-n] < nodes[i] < knots[i]");
  }
  while (!factor()) precision_ *= 2;
}

bool SplineSpace::factor() {
  PrecisionScope const scope(precision_);
  int const p = space_.n - 1, N = space_.N;
  std::vector<Ball> const t = open_knots(p, space_.knots);
  band_.assign(size(N) * size(2 * p + 1), Ball());
  for (int i = 0; i < N; ++i) {
    Rational const& z = space_.nodes[size(i)];
    int const j =
        static_cast<int>(std::upper_bound(space_.knots.begin(), space_.knots.end(), z) - space_.knots.begin());
    std::vector<Ball> const b = basis(t, p + j, p, Ball(z));
    for (int r = 0; r <= p; ++r)
      if (j + r >= i - p && j + r <= i + p) at(i, j + r) = b[size(r)];
  }
  for (int k = 0; k < N; ++k) {
    if (!at(k, k).certainly_positive()) return false;
    int const end = std::min(N, k + p + 1);
    for (int i = k + 1; i < end; ++i) {
      if (arb_is_zero(at(i, k).get())) continue;
      at(i, k) /= at(k, k);
      for (int j = k + 1; j < end; ++j)
        if (!arb_is_zero(at(k, j).get())) at(i, j) -= at(i, k) * at(k, j);
    }
  }
  return true;
}

std::vector<Ball> SplineSpace::interpolate(std::vector<Ball> const& values) const {
  PrecisionScope const scope(precision_);
  int const p = space_.n - 1, N = space_.N;
  if (values.size() != size(N))
    throw InvalidInput("interpolation in dimension " + std::to_string(N) + " needs as many values, not " +
                       std::to_string(values.size()));
  std::vector<Ball> c = values;
  auto v = [&](int i) -> Ball& { return c[size(i)]; };
  for (int i = 0; i < N; ++i)
    for (int k = std::max(0, i - p); k < i; ++k) v(i) -= at(i, k) * v(k);
  for (int i = N - 1; i >= 0; --i) {
    for (int k = i + 1; k < std::min(N, i + p + 1); ++k) v(i) -= at(i, k) * v(k);
    v(i) /= at(i, i);
  }
  return c;
}

Spline SplineSpace::spline(std::vector<Ball> const& values) const {
  return Spline(space_.n - 1, space_.knots, interpolate(values));
}

}  // namespace nwidth::width
