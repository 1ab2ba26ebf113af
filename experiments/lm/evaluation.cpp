// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/evaluation.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "experiments/lm/batches.hpp"
#include "experiments/lm/ifs.hpp"
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

std::optional<Excess> excess(Transformer const& model, TokenSource const& source, std::int64_t micro_batch,
                             bool bfloat16) {
  auto const* const stream = dynamic_cast<IfsStream const*>(&source);
  if (stream == nullptr) return std::nullopt;
  IfsLaw const& law = stream->law();
  std::int64_t const most = model.model().context;
  Excess e;
  e.context = std::min<std::int64_t>(4 * law.parameters().memory - 1, most - (most + 1) % 2);
  if (law.states() > (std::int64_t{1} << 22) / e.context) return std::nullopt;

  at::NoGradGuard const no_graph;
  at::Device const device = model.parameters().front().value.device();
  Autocast const autocast(device.type(), bfloat16 ? std::optional(at::kBFloat16) : std::nullopt, false);
  OutputModel const said = [&](std::span<std::int32_t const> contexts, std::span<double> log_q) {
    auto const rows = static_cast<std::int64_t>(contexts.size()) / e.context;
    at::Tensor tokens = at::empty({rows, e.context}, at::TensorOptions(at::kLong));
    std::copy(contexts.begin(), contexts.end(), tokens.mutable_data_ptr<std::int64_t>());
    at::Tensor const last = model.logits(tokens.to(device)).select(1, e.context - 1).to(at::kDouble);
    at::Tensor const q = at::log_softmax(last, -1).narrow(1, law.addresses(), law.outputs()).cpu().contiguous();
    std::copy_n(q.const_data_ptr<double>(), log_q.size(), log_q.begin());
  };
  std::int64_t const batch = std::max<std::int64_t>(1, micro_batch * most / e.context);
  e.nats = mean_divergence(law, e.context, batch, 1, said);
  IfsEntropy const entropy = law.entropy();
  e.floor_lower = entropy.emission_lower;
  e.floor_upper = entropy.emission_upper;
  return e;
}

}  // namespace nwidth::lm
