// SPDX-License-Identifier: Apache-2.0
/// PolyNorm on the gate of a gated linear unit.
#pragma once
#include "kernels/activation/glu.hpp"
#include "kernels/activation/polynorm.hpp"

namespace nwidth::activation {

/// y_j = scale PolyNorm(gate)_j up_j over a row. Row sums, their meaning and their number are PolyNorm's, of the gate
/// and of the gradient that reaches it, arriving(up, g): forward needs moments(gate, m), backward moments(gate,
/// arriving(up, g), m), and both then a second look at each element. With scale = 1/2 it is the gate of Motif's models
/// (their own squashing of coefficients stays with the caller).
/// @cite zhuo2025polycom
template <class C>
struct PolyNormGLU {
  PolyNorm<C> norm;
  C scale;

  /// The gradient that reaches PolyNorm's output.
  template <class T>
  NWIDTH_HD T arriving(T const& up, T const& g) const {
    return T(scale) * (g * up);
  }
  template <class T, class M>
  NWIDTH_HD T value(T const& gate, T const& up, typename PolyNorm<C>::template Forward<M> const& r) const {
    return T(scale) * (PolyNorm<C>::value(gate, r) * up);
  }
  /// @param f  of the forward pass, from the same sums  @param r  of the sums with arriving(up, g)
  template <class T, class M>
  NWIDTH_HD GluGradient<T> gradient(T const& gate, T const& up, T const& g,
                                    typename PolyNorm<C>::template Forward<M> const& f,
                                    typename PolyNorm<C>::template Backward<M> const& r) const {
    return {PolyNorm<C>::gradient(gate, arriving(up, g), r), T(scale) * (g * PolyNorm<C>::value(gate, f))};
  }
};

}  // namespace nwidth::activation
