// SPDX-License-Identifier: Apache-2.0
/// SiLU, also called swish.
#pragma once
#include "kernels/activation/sigmoid.hpp"

namespace nwidth::activation {

/// x sigmoid(x). Rounding: 6u of the value. 0 at -inf (and where the sigmoid underflows to 0), inf at inf.
/// @cite elfwing2018silu
template <SmoothScalar T>
NWIDTH_HD T silu(T const& x) {
  T const p = ops<T>::sigmoid(x);
  return ops<T>::select(p, x * p, T(0));
}

/// sigmoid(x) (1 + x sigmoid(-x)), with a zero near -1.28. Rounding: 13u sigmoid(x) (1 + |x| sigmoid(-x)).
/// 0 at -inf, 1 at inf.
template <SmoothScalar T>
NWIDTH_HD T silu_derivative(T const& x) {
  T const p = ops<T>::sigmoid(x);
  return ops<T>::select(p, p * (T(1) - silu(T(0) - x)), T(0));
}

}  // namespace nwidth::activation
