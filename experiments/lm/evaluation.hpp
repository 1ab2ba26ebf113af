// SPDX-License-Identifier: Apache-2.0
/// Held-out loss.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "experiments/lm/group.hpp"
#include "experiments/lm/log.hpp"
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

/// What the loss of a model on the IFS stream exceeds its floor by, known without sampling.
struct Excess {
  double nats = 0;           ///< the mean over all states of KL(law of the state || model), after one context each
  std::int64_t context = 0;  ///< tokens of these contexts: 4 m - 1, or as many as the model sees; an odd number
  std::string floor_lower, floor_upper;  ///< enclosure of the entropy of an emitted symbol, in nats
};
/// Nothing for other streams, and where the contexts of all states are more than 2^22 tokens. Not collective: each rank
/// that calls it does all of it.
std::optional<Excess> excess(Transformer const& model, TokenSource const& source, std::int64_t micro_batch,
                             bool bfloat16);
/// Logits [B, T, V] of tokens [B, T] int64, on the CPU. Softmax is taken here, in double.
using Logits = std::function<at::Tensor(at::Tensor const& tokens)>;
/// The same for whatever has logits. @param longest  context that it sees  @param tokens  of a call, about
std::optional<Excess> excess(Logits const& logits, std::int64_t longest, TokenSource const& source,
                             std::int64_t tokens);

/// Both for logs and for `nwidth-lm evaluate`, with the same keys: loss, sequences; bits_per_byte of a stream of bytes;
/// excess, excess_context and floor {lower, upper}, decimals, of the IFS stream. What is not finite is as number() has
/// it.
Json described(Evaluation const& e, std::optional<Excess> const& above, Stream stream);

}  // namespace nwidth::lm
