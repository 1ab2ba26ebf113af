// SPDX-License-Identifier: Apache-2.0
/// Activations of a block again in the backward pass instead of kept: torch.utils.checkpoint, which C++ has not.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace nwidth::lm {

using Block = std::function<at::Tensor(at::Tensor const& x)>;

/// block(x), of which x alone is kept. The backward pass calls block again, with the state of autocast and of the
/// device's generator that it had, and so has the same bits; the generator is then put back.
/// @param parameters  all leaves that block uses  @param random  whether block draws random numbers
/// Derivatives of derivatives throw. Cost: a second forward pass.
at::Tensor recomputed(Block const& block, at::Tensor const& x, std::vector<at::Tensor> const& parameters, bool random);

}  // namespace nwidth::lm
