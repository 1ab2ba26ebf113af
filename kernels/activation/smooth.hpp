// SPDX-License-Identifier: Apache-2.0
/// The smooth activations that networks are compared with: rational functions, and GELU and SiLU from their own
/// headers.
#pragma once
#include "kernels/activation/gelu.hpp"
#include "kernels/activation/scalar.hpp"
#include "kernels/activation/silu.hpp"

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

}  // namespace nwidth::activation
