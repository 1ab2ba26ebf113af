// SPDX-License-Identifier: Apache-2.0
/// Mean cross entropy of the next token.
#pragma once
#include <ATen/core/Tensor.h>

#include "experiments/lm/activation_ops.hpp"
#include "experiments/lm/chunks.hpp"

namespace nwidth::lm {

/// Targets of this value are not scored.
inline constexpr std::int64_t not_scored = -100;
/// Mean over the scored rows of logsumexp(l) - l_target, l = W h, in float (double for doubles); NaN if none is.
/// @param hidden  [n, d]  @param weight  [V, d]  @param targets  [n] int64, 0 ... V - 1 or not_scored
at::Tensor cross_entropy(at::Tensor const& hidden, at::Tensor const& weight, at::Tensor const& targets);

/// The same by chunks of rows: logits of one chunk exist at a time, and none are kept. Where a gradient is wanted, the
/// forward pass computes it, chunk by chunk: the scheme of Liger's kernels. Under autocast products are rounded as
/// at::linear rounds them, and sums over chunks are in float.
/// @param backend  fused: the loss of a chunk and its gradient by kernels/cpu/layer.hpp, in place, in the type of
/// products
/// @param rows  a chunk, >= 1. Memory: 4 rows V, and the gradients (n d + V d) from the forward pass on.
/// Derivatives of derivatives throw.
at::Tensor chunked_cross_entropy(at::Tensor const& hidden, at::Tensor const& weight, at::Tensor const& targets,
                                 std::int64_t rows, Backend backend);

/// The loss of training and of evaluations: the mean over the positions that are scored, by chunks where the vocabulary
/// is large or our kernel runs.
/// @param hidden  [B, T, d]  @param weight  [V, d]  @param targets  [B, T] int64  @param scored  [T] bool; undefined:
/// all
at::Tensor next_token_loss(at::Tensor const& hidden, at::Tensor const& weight, at::Tensor const& targets,
                           at::Tensor const& scored, Backend backend);

}  // namespace nwidth::lm
