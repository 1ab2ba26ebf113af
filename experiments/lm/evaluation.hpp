// SPDX-License-Identifier: Apache-2.0
/// Held-out loss.
#pragma once
#include "experiments/lm/group.hpp"
#include "experiments/lm/model.hpp"
#include "experiments/lm/tokens.hpp"

namespace nwidth::lm {

struct Evaluation {
  double loss = 0;             ///< mean over the scored targets, in nats
  std::int64_t sequences = 0;  ///< all that were asked for, or all there are
};

/// The first `sequences` of the source, in micro batches, without dropout. Collective: each rank takes its share.
Evaluation evaluate(Transformer const& model, TokenSource const& source, std::int64_t sequences,
                    std::int64_t micro_batch, bool bfloat16, Ranks& ranks);

}  // namespace nwidth::lm
