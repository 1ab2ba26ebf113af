// SPDX-License-Identifier: Apache-2.0
#include "theory/number/real.hpp"

#include "theory/number/error.hpp"

namespace nwidth {

Rational exact(Real const& x) {
  if (!isfinite(x)) throw InvalidInput("a number must be finite, not " + x.str());
  mpz_t m;
  mpz_init(m);
  mpfr_exp_t const e = mpfr_get_z_2exp(m, x.backend().data());
  Integer mantissa;
  mpz_set(mantissa.backend().data(), m);
  mpz_clear(m);
  return mantissa == 0 ? Rational(0) : Rational(mantissa) * power_of_two(e);
}

Real activation::ops<Real>::erf(Real const& x) {
  Real y;
  mpfr_erf(y.backend().data(), x.backend().data(), MPFR_RNDN);
  return y;
}

Real activation::ops<Real>::erfc(Real const& x) {
  Real y;
  mpfr_erfc(y.backend().data(), x.backend().data(), MPFR_RNDN);
  return y;
}

Real activation::ops<Real>::expm1(Real const& x) {
  Real y;
  mpfr_expm1(y.backend().data(), x.backend().data(), MPFR_RNDN);
  return y;
}

Real activation::ops<Real>::log1p(Real const& x) {
  Real y;
  mpfr_log1p(y.backend().data(), x.backend().data(), MPFR_RNDN);
  return y;
}

Real activation::ops<Real>::pi() {
  Real y;
  mpfr_const_pi(y.backend().data(), MPFR_RNDN);
  return y;
}

}  // namespace nwidth
