// SPDX-License-Identifier: Apache-2.0
#include "theory/number/ball.hpp"

#include <arb_hypgeom.h>

#include <algorithm>
#include <limits>

#include "theory/number/error.hpp"

namespace nwidth {
namespace {

thread_local long precision = 128;

/// Beyond 2^+-largest_exponent nobody wants all digits of a number: erf(10^5) is 1 - 2^-14426950424.
constexpr long largest_exponent = 1L << 20;

/// x, and a nearby bound of it from below or above (or 0 if `side` is 0) where |x| < 2^-largest_exponent.
Rational to_rational(arf_srcptr x, int side) {
  if (arf_is_zero(x)) return 0;
  if (fmpz_cmp_si(ARF_EXPREF(x), -largest_exponent) < 0) {
    if (side == 0 || side != arf_sgn(x)) return 0;
    Rational const bound = power_of_two(-largest_exponent);
    return side < 0 ? Rational(-bound) : bound;
  }
  fmpz_t m, e;
  fmpz_init(m);
  fmpz_init(e);
  arf_get_fmpz_2exp(m, e, x);
  Integer mantissa;
  fmpz_get_mpz(mantissa.backend().data(), m);
  long const exponent = fmpz_get_si(e);
  fmpz_clear(m);
  fmpz_clear(e);
  return Rational(mantissa) * power_of_two(exponent);
}

struct Arf {
  arf_t x;
  Arf() { arf_init(x); }
  ~Arf() { arf_clear(x); }
  Arf(Arf const&) = delete;
  Arf& operator=(Arf const&) = delete;
};

}  // namespace

long working_precision() { return precision; }
PrecisionScope::PrecisionScope(long bits) : before_(precision) { precision = bits; }
PrecisionScope::~PrecisionScope() { precision = before_; }

Ball::Ball(Rational const& x) {
  arb_init(x_);
  if (is_dyadic(x)) {  // exact, whatever the precision
    fmpz_t m, e;
    fmpz_init(m);
    fmpz_init(e);
    fmpz_set_mpz(m, numerator(x).backend().data());
    fmpz_set_si(e, -static_cast<long>(msb(denominator(x))));
    arb_set_fmpz_2exp(x_, m, e);
    fmpz_clear(m);
    fmpz_clear(e);
    return;
  }
  fmpq_t q;
  fmpq_init(q);
  fmpq_set_mpq(q, x.backend().data());
  arb_set_fmpq(x_, q, precision);
  fmpq_clear(q);
}

Ball::Ball(Real const& x) {
  arb_init(x_);
  arf_set_mpfr(arb_midref(x_), x.backend().data());
}

Ball Ball::from_bounds(Rational const& lo, Rational const& hi) { return hull(Ball(lo), Ball(hi)); }

Ball Ball::from_interval(Interval x) {
  Ball r;
  if (!(x.lo <= x.hi)) {
    arb_indeterminate(r.x_);
    return r;
  }
  Arf lo, hi;
  arf_set_d(lo.x, x.lo);
  arf_set_d(hi.x, x.hi);
  arb_set_interval_arf(r.x_, lo.x, hi.x, precision);
  return r;
}

Ball Ball::pi() {
  Ball r;
  arb_const_pi(r.x_, precision);
  return r;
}

bool Ball::is_finite() const {
  return arb_is_finite(x_) && fmpz_cmp_si(ARF_EXPREF(arb_midref(x_)), largest_exponent) <= 0 &&
         fmpz_cmp_si(MAG_EXPREF(arb_radref(x_)), largest_exponent) <= 0;
}

bool Ball::contains(Rational const& q) const {
  fmpq_t t;
  fmpq_init(t);
  fmpq_set_mpq(t, q.backend().data());
  bool const yes = arb_contains_fmpq(x_, t) != 0;  // exact
  fmpq_clear(t);
  return yes;
}

void Ball::require_finite() const {
  if (!is_finite()) throw InvalidInput("an infinite ball has no rational midpoint and ends");
}

Rational Ball::midpoint() const {
  require_finite();
  return to_rational(arb_midref(x_), 0);
}

Rational Ball::lower() const {
  require_finite();
  Arf radius;
  arf_set_mag(radius.x, arb_radref(x_));
  return to_rational(arb_midref(x_), -1) - to_rational(radius.x, 1);
}

Rational Ball::upper() const {
  require_finite();
  Arf radius;
  arf_set_mag(radius.x, arb_radref(x_));
  return to_rational(arb_midref(x_), 1) + to_rational(radius.x, 1);
}

Interval Ball::to_interval() const {
  double const inf = std::numeric_limits<double>::infinity();
  if (!is_finite()) return {-inf, inf};
  Interval r;
  if (mag_is_zero(arb_radref(x_))) {
    r = {arf_get_d(arb_midref(x_), ARF_RND_FLOOR), arf_get_d(arb_midref(x_), ARF_RND_CEIL)};
  } else {
    Arf end;
    arb_get_lbound_arf(end.x, x_, 60);
    r.lo = arf_get_d(end.x, ARF_RND_FLOOR);
    arb_get_ubound_arf(end.x, x_, 60);
    r.hi = arf_get_d(end.x, ARF_RND_CEIL);
  }
  return r;
}

double Ball::to_double() const { return arf_get_d(arb_midref(x_), ARF_RND_NEAR); }
double Ball::magnitude() const { return to_interval().magnitude(); }
double Ball::mignitude() const { return to_interval().mignitude(); }

Ball operator-(Ball const& a) {
  Ball r;
  arb_neg(r.get(), a.get());
  return r;
}

#define NWIDTH_BALL_OPERATOR(symbol, function)         \
  Ball operator symbol(Ball const& a, Ball const& b) { \
    Ball r;                                            \
    function(r.get(), a.get(), b.get(), precision);    \
    return r;                                          \
  }                                                    \
  Ball& operator symbol##=(Ball& a, Ball const& b) {   \
    function(a.get(), a.get(), b.get(), precision);    \
    return a;                                          \
  }
