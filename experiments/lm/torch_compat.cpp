// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/torch_compat.hpp"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <dlfcn.h>

#include <mutex>

namespace nwidth::lm {

std::optional<at::ScalarType> autocast_type(at::DeviceType device) {
  if (!at::autocast::is_autocast_enabled(device)) return std::nullopt;
  return at::autocast::get_autocast_dtype(device);
}

at::ScalarType product_type(at::Tensor const& x) {
  if (x.scalar_type() == at::kDouble) return at::kDouble;
  return autocast_type(x.device().type()).value_or(x.scalar_type());
}

Autocast::Autocast(at::DeviceType device, std::optional<at::ScalarType> type, bool keep)
    : device_(device),
      enabled_(at::autocast::is_autocast_enabled(device)),
      cached_(at::autocast::is_autocast_cache_enabled()),
      type_(at::autocast::get_autocast_dtype(device)) {
  at::autocast::set_autocast_enabled(device, type.has_value());
  if (type) at::autocast::set_autocast_dtype(device, *type);
  at::autocast::set_autocast_cache_enabled(keep);
  at::autocast::increment_nesting();
}

Autocast::~Autocast() {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, enabled_);
  at::autocast::set_autocast_dtype(device_, type_);
  at::autocast::set_autocast_cache_enabled(cached_);
}

namespace {

at::Generator default_generator(at::Device device) { return at::globalContext().defaultGenerator(device); }

}  // namespace

at::Tensor random_state(at::Device device) {
  at::Generator generator = default_generator(device);
  std::scoped_lock const lock(generator.mutex());
  return generator.get_state();
}

void set_random_state(at::Device device, at::Tensor const& state) {
  at::Generator generator = default_generator(device);
  std::scoped_lock const lock(generator.mutex());
  generator.set_state(state);
}

void seed_random(std::uint64_t seed, at::Device device) {
  for (at::Device const d : {at::Device(at::kCPU), device}) {
    at::Generator generator = default_generator(d);
    std::scoped_lock const lock(generator.mutex());
    generator.set_current_seed(seed);
  }
}

at::Tensor total_norm(std::vector<at::Tensor> const& tensors) {
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(tensors, 2)));
}

void clip_by_norm(std::vector<at::Tensor> const& tensors, at::Tensor const& norm, double most) {
  // As Python divides a number by a tensor; operator/ rounds otherwise.
  at::_foreach_mul_(tensors, ((norm + 1e-6).reciprocal() * most).clamp_max(1.0));
}

void fused_adamw(AdamTensors const& t, std::int64_t step, AdamRates const& r, at::Tensor const& norm) {
  auto const options = norm.options().dtype(at::kFloat);
  std::vector<at::Tensor> const steps(t.values.size(), at::full({}, static_cast<double>(step), options));
  std::optional<at::Tensor> found_bad;
  if (!norm.is_cpu()) found_bad = at::isfinite(norm).logical_not().to(at::kFloat);
  at::_fused_adamw_(t.values, t.gradients, t.first, t.second, {}, steps, r.rate, r.beta1, r.beta2, r.weight_decay,
                    r.eps, false, false, {}, found_bad);
}

at::Tensor onednn_product(at::Tensor const& x, at::Tensor const& weight) {
  static c10::OperatorHandle const op = c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "");
  torch::jit::Stack stack{x, weight, c10::IValue(), "none", c10::List<std::optional<at::Scalar>>(), ""};
  op.callBoxed(stack);
  return stack.front().toTensor();
}

void load_cuda() {
  // Its static objects register the device with the CPU half, which is all that `import torch` does.
  ::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
}

}  // namespace nwidth::lm
