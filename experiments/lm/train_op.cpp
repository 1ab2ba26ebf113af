// SPDX-License-Identifier: Apache-2.0
/// torch.ops.nwidth_lm.train, a command line of nwidth-lm for each rank of python/nwidth/lm/launch.py, in a group that
/// Python made; and what the tests need to train the twin beside it.
#include <ATen/ops/cat.h>
#include <torch/library.h>

#include "experiments/lm/batches.hpp"
#include "experiments/lm/command_line.hpp"

namespace nwidth::lm {
namespace {

std::int64_t train(std::vector<std::string> const& args, std::string const& group) { return run(args, group); }

/// Tokens of the sequences first, ..., first + count - 1 of a configuration's stream, [count, context + 1].
at::Tensor batch(std::string const& config, bool validation, std::int64_t first, std::int64_t count) {
  Config const c = parse_config(config, "config");
  auto const source = open_tokens(c.data, c.model, validation ? Split::validation : Split::train, c.training.seed);
  Batch const b = read_batch(*source, first, count, c.model.context, at::kCPU);
  return at::cat({b.inputs.narrow(1, 0, 1), b.targets}, 1);
}

TORCH_LIBRARY_FRAGMENT(nwidth_lm, m) {
  m.def("train(str[] args, str group) -> int",
        [](std::vector<std::string> args, std::string group) { return train(args, group); });
  m.def("batch(str config, bool validation, int first, int count) -> Tensor", batch);
}

}  // namespace
}  // namespace nwidth::lm
