// SPDX-License-Identifier: Apache-2.0
/// GELU, the exact form and the one with tanh.
#pragma once
#include "kernels/activation/scalar.hpp"

namespace nwidth::activation {

/// x Phi(x), Phi(x) = erfc(-x / sqrt 2)/2: no cancellation in the left tail. Rounding (erfc within 5 ulp): 12u of the
/// value for x >= 0, (14 + 2 x^2)u for x < 0: the argument's own rounding is what grows there, to about 400u where a
/// float underflows and 3000u where a double does. 0 at -inf, inf at inf. @cite hendrycks2016gelu
template <SmoothScalar T>
NWIDTH_HD T gelu(T const& x) {
  using O = ops<T>;
  T const half = O::ratio(1, 2);
  T const p = half * O::erfc((T(0) - x) * O::sqrt(half));
  return O::select(p, x * p, T(0));
}

/// Phi(x) + x phi(x), phi(x) = exp(-x^2/2)/sqrt(2 pi), with a zero near -0.75.
/// Rounding: (14 + 2 x^2)u (Phi(x) + |x| phi(x)). 0 at -inf, 1 at inf.
template <SmoothScalar T>
NWIDTH_HD T gelu_derivative(T const& x) {
  using O = ops<T>;
  T const half = O::ratio(1, 2);
  T const p = half * O::erfc((T(0) - x) * O::sqrt(half));
  T const e = O::exp(T(0) - half * (x * x)) / O::sqrt(T(2) * O::pi());
  return O::select(e, O::fma(x, e, p), p);
}

/// The argument of gelu_tanh's sigmoid, w = 2 sqrt(2/pi) (x + 0.044715 x^3), as x (c_1 + c_2 x^2).
template <SmoothScalar T>
struct GeluTanh {
  T c1, c2;
  NWIDTH_HD GeluTanh() : c1(T(2) * ops<T>::sqrt(T(2) / ops<T>::pi())), c2(c1 * ops<T>::ratio(44715, 1000000)) {}
  NWIDTH_HD T argument(T const& x) const { return x * ops<T>::fma(c2, x * x, c1); }
  NWIDTH_HD T slope(T const& x) const { return ops<T>::fma(T(3) * c2, x * x, c1); }
};

/// x (1 + tanh(w/2))/2 = x sigmoid(w), which does not cancel in the left tail. Rounding: (7 + 8 |w|)u of the value for
/// x < 0, 9u for x >= 0. 0 at -inf, inf at inf. @cite hendrycks2016gelu
template <SmoothScalar T>
NWIDTH_HD T gelu_tanh(T const& x) {
  T const p = ops<T>::sigmoid(GeluTanh<T>().argument(x));
  return ops<T>::select(p, x * p, T(0));
}

/// sigmoid(w) (1 + x w' sigmoid(-w)). Rounding: (25 + 8 |w|)u sigmoid(w) (1 + |x| w' sigmoid(-w)); where sigmoid(w) is
/// subnormal its error, a few of the smallest numbers, counts 1 + 3 |w| times. 0 at -inf, 1 at inf.
template <SmoothScalar T>
NWIDTH_HD T gelu_tanh_derivative(T const& x) {
  using O = ops<T>;
  GeluTanh<T> const g;
  T const w = g.argument(x), p = O::sigmoid(w), q = O::sigmoid(T(0) - w);
  T const rise = O::select(q, x * q * g.slope(x), T(0));
  return O::select(p, p * (T(1) + rise), T(0));
}

}  // namespace nwidth::activation
