// SPDX-License-Identifier: Apache-2.0
#include "theory/target/derivative_bounds.hpp"

#include <algorithm>
#include <cmath>
#include <queue>

namespace nwidth::target {
namespace {

/// max_j j! |c_j| over j <= n, from below
double pointwise(std::vector<Ball> const& c, int n) {
  double best = 0;
  for (int j = 0; j <= n; ++j) {
    Ball const value = c[static_cast<std::size_t>(j)] * Ball(factorial(j));
    if (value.is_finite()) best = std::max(best, value.mignitude());
  }
  return best;
}

struct Cell {
  Rational a, b;
  double lower, upper;
  bool operator<(Cell const& o) const { return upper < o.upper; }
};

Cell make_cell(Expression const& f, int n, Rational const& a, Rational const& b) {
  constexpr int more = 4;
  Cell cell{a, b, 0, std::numeric_limits<double>::infinity()};
  Expansion const e = f.expand(a, b, n + more);
  if (e.status != Expansion::Status::smooth) return cell;
  cell.lower = pointwise(e.c, n);
  // |f^(j)| <= j! sum_k binomial(k, j) |c_k| h^(k-j), by Horner
  Ball const h(Rational((b - a) / 2));
  double upper = 0;
  for (int j = 0; j <= n; ++j) {
    Ball sum;
    Rational binomial = factorial(n + more) / (factorial(j) * factorial(n + more - j));
    for (int k = n + more; k >= j; --k) {
      sum = sum * h + abs(e.c[static_cast<std::size_t>(k)]) * Ball(binomial);
      if (k > j) binomial = binomial * (k - j) / k;
    }
    upper = std::max(upper, (sum * Ball(factorial(j))).magnitude());
  }
  cell.upper = upper;
  return cell;
}

}  // namespace

DerivativeBounds derivative_bounds(Expression const& f, int n, double relative, int most) {
  double lower = std::max(pointwise(f.taylor(-1, n + 1), n), pointwise(f.taylor(1, n + 1), n));
  std::priority_queue<Cell> cells;
  auto const push = [&](Rational const& a, Rational const& b) {
    Cell cell = make_cell(f, n, a, b);
    lower = std::max(lower, cell.lower);
    cells.push(std::move(cell));
  };
  int made = 0;
  for (int k = -4; k < 4; ++k, ++made) push(Rational(k) / 4, Rational(k + 1) / 4);
  while (made < most && cells.top().upper > (1 + relative) * lower) {
    Cell const worst = cells.top();
    cells.pop();
    Rational const middle = (worst.a + worst.b) / 2;
    push(worst.a, middle);
    push(middle, worst.b);
    made += 2;
  }
  DerivativeBounds r;
  r.lower = exact(lower);
  r.finite = std::isfinite(cells.top().upper);
  if (r.finite) r.upper = exact(cells.top().upper);
  return r;
}

Rational sampled_derivatives(Expression const& f, int n, int points) {
  double best = 0;
  for (int k = 0; k <= points; ++k)
    best = std::max(best, pointwise(f.taylor(Rational(2 * k - points) / points, n + 1), n));
  return exact(best);
}

}  // namespace nwidth::target
