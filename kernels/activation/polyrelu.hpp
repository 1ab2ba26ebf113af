// SPDX-License-Identifier: Apache-2.0
/// ReLU, its powers and PolyReLU, each once, for every scalar.
#pragma once
#include "kernels/activation/horner.hpp"

namespace nwidth::activation {

/// relu(x) = max(x, 0). At 0 the value is 0 and so is the derivative, H(0) = 0 (convention of this library).
template <Scalar T>
NWIDTH_HD T relu(T const& x) {
  return ops<T>::relu(x);
}

/// H(x): 1 where x > 0, 0 where x <= 0, NaN at NaN.
template <Scalar T>
NWIDTH_HD T relu_derivative(T const& x) {
  return ops<T>::select(x, T(1), T(0));
}

/// relu(x)^k for k >= 1, by repeated multiplication; k = 0 is the constant 1 (a bias), not a step.
template <Scalar T>
NWIDTH_HD T relu_power(T const& x, int k) {
  T const r = ops<T>::relu(x);
  T s = ops<T>::ratio(1, 1);
  for (int i = 0; i < k; ++i) s = s * r;
  return s;
}

/// k relu(x)^(k-1) H(x): 0 at 0 for every k, since H(0) = 0. Rounding: (k - 1)u, u half an ulp of 1.
template <Scalar T>
NWIDTH_HD T relu_power_derivative(T const& x, int k) {
  return k == 0 ? ops<T>::select(x, T(0), T(0)) : ops<T>::select(x, T(k) * relu_power(x, k - 1), T(0));
}

/// PolyReLU (Zhuo et al., arXiv 2411.03884, eq. (2)): sum_{i=0..r} a_i relu(x)^i, by Horner's rule.
/// Rounding, u half an ulp of 1: at most 2ru/(1 - 2ru) sum_i |a_i| relu(x)^i, or half as much where ops<T>::fma rounds
/// once. The derivative in a_i is relu_power(x, i), 1 for i = 0 everywhere. -inf gives a_0; +inf the sign of the
/// leading coefficient, or NaN where a coefficient is 0 or Horner's rule meets inf - inf.
/// @param a  coefficients in the theory's order a_0 ... a_r: a random-access range or an array, r + 1 >= 1 of them
/// @cite zhuo2025polycom
template <Scalar T, class Coefficients>
NWIDTH_HD T polyrelu(T const& x, Coefficients const& a) {
  return horner(ops<T>::relu(x), a, static_cast<int>(a.size()));
}
template <Scalar T, class C, int N>
NWIDTH_HD T polyrelu(T const& x, C const (&a)[N]) {
  return horner(ops<T>::relu(x), a, N);
}

/// The derivative of polyrelu in x: H(x) sum_{i=1..r} i a_i relu(x)^(i-1), 0 at x = 0 whatever a_1 is.
/// Rounding: at most 3ru/(1 - 3ru) sum_i i |a_i| relu(x)^(i-1).
template <Scalar T, class Coefficients>
NWIDTH_HD T polyrelu_derivative(T const& x, Coefficients const& a) {
  T const t = ops<T>::relu(x);
  int i = static_cast<int>(a.size()) - 1;
  T s = T(i) * T(a[i]);
  while (--i >= 1) s = ops<T>::fma(s, t, T(i) * T(a[i]));
  return ops<T>::select(x, s, T(0));
}

/// Backward of polyrelu at one element, as kernels need it: returns g P'(x), and adds g relu(x)^i to s[i].
/// @param a  a_0 ... a_r, the theory's order, r >= 1   @param g  the gradient that arrives
template <class T, class C, int N>
NWIDTH_HD T polyrelu_backward(T const& x, T const& g, C const (&a)[N], T (&s)[N]) {
  static_assert(N >= 2, "a constant has no backward pass");
  using O = ops<T>;
  T const u = O::relu(x);
  s[0] = s[0] + g;
  T power = g;  // g u^i
#if defined(__CUDACC__)
#pragma unroll
#endif
  for (int i = 1; i < N - 1; ++i) {
    power = power * u;
    s[i] = s[i] + power;
  }
  s[N - 1] = O::fma(power, u, s[N - 1]);
  T slope = T(C(N - 1) * a[N - 1]);
#if defined(__CUDACC__)
#pragma unroll
#endif
  for (int i = N - 2; i >= 1; --i) slope = O::fma(slope, u, T(C(i) * a[i]));
  return O::select(x, g * slope, T(0));
}

}  // namespace nwidth::activation
