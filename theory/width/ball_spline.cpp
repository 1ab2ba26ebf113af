// SPDX-License-Identifier: Apache-2.0
#include "theory/width/ball_spline.hpp"

namespace nwidth::width {

Ball truncated_power(Ball const& t, int m) {
  if (t.certainly_negative()) return Ball();
  if (m == 0) return t.certainly_positive() ? Ball(1) : hull(Ball(0), Ball(1));
  Ball r = power(relu(t), static_cast<unsigned>(m));
  long factorial = 1;
  for (int i = 2; i <= m; ++i) factorial *= i;
  return r / Ball(factorial);
}

Ball value(HalfSpline<Ball> const& p, Ball const& x, int j) {
  Ball sum, term(1);  // term = x^e / e!
  for (int e = 0; e <= p.n - j; ++e) {
    if (e + j == p.n) {
      sum += term;
    } else if ((e + j) % 2 == p.N % 2) {
      sum += p.c[static_cast<std::size_t>((e + j) / 2)] * term;
    }
    term = term * x / Ball(e + 1);
  }
  for (std::size_t q = 0; q < p.knots.size(); ++q) {
    Ball const t = x - p.knots[q];
    if (t.certainly_negative()) continue;
    Ball const jump = Ball(2) * truncated_power(t, p.n - j);
    if (q % 2 == 0)
      sum -= jump;
    else
      sum += jump;
  }
  return sum;
}

Ball knot_derivative(HalfSpline<Ball> const& p, std::size_t q, Ball const& x, int j) {
  return Ball(q % 2 == 0 ? 2 : -2) * truncated_power(x - p.knots[q], p.n - j - 1);
}

}  // namespace nwidth::width
