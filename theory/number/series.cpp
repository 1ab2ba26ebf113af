// SPDX-License-Identifier: Apache-2.0
#include "theory/number/series.hpp"

#include <arb_poly.h>

#include <algorithm>

#include "theory/number/error.hpp"

namespace nwidth {

// The arrays of balls below are handed to Arb as arrays of arb_struct.
static_assert(sizeof(Ball) == sizeof(arb_struct) && alignof(Ball) == alignof(arb_struct));

namespace {

using Status = Series::Status;

/// The number of coefficients up to the last one that is not exactly 0, at least 1.
long top(Series const& u) {
  long n = u.length();
  while (n > 1 && arb_is_zero(u.data() + n - 1)) --n;
  return n;
}

void fill_undefined(Series& s, int from) {
  for (int k = from; k < s.length(); ++k) arb_indeterminate(s.data() + k);
}

Series undefined(Series shape) {
  fill_undefined(shape, 0);
  shape.note(Status::singular);
  return shape;
}

/// k u_k: the coefficients of t u'(t), first k terms.
Series scaled_derivative(Series const& u, long terms) {
  Series v = Series::of_shape(u, u);
  for (long k = 1; k < terms; ++k) arb_mul_ui(v.data() + k, u.data() + k, static_cast<ulong>(k), working_precision());
  return v;
}

/// out = sum_{j=1..k} v_j w_{k-j}, where v_j = 0 for j >= v_terms
void convolve(arb_ptr out, arb_srcptr v, long v_terms, arb_srcptr w, long k) {
  arb_dot(out, nullptr, 0, v + 1, 1, w + k - 1, -1, std::min(k, v_terms - 1), working_precision());
}

void multiply(arb_ptr x, arb_srcptr factor) {
  if (!arb_is_one(factor)) arb_mul(x, x, factor, working_precision());
}

void divide(arb_ptr x, long k) { arb_div_ui(x, x, static_cast<ulong>(k), working_precision()); }

Series like(Series const& u) { return Series::of_shape(u, u); }

}  // namespace

Series Series::variable(Ball const& x, int length) { return affine(x, Ball(1), length); }

Series Series::affine(Ball const& c0, Ball const& slope, int length) {
  if (length < 1) throw InvalidInput("a series needs at least one coefficient, not " + std::to_string(length));
  Series s(length, false, Status::ok);
  s.c_[0] = c0;
  if (length > 1) s.c_[1] = slope;
  return s;
}

Series Series::from(std::vector<Ball> c, Status status) {
  if (c.empty()) throw InvalidInput("a series needs at least one coefficient");
  Series s(1, false, status);
  s.c_ = std::move(c);
  return s;
}

Series Series::of_shape(Series const& a, Series const& b) {
  int const length = a.constant_ ? b.length() : b.constant_ ? a.length() : std::min(a.length(), b.length());
  return Series(length, a.constant_ && b.constant_, std::max(a.status_, b.status_));
}

std::vector<Ball> Series::coefficients(int length) const {
  std::vector<Ball> c(c_.begin(), c_.begin() + std::min(length, this->length()));
  c.resize(static_cast<std::size_t>(length));
  if (!constant_)
    for (int k = this->length(); k < length; ++k) arb_indeterminate(c[static_cast<std::size_t>(k)].get());
  return c;
}

Series operator-(Series const& a) {
  Series r = like(a);
  for (int k = 0; k < r.length(); ++k) arb_neg(r.data() + k, a.data() + k);
  return r;
}

namespace {
template <class Combine>
Series termwise(Series const& a, Series const& b, Combine combine) {
  Series r = Series::of_shape(a, b);
  static Ball const zero;
  for (int k = 0; k < r.length(); ++k)
    combine(r.data() + k, k < a.length() ? a.data() + k : zero.get(), k < b.length() ? b.data() + k : zero.get());
  return r;
}
}  // namespace

Series operator+(Series const& a, Series const& b) {
  return termwise(a, b, [](arb_ptr r, arb_srcptr x, arb_srcptr y) { arb_add(r, x, y, working_precision()); });
}
Series operator-(Series const& a, Series const& b) {
  return termwise(a, b, [](arb_ptr r, arb_srcptr x, arb_srcptr y) { arb_sub(r, x, y, working_precision()); });
}

Series operator*(Series const& a, Series const& b) {
  Series r = Series::of_shape(a, b);
  long const n = r.length();
  arb_srcptr x = a.data(), y = b.data();
  long m = std::min(n, top(a)), l = std::min(n, top(b));
  if (m < l) {
    std::swap(m, l);
    std::swap(x, y);
  }
  _arb_poly_mullow_classical(r.data(), x, m, y, l, std::min(n, m + l - 1), working_precision());
  return r;
}

Series operator/(Series const& a, Series const& b) {
  Series r = Series::of_shape(a, b);
  if (b[0].contains_zero() || !b[0].is_finite()) return undefined(std::move(r));
  long const n = r.length(), na = a.length(), nb = std::min(n, top(b)), p = working_precision();
  if (nb == 1) {
    for (long k = 0; k < std::min(n, na); ++k) arb_div(r.data() + k, a.data() + k, b.data(), p);
    return r;
  }
  Ball inverse;
  arb_inv(inverse.get(), b.data(), p);
  arb_div(r.data(), a.data(), b.data(), p);
  for (long k = 1; k < n; ++k) {
    arb_dot(r.data() + k, k < na ? a.data() + k : nullptr, 1, b.data() + 1, 1, r.data() + k - 1, -1,
            std::min(k, nb - 1), p);
    arb_mul(r.data() + k, r.data() + k, inverse.get(), p);
  }
  return r;
}

Series exp(Series const& u) {
  Series r = like(u);
  long const n = r.length(), nu = top(u);
  arb_exp(r.data(), u.data(), working_precision());
  if (nu <= 2) {  // e_k = e_{k-1} slope / k
    for (long k = 1; k < n && nu == 2; ++k) {
      arb_set(r.data() + k, r.data() + k - 1);
      multiply(r.data() + k, u.data() + 1);
      divide(r.data() + k, k);
    }
    return r;
  }
  Series const v = scaled_derivative(u, nu);  // e' = u' e
  for (long k = 1; k < n; ++k) {
    convolve(r.data() + k, v.data(), nu, r.data(), k);
    divide(r.data() + k, k);
  }
  return r;
}

Series log(Series const& u) {
  Series r = like(u);
  if (!u[0].certainly_positive() || !u[0].is_finite()) return undefined(std::move(r));
  long const n = r.length(), nu = top(u), p = working_precision();
  arb_log(r.data(), u.data(), p);
  if (n == 1 || nu == 1) return r;
  Ball inverse;
  arb_inv(inverse.get(), u.data(), p);
  // a_k = k l_k; u l' = u'
  for (long k = 1; k < n; ++k) {
    arb_ptr const a = r.data() + k;
    if (k < nu) arb_mul_ui(a, u.data() + k, static_cast<ulong>(k), p);
    if (k > 1) arb_dot(a, a, 1, u.data() + 1, 1, a - 1, -1, std::min(k - 1, nu - 1), p);
    arb_mul(a, a, inverse.get(), p);
  }
  for (long k = 2; k < n; ++k) divide(r.data() + k, k);
  return r;
}

namespace {

/// Both of s' = u' c, c' = sign u' s.
void coupled(Series& s, Series& c, Series const& u, int sign) {
  long const n = s.length(), nu = top(u);
  Series const v = scaled_derivative(u, nu);
  for (long k = 1; k < n; ++k) {
    convolve(s.data() + k, v.data(), nu, c.data(), k);
    divide(s.data() + k, k);
    convolve(c.data() + k, v.data(), nu, s.data(), k);
    divide(c.data() + k, k);
    if (sign < 0) arb_neg(c.data() + k, c.data() + k);
  }
}

/// f'' = sign f for an affine argument; f_0 and the first derivative (by its argument) are given
void second_order(Series& f, arb_srcptr derivative, arb_srcptr slope, int sign) {
  long const n = f.length();
  if (n < 2) return;
  arb_mul(f.data() + 1, derivative, slope, working_precision());
  Ball square(1);
  arb_mul(square.get(), slope, slope, working_precision());
  if (sign < 0) arb_neg(square.get(), square.get());
  for (long k = 2; k < n; ++k) {
    arb_mul(f.data() + k, f.data() + k - 2, square.get(), working_precision());
    divide(f.data() + k, k * (k - 1));
  }
}

enum class Wave { sin, cos, sinh, cosh };

Series wave(Series const& u, Wave kind) {
  Series s = like(u), c = like(u);
  bool const circular = kind == Wave::sin || kind == Wave::cos, odd = kind == Wave::sin || kind == Wave::sinh;
  (circular ? arb_sin_cos : arb_sinh_cosh)(s.data(), c.data(), u.data(), working_precision());
  Series& wanted = odd ? s : c;
  if (long const nu = top(u); nu > 2) {
    coupled(s, c, u, circular ? -1 : 1);
  } else if (nu == 2) {
    if (circular && !odd) arb_neg(s.data(), s.data());  // cos' = -sin
    second_order(wanted, (odd ? c : s).data(), u.data() + 1, circular ? -1 : 1);
  }
  return std::move(wanted);
}

/// t' = u' w with w = 1 + sign t^2
Series tangent(Series const& u, int sign) {
  Series t = like(u);
  long const n = t.length(), nu = top(u), p = working_precision();
  Series w = t;
  (sign > 0 ? arb_tan : arb_tanh)(t.data(), u.data(), p);
  if (!t[0].is_finite()) return undefined(std::move(t));
  if (n == 1) return t;
  (sign > 0 ? arb_sec : arb_sech)(w.data(), u.data(), p);
  arb_sqr(w.data(), w.data(), p);
  Series const v = scaled_derivative(u, nu);
  for (long k = 1; k < n; ++k) {
    convolve(t.data() + k, v.data(), nu, w.data(), k);
    divide(t.data() + k, k);
    if (k + 1 == n) break;
    arb_dot(w.data() + k, nullptr, sign < 0, t.data(), 1, t.data() + k, -1, k + 1, p);
  }
  return t;
}

}  // namespace

Series sin(Series const& u) { return wave(u, Wave::sin); }
Series cos(Series const& u) { return wave(u, Wave::cos); }
Series sinh(Series const& u) { return wave(u, Wave::sinh); }
Series cosh(Series const& u) { return wave(u, Wave::cosh); }
Series tan(Series const& u) { return tangent(u, 1); }
Series tanh(Series const& u) { return tangent(u, -1); }

Series atan(Series const& u) {
  Series r = like(u);
  long const n = r.length(), nu = top(u), p = working_precision();
  arb_atan(r.data(), u.data(), p);
  if (n == 1 || nu == 1) return r;
  Series const d = power(u, 2) + Series(1);
  Ball inverse;
  arb_inv(inverse.get(), d.data(), p);
  for (long k = 1; k < n; ++k) {  // a_k = k r_k; d r' = u'
    arb_ptr const a = r.data() + k;
    if (k < nu) arb_mul_ui(a, u.data() + k, static_cast<ulong>(k), p);
    if (k > 1) arb_dot(a, a, 1, d.data() + 1, 1, a - 1, -1, k - 1, p);
    arb_mul(a, a, inverse.get(), p);
  }
  for (long k = 2; k < n; ++k) divide(r.data() + k, k);
  return r;
}

Series erf(Series const& u) {
  Series r = like(u);
  long const n = r.length(), nu = top(u), p = working_precision();
  arb_set(r.data(), erf(u[0]).get());
  if (n == 1 || nu == 1) return r;
  Ball factor;  // 2 / sqrt(pi)
  arb_const_sqrt_pi(factor.get(), p);
  arb_ui_div(factor.get(), 2, factor.get(), p);
  Series const g = exp(-power(u, 2)) * Series(factor), v = scaled_derivative(u, nu);
  for (long k = 1; k < n; ++k) {
    convolve(r.data() + k, v.data(), nu, g.data(), k);
    divide(r.data() + k, k);
  }
  return r;
}

Series erfc(Series const& u) {
  Series r = -erf(u);
  arb_set(r.data(), erfc(u[0]).get());
  return r;
}

Series log1p(Series const& u) {
  Series r = log(Series(1) + u);
  if (r.status() != Status::singular) arb_set(r.data(), log1p(u[0]).get());
  return r;
}

}  // namespace nwidth
