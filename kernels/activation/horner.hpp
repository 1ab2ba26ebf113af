// SPDX-License-Identifier: Apache-2.0
/// Horner's rule for every scalar.
#pragma once
#include "kernels/activation/scalar.hpp"

namespace nwidth::activation {

/// c_0 + c_1 x + ... + c_{n-1} x^(n-1), n >= 1. @param c  what c[i] gives c_i of: a range or an array
template <class T, class Coefficients>
NWIDTH_HD T horner(T const& x, Coefficients const& c, int n) {
  T s = T(c[n - 1]);
#if defined(__CUDACC__)
#pragma unroll
#endif
  for (int i = n - 2; i >= 0; --i) s = ops<T>::fma(s, x, T(c[i]));
  return s;
}

}  // namespace nwidth::activation
