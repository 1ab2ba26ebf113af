// SPDX-License-Identifier: Apache-2.0
/// Intervals of doubles with outward rounding, + - * / only: the certifier's inner loop.
///
/// Each operation is done in round-to-nearest and the result is moved outward by at least one unit in the last
/// place, so that no rounding mode is touched (which compilers, valgrind and threads do not respect) and nothing
/// depends on -frounding-math. Rigorous for any IEEE-754 double arithmetic without value-changing optimisation:
/// -ffast-math is refused below. @cite rump2009directed
#pragma once
#ifdef __FAST_MATH__
#error "nwidth: rigorous interval arithmetic cannot be compiled under -ffast-math"
#endif
#include <algorithm>
#include <cmath>
#include <limits>

namespace nwidth {

/// A double not above the real number whose nearest double is x, and below x by about one unit in the last place.
inline double round_down(double x) {
  // x - (2^-53 (1 + 2^-51) |x| + eta): at most pred(x), also for subnormal x [Rump et al., alg. 1].
  return x - (std::fabs(x) * 0x1.0000000000001p-53 + std::numeric_limits<double>::denorm_min());
}
inline double round_up(double x) { return -round_down(-x); }

/// The closed interval [lo, hi] of reals; NaN bounds mean "anything" and are never accepted as a proof.
struct Interval {
  double lo = 0, hi = 0;

  constexpr Interval() = default;
  constexpr Interval(double x) : lo(x), hi(x) {}  // exact, hence implicit
  constexpr Interval(double l, double h) : lo(l), hi(h) {}

  double magnitude() const { return std::max(std::fabs(lo), std::fabs(hi)); }
  /// min |x| over the interval
  double mignitude() const { return lo > 0 ? lo : hi < 0 ? -hi : 0.0; }
  bool contains(double x) const { return lo <= x && x <= hi; }
};

inline Interval operator-(Interval a) { return {-a.hi, -a.lo}; }
inline Interval operator+(Interval a, Interval b) { return {round_down(a.lo + b.lo), round_up(a.hi + b.hi)}; }
inline Interval operator-(Interval a, Interval b) { return {round_down(a.lo - b.hi), round_up(a.hi - b.lo)}; }
inline Interval operator*(Interval a, Interval b) {
  double const p = a.lo * b.lo, q = a.lo * b.hi, r = a.hi * b.lo, s = a.hi * b.hi;
  double const lo = std::min(std::min(p, q), std::min(r, s)), hi = std::max(std::max(p, q), std::max(r, s));
  double const nan = p + q + r + s;  // 0 * inf must not be lost in min and max
  if (nan != nan) return {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  return {round_down(lo), round_up(hi)};
}
/// @returns (-inf, inf) if the denominator contains 0
inline Interval operator/(Interval a, Interval b) {
  if (!(b.lo > 0 || b.hi < 0))
    return {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  double const p = a.lo / b.lo, q = a.lo / b.hi, r = a.hi / b.lo, s = a.hi / b.hi;
  return {round_down(std::min(std::min(p, q), std::min(r, s))), round_up(std::max(std::max(p, q), std::max(r, s)))};
}
inline Interval hull(Interval a, Interval b) { return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)}; }

}  // namespace nwidth
