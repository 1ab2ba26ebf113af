// SPDX-License-Identifier: Apache-2.0
/// torch.ops.nwidth_lm: the model for tests against its twin in Python.
#include <ATen/core/Tensor.h>
#include <torch/library.h>

#include "experiments/lm/describe.hpp"
#include "experiments/lm/loss.hpp"
#include "experiments/lm/model.hpp"
#include "experiments/lm/torch_compat.hpp"

namespace nwidth::lm {
namespace {

/// Bytes that a micro batch keeps for the backward pass, the logits not among them, as estimated.
std::int64_t activation_bytes(std::string const& config, std::string const& backend) {
  return estimate_memory(parse_config(config, "config"), backend_named(backend)).activations;
}

std::string canonical(std::string const& config) { return to_toml(parse_config(config, "config")); }

/// "embedding.weight", ... of the model of a configuration.
std::vector<std::string> names(std::string const& config) {
  Transformer const model(parse_config(config, "config").model);
  std::vector<std::string> all;
  for (Parameter const& p : model.parameters()) all.push_back(p.name);
  return all;
}

/// {loss, logits, parameters..., their gradients...} of a model drawn with this seed, by one training pass; dropout
/// goes on with the generator from there. Logits are computed without gradients and without dropout.
std::vector<at::Tensor> step(std::string const& config, at::Tensor const& tokens, at::Tensor const& targets,
                             std::optional<at::Tensor> const& scored, std::int64_t seed, std::string const& backend,
                             bool bfloat16, bool recompute) {
  seed_random(static_cast<std::uint64_t>(seed));
  Transformer const model(parse_config(config, "config").model, backend_named(backend));
  std::optional<at::ScalarType> type;
  if (bfloat16) type = at::kBFloat16;
  std::vector<at::Tensor> all(2);
  {
    Autocast const cast(at::kCPU, type);
    all[0] = model.loss(tokens, targets, scored.value_or(at::Tensor()), true, recompute);
  }
  all[0].backward();
  {
    Autocast const cast(at::kCPU, type);
    at::NoGradGuard const without;
    all[1] = model.logits(tokens);
  }
  for (Parameter const& p : model.parameters()) all.push_back(p.value.detach());
  for (Parameter const& p : model.parameters()) all.push_back(p.value.grad());
  return all;
}

at::Tensor activation(std::string const& name, at::Tensor const& h, std::vector<at::Tensor> const& learned,
                      std::string const& backend) {
  return activate(name, h, learned, backend_named(backend));
}

at::Tensor by_chunks(at::Tensor const& hidden, at::Tensor const& weight, at::Tensor const& targets, std::int64_t rows,
                     std::string const& backend) {
  return chunked_cross_entropy(hidden, weight, targets, rows, backend_named(backend));
}

}  // namespace

TORCH_LIBRARY(nwidth_lm, m) {
  m.def("canonical(str config) -> str", canonical);
  m.def("activation_bytes(str config, str backend) -> int", activation_bytes);
  m.def("names(str config) -> str[]", names);
  m.def(
      "step(str config, Tensor tokens, Tensor targets, Tensor? scored, int seed, str backend, bool bfloat16, "
      "bool recompute) -> Tensor[]",
      step);
  m.def("activation(str name, Tensor h, Tensor[] learned, str backend) -> Tensor", activation);
  m.def("chunked_cross_entropy(Tensor hidden, Tensor weight, Tensor targets, int rows, str backend='torch') -> Tensor",
        by_chunks);
}

}  // namespace nwidth::lm
