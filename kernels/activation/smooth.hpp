// SPDX-License-Identifier: Apache-2.0
/// The smooth activations that networks are compared with: rational functions, and GELU and SiLU from their own
/// headers.
#pragma once
#include "kernels/activation/gelu.hpp"
#include "kernels/activation/horner.hpp"
#include "kernels/activation/silu.hpp"

namespace nwidth::activation {

/// Rational activation p(x)/q(x), coefficients from the constant term upwards.
/// Where q vanishes the result is whatever the scalar's division gives (an infinite ball, inf or NaN).
template <Scalar T, class Coefficients>
NWIDTH_HD T rational(T const& x, Coefficients const& p, Coefficients const& q) {
  return horner(x, p, static_cast<int>(p.size())) / horner(x, q, static_cast<int>(q.size()));
}

}  // namespace nwidth::activation
