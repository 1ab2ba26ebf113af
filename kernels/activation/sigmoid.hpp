// SPDX-License-Identifier: Apache-2.0
/// The logistic function and its integral.
///
/// Bounds here and below: u is half an ulp of 1 (2^-53, 2^-24), and the library's exp, expm1 and log1p are within one
/// ulp, its erfc within five; add a few of the smallest numbers where a result is subnormal.
#pragma once
#include "kernels/activation/scalar.hpp"

namespace nwidth::activation {

/// 1/(1 + exp(-x)). Rounding: 5u of the value, in both tails. 0 at -inf, 1 at inf.
template <SmoothScalar T>
NWIDTH_HD T sigmoid(T const& x) {
  return ops<T>::sigmoid(x);
}

/// sigmoid(x) sigmoid(-x). Rounding: 11u of the value. 0 at both infinities.
template <SmoothScalar T>
NWIDTH_HD T sigmoid_derivative(T const& x) {
  return ops<T>::sigmoid(x) * ops<T>::sigmoid(T(0) - x);
}

/// log(1 + exp(x)); its derivative is the sigmoid. Rounding: 6u of the value. 0 at -inf, inf at inf.
template <SmoothScalar T>
NWIDTH_HD T softplus(T const& x) {
  using O = ops<T>;
  return O::select(x, x + O::log1p(O::exp(T(0) - x)), O::log1p(O::exp(x)));
}

}  // namespace nwidth::activation
