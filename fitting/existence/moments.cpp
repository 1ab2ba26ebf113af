// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/moments.hpp"

#include <algorithm>

#include "theory/number/polynomial.hpp"

namespace nwidth::fitting {
namespace {

constexpr std::size_t most_parts = 20000;

target::Expression const& expression_of(Function const& f) {
  if (f.target().network || !f.target().expression)
    throw InvalidInput("the target must be an expression, not '" + f.target().name + "'");
  return *f.target().expression;
}

Ball over(Ball const& x, std::size_t n) { return x / Ball(static_cast<long>(n)); }

/// [-x, x], x >= 0
Ball both_signs(Ball const& x) {
  Ball r(0);
  arb_add_error(r.get(), x.get());
  return r;
}

}  // namespace

Moments::Moments(Function const& f, int degree)
    : f_(f), expression_(expression_of(f)), degree_(static_cast<std::size_t>(degree)) {
  long const bits = working_precision();
  order_ = static_cast<int>(bits * 13 / 20);
  small_ = Ball(f.scale()) * Ball(power_of_two(-bits));
  std::vector<Rational> grid{f.begin()};
  // parts have dyadic ends, but for slivers at ends of the domain that are not
  auto const inner = [&](Rational const& x, int direction) {
    return is_dyadic(x) ? x : round_to_dyadic(x, bits + 2) + direction * power_of_two(-bits - 2);
  };
  grid.push_back(inner(f.begin(), 1));
  for (Rational const& cut : expression_.cuts(f.begin(), f.end(), bits)) grid.push_back(cut);
  grid.push_back(inner(f.end(), -1));
  grid.push_back(f.end());
  std::sort(grid.begin(), grid.end());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  for (std::size_t i = 0; i + 1 < grid.size() && good(); ++i) divide(grid[i], grid[i + 1], 0);
  if (!good()) return;
  std::vector<Ball> rest(degree_ + 1, Ball(0));
  for (std::size_t i = parts_.size(); i-- > 0;) {
    Part& p = parts_[i];
    p.rest = rest;
    std::vector<Ball> const own = within(p, Ball(p.l));
    rest = shifted(rest, Ball(Rational(p.r - p.l)));
    for (std::size_t j = 0; j <= degree_; ++j) rest[j] += own[j];
    add_square(p);
  }
  whole_ = std::move(rest);
}

void Moments::divide(Rational const& l, Rational const& r, int depth) {
  if (parts_.size() >= most_parts) {
    reason_ = "the target needs more than " + std::to_string(most_parts) + " Taylor models";
    return;
  }
  Part p{l, r, {}, {}, {}};
  Ball const h(Rational((r - l) / 2));
  bool const dyadic = is_dyadic(l) && is_dyadic(r);
  if (dyadic) {
    target::Expansion e = expression_.expand(l, r, order_);
    if (e.status == target::Expansion::Status::smooth) {
      Ball const left = Ball(2) * h * abs(e.c.back()) * power(h, static_cast<unsigned>(order_));
      if (left.is_finite() && certainly_less(left, small_)) {
        p.c = std::move(e.c);
        parts_.push_back(std::move(p));
        return;
      }
    }
  }
  p.range = expression_.range(l, r);
  Ball const left = Ball(2) * h * abs(p.range);
  if (left.is_finite() && certainly_less(left, small_)) {
    parts_.push_back(std::move(p));
    return;
  }
  if (!dyadic || depth > 2 * working_precision()) {
    reason_ = "the target could not be integrated near " + decimal_below(l, 6);
    return;
  }
  Rational const middle = (l + r) / 2;
  divide(l, middle, depth + 1);
  if (good()) divide(middle, r, depth + 1);
}

void Moments::add_square(Part const& p) {
  Ball const h(Rational((p.r - p.l) / 2));
  if (p.c.empty()) {
    square_ += Ball(2) * h * p.range * p.range;
    return;
  }
  std::size_t const terms = p.c.size() - 1;
  Polynomial q;
  Ball size(0), scale(1);  // sup |q| at most, h^j
  for (std::size_t j = 0; j < terms; ++j) {
    Ball const scaled = p.c[j] * scale;
    arb_poly_set_coeff_arb(q.get(), static_cast<slong>(j), scaled.get());
    size += abs(scaled);
    scale *= h;
  }
  Ball const rest = abs(p.c.back()) * scale;
  Polynomial const square = q * q;
  Ball sum(0);
  for (int j = 0; j < square.length(); j += 2) sum += over(square[j], static_cast<std::size_t>(j + 1));
  square_ += Ball(2) * h * (sum + both_signs((Ball(2) * size + rest) * rest));
}

std::vector<Ball> Moments::within(Part const& p, Ball const& t) const {
  Ball const middle(Rational((p.l + p.r) / 2)), h(Rational((p.r - p.l) / 2)), length = Ball(p.r) - t;
  std::vector<Ball> result;
  if (p.c.empty()) {
    for (std::size_t j = 0; j <= degree_; ++j)
      result.push_back(p.range * over(power(length, static_cast<unsigned>(j + 1)), j + 1));
    return result;
  }
  // with u = x - middle: int_y^h q(u) u^l du, then (u - y)^j = sum C(j,l) (-y)^{j-l} u^l
  Ball const y = t - middle;
  std::size_t const terms = p.c.size() - 1;
  std::vector<Ball> difference;  // h^{i+1} - y^{i+1}
  Ball high = h, low = y;
  for (std::size_t i = 0; i < terms + degree_; ++i) {
    difference.push_back(high - low);
    high *= h;
    low *= y;
  }
  std::vector<Ball> about_middle;
  for (std::size_t l = 0; l <= degree_; ++l) {
    Ball sum(0);
    for (std::size_t i = 0; i < terms; ++i) sum += p.c[i] * over(difference[i + l], i + l + 1);
    about_middle.push_back(std::move(sum));
  }
  result = shifted(about_middle, -y);
  Ball const rest = abs(p.c.back()) * power(h, static_cast<unsigned>(terms));
  for (std::size_t j = 0; j <= degree_; ++j)
    result[j] += both_signs(rest * over(power(abs(length), static_cast<unsigned>(j + 1)), j + 1));
  return result;
}

std::vector<Ball> Moments::shifted(std::vector<Ball> const& about_u, Ball const& distance) const {
  std::vector<Ball> result;
  for (std::size_t j = 0; j <= degree_; ++j) {
    Ball sum(0);
    for (std::size_t l = 0; l <= j; ++l)
      sum += Ball(binomial(static_cast<int>(j), static_cast<int>(l))) * power(distance, static_cast<unsigned>(j - l)) *
             about_u[l];
    result.push_back(std::move(sum));
  }
  return result;
}

Ball Moments::value(Ball const& t) const {
  if (!t.is_finite()) return t;
  Ball y = f_(t);
  return y.is_finite() ? y : expression_.range(t.lower(), t.upper());
}

bool Moments::from(Ball const& t, std::vector<Ball>& M) const {
  if (!t.is_finite()) return false;
  Rational const c = t.midpoint();
  if (t.lower() < f_.begin() || t.upper() > f_.end()) return false;
  auto const part =
      std::lower_bound(parts_.begin(), parts_.end(), c, [](Part const& p, Rational const& x) { return p.r < x; });
  Ball const middle = Ball(c), distance = Ball(part->r) - middle;
  M = within(*part, middle);
  std::vector<Ball> const beyond = shifted(part->rest, distance);
  for (std::size_t j = 0; j <= degree_; ++j) M[j] += beyond[j];
  if (t.lower() == t.upper()) return true;
  Ball const away = t - middle;
  M[0] -= away * value(t);
  for (std::size_t j = 1; j <= degree_; ++j) M[j] -= away * Ball(static_cast<long>(j)) * M[j - 1];
  return true;
}

}  // namespace nwidth::fitting
