// SPDX-License-Identifier: Apache-2.0
/// Gated linear units, element by element: activation(gate) times up, and the two derivatives.
///
/// What kernels keep for backward are gate and up. A gate whose activation is 0 closes for every finite `up`; at an
/// infinite one the product is NaN, as in IEEE arithmetic. Rounding: that of the activation, and one product more.
/// @cite shazeer2020glu
#pragma once
#include "kernels/activation/gelu.hpp"
#include "kernels/activation/polyrelu.hpp"
#include "kernels/activation/silu.hpp"

namespace nwidth::activation {

/// Gradients in gate and in up.
template <class T>
struct GluGradient {
  T gate, up;
};

/// ReGLU: relu(gate) up. At gate = 0 the derivative is that of H(0) = 0.
template <Scalar T>
NWIDTH_HD T reglu(T const& gate, T const& up) {
  return relu(gate) * up;
}
template <Scalar T>
NWIDTH_HD GluGradient<T> reglu_backward(T const& gate, T const& up, T const& g) {
  return {g * up * relu_derivative(gate), g * relu(gate)};
}

/// SwiGLU: silu(gate) up.
template <SmoothScalar T>
NWIDTH_HD T swiglu(T const& gate, T const& up) {
  return silu(gate) * up;
}
template <SmoothScalar T>
NWIDTH_HD GluGradient<T> swiglu_backward(T const& gate, T const& up, T const& g) {
  return {g * up * silu_derivative(gate), g * silu(gate)};
}

/// GeGLU: gelu(gate) up, with the exact GELU.
template <SmoothScalar T>
NWIDTH_HD T geglu(T const& gate, T const& up) {
  return gelu(gate) * up;
}
template <SmoothScalar T>
NWIDTH_HD GluGradient<T> geglu_backward(T const& gate, T const& up, T const& g) {
  return {g * up * gelu_derivative(gate), g * gelu(gate)};
}

/// GeGLU with GELU's tanh form, which most released models that say GeGLU compute.
template <SmoothScalar T>
NWIDTH_HD T geglu_tanh(T const& gate, T const& up) {
  return gelu_tanh(gate) * up;
}
template <SmoothScalar T>
NWIDTH_HD GluGradient<T> geglu_tanh_backward(T const& gate, T const& up, T const& g) {
  return {g * up * gelu_tanh_derivative(gate), g * gelu_tanh(gate)};
}

/// PolyReLU on the gate: P(relu(gate)) up. @param a  a_0 ... a_r, the theory's order
template <Scalar T, class Coefficients>
NWIDTH_HD T polyrelu_glu(T const& gate, T const& up, Coefficients const& a) {
  return polyrelu(gate, a) * up;
}
/// Adds the gradient in a_i, g up relu(gate)^i, to s[i].
template <Scalar T, class C, int N>
NWIDTH_HD GluGradient<T> polyrelu_glu_backward(T const& gate, T const& up, T const& g, C const (&a)[N], T (&s)[N]) {
  return {polyrelu_backward(gate, g * up, a, s), g * polyrelu(gate, a)};
}

}  // namespace nwidth::activation
