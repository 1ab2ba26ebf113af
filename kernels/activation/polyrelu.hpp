// SPDX-License-Identifier: Apache-2.0
/// ReLU, its powers and PolyReLU, each once, for every scalar.
#pragma once
#include "kernels/activation/scalar.hpp"

namespace nwidth::activation {

/// relu(x) = max(x, 0). At 0 the value is 0 and so is the derivative, H(0) = 0 (convention of this library).
template <Scalar T>
NWIDTH_HD T relu(T const& x) {
  return ops<T>::relu(x);
}

/// relu(x)^k for k >= 1, by repeated multiplication; k = 0 is the constant 1 (a bias), not a step.
template <Scalar T>
NWIDTH_HD T relu_power(T const& x, int k) {
  T const r = ops<T>::relu(x);
  T s = ops<T>::ratio(1, 1);
  for (int i = 0; i < k; ++i) s = s * r;
  return s;
}

/// PolyReLU (Zhuo et al., arXiv 2411.03884, eq. (2)): sum_{i=0..r} a_i relu(x)^i, by Horner's rule.
/// @param a  coefficients in the theory's order a_0 ... a_r: a random-access range, r + 1 >= 1 of them
template <Scalar T, class Coefficients>
NWIDTH_HD T polyrelu(T const& x, Coefficients const& a) {
  T const t = ops<T>::relu(x);
  int i = static_cast<int>(a.size()) - 1;
  T s = T(a[i]);
  while (--i >= 0) s = ops<T>::fma(s, t, T(a[i]));
  return s;
}

/// Backward of polyrelu with r = 3 at one element: returns g P'(x), and adds g relu(x)^i to s[i].
/// @param a  a_0 ... a_3, the theory's order   @param g  the gradient that arrives
template <class T, class C>
NWIDTH_HD T polyrelu_backward(T const& x, T const& g, C const (&a)[4], T (&s)[4]) {
  using O = ops<T>;
  T const u = O::relu(x), gu = g * u, gu2 = gu * u;
  s[0] = s[0] + g;
  s[1] = s[1] + gu;
  s[2] = s[2] + gu2;
  s[3] = O::fma(gu2, u, s[3]);
  return O::gate(x, g * O::fma(O::fma(T(3 * a[3]), u, T(2 * a[2])), u, T(a[1])));
}

}  // namespace nwidth::activation
