// SPDX-License-Identifier: Apache-2.0
#include "theory/width/closed_form.hpp"

namespace nwidth::width {
namespace {

/// N - c, the length of [-1, 1] in units of h
Ball closed_form_length(int n, int N) {
  return n == 1 ? Ball(N) : n == 2 ? Ball(N) - Ball(2) + sqrt(Ball(2)) : Ball(N) - Ball(1);
}

/// 1 - h t for the t = first, inner, inner + 1, ..., total - first (count numbers), ascending.
std::vector<Ball> from_end(Ball const& first, Ball const& inner, Ball const& total, int count) {
  Ball const h = Ball(2) / total;
  std::vector<Ball> r;
  for (int j = count - 1; j >= 0; --j) {
    if (2 * j + 1 == count)
      r.emplace_back(0);  // by symmetry
    else if (j == 0 || j == count - 1)
      r.push_back(j == 0 ? Ball(1) - h * first : h * first - Ball(1));
    else
      r.push_back(Ball(1) - h * (inner + Ball(j - 1)));
  }
  return r;
}

}  // namespace

Rational euler_norm(int n) {
  static Rational const norms[] = {Rational(1, 2),   Rational(1, 8),   Rational(1, 24),
                                   Rational(5, 384), Rational(1, 240), Rational(61, 46080)};
  return norms[n - 1];
}

Ball closed_form_norm(int n, int N) {
  Ball const total = closed_form_length(n, N);
  return Ball(euler_norm(n)) * power(Ball(2) / total, static_cast<unsigned>(n));
}

Width closed_form_width(int n, int N) {
  Ball const half = Ball(1) / Ball(2), root_half = sqrt(half), root_three = sqrt(Ball(3));
  Ball const total = closed_form_length(n, N);
  Ball const turn = n == 1 ? Ball(1) : n == 2 ? root_half : half;  // the last extremum inside
  Ball const knot = n == 1 ? Ball(1) : n == 2 ? root_half + half : Ball(3) * half;
  Ball const zero = n == 1 ? half : n == 2 ? root_half - half : Ball(1) - root_three * half;
  Width w;
  w.n = n;
  w.N = N;
  w.value = closed_form_norm(n, N);
  w.knots = from_end(knot, knot + Ball(1), total, N - n);
  w.zeros = from_end(zero, n == 1 ? zero + Ball(1) : turn + half, total, N);
  w.extrema = from_end(Ball(0), turn, total, N + 1);
  w.proved = true;
  w.method = "closed form";
  return w;
}

}  // namespace nwidth::width
