// SPDX-License-Identifier: Apache-2.0
#include "theory/number/polynomial.hpp"

#include "theory/number/error.hpp"

namespace nwidth {

Point::Point(Rational const& dyadic) {
  if (!is_dyadic(dyadic)) throw InvalidInput("a cut must be dyadic, not " + exact_string(dyadic));
  arf_init(x_);
  Ball const b(dyadic);
  arf_set(x_, arb_midref(b.get()));
}

Ball Point::ball() const {
  Ball r;
  arb_set_arf(r.get(), x_);
  return r;
}

Rational Point::rational() const { return ball().midpoint(); }

Point Point::between(Point const& a, Point const& b) {
  Point m;
  arf_add(m.x_, a.x_, b.x_, ARF_PREC_EXACT, ARF_RND_DOWN);
  arf_mul_2exp_si(m.x_, m.x_, -1);
  Point shorter;
  arf_set_round(shorter.x_, m.x_, 64, ARF_RND_NEAR);
  return a < shorter && shorter < b ? shorter : m;
}

Point Point::above(Ball const& x, long bits) {
  Point p;
  arb_get_ubound_arf(p.x_, x.get(), bits);
  return p;
}

Point Point::below(Ball const& x, long bits) {
  Point p;
  arb_get_lbound_arf(p.x_, x.get(), bits);
  return p;
}

Point distance(Point const& a, Point const& b) {
  Point d;
  arf_sub(d.get(), b.get(), a.get(), ARF_PREC_EXACT, ARF_RND_DOWN);
  return d;
}

Ball span(Point const& a, Point const& b) {
  Ball r;
  arb_set_interval_arf(r.get(), a.get(), b.get(), working_precision());
  return r;
}

Polynomial Polynomial::identity() {
  Polynomial p;
  arb_poly_set_coeff_si(p.p_, 1, 1);
  return p;
}

Ball Polynomial::operator[](int i) const {
  Ball r;
  arb_poly_get_coeff_arb(r.get(), p_, i);
  return r;
}

Ball Polynomial::operator()(Ball const& t) const {
  Ball r;
  arb_poly_evaluate_horner(r.get(), p_, t.get(), working_precision());
  return r;
}

Polynomial Polynomial::derivative() const {
  Polynomial r;
  arb_poly_derivative(r.p_, p_, working_precision());
  return r;
}

Polynomial Polynomial::shifted(Ball const& c) const {
  Polynomial r;
  arb_poly_taylor_shift(r.p_, p_, c.get(), working_precision());
  return r;
}

Polynomial Polynomial::scaled(Ball const& c) const {
  Polynomial r(*this);
  Ball power = c;
  for (int i = 1; i < r.length(); ++i) {
    arb_mul(r.p_->coeffs + i, r.p_->coeffs + i, power.get(), working_precision());
    if (i + 1 < r.length()) power *= c;
  }
  return r;
}

Polynomial Polynomial::power(unsigned k) const {
  Polynomial r;
  arb_poly_pow_ui(r.p_, p_, k, working_precision());
  return r;
}

Polynomial& Polynomial::operator+=(Polynomial const& o) {
  arb_poly_add(p_, p_, o.p_, working_precision());
  return *this;
}

Polynomial& Polynomial::operator-=(Polynomial const& o) {
  arb_poly_sub(p_, p_, o.p_, working_precision());
  return *this;
}

Polynomial& Polynomial::operator*=(Ball const& c) {
  arb_poly_scalar_mul(p_, p_, c.get(), working_precision());
  return *this;
}

Polynomial& Polynomial::add_multiple(Polynomial const& q, Ball const& w) {
  int const n = q.length();
  if (n > length()) {
    arb_poly_fit_length(p_, n);
    _arb_poly_set_length(p_, n);
  }
  for (int i = 0; i < n; ++i) arb_addmul(p_->coeffs + i, q.p_->coeffs + i, w.get(), working_precision());
  _arb_poly_normalise(p_);
  return *this;
}

void Polynomial::add_error(Ball const& radius) {
  if (length() == 0) arb_poly_set_coeff_si(p_, 0, 1), arb_zero(p_->coeffs);
  arb_t magnitude;
  arb_init(magnitude);
  arb_abs(magnitude, radius.get());
  arb_add_error(p_->coeffs, magnitude);
  arb_clear(magnitude);
  _arb_poly_normalise(p_);
}

Polynomial operator*(Polynomial const& a, Polynomial const& b) {
  Polynomial r;
  arb_poly_mul(r.p_, a.p_, b.p_, working_precision());
  return r;
}

}  // namespace nwidth