NWIDTH_BALL_OPERATOR(+, arb_add)
NWIDTH_BALL_OPERATOR(-, arb_sub)
NWIDTH_BALL_OPERATOR(*, arb_mul)
NWIDTH_BALL_OPERATOR(/, arb_div)
#undef NWIDTH_BALL_OPERATOR

#define NWIDTH_BALL_FUNCTION(name, function) \
  Ball name(Ball const& x) {                 \
    Ball r;                                  \
    function(r.get(), x.get(), precision);   \
    return r;                                \
  }
NWIDTH_BALL_FUNCTION(sqrt, arb_sqrt)
NWIDTH_BALL_FUNCTION(exp, arb_exp)
NWIDTH_BALL_FUNCTION(log, arb_log)
NWIDTH_BALL_FUNCTION(sin, arb_sin)
NWIDTH_BALL_FUNCTION(cos, arb_cos)
NWIDTH_BALL_FUNCTION(erf, arb_hypgeom_erf)
NWIDTH_BALL_FUNCTION(erfc, arb_hypgeom_erfc)
NWIDTH_BALL_FUNCTION(expm1, arb_expm1)
NWIDTH_BALL_FUNCTION(log1p, arb_log1p)
#undef NWIDTH_BALL_FUNCTION

Ball abs(Ball const& x) {
  Ball r;
  arb_abs(r.get(), x.get());
  return r;
}

Ball power(Ball const& x, unsigned k) {
  Ball r;
  arb_pow_ui(r.get(), x.get(), k, precision);
  return r;
}

Ball hull(Ball const& a, Ball const& b) {
  Ball r;
  arb_union(r.get(), a.get(), b.get(), precision);
  return r;
}

Ball max(Ball const& a, Ball const& b) {
  Ball r;
  arb_max(r.get(), a.get(), b.get(), precision);
  return r;
}

Ball select(Ball const& x, Ball const& a, Ball const& b) {
  if (arb_is_positive(x.get())) return a;
  if (arb_is_nonpositive(x.get())) return b;
  if (arb_is_finite(x.get()) == 0 && arf_is_nan(arb_midref(x.get()))) return x;
  return hull(a, b);
}

Ball relu(Ball const& x) {
  if (arb_is_nonnegative(x.get())) return x;
  if (arb_is_nonpositive(x.get())) return Ball();
  return max(x, Ball());
}

bool certainly_less(Ball const& a, Ball const& b) { return arb_lt(a.get(), b.get()) != 0; }
bool overlaps(Ball const& a, Ball const& b) { return arb_overlaps(a.get(), b.get()) != 0; }

namespace {

/// sign * digits as "d.ddde+xx" with the magnitude rounded up or down.
std::string decimal(Rational const& x, int digits, bool magnitude_up) {
  if (digits < 1) throw InvalidInput("a decimal needs at least one digit, not " + std::to_string(digits));
  if (x == 0) return "0";
  Rational const a = abs(x);
  auto power_of_ten = [](long e) {
    Integer const p = boost::multiprecision::pow(Integer(10), static_cast<unsigned>(e < 0 ? -e : e));
    return e < 0 ? Rational(Integer(1), p) : Rational(p);
  };
  // first guess of floor(log10 a) from the bit lengths, then corrected exactly
  long e = static_cast<long>((static_cast<double>(msb(numerator(a))) - static_cast<double>(msb(denominator(a)))) *
                             0.30102999566398);
  while (power_of_ten(e) > a) --e;
  while (power_of_ten(e + 1) <= a) ++e;
  Rational const scaled = a * power_of_ten(digits - 1 - e);
  Integer m = numerator(scaled) / denominator(scaled);
  if (magnitude_up && Rational(m) != scaled) ++m;
  std::string s = m.str();
  if (static_cast<int>(s.size()) > digits) {
    s.pop_back();
    ++e;
  }
  std::string out;
  if (x.sign() < 0) out += "-";
  out += s[0];
  if (s.size() > 1) out += "." + s.substr(1);
  std::string exponent = std::to_string(e < 0 ? -e : e);
  if (exponent.size() < 2) exponent.insert(0, 1, '0');
  out += e < 0 ? "e-" : "e+";
  return out += exponent;
}

}  // namespace

std::string decimal_below(Rational const& x, int digits) { return decimal(x, digits, x.sign() < 0); }
std::string decimal_above(Rational const& x, int digits) { return decimal(x, digits, x.sign() > 0); }

}  // namespace nwidth
