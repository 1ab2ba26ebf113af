// SPDX-License-Identifier: Apache-2.0
#include "theory/target/endpoint_interval.hpp"

#include <algorithm>

namespace nwidth::target {

using Value = EndpointInterval;

namespace {

/// Enough bits to hold a dyadic number.
long bits_of(Rational const& q) {
  if (q == 0 || !is_dyadic(q)) return 2;
  return static_cast<long>(msb(abs(numerator(q)))) + 2;
}

/// h at the ends of a nonnegative interval [s, t], where h(0) = 1 and h is monotone.
template <class H>
Value monotone(Value const& t, H h) {
  auto const at = [&](Value const& point) {
    if (mpfr_zero_p(point.lo()) == 0) return h(point);
    return Value(Rational(1), Rational(1));
  };
  Value const p = at(t.lower_end()), q = at(t.upper_end());
  if (!p.defined() || !q.defined()) return Value::undefined();
  Value r;
  mpfi_union(r.get(), p.get(), q.get());
  return r;
}

}  // namespace

EndpointInterval::EndpointInterval(Rational const& l, Rational const& h)
    : EndpointInterval(std::max({working_precision(), bits_of(l), bits_of(h)})) {
  mpfi_interv_q(x_, l.backend().data(), h.backend().data());
}

EndpointInterval::EndpointInterval(EndpointInterval const& o)
    : EndpointInterval(static_cast<long>(mpfi_get_prec(o.x_))) {
  mpfi_set(x_, o.x_);
  defined_ = o.defined_;
}

EndpointInterval::EndpointInterval(EndpointInterval&& o) noexcept : EndpointInterval(2L) {
  std::swap(*x_, *o.x_);
  std::swap(defined_, o.defined_);
}

EndpointInterval EndpointInterval::point(mpfr_srcptr x) {
  EndpointInterval r(static_cast<long>(mpfr_get_prec(x)));
  mpfi_set_fr(r.x_, x);
  return r;
}

Value EndpointArithmetic::pi() const {
  Value r;
  mpfi_const_pi(r.get());
  return r;
}

Value EndpointArithmetic::affine(Affine const& f) const {
  Rational const s = f.p + f.q * a, t = f.p + f.q * b;
  return s < t ? Value(s, t) : Value(t, s);
}

Value EndpointArithmetic::neg(Value const& u) const {
  Value r(u);
  mpfi_neg(r.get(), u.get());
  return r;
}

#define NWIDTH_ENDPOINT_OPERATION(name, function)                        \
  Value EndpointArithmetic::name(Value const& u, Value const& v) const { \
    if (!u.defined() || !v.defined()) return Value::undefined();         \
    Value r;                                                             \
    function(r.get(), u.get(), v.get());                                 \
    return r;                                                            \
  }
NWIDTH_ENDPOINT_OPERATION(add, mpfi_add)
NWIDTH_ENDPOINT_OPERATION(sub, mpfi_sub)
NWIDTH_ENDPOINT_OPERATION(mul, mpfi_mul)
#undef NWIDTH_ENDPOINT_OPERATION

Value EndpointArithmetic::div(Value const& u, Value const& v) const {
  if (!u.defined() || !v.defined() || v.contains_zero()) return Value::undefined();
  Value r;
  mpfi_div(r.get(), u.get(), v.get());
  return r;
}

Value EndpointArithmetic::power(Value const& u, long p, long q) const {
  if (!u.defined() || (q > 1 && mpfr_sgn(u.lo()) < 0)) return Value::undefined();
  if (p < 0) return div(Value(Rational(1), Rational(1)), power(u, -p, q));
  auto const k = static_cast<unsigned long>(p);
  Value r;
  if (q > 1) {  // increasing on [0, inf)
    mpfr_rootn_ui(r.lo(), u.lo(), static_cast<unsigned long>(q), MPFR_RNDD);
    mpfr_rootn_ui(r.hi(), u.hi(), static_cast<unsigned long>(q), MPFR_RNDU);
    mpfr_pow_ui(r.lo(), r.lo(), k, MPFR_RNDD);
    mpfr_pow_ui(r.hi(), r.hi(), k, MPFR_RNDU);
    return r;
  }
  bool const even = p % 2 == 0;
  if (!even || mpfr_sgn(u.lo()) >= 0) {
    mpfr_pow_ui(r.lo(), u.lo(), k, MPFR_RNDD);
    mpfr_pow_ui(r.hi(), u.hi(), k, MPFR_RNDU);
  } else if (mpfr_sgn(u.hi()) <= 0) {
    mpfr_pow_ui(r.lo(), u.hi(), k, MPFR_RNDD);
    mpfr_pow_ui(r.hi(), u.lo(), k, MPFR_RNDU);
  } else {
    mpfr_pow_ui(r.hi(), mpfr_cmpabs(u.lo(), u.hi()) > 0 ? u.lo() : u.hi(), k, MPFR_RNDU);
  }
  return r;
}

Value EndpointArithmetic::power_log(Value const& u, long p, long q) const {
  if (!u.defined() || mpfr_sgn(u.lo()) < 0) return Value::undefined();
  auto const at = [&](Value const& x) {
    if (mpfr_zero_p(x.lo()) != 0) return x;
    return mul(power(x, p, q), function(Op::log, x));
  };
  // falls from 0 to -q/(p e) at e^(-q/p), then rises: the largest value is at an end
  Value const left = at(u.lower_end()), right = at(u.upper_end());
  if (!left.defined() || !right.defined()) return Value::undefined();
  Value const one(Rational(1), Rational(1)), e = function(Op::exp, one);
  Value const turn = function(Op::exp, Value(Rational(-q, p), Rational(-q, p)));
  Value r;
  mpfi_union(r.get(), left.get(), right.get());
  bool const falls = mpfr_cmp(u.hi(), turn.lo()) <= 0, rises = mpfr_cmp(u.lo(), turn.hi()) >= 0;
  if (!falls && !rises) {
    Value const least = div(Value(Rational(-q, p), Rational(-q, p)), e);
    mpfi_union(r.get(), r.get(), least.get());
  }
  return r;
}

Value EndpointArithmetic::divided(Op g, Value const& u) const {
  if (!u.defined()) return Value::undefined();
  auto const quotient = [&](Value const& t) {
    if (g != Op::exp) return div(function(g, t), t);
    Value r;
    mpfi_expm1(r.get(), t.get());
    return div(r, t);
  };
  if (g == Op::exp) return monotone(u, quotient);
  Value t(u);  // the others are even; sin(t)/t falls on [0, pi], tan(t)/t rises on [0, pi/2), the rest on [0, inf)
  mpfi_abs(t.get(), u.get());
  bool const within = g == Op::sin ? mpfr_cmp_ui(t.hi(), 3) <= 0 : g != Op::tan || mpfr_cmp_d(t.hi(), 1.5) <= 0;
  if (within) return monotone(t, quotient);
  if (mpfr_zero_p(t.lo()) == 0) return quotient(t);
  return g == Op::sin ? Value(Rational(-1, 4), Rational(1)) : Value::undefined();
}

Value EndpointArithmetic::kinked(Instruction const& i, Value const& u, Value const& v, Value const&) const {
  if (!u.defined() || !v.defined()) return Value::undefined();
  Value const zero;
  Value const& w = i.op == Op::relu ? zero : v;
  Value r = mpfi_get_prec(w.get()) > mpfi_get_prec(u.get()) ? w : u;  // holds both exactly
  if (i.op == Op::abs) {
    mpfi_abs(r.get(), u.get());
    return r;
  }
  auto const pick = i.op == Op::min ? mpfr_min : mpfr_max;
  pick(r.lo(), u.lo(), w.lo(), MPFR_RNDD);
  pick(r.hi(), u.hi(), w.hi(), MPFR_RNDU);
  return r;
}

Value EndpointArithmetic::function(Op f, Value const& u) const {
  if (!u.defined() || (f == Op::log && mpfr_sgn(u.lo()) <= 0)) return Value::undefined();
  Value r;
  switch (f) {
    case Op::exp: mpfi_exp(r.get(), u.get()); break;
    case Op::log: mpfi_log(r.get(), u.get()); break;
    case Op::sin: mpfi_sin(r.get(), u.get()); break;
    case Op::cos: mpfi_cos(r.get(), u.get()); break;
    case Op::tan: mpfi_tan(r.get(), u.get()); break;
    case Op::sinh: mpfi_sinh(r.get(), u.get()); break;
    case Op::cosh: mpfi_cosh(r.get(), u.get()); break;
    case Op::tanh: mpfi_tanh(r.get(), u.get()); break;
    default: mpfi_atan(r.get(), u.get());
  }
  return r;
}

}  // namespace nwidth::target
