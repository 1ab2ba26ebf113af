// SPDX-License-Identifier: Apache-2.0
/// Sequences of tokens as tensors.
#pragma once
#include <ATen/core/Tensor.h>

#include "experiments/lm/tokens.hpp"

namespace nwidth::lm {

struct Batch {
  at::Tensor inputs, targets;  ///< [B, T] int64
};
/// Sequences first, ..., first + count - 1. On a device other than the CPU the copy runs beside the host.
Batch read_batch(TokenSource const& source, std::int64_t first, std::int64_t count, std::int64_t context,
                 at::Device device);
/// The mask of scored targets, [T] bool; undefined if all are.
at::Tensor scored_mask(TokenSource const& source, at::Device device);

}  // namespace nwidth::lm
