// SPDX-License-Identifier: Apache-2.0
/// Intervals of doubles with outward rounding, + - * / only: the certifier's inner loop.
///
/// Each operation is done in round-to-nearest and the result is moved outward by at least one unit in the last
/// place, so that no rounding mode is touched (which compilers, valgrind and threads do not respect) and nothing
/// depends on -frounding-math. Rigorous for any IEEE-754 double arithmetic without value-changing optimisation:
/// -ffast-math is refused below. @cite rump2009directed
#pragma once
#include <cfloat>
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)
#error "nwidth: rigorous interval arithmetic cannot be compiled under -ffast-math or a part of it"
#endif
#if FLT_EVAL_METHOD < 0 || FLT_EVAL_METHOD == 2
#error "nwidth: rigorous interval arithmetic needs doubles that are rounded after each operation (-mfpmath=sse)"
#endif
#include <algorithm>
#include <cmath>
#include <limits>

namespace nwidth {

/// A double not above the real number whose nearest double is x, and below x by one or two units in the last place.
/// +inf is what a number beyond the largest double is rounded to: the result is finite. -inf and NaN stay.
inline double round_down(double x) {
  x = std::min(x, std::numeric_limits<double>::max());
  // x - (2^-53 (1 + 2^-52) |x| + eta): at most pred(x), also for subnormal x [Rump et al., alg. 1].
  return x - (std::fabs(x) * 0x1.0000000000001p-53 + std::numeric_limits<double>::denorm_min());
}
inline double round_up(double x) { return -round_down(-x); }

/// The closed interval [lo, hi] of reals; infinite bounds mean unbounded. NaN bounds mean "anything" and never prove
/// anything: no operation turns them into two finite bounds.
struct Interval {
  double lo = 0, hi = 0;

  constexpr Interval() = default;
  constexpr Interval(double x) : lo(x), hi(x) {}  // exact, hence implicit
  constexpr Interval(double l, double h) : lo(l), hi(h) {}

  static constexpr Interval everything() {
    return {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  }

  bool is_nan() const { return lo != lo || hi != hi; }
  /// max |x| over the interval
  double magnitude() const {
    return is_nan() ? std::numeric_limits<double>::infinity() : std::max(std::fabs(lo), std::fabs(hi));
  }
  /// min |x| over the interval
  double mignitude() const { return is_nan() ? 0.0 : lo > 0 ? lo : hi < 0 ? -hi : 0.0; }
  bool contains(double x) const { return is_nan() || (lo <= x && x <= hi); }
};

inline Interval operator-(Interval a) { return {-a.hi, -a.lo}; }
inline Interval operator+(Interval a, Interval b) { return {round_down(a.lo + b.lo), round_up(a.hi + b.hi)}; }
inline Interval operator-(Interval a, Interval b) { return {round_down(a.lo - b.hi), round_up(a.hi - b.lo)}; }
inline Interval operator*(Interval a, Interval b) {
  double const p = a.lo * b.lo, q = a.lo * b.hi, r = a.hi * b.lo, s = a.hi * b.hi;
  double const nan = p + q + r + s;  // 0 * inf must not be lost in min and max
  if (nan != nan) return Interval::everything();
  return {round_down(std::min(std::min(p, q), std::min(r, s))), round_up(std::max(std::max(p, q), std::max(r, s)))};
}
/// @returns (-inf, inf) if the denominator contains 0
inline Interval operator/(Interval a, Interval b) {
  if (!(b.lo > 0 || b.hi < 0)) return Interval::everything();
  double const p = a.lo / b.lo, q = a.lo / b.hi, r = a.hi / b.lo, s = a.hi / b.hi;
  double const nan = p + q + r + s;  // inf / inf likewise
  if (nan != nan) return Interval::everything();
  return {round_down(std::min(std::min(p, q), std::min(r, s))), round_up(std::max(std::max(p, q), std::max(r, s)))};
}
inline Interval hull(Interval a, Interval b) {
  if (a.is_nan() || b.is_nan()) return Interval::everything();
  return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)};
}

}  // namespace nwidth
