// SPDX-License-Identifier: Apache-2.0
/// What stands between the products of a layer, by kernels/cpu/layer.hpp, with gradients. Backend::fused takes them
/// where has_layer_kernels() says so. Derivatives of derivatives throw.
#pragma once
#include <ATen/core/Tensor.h>

namespace nwidth::lm {

/// Whether the two functions take a residual stream like x: on the CPU, in float or double, not empty; any type that
/// autocast may round products to is bfloat16.
bool has_layer_kernels(at::Tensor const& x);

/// at::linear; in float without autocast the products with x and with the gradient are oneDNN's, which is the faster by
/// a tenth on an AMD EPYC. @param x  as has_layer_kernels() says  @param bias  [n], or undefined
at::Tensor linear(at::Tensor const& x, at::Tensor const& weight, at::Tensor const& bias);

struct Normed {
  at::Tensor x, y;
};
/// x = a + delta (a itself if delta is not defined) and its RMSNorm times weight, in the type of the products that read
/// it: autocast's where that is on, else x's.
/// @param a  [..., d]  @param delta  like a, of x's type or y's  @param weight  [d]
Normed add_rms_norm(at::Tensor const& a, at::Tensor const& delta, at::Tensor const& weight, double eps);

struct Projections {
  at::Tensor q, k, v;  ///< [B, heads, T, d / heads], contiguous
};
/// Splits [B, T, 3 d] into heads, and turns queries and keys by rotary positions unless cosines are undefined.
/// @param cosines, sines  [T or more, d / heads / 2], contiguous, double if qkv is, else float
Projections split_heads(at::Tensor const& qkv, std::int64_t heads, at::Tensor const& cosines, at::Tensor const& sines);

}  // namespace nwidth::lm
