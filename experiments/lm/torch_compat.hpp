// SPDX-License-Identifier: Apache-2.0
/// What torch has in Python and, in C++, under internal names only. All of them stand in torch_compat.cpp, so that
/// another release of torch means one file.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

namespace nwidth::lm {

/// The type to which autocast rounds what matrices multiply, where it is on.
std::optional<at::ScalarType> autocast_type(at::DeviceType device);
/// The type in which matrices multiply x: that one, but of doubles their own, as autocast has it.
at::ScalarType product_type(at::Tensor const& x);

/// torch.autocast for a scope: on with a type, off without. @param keep  whether casts of weights are kept for the next
/// use. What was cast without a graph must not be: a later pass with one would find it, and the weight lose its
/// gradient.
class Autocast {
 public:
  Autocast(at::DeviceType device, std::optional<at::ScalarType> type, bool keep = true);
  ~Autocast();
  Autocast(Autocast const&) = delete;
  Autocast& operator=(Autocast const&) = delete;

 private:
  at::DeviceType device_;
  bool enabled_, cached_;
  at::ScalarType type_;
};

/// State of the default generator of a device.
at::Tensor random_state(at::Device device);
void set_random_state(at::Device device, at::Tensor const& state);
/// torch.manual_seed for the CPU and, where a device is given, for its generator.
void seed_random(std::uint64_t seed, at::Device device = at::kCPU);

/// torch.nn.utils.get_total_norm: the Euclidean norm of the norms of these tensors, in their order.
at::Tensor total_norm(std::vector<at::Tensor> const& tensors);
/// torch.nn.utils.clip_grads_with_norm_: multiplies by min(1, most / (norm + 1e-6)).
void clip_by_norm(std::vector<at::Tensor> const& tensors, at::Tensor const& norm, double most);

struct AdamTensors {
  std::vector<at::Tensor> values, gradients, first, second;
};
struct AdamRates {
  double rate, beta1, beta2, eps, weight_decay;
};
/// Step `step` = 1, 2, ... of torch.optim.AdamW(fused=True). Off the CPU nothing happens if norm is not finite.
void fused_adamw(AdamTensors const& t, std::int64_t step, AdamRates const& r, at::Tensor const& norm);

/// x W^T by oneDNN in float, on any processor: at::linear asks MKL, which holds back on some.
/// @param x  [..., k] float on the CPU  @param weight  [n, k], or the transpose of one that is contiguous
at::Tensor onednn_product(at::Tensor const& x, at::Tensor const& weight);

/// Makes torch's CUDA half known where its library lies beside the CPU half and can be loaded; else nothing happens.
void load_cuda();

}  // namespace nwidth::lm
