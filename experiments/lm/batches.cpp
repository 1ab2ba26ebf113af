// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/batches.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>

namespace nwidth::lm {

Batch read_batch(TokenSource const& source, std::int64_t first, std::int64_t count, std::int64_t context,
                 at::Device device) {
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(context) + 1);
  auto const options = at::TensorOptions(at::kLong).pinned_memory(!device.is_cpu());
  Batch b{at::empty({count, context}, options), at::empty({count, context}, options)};
  std::int64_t* x = b.inputs.mutable_data_ptr<std::int64_t>();
  std::int64_t* y = b.targets.mutable_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < count; ++i) {
    source.sequence(first + i, tokens);
    x = std::copy(tokens.begin(), tokens.end() - 1, x);
    y = std::copy(tokens.begin() + 1, tokens.end(), y);
  }
  if (!device.is_cpu()) b = {b.inputs.to(device, at::kLong, true), b.targets.to(device, at::kLong, true)};
  return b;
}

at::Tensor scored_mask(TokenSource const& source, at::Device device) {
  auto const scored = source.scored();
  if (scored.empty()) return {};
  at::Tensor mask = at::empty({static_cast<std::int64_t>(scored.size())}, at::TensorOptions(at::kBool));
  bool* const m = mask.mutable_data_ptr<bool>();
  std::transform(scored.begin(), scored.end(), m, [](std::uint8_t s) { return s != 0; });
  return mask.to(device);
}

}  // namespace nwidth::lm
