// SPDX-License-Identifier: Apache-2.0
/// Polynomials in one variable with ball coefficients: a small RAII type over arb_poly.
#pragma once
#include <arb_poly.h>

#include <vector>

#include "theory/number/ball.hpp"

namespace nwidth {

/// A dyadic number of any size: a point that a domain is cut at. Totally ordered, since exact.
class Point {
 public:
  Point() { arf_init(x_); }
  explicit Point(Rational const& dyadic);  // @throws InvalidInput if not dyadic
  Point(Point const& o) {
    arf_init(x_);
    arf_set(x_, o.x_);
  }
  Point(Point&& o) noexcept {
    arf_init(x_);
    arf_swap(x_, o.x_);
  }
  Point& operator=(Point o) noexcept {
    arf_swap(x_, o.x_);
    return *this;
  }
  ~Point() { arf_clear(x_); }

  arf_ptr get() { return x_; }
  arf_srcptr get() const { return x_; }
  Ball ball() const;
  Rational rational() const;
  double to_double() const { return arf_get_d(x_, ARF_RND_NEAR); }

  /// (a + b) / 2, rounded to 64 bits if the distance allows, so that points stay short; strictly between a and b.
  static Point between(Point const& a, Point const& b);
  /// The least Point of `bits` bits not below the ball (resp. the greatest not above it). The ball must be finite.
  static Point above(Ball const& x, long bits);
  static Point below(Ball const& x, long bits);

  friend bool operator<(Point const& a, Point const& b) { return arf_cmp(a.x_, b.x_) < 0; }
  friend bool operator>(Point const& a, Point const& b) { return b < a; }
  friend bool operator<=(Point const& a, Point const& b) { return !(b < a); }
  friend bool operator>=(Point const& a, Point const& b) { return !(a < b); }
  friend bool operator==(Point const& a, Point const& b) { return arf_equal(a.x_, b.x_) != 0; }

 private:
  arf_t x_;
};

/// b - a as an exact number.
Point distance(Point const& a, Point const& b);
/// The ball with ends a <= b.
Ball span(Point const& a, Point const& b);

/// c_0 + c_1 t + ... with ball coefficients; operations round outward to the working precision.
class Polynomial {
 public:
  Polynomial() { arb_poly_init(p_); }
  explicit Polynomial(Ball const& constant) : Polynomial() { arb_poly_set_coeff_arb(p_, 0, constant.get()); }
  Polynomial(Polynomial const& o) {
    arb_poly_init(p_);
    arb_poly_set(p_, o.p_);
  }
  Polynomial(Polynomial&& o) noexcept {
    arb_poly_init(p_);
    arb_poly_swap(p_, o.p_);
  }
  Polynomial& operator=(Polynomial o) noexcept {
    arb_poly_swap(p_, o.p_);
    return *this;
  }
  ~Polynomial() { arb_poly_clear(p_); }

  static Polynomial identity();  // t

  /// 1 + the largest index of a coefficient that is not exactly zero
  int length() const { return static_cast<int>(arb_poly_length(p_)); }
  arb_srcptr coefficient(int i) const { return p_->coeffs + i; }
  Ball operator[](int i) const;
  arb_poly_struct* get() { return p_; }
  arb_poly_struct const* get() const { return p_; }

  Ball operator()(Ball const& t) const;
  Polynomial derivative() const;
  /// q(t) = p(t + c)
  Polynomial shifted(Ball const& c) const;
  /// q(t) = p(c t)
  Polynomial scaled(Ball const& c) const;
  Polynomial power(unsigned k) const;

  Polynomial& operator+=(Polynomial const& o);
  Polynomial& operator-=(Polynomial const& o);
  Polynomial& operator*=(Ball const& c);
  /// this += w q
  Polynomial& add_multiple(Polynomial const& q, Ball const& w);
  /// Widens the constant coefficient by [-radius, radius].
  void add_error(Ball const& radius);

  friend Polynomial operator*(Polynomial const& a, Polynomial const& b);
  friend bool identical(Polynomial const& a, Polynomial const& b) { return arb_poly_equal(a.p_, b.p_) != 0; }

 private:
  arb_poly_t p_;
};

}  // namespace nwidth
