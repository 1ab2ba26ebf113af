// SPDX-License-Identifier: Apache-2.0
/// xIELU: a parabola to the right, the integral of an exponential to the left.
#pragma once
#include "kernels/activation/sigmoid.hpp"

namespace nwidth::activation {

/// p x^2 + beta x where x > 0, and n (exp(min(x, eps)) - 1 - x) + beta x where x <= 0.
/// What is learned and stored is (alpha_p, alpha_n), with p = softplus(alpha_p) > 0 and n = beta + softplus(alpha_n).
/// The paper's function has eps = 0 and is continuously differentiable, with slope beta at 0; the released code clamps
/// at eps = -1e-6, which makes the value jump by n (exp(eps) - 1) at 0, itself on the left side.
/// inf at inf, and at -inf where n > beta (which a softplus that underflows does not give).
/// @cite huang2024xielu
template <class C>
struct XIELU {
  C p, n;
  C beta = ops<C>::ratio(1, 2), eps = ops<C>::ratio(-1, 1000000);

  /// From what checkpoints hold; a double alpha costs 6u of p and 7u of n.
  NWIDTH_HD static XIELU from_stored(C const& alpha_p, C const& alpha_n, C const& beta = ops<C>::ratio(1, 2),
                                     C const& eps = ops<C>::ratio(-1, 1000000)) {
    return {softplus(alpha_p), beta + softplus(alpha_n), beta, eps};
  }

  /// Rounding: 3u of p x^2 + |beta| x for x > 0, 5u (n (1 - exp(x)) + |n - beta| |x|) for x <= 0.
  template <SmoothScalar T>
  NWIDTH_HD T value(T const& x) const {
    using O = ops<T>;
    return O::select(x, x * O::fma(T(p), x, T(beta)), O::fma(T(beta) - T(n), x, T(n) * clamped_expm1(x)));
  }

  /// 2 p x + beta where x > 0, n (exp(min(x, eps)) - 1) + beta where x <= 0. NaN at NaN, beta - n at -inf.
  /// Rounding: 3u (2 p x + |beta|), 4u (n (1 - exp(x)) + |beta|).
  /// @deviation for eps < x <= 0 automatic differentiation of the released formula gives beta - n, a kink of the
  /// clamp's own; this is the slope of the function that the clamp approximates, within n |eps|.
  template <SmoothScalar T>
  NWIDTH_HD T derivative(T const& x) const {
    using O = ops<T>;
    return O::select(x, O::fma(T(2) * T(p), x, T(beta)), O::fma(T(n), clamped_expm1(x), T(beta)));
  }

  /// Derivatives of the value in p and n: relu(x)^2, exp(min(x, eps)) - 1 - x where x <= 0. Rounding: u, 4u |x|.
  template <SmoothScalar T>
  NWIDTH_HD static T derivative_p(T const& x) {
    T const t = ops<T>::relu(x);
    return t * t;
  }
  template <SmoothScalar T>
  NWIDTH_HD T derivative_n(T const& x) const {
    return ops<T>::select(x, T(0), clamped_expm1(x) - x);
  }
  /// dp/dalpha_p = sigmoid(alpha_p), and the same for n: the factor from the gradient in p or n to the stored one's.
  NWIDTH_HD static C stored_factor(C const& alpha) { return sigmoid(alpha); }

 private:
  /// exp(min(x, eps)) - 1
  template <SmoothScalar T>
  NWIDTH_HD T clamped_expm1(T const& x) const {
    return ops<T>::expm1(ops<T>::select(x - T(eps), T(eps), x));
  }
};

}  // namespace nwidth::activation
