// SPDX-License-Identifier: Apache-2.0
/// Truncated power series with ball coefficients: Taylor coefficients at a point, or over a whole interval at once.
#pragma once
#include <arb.h>

#include <vector>

#include "theory/number/ball.hpp"
#include "theory/number/rational.hpp"

namespace nwidth {

/// c_0 + c_1 t + ... + c_{n-1} t^{n-1} + O(t^n), each c_k a ball, at the working precision.
///
/// Started from variable(X, n), a program made of the operations below gives c_k that enclose f^(k)(x)/k! for every x
/// in
/// the ball X (each recurrence holds at every x, and ball arithmetic is inclusion isotone). @cite moore2009interval
///
/// The rule for constants: a series made from a number is *constant*: it has one coefficient, the others are exactly 0,
/// and it fits any length. An operation on two series has the length of the shorter one that is not constant.
///
/// Kinks: abs, relu, min and max go by the certain sign of the constant term. Where that is exactly 0 at a point, the
/// coefficients are those of the right-sided limit and the status is `kink`; where it is undecided, they are the hull
/// of both branches (which still holds the right-sided limit) and the status is `kink`. Division by a ball that may be
/// 0, and log, sqrt and powers outside their domain of smoothness, give infinite balls and the status `singular`.
class Series {
 public:
  enum class Status { ok, kink, singular };

  Series() : c_(1), constant_(true) {}
  Series(int c) : c_(1, Ball(c)), constant_(true) {}
  Series(long c) : c_(1, Ball(c)), constant_(true) {}
  Series(Ball c) : constant_(true) { c_.push_back(std::move(c)); }
  explicit Series(Rational const& c) : Series(Ball(c)) {}
  /// x + t, to `length` >= 1 terms.
  static Series variable(Ball const& x, int length);
  /// c_0 + slope t, to `length` >= 1 terms.
  static Series affine(Ball const& c0, Ball const& slope, int length);
  /// All coefficients given, at least one.
  static Series from(std::vector<Ball> c, Status status = Status::ok);

  /// The number of known coefficients; 1 if constant.
  int length() const { return static_cast<int>(c_.size()); }
  bool is_constant() const { return constant_; }
  Status status() const { return status_; }
  Ball const& operator[](int k) const { return c_[static_cast<std::size_t>(k)]; }
  /// The first `length` coefficients: filled up with 0 if constant, else with infinite balls.
  std::vector<Ball> coefficients(int length) const;

  arb_ptr data() { return c_[0].get(); }
  arb_srcptr data() const { return c_[0].get(); }
  void note(Status s) {
    if (s > status_) status_ = s;
  }

  static Series of_shape(Series const& a, Series const& b);  // zeros, as long as an operation on a and b gives

 private:
  Series(int length, bool constant, Status status)
      : c_(static_cast<std::size_t>(length)), constant_(constant), status_(status) {}

  std::vector<Ball> c_;
  bool constant_ = false;
  Status status_ = Status::ok;
};

Series operator-(Series const& a);
Series operator+(Series const& a, Series const& b);
Series operator-(Series const& a, Series const& b);
/// Cost: O(n^2) ball operations, as for everything below.
Series operator*(Series const& a, Series const& b);
Series operator/(Series const& a, Series const& b);

Series exp(Series const& u);
Series log(Series const& u);
Series sin(Series const& u);
Series cos(Series const& u);
Series tan(Series const& u);
Series sinh(Series const& u);
Series cosh(Series const& u);
Series tanh(Series const& u);
Series atan(Series const& u);
Series erf(Series const& u);
Series erfc(Series const& u);
Series log1p(Series const& u);
Series sqrt(Series const& u);
/// u^(p/q), q >= 1 and coprime to p: any u if p/q >= 0 is an integer, u != 0 if it is negative, u >= 0 if q > 1.
/// At a constant term of exactly 0 the coefficients are the right-sided ones as far as they exist.
Series power(Series const& u, long p, long q = 1);
/// (g(u) - g(0))/u for one of the functions g above that is analytic at 0, by continuity where u = 0: the k-th
/// coefficient in u is (g^(k+1)(su)/k! averaged over s with weight s^k), hence in g's coefficient k+1 over the hull of
/// 0 and u.
Series divided(Series (*g)(Series const&), Series const& u);

/// 1 if u >= 0 (or only zeros are known), -1 if u <= 0, 0 if undecided: the sign of the first coefficient that is not
/// exactly 0, thus to the right of the point.
int right_sided_sign(Series const& u);
Series abs(Series const& u);
Series relu(Series const& u);
Series min(Series const& a, Series const& b);
Series max(Series const& a, Series const& b);
/// a where x > 0, b where x < 0.
Series select(Series const& x, Series const& a, Series const& b);

/// x^(p/q) for balls: as above. Where q > 1, x must be >= 0; a ball that reaches 0 exactly does.
Ball power(Ball const& x, long p, long q);

namespace activation {
template <>
struct ops<Series> {
  static Series relu(Series const& x) { return nwidth::relu(x); }
  static Series select(Series const& x, Series const& a, Series const& b) { return nwidth::select(x, a, b); }
  static Series fma(Series const& a, Series const& b, Series const& c) { return a * b + c; }
  static Series ratio(long p, long q) { return Series(Ball(p) / Ball(q)); }
  static Series exp(Series const& x) { return nwidth::exp(x); }
  static Series erf(Series const& x) { return nwidth::erf(x); }
  static Series sqrt(Series const& x) { return nwidth::sqrt(x); }
  static Series erfc(Series const& x) { return nwidth::erfc(x); }
  static Series expm1(Series const& x) { return nwidth::exp(x) - Series(1); }
  static Series log1p(Series const& x) { return nwidth::log1p(x); }
  static Series sigmoid(Series const& x) { return Series(1) / (Series(1) + nwidth::exp(-x)); }
  static Series pi() { return Series(Ball::pi()); }
};
}  // namespace activation

}  // namespace nwidth
