// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/evaluation.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "experiments/lm/batches.hpp"
#include "experiments/lm/torch_compat.hpp"

namespace nwidth::lm {

Evaluation evaluate(Transformer const& model, TokenSource const& source, std::int64_t sequences,
                    std::int64_t micro_batch, bool bfloat16, Ranks& ranks) {
  at::NoGradGuard const no_graph;
  at::Device const device = model.parameters().front().value.device();
  Autocast const autocast(device.type(), bfloat16 ? std::optional(at::kBFloat16) : std::nullopt, false);
  Evaluation e;
  e.sequences = std::min(sequences, source.count());
  at::Tensor const mask = scored_mask(source, device);
  at::Tensor sum = at::zeros({}, at::TensorOptions(device).dtype(at::kDouble));
  std::int64_t const from = e.sequences * ranks.rank() / ranks.size(),
                     to = e.sequences * (ranks.rank() + 1) / ranks.size();
  for (std::int64_t i = from; i < to; i += micro_batch) {
    std::int64_t const n = std::min(micro_batch, to - i);
    Batch const b = read_batch(source, i, n, model.model().context, device);
    sum += model.loss(b.inputs, b.targets, mask).to(at::kDouble) * static_cast<double>(n);
  }
  ranks.sum(sum);
  e.loss = sum.item<double>() / static_cast<double>(e.sequences);
  return e;
}

}  // namespace nwidth::lm
