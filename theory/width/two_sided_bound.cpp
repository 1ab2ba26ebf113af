// SPDX-License-Identifier: Apache-2.0
#include "theory/width/two_sided_bound.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "theory/number/error.hpp"
#include "theory/width/closed_form.hpp"
#include "theory/width/end_pattern.hpp"

namespace nwidth::width {
namespace {

constexpr long position_bits = 160;  // of knots and brackets
constexpr long bracket_bits = 120;   // half the width of a bracket is 2^-120

Rational dyadic(Real const& x) { return round_to_dyadic(exact(x), position_bits); }

/// E_j(0)/j! of the Euler polynomials, j = 1..6: the Euler spline of degree n with knots at the integers has the
/// derivatives E_{n-i}(0)/(n-i)! at 0, where P^(n) = 1 begins.
Rational euler_value(int j) {
  static Rational const values[] = {Rational(-1, 2), 0, Rational(1, 24), 0, Rational(-1, 240), 0};
  return values[j - 1];
}

/// A bound of |P'| on [a, b]: Taylor's formula at a with all signs positive and |P^(n)| = 1 in the remainder, knots or
/// not.
Rational slope_bound(Pieces<Rational> const& P, Rational const& a, Rational const& b) {
  Rational const t = b - a;
  Rational bound = 0, term = 1;
  for (int i = 1; i <= P.n(); ++i) {
    bound += (i < P.n() ? Rational(abs(P(a, i))) : Rational(1)) * term;
    term = term * t / i;
  }
  return bound;
}

}  // namespace

TwoSidedBound two_sided_bound_with(int n, int m) {
  if (n < 4 || n > 6) throw InvalidInput("n = " + std::to_string(n) + " must be 4..6");
  if (m < 2 || m > 60) throw InvalidInput("m = " + std::to_string(m) + " must be 2..60");
  EndPattern const& pattern = EndPattern::of_degree(n);
  TwoSidedBound r;
  auto fail = [&](char const* why) {
    r.reason = why;
    return r;
  };
  // positions t = end - (distance from the end); t = 0 is the innermost of the m knots, where the Euler spline arrives
  auto const innermost = static_cast<std::size_t>(m - 1);
  Rational const end = dyadic(pattern.knot(innermost));
  std::vector<Rational> knots, state;
  std::vector<Real> real_knots, real_state;
  for (std::size_t j = innermost; j-- > 0;) knots.push_back(end - dyadic(pattern.knot(j)));
  if (!(knots.front() > Rational(1, 2))) return fail("the first gap is too short");
  for (int j = 0; j < n; ++j) state.push_back(euler_value(n - j));
  for (Rational const& t : knots) real_knots.push_back(to_real(t));
  for (Rational const& s : state) real_state.push_back(to_real(s));
  Pieces<Rational> const P(n, 0, knots, state);
  Pieces<Real> const approximate(n, 0, real_knots, real_state);

  // the extrema in (0, end); for odd n there is one more at t = 0, the last of the middle part
  int const count = m + (n - 2 - n % 2) / 2;
  Rational const half = power_of_two(-bracket_bits);
  Rational const middle = euler_norm(n);
  int sign = n % 2 != 0 ? P(0).sign() : -P(Rational(1, 2)).sign();  // of P at the last extremum of the middle part
  Rational before = 0;
  r.lower = r.upper = middle;
  for (int j = count; j >= 1; --j) {
    Real x = to_real(end) - pattern.point(static_cast<std::size_t>(j));
    for (int it = 0; it < 6; ++it) x -= approximate(x, 1) / approximate(x, 2);
    if (!isfinite(x)) return fail("an extremum was not found");
    Rational const at = dyadic(x), a = at - half, b = at + half;
    if (!(before < a && b < end)) return fail("the extrema are not in order");
    if (P(a, 1).sign() * P(b, 1).sign() >= 0) return fail("the slope does not change sign at an extremum");
    Rational const level = abs(P(a));
    if (P(a).sign() != -sign) return fail("the extrema do not alternate");
    sign = -sign;
    r.lower = std::min(r.lower, level);
    r.upper = std::max(r.upper, Rational(level + (b - a) * slope_bound(P, a, b)));
    before = b;
  }
  Rational const last = P(end);
  if (last.sign() != -sign) return fail("the end does not alternate");
  r.lower = std::min(r.lower, Rational(abs(last)));
  r.upper = std::max(r.upper, Rational(abs(last)));
  r.offset = Rational(n + 2 * m - 1) - 2 * end;  // N - n - 2 m + 1 gaps of 1 in the middle, and two ends
  r.from = 2 * m + n;
  r.proved = true;
  return r;
}

TwoSidedBound const& two_sided_bound(int n, int N) {
  int const m = N <= 128 ? 28 : 56;
  static std::mutex guard;
  static std::map<std::pair<int, int>, TwoSidedBound> known;
  std::lock_guard<std::mutex> const lock(guard);
  if (auto const it = known.find({n, m}); it != known.end()) return it->second;
  return known.emplace(std::pair(n, m), two_sided_bound_with(n, m)).first->second;
}

}  // namespace nwidth::width
