// SPDX-License-Identifier: Apache-2.0
/// The activations of feed-forward blocks on tensors, with gradients.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "experiments/lm/backend.hpp"

namespace nwidth::lm {

/// What activations have fixed.
inline constexpr double leaky_slope = 0.01, norm_eps = 1e-6, xielu_beta = 0.5, xielu_eps = -1e-6;

/// A learned parameter of an activation: PolyCom's weight [3], cubic first, and bias [1]; xIELU's alpha_p and alpha_n.
struct Coefficient {
  std::string name;             ///< "weight"
  std::vector<double> initial;  ///< its size is the parameter's
};
std::vector<Coefficient> coefficients(std::string const& activation);

/// act(h), or act(gate) up with h = (gate, up) along the last dimension, by the formulas of kernels/activation: leaky
/// ReLU's slope is 0.01, PolyNorm's eps 1e-6, xIELU's beta 0.5 and eps -1e-6.
/// @param h  [..., n] float, bfloat16 or double, n even if gated  @param learned  as coefficients() lists them
/// @returns  of h's type, n or n / 2 numbers a row. Polynomials and xIELU are computed in float at least, and rounded
///           once, by either backend; with Backend::torch others are in h's type, and a gate is rounded before the
///           product
/// @throws InvalidInput for an unknown name. Derivatives of derivatives throw with Backend::fused.
at::Tensor activate(std::string const& activation, at::Tensor const& h, std::vector<at::Tensor> const& learned,
                    Backend backend);

}  // namespace nwidth::lm
