// SPDX-License-Identifier: Apache-2.0
/// AdamW over flat buffers, its state sharded over the processes (ZeRO, stage 1).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "experiments/lm/group.hpp"
#include "experiments/lm/model.hpp"

namespace nwidth::lm {

/// All parameters are views into one buffer, and so are their gradients where there are several processes; of W
/// processes each keeps the moments of a W-th and updates that part of the buffer. One process alone takes gradients as
/// autograd leaves them, which saves it their buffer and three passes over it. In it parameters that decay come first,
/// then those that do not, then the coefficients of activations; each begins at a multiple of 64 bytes, as torch allots
/// tensors, so that products of matrices have the same bits as without the buffer.
///
/// In one process a step is, to the bit, that of torch.nn.utils.clip_grad_norm_ over the parameters in the model's
/// order and torch.optim.AdamW(fused=True) with the groups decay, no_decay (weight_decay = 0) and coefficients
/// (weight_decay = 0, rate times coefficient_rate).
class Optimizer {
 public:
  /// Moves the parameters, which keep their values. @param parameters, ranks  outlive the optimiser
  Optimizer(std::vector<Parameter>& parameters, Training const& training, Ranks& ranks);

  /// Before the backward passes of a step. In one process gradients are undefined afterwards.
  void zero_gradients();
  /// Sums the gradients over the ranks. @returns the norm of the sum, a tensor without dimensions on the device:
  /// reading it waits for the device, so whether it is finite is the caller's to ask
  at::Tensor reduce_gradients();
  /// Clips by the norm that reduce_gradients() gave, and steps. On a device other than the CPU a norm that is not
  /// finite leaves parameters and moments as they were.
  void step(double rate, at::Tensor const& norm);

  /// Place of a parameter in the flat buffers, in the order of parameters.
  struct Place {
    std::int64_t begin, length;
  };
  std::vector<Place> const& places() const { return places_; }
  at::Tensor const& flat_parameters() const { return values_; }

  /// Moments of all parameters as flat buffers, whole on each rank, on the CPU. Collective.
  struct Moments {
    at::Tensor first, second;
  };
  Moments moments();
  /// Whether all parameters and moments are finite numbers. Collective.
  bool finite();
  /// Takes what moments() gave, whatever the number of ranks was, and the number of steps done.
  void set_moments(Moments const& all, std::int64_t steps);
  std::int64_t steps() const { return steps_; }

 private:
  /// The part of one parameter that this rank updates.
  struct Piece {
    Group group;
    at::Tensor value, gradient, first, second;
  };

  Training training_;
  Ranks& ranks_;
  std::vector<Parameter>& parameters_;
  std::vector<Place> places_;
  at::Tensor values_, gradients_;                ///< whole; gradients_ with several ranks
  at::Tensor slice_gradients_, first_, second_;  ///< of this rank's slice; slice_gradients_ with several ranks
  std::int64_t begin_ = 0;                       ///< of the slice
  std::vector<Piece> pieces_;                    ///< in the order of parameters
  std::int64_t steps_ = 0;
};

}  // namespace nwidth::lm
