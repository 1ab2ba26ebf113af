// SPDX-License-Identifier: Apache-2.0
/// A decoder-only transformer as plain tensors and one function. Its twin in Python, python/nwidth/lm/model.py, has the
/// same names, the same order of parameters and the same operations, and equals it to the bit on a CPU.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "experiments/lm/config.hpp"

namespace nwidth::lm {

/// What an optimiser does with a parameter: matrices decay; norms, biases and positions do not; the coefficients of
/// activations do not either, have a rate of their own and are logged.
enum class Group { decay, no_decay, coefficients };

struct Parameter {
  std::string name;  ///< "embedding", "layers.3.qkv", ...: as in checkpoints
  at::Tensor value;  ///< float, a leaf that requires a gradient
  Group group;
};

/// Which code computes activations: torch's operators, which the twin uses as well, or kernels/ (faster, and it keeps
/// the input alone).
enum class Backend { torch, fused };

class Transformer {
 public:
  /// Draws the weights from torch's default generator of the CPU in the order of parameters(), then moves them.
  explicit Transformer(Model const& model, Backend backend = Backend::fused, at::Device device = at::kCPU);

  Model const& model() const { return model_; }
  std::vector<Parameter>& parameters() { return parameters_; }
  std::vector<Parameter> const& parameters() const { return parameters_; }

  /// @param tokens  [B, T] int64, T <= context  @returns [B, T, vocabulary]
  at::Tensor logits(at::Tensor const& tokens, bool training = false) const;
  /// Mean cross entropy in nats over the targets that are scored, in float whatever the type of the logits. Logits of a
  /// whole batch are never held in float where the vocabulary is large.
  /// @param tokens, targets  [B, T] int64  @param scored  [T] bool, or undefined: all
  at::Tensor loss(at::Tensor const& tokens, at::Tensor const& targets, at::Tensor const& scored = {},
                  bool training = false, bool recompute = false) const;

 private:
  Model model_;
  Backend backend_;
  std::vector<Parameter> parameters_;
  at::Tensor cosines_, sines_;  ///< of rotary positions, [context, width / heads / 2]
};

}  // namespace nwidth::lm
