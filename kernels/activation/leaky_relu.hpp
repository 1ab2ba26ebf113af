// SPDX-License-Identifier: Apache-2.0
/// Leaky ReLU; with a learned slope it is PReLU.
#pragma once
#include "kernels/activation/scalar.hpp"

namespace nwidth::activation {

/// x where x > 0, slope x where x <= 0. An interval [l, r] across 0 gives [slope l, (1 + slope) r].
/// Rounding: exact for x > 0, one product for x < 0. Infinities go to infinities of their side if 0 < slope < inf.
/// @cite maas2013leaky
template <Scalar T>
NWIDTH_HD T leaky_relu(T const& x, T const& slope) {
  return ops<T>::relu(x) + slope * ops<T>::select(x, T(0), x);
}

/// The derivative in x: 1 where x > 0, slope where x <= 0 (H(0) = 0), NaN at NaN. Exact.
template <Scalar T>
NWIDTH_HD T leaky_relu_derivative(T const& x, T const& slope) {
  return ops<T>::select(x, T(1), slope);
}

/// The derivative in the slope, where it is learned: min(x, 0), -inf at -inf. Exact.
/// @cite he2015prelu
template <Scalar T>
NWIDTH_HD T leaky_relu_slope_derivative(T const& x) {
  return ops<T>::select(x, T(0), x);
}

}  // namespace nwidth::activation
