// SPDX-License-Identifier: Apache-2.0
/// A decoder-only transformer as plain tensors and one function. Its twin in Python, python/nwidth/lm/model.py, has the
/// same names, the same order of parameters and the same operations, and equals it to the bit on a CPU.
///
///   x = E[token] (+ P[position]);  x += W_o attention(norm(x) W_qkv);  x += W_down act(norm(x) W_up);  norm(x) W_out
///
/// Parameters in order, biases (".bias") behind their weights where there are any; T x d matrices map d to T:
///   embedding.weight [V, d], positions.weight [T, d]
///   layers.i.attention_norm.weight [d], .qkv.weight [3 d, d] (query, key, value; each by heads), .attention.weight
///   [d, d], .feed_forward_norm.weight [d], .up.weight [f, d] or if gated [2 f, d] (gate first), .activation.weight
///   [3], cubic first, and .bias [1], or .activation.alpha_p [1] and .alpha_n [1], .down.weight [d, f] norm.weight [d],
///   output.weight [V, d] unless tied
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "experiments/lm/activation_ops.hpp"
#include "experiments/lm/config.hpp"
#include "experiments/lm/layer_ops.hpp"

namespace nwidth::lm {

/// What an optimiser does with a parameter: matrices decay; norms, biases and positions do not; the coefficients of
/// activations do not either, have a rate of their own and are logged.
enum class Group { decay, no_decay, coefficients };

struct Parameter {
  std::string name;  ///< "embedding.weight", "layers.3.qkv.weight", ...: as in checkpoints
  at::Tensor value;  ///< a leaf that requires a gradient. It may be replaced by another of its shape: forward passes
                     ///< look it up each time
  Group group;
};

/// Is shown what a parameter makes of its input, in the order of the forward pass.
using Watch = std::function<void(std::string const& parameter, at::Tensor const& output)>;

class Transformer {
 public:
  /// Draws the matrices from torch's default generator of the CPU in the order of parameters(), in float, then moves
  /// them. Norms start at 1, biases at 0, polynomials at 1/3 and bias 0, xIELU at p = n = 0.8.
  /// @param type  of parameters: kFloat, or kDouble for checks of gradients
  explicit Transformer(Model const& model, Backend backend = Backend::fused, at::Device device = at::kCPU,
                       at::ScalarType type = at::kFloat);

  Model const& model() const { return model_; }
  std::vector<Parameter>& parameters() & { return parameters_; }
  std::vector<Parameter> const& parameters() const& { return parameters_; }
  void parameters() && = delete;  // a loop over those of a temporary would outlive it

  /// Dropout, of the embedded tokens and of what each block adds, is active in training alone.
  /// @param tokens  [B, T] int64, T <= context  @returns [B, T, vocabulary]
  /// @throws InvalidInput  for a longer T
  at::Tensor logits(at::Tensor const& tokens, bool training = false) const;
  /// Mean cross entropy in nats over the targets that are scored, in float whatever the type of the logits. Logits of a
  /// whole batch are never held where the vocabulary is large (loss.hpp).
  /// @param tokens, targets  [B, T] int64  @param scored  [T] bool, or undefined: all
  /// @param recompute  of each block keep its input alone for the backward pass
  at::Tensor loss(at::Tensor const& tokens, at::Tensor const& targets, at::Tensor const& scored = {},
                  bool training = false, bool recompute = false) const;

  /// For who looks for the origin of an infinity: called from the next forward pass on, until it is null.
  void watch(Watch w) { watch_ = std::move(w); }

 private:
  /// The residual stream: sum + pending, which the next norm adds, for then both are one pass with Backend::fused.
  struct Residual {
    at::Tensor sum, pending;
    void settle();
  };
  class Cursor;
  at::Tensor hidden(at::Tensor const& tokens, bool training, bool recompute) const;
  void block(std::int64_t layer, Residual& x, bool training) const;
  Projections projections(at::Tensor const& qkv) const;
  at::Tensor const& output() const;
  bool by_kernels(at::Tensor const& x) const { return backend_ == Backend::fused && has_layer_kernels(x); }

  Model model_;
  Backend backend_;
  std::vector<Parameter> parameters_;
  Watch watch_;
  std::size_t first_ = 0, per_block_ = 0;     ///< of the parameters of blocks
  at::Tensor cosines_, sines_;                ///< of rotary positions, [context, width / heads / 2], double
  at::Tensor kernel_cosines_, kernel_sines_;  ///< the same for split_heads
};

}  // namespace nwidth::lm
