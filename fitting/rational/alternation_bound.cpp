// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/alternation_bound.hpp"

#include <algorithm>

#include "theory/number/error.hpp"

namespace nwidth::fitting::rational {
namespace {

Rational to_exact(double x) { return exact(x); }
Rational to_exact(Real const& x) { return exact(x); }

/// Encloses f(x) - value, at a precision at which the sign is decided and 60 bits are right, if 1024 bits are enough.
Ball enclosed_error(Function const& f, Rational const& x, Rational const& value) {
  Ball e;
  for (long bits = 128; bits <= 1024; bits *= 2) {
    PrecisionScope const scope(bits);
    e = f(Ball(x)) - Ball(value);
    if (!e.is_finite()) continue;
    if ((e.certainly_positive() || e.certainly_negative()) &&
        e.upper() - e.lower() <= power_of_two(-60) * (e.lower() < 0 ? Rational(-e.lower()) : e.upper()))
      break;
  }
  return e;
}

}  // namespace

AlternationBound alternation_bound(Function const& f, ExactRational const& r, int m, int n,
                                   std::vector<Rational> points) {
  if (m < 0 || n < 0)
    throw InvalidInput("type (" + std::to_string(m) + ", " + std::to_string(n) + "): degrees are not negative");
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  for (Rational const& x : points)
    if (x < f.begin() || x > f.end())
      throw InvalidInput("the point " + exact_string(x) + " is not in [" + exact_string(f.begin()) + ", " +
                         exact_string(f.end()) + "]");
  AlternationBound result;
  int const mu = r.numerator_degree(), nu = r.denominator_degree();
  result.needed = mu < 0 ? m + 2 : std::max(mu + n, m + nu) + 2;
  std::vector<Rational> q;
  for (Rational const& x : points) {
    q.push_back(r.denominator_at(x));
    if (q.back() == 0 || q.back().sign() != q.front().sign()) {
      result.reason = "the denominator vanishes or changes its sign at a point";
      return result;
    }
  }
  int last = 0;
  Rational least = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    Ball const e = enclosed_error(f, points[i], Rational(r.numerator_at(points[i]) / q[i]));
    int const sign = e.certainly_positive() ? 1 : e.certainly_negative() ? -1 : 0;
    if (sign == 0 || !e.is_finite()) {
      result.reason = "the sign of the error is open at a point";
      return result;
    }
    Rational const size = sign > 0 ? e.lower() : Rational(-e.upper());
    if (sign == last) {
      result.reason = "the error does not alternate: two neighbours have one sign";
      return result;
    }
    last = sign;
    least = result.alternations == 0 ? size : std::min(least, size);
    ++result.alternations;
  }
  if (result.alternations < result.needed) {
    result.reason = "the error alternates at " + std::to_string(result.alternations) + " points, of " +
                    std::to_string(result.needed) + " needed";
    return result;
  }
  result.lower = least;
  result.proved = true;
  return result;
}

template <class T>
AlternationBound alternation_bound(Function const& f, Minimax<T> const& best) {
  if (best.r.q.empty()) {
    AlternationBound none;
    none.reason = "no rational function was found";
    return none;
  }
  std::vector<Rational> points;
  for (T const& x : best.alternation)  // ends of [a, b] may have been rounded
    points.push_back(std::clamp(to_exact(x), f.begin(), f.end()));
  return alternation_bound(f, exact_rational(best.r, f.begin(), f.end()), best.m, best.n, points);
}

template AlternationBound alternation_bound(Function const&, Minimax<double> const&);
template AlternationBound alternation_bound(Function const&, Minimax<Real> const&);

}  // namespace nwidth::fitting::rational
