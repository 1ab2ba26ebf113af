// SPDX-License-Identifier: Apache-2.0
/// How large a configuration is, by arithmetic alone.
#pragma once
#include <cstdint>
#include <string>

#include "experiments/lm/config.hpp"

namespace nwidth::lm {

struct Size {
  std::int64_t parameters = 0;  ///< all that are trained; a tied output matrix counts once
  std::int64_t embeddings = 0;  ///< of these, in the embedding, learned positions and an output matrix of its own
  /// A token, forward: 2 for each weight of a matrix that it passes, the output's too; scores and sums of causal
  /// attention over the (T + 1)/2 positions that it sees on average; the activation. Norms and rotations are left out.
  double forward_flops = 0;
  double training_flops =
      0;  ///< three times as many: the backward pass costs two forward passes, and recompute one more
  /// Bytes in one process of `ranks`.
  std::int64_t weights = 0;      ///< parameters and gradients, float
  std::int64_t moments = 0;      ///< of AdamW, float, this process's share
  std::int64_t activations = 0;  ///< that the backward pass keeps of a micro batch; an estimate, within some 30 %
};
/// @throws InvalidInput  for numbers beyond 63 bits
Size size_of(Config const& c, std::int64_t ranks = 1);

/// A table for people.
std::string description(Config const& c);

}  // namespace nwidth::lm
