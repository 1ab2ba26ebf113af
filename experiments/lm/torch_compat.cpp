// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/torch_compat.hpp"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

#include <mutex>

namespace nwidth::lm {

std::optional<at::ScalarType> autocast_type(at::DeviceType device) {
  if (!at::autocast::is_autocast_enabled(device)) return std::nullopt;
  return at::autocast::get_autocast_dtype(device);
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

}  // namespace nwidth::lm
