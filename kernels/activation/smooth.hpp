// SPDX-License-Identifier: Apache-2.0
/// The smooth activations that networks are compared with: rational functions, GELU and SiLU.
#pragma once
#include "kernels/activation/scalar.hpp"

namespace nwidth::activation {

/// Rational activation p(x)/q(x), coefficients from the constant term upwards.
/// Where q vanishes the result is whatever the scalar's division gives (an infinite ball, inf or NaN).
template <Scalar T, class Coefficients>
NWIDTH_HD T rational(T const& x, Coefficients const& p, Coefficients const& q) {
  auto horner = [&x](Coefficients const& c) {
    int i = static_cast<int>(c.size()) - 1;
    T s = T(c[i]);
    while (--i >= 0) s = ops<T>::fma(s, x, T(c[i]));
    return s;
  };
  return horner(p) / horner(q);
}

/// GELU, exact form: x (1 + erf(x / sqrt 2)) / 2.
template <SmoothScalar T>
NWIDTH_HD T gelu(T const& x) {
  T const half = ops<T>::ratio(1, 2);
  return half * x * (ops<T>::ratio(1, 1) + ops<T>::erf(x * ops<T>::sqrt(half)));
}

/// SiLU (swish): x / (1 + exp(-x)).
template <SmoothScalar T>
NWIDTH_HD T silu(T const& x) {
  return x / (ops<T>::ratio(1, 1) + ops<T>::exp(ops<T>::ratio(-1, 1) * x));
}

}  // namespace nwidth::activation
