// SPDX-License-Identifier: Apache-2.0
/// Ceres' Jets as scalars of the activations: what automatic differentiation of a network takes.
#pragma once
#include <ceres/jet.h>

#include "kernels/activation/scalar.hpp"

/// At kinks the derivative of the side x <= 0 is taken: H(0) = 0, as in the activations' own derivatives.
template <class T, int N>
struct nwidth::activation::ops<ceres::Jet<T, N>> {
  using J = ceres::Jet<T, N>;
  using O = nwidth::activation::ops<T>;

  static J relu(J const& x) { return x.a <= T(0) ? J(T(0)) : x; }  // NaN passes through
  static J select(J const& x, J const& a, J const& b) { return x.a > T(0) ? a : x.a <= T(0) ? b : x; }
  static J fma(J const& a, J const& b, J const& c) { return a * b + c; }
  static J ratio(long p, long q) { return J(O::ratio(p, q)); }
  static J exp(J const& x) { return chain(x, O::exp(x.a), O::exp(x.a)); }
  static J erf(J const& x) { return chain(x, O::erf(x.a), gauss(x.a)); }
  static J erfc(J const& x) { return chain(x, O::erfc(x.a), -gauss(x.a)); }
  static J expm1(J const& x) { return chain(x, O::expm1(x.a), O::exp(x.a)); }
  static J log1p(J const& x) { return chain(x, O::log1p(x.a), T(1) / (T(1) + x.a)); }
  static J sigmoid(J const& x) { return chain(x, O::sigmoid(x.a), O::sigmoid(x.a) * O::sigmoid(-x.a)); }
  static J sqrt(J const& x) {
    T const s = O::sqrt(x.a);
    return chain(x, s, T(1) / (s + s));
  }
  static J pi() { return J(O::pi()); }

 private:
  static J chain(J const& x, T const& value, T const& slope) { return J(value, x.v * slope); }
  /// erf'(x) = 2/sqrt(pi) exp(-x^2)
  static T gauss(T const& x) { return T(2) / O::sqrt(O::pi()) * O::exp(-x * x); }
};
