// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/evaluation.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <numbers>

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
  at::NoGradGuard const no_graph;
  at::Device const device = model.parameters().front().value.device();
  Autocast const autocast(device.type(), bfloat16 ? std::optional(at::kBFloat16) : std::nullopt, false);
  std::int64_t const longest = model.model().context;
  return excess([&](at::Tensor const& tokens) { return model.logits(tokens.to(device)); }, longest, source,
                micro_batch * longest);
}

std::optional<Excess> excess(Logits const& logits, std::int64_t longest, TokenSource const& source,
                             std::int64_t tokens) {
  auto const* const stream = dynamic_cast<IfsStream const*>(&source);
  if (stream == nullptr) return std::nullopt;
  IfsLaw const& law = stream->law();
  Excess e;
  e.context = std::min<std::int64_t>(4 * law.parameters().memory - 1, longest - (longest + 1) % 2);
  if (law.states() > (std::int64_t{1} << 22) / e.context) return std::nullopt;

  OutputModel const said = [&](std::span<std::int32_t const> contexts, std::span<double> log_q) {
    auto const rows = static_cast<std::int64_t>(contexts.size()) / e.context;
    at::Tensor input = at::empty({rows, e.context}, at::TensorOptions(at::kLong));
    std::copy(contexts.begin(), contexts.end(), input.mutable_data_ptr<std::int64_t>());
    at::Tensor const last = logits(input).select(1, e.context - 1).to(at::kDouble);
    at::Tensor const q = at::log_softmax(last, -1).narrow(1, law.addresses(), law.outputs()).cpu().contiguous();
    std::copy_n(q.const_data_ptr<double>(), log_q.size(), log_q.begin());
  };
  e.nats = mean_divergence(law, e.context, std::max<std::int64_t>(1, tokens / e.context), 1, said);
  IfsEntropy const entropy = law.entropy();
  e.floor_lower = entropy.emission_lower;
  e.floor_upper = entropy.emission_upper;
  return e;
}

Json described(Evaluation const& e, std::optional<Excess> const& above, Stream stream) {
  Json all{{"loss", number(e.loss)}, {"sequences", e.sequences}};
  if (stream == Stream::bytes) all["bits_per_byte"] = number(e.loss / std::numbers::ln2);
  if (above) {
    all["excess"] = number(above->nats);
    all["excess_context"] = above->context;
    all["floor"] = {{"lower", above->floor_lower}, {"upper", above->floor_upper}};
  }
  return all;
}

}  // namespace nwidth::lm
