// SPDX-License-Identifier: Apache-2.0
/// Balls [midpoint +- radius] of arbitrary precision: a small RAII type over Arb (FLINT).
/// @cite johansson2017arb
#pragma once
#include <arb.h>

#include <string>

#include "theory/number/interval.hpp"
#include "theory/number/rational.hpp"
#include "theory/number/real.hpp"

namespace nwidth {

/// The precision in bits that Ball's operators round to; one per thread, 128 at first.
long working_precision();

/// Sets the thread's working precision for a scope.
class PrecisionScope {
 public:
  explicit PrecisionScope(long bits);
  ~PrecisionScope();
  PrecisionScope(PrecisionScope const&) = delete;
  PrecisionScope& operator=(PrecisionScope const&) = delete;

 private:
  long before_;
};

/// A ball that contains the exact result for every choice of points in the operands' balls. An operation that is
/// undefined somewhere gives a ball of infinite radius, never an exception. There is deliberately no operator<:
/// ask certainly_less() and mind that both answers may be false.
class Ball {
 public:
  Ball() { arb_init(x_); }
  Ball(int x) : Ball(static_cast<long>(x)) {}
  Ball(long x) {
    arb_init(x_);
    arb_set_si(x_, x);
  }
  Ball(double x) {  // the exact value of the double
    arb_init(x_);
    arb_set_d(x_, x);
  }
  explicit Ball(Rational const& x);  // encloses x at the working precision; exact if it fits
  explicit Ball(Real const& x);      // exact
  Ball(Ball const& o) {
    arb_init(x_);
    arb_set(x_, o.x_);
  }
  Ball(Ball&& o) noexcept {
    arb_init(x_);
    arb_swap(x_, o.x_);
  }
  Ball& operator=(Ball const& o) {
    if (this != &o) arb_set(x_, o.x_);
    return *this;
  }
  Ball& operator=(Ball&& o) noexcept {
    arb_swap(x_, o.x_);
    return *this;
  }
  ~Ball() { arb_clear(x_); }

  arb_ptr get() { return x_; }
  arb_srcptr get() const { return x_; }

  /// The smallest ball (up to rounding) that contains [lo, hi].
  static Ball from_bounds(Rational const& lo, Rational const& hi);
  static Ball from_interval(Interval x);
  static Ball pi();

  /// False also where |x| may exceed 2^(2^20): no rational of a sensible size bounds such a ball.
  bool is_finite() const;
  bool contains_zero() const { return arb_contains_zero(x_) != 0; }
  bool contains(Rational const& q) const;
  bool certainly_positive() const { return arb_is_positive(x_) != 0; }
  bool certainly_negative() const { return arb_is_negative(x_) != 0; }

  /// The midpoint and the ends, exact; where one is below 2^-(2^20) in size, 0 and ends that are rounded outward.
  /// @throws InvalidInput if not is_finite()
  Rational midpoint() const;
  Rational lower() const;
  Rational upper() const;
  Interval to_interval() const;  // outward
  double to_double() const;      // nearest to the midpoint; no claim
  /// |x| as a ball; an enclosure of max|x| from above and of min|x| from below, as doubles rounded outward.
  double magnitude() const;
  double mignitude() const;

 private:
  void require_finite() const;

  arb_t x_;
};

Ball operator-(Ball const& a);
Ball operator+(Ball const& a, Ball const& b);
Ball operator-(Ball const& a, Ball const& b);
Ball operator*(Ball const& a, Ball const& b);
Ball operator/(Ball const& a, Ball const& b);
Ball& operator+=(Ball& a, Ball const& b);
Ball& operator-=(Ball& a, Ball const& b);
Ball& operator*=(Ball& a, Ball const& b);
Ball& operator/=(Ball& a, Ball const& b);

Ball abs(Ball const& x);
Ball sqrt(Ball const& x);
Ball exp(Ball const& x);
Ball log(Ball const& x);
Ball sin(Ball const& x);
Ball cos(Ball const& x);
Ball erf(Ball const& x);
Ball erfc(Ball const& x);  // small relative to its size, also in the right tail
Ball expm1(Ball const& x);
Ball log1p(Ball const& x);
Ball power(Ball const& x, unsigned k);
Ball relu(Ball const& x);  // hull of both branches where the sign is undecided
Ball hull(Ball const& a, Ball const& b);
Ball select(Ball const& x, Ball const& a, Ball const& b);  // a where x > 0, b where x <= 0, the hull where undecided
Ball max(Ball const& a, Ball const& b);
/// True if a < b for every choice of points.
bool certainly_less(Ball const& a, Ball const& b);
bool overlaps(Ball const& a, Ball const& b);

/// Decimal with `digits` significant digits that is <= (resp. >=) x: "1.2346e-05". Exact zero is "0".
std::string decimal_below(Rational const& x, int digits);
std::string decimal_above(Rational const& x, int digits);

namespace activation {
template <>
struct ops<Ball> {
  static Ball relu(Ball const& x) { return nwidth::relu(x); }
  static Ball select(Ball const& x, Ball const& a, Ball const& b) { return nwidth::select(x, a, b); }
  static Ball fma(Ball const& a, Ball const& b, Ball const& c) { return a * b + c; }
  static Ball ratio(long p, long q) { return Ball(p) / Ball(q); }
  static Ball exp(Ball const& x) { return nwidth::exp(x); }
  static Ball erf(Ball const& x) { return nwidth::erf(x); }
  static Ball sqrt(Ball const& x) { return nwidth::sqrt(x); }
  static Ball erfc(Ball const& x) { return nwidth::erfc(x); }
  static Ball expm1(Ball const& x) { return nwidth::expm1(x); }
  static Ball log1p(Ball const& x) { return nwidth::log1p(x); }
  static Ball sigmoid(Ball const& x) { return Ball(1) / (Ball(1) + nwidth::exp(-x)); }
  static Ball pi() { return Ball::pi(); }
};
template <>
struct ops<Interval> {
  static Interval relu(Interval x) { return x.is_nan() ? x : Interval(x.lo > 0 ? x.lo : 0.0, x.hi > 0 ? x.hi : 0.0); }
  static Interval select(Interval x, Interval a, Interval b) {
    return x.is_nan() ? Interval::everything() : x.lo > 0 ? a : x.hi <= 0 ? b : hull(a, b);
  }
  static Interval fma(Interval a, Interval b, Interval c) { return a * b + c; }
  static Interval ratio(long p, long q) { return Interval(static_cast<double>(p)) / Interval(static_cast<double>(q)); }
};
}  // namespace activation

}  // namespace nwidth
