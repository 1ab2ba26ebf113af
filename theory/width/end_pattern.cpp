// SPDX-License-Identifier: Apache-2.0
#include "theory/width/end_pattern.hpp"

#include <map>
#include <mutex>

#include "theory/width/critical_points.hpp"
#include "theory/width/newton_remez.hpp"

namespace nwidth::width {

EndPattern::EndPattern(Alternating<Real> const& s) : n_(s.spline.n) {
  std::vector<Real> const& t = s.spline.knots;
  // the middle gap: [-t_1, t_1], or [0, t_1] if 0 is a knot
  Real const h = (s.spline.N - n_) % 2 == 0 ? Real(2 * t[0]) : t[0];
  offset_ = s.spline.N - 2 / h;
  auto from_end = [&](std::vector<Real> const& v) {
    std::vector<Real> r;
    for (std::size_t i = v.size(); i-- > 0;) r.push_back((1 - v[i]) / h);
    return r;
  };
  knots_ = from_end(t);
  points_ = from_end(s.points);
  Pieces<Real> const P(s.spline);
  for (std::size_t i = s.points.size() - 1; i-- > 0;)
    zeros_.push_back((1 - zero_between(P, 0, s.points[i], s.points[i + 1], 400)) / h);
}

// On its last piece x_{k,n} is, in these units and from the last extremum at a knot (n = 1, 3) or between knots (n =
// 2),
//   n = 1:  1/2 - t, to t = 1;    n = 2:  t^2/2 - 1/8, to t = 1/sqrt 2;    n = 3:  t^2/4 - t^3/6 - 1/24, to t = 3/2,
// the last with its turn at t = 1 and zeros 1/2, (1 + sqrt 3)/2: it ends on the level of the Euler spline it continues.
EndPattern EndPattern::closed_form(int n) {
  using boost::multiprecision::sqrt;
  EndPattern p;
  p.n_ = n;
  Real const half = Real(1) / 2;
  if (n == 1) {
    p.offset_ = 0;
    p.points_ = {0, 1};
    p.knots_ = {1};
    p.zeros_ = {half};
  } else if (n == 2) {
    Real const a = sqrt(half);
    p.offset_ = 2 - 2 * a;
    p.points_ = {0, a};
    p.knots_ = {a + half};
    p.zeros_ = {a - half, a + half};
  } else {
    p.offset_ = 1;
    p.points_ = {0, half};
    p.knots_ = {3 * half};
    p.zeros_ = {1 - sqrt(Real(3)) / 2, 1};
  }
  return p;
}

EndPattern const& EndPattern::of_degree(int n) {
  static std::mutex guard;
  static std::map<int, EndPattern> known;
  std::lock_guard<std::mutex> const lock(guard);
  if (auto const it = known.find(n); it != known.end()) return it->second;
  return known.emplace(n, n <= 3 ? closed_form(n) : EndPattern(least_norm_spline(n, largest_solved))).first->second;
}

Alternating<Real> EndPattern::extended_to(int N) const {
  Alternating<Real> r{HalfSpline<Real>(n_, N), {}};
  Real const h = 2 / (N - offset_);
  std::size_t const count = r.spline.knots.size(), points = static_cast<std::size_t>(N / 2 + 1);
  for (std::size_t j = 0; j < count; ++j) r.spline.knots[count - 1 - j] = 1 - h * knot(j);
  for (std::size_t j = points; j-- > 0;) r.points.push_back(1 - h * point(j));
  if (N % 2 == 0) r.points[0] = 0;
  return r;
}

}  // namespace nwidth::width
