// SPDX-License-Identifier: Apache-2.0
/// High-precision reals: MPFR with a fixed precision of 100 digits, for Newton iterations and for dense sampling.
/// Nothing is proved with them: a rounded comparison decides nothing that is claimed.
#pragma once
#include <boost/multiprecision/mpfr.hpp>

#include "theory/number/rational.hpp"

namespace nwidth {

inline constexpr int real_digits = 100;
using Real = boost::multiprecision::number<boost::multiprecision::mpfr_float_backend<real_digits>,
                                           boost::multiprecision::et_off>;

/// x as the nearest Real.
inline Real to_real(Rational const& x) { return Real(x); }

/// The exact value of a finite Real.
Rational exact(Real const& x);

namespace activation {
template <>
struct ops<Real> {
  static Real relu(Real const& x) { return x < 0 ? Real(0) : x; }
  static Real select(Real const& x, Real const& a, Real const& b) { return x > 0 ? a : x <= 0 ? b : x; }
  static Real fma(Real const& a, Real const& b, Real const& c) { return a * b + c; }
  static Real ratio(long p, long q) { return Real(p) / q; }
  static Real exp(Real const& x) { return boost::multiprecision::exp(x); }
  static Real erf(Real const& x);
  static Real sqrt(Real const& x) { return boost::multiprecision::sqrt(x); }
  static Real erfc(Real const& x);
  static Real expm1(Real const& x);
  static Real log1p(Real const& x);
  static Real sigmoid(Real const& x) { return 1 / (1 + boost::multiprecision::exp(-x)); }
  static Real pi();
};
}  // namespace activation

}  // namespace nwidth
