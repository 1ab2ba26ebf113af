// SPDX-License-Identifier: Apache-2.0
/// The order in which checkpoints keep coefficients of PolyReLU and PolyNorm.
#pragma once
#include "kernels/activation/scalar.hpp"

namespace nwidth::activation {

/// a_0 ... a_r from what PolyCom's code stores: w[0] multiplies the highest power (the cubic one for r = 3), w[r-1] the
/// linear one, and b = a_0. For r = 2 and 4 the released code has no layout; this one goes on with it.
/// @cite zhuo2025polycom
template <class C, int r>
NWIDTH_HD void theory_order(C const (&w)[r], C const& b, C (&a)[r + 1]) {
  a[0] = b;
  for (int i = 1; i <= r; ++i) a[i] = w[r - i];
}

/// The inverse; gradients go back the same way.
template <class C, int n>
NWIDTH_HD void stored_order(C const (&a)[n], C (&w)[n - 1], C& b) {
  b = a[0];
  for (int i = 1; i < n; ++i) w[n - 1 - i] = a[i];
}

}  // namespace nwidth::activation
