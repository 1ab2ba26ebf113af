// SPDX-License-Identifier: Apache-2.0
/// How large and how dear a model is, by arithmetic: nothing is allocated.
#pragma once
#include <cstdint>
#include <string>

#include "experiments/lm/backend.hpp"
#include "experiments/lm/config.hpp"

namespace nwidth::lm {

/// Parameters by part; a tied output counts once, as embedding.
struct Parameters {
  std::int64_t embedding = 0, positions = 0, output = 0;
  std::int64_t attention = 0, feed_forward = 0;  ///< of all layers, biases included
  std::int64_t norms = 0, coefficients = 0;      ///< of all layers, the last norm included
  std::int64_t total() const {
    return embedding + positions + output + attention + feed_forward + norms + coefficients;
  }
};

/// FLOPs a token of a forward pass over a full context, a multiplication and an addition counting two. Norms, residual
/// sums, rotations and softmax are left out: they weigh 1e-3 of the matrices and are bound by memory.
struct Flops {
  std::int64_t matrices = 0;     ///< of layers, 2 for each weight
  std::int64_t attention = 0;    ///< q k and p v, a causal mask counted: 2 d (T + 1) a layer
  std::int64_t output = 0;       ///< 2 V d
  std::int64_t activations = 0;  ///< Activation::flops
  std::int64_t forward() const { return matrices + attention + output + activations; }
  /// The backward pass is twice the forward pass; recomputing blocks adds their forward pass.
  std::int64_t training(bool recompute) const { return 3 * forward() + (recompute ? forward() - output : 0); }
};

/// Bytes on one process of `processes`, which share the optimiser's state. Activations are an estimate of what autograd
/// keeps for the backward pass of one micro batch, by the operations of model.cpp: good to 15 % where the batch is
/// large enough for it to matter. Temporary tensors of an operation are not in it, but the loss's are.
/// @param backend  fused: on the CPU. torch: its operators, which a GPU takes as well, but for the activation, which is
/// counted as ours: to keep its input alone
struct Memory {
  std::int64_t weights = 0, gradients = 0;  ///< float
  std::int64_t moments = 0;                 ///< two of AdamW
  std::int64_t activations = 0;
  std::int64_t loss = 0;  ///< logits and their gradient: whole, or of a chunk with the gradient of the output matrix
  std::int64_t total() const { return weights + gradients + moments + activations + loss; }
};

/// @throws std::invalid_argument (InvalidInput or of kernels/)  for numbers that do not fit into 63 bits
Parameters count_parameters(Model const& m);
Flops count_flops(Model const& m);
Memory estimate_memory(Config const& c, Backend backend, std::int64_t processes = 1);

/// All of it in lines of text for a person.
std::string describe(Config const& c, Backend backend, std::int64_t processes = 1);

}  // namespace nwidth::lm
