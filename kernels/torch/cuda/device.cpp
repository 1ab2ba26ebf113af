// SPDX-License-Identifier: Apache-2.0
#include "kernels/torch/cuda/device.hpp"

#include <torch/csrc/stable/accelerator.h>

#include <string>

#include "kernels/torch/cuda/stream.hpp"

namespace nwidth::kernels::torch {

bool on_device(Tensor const& t) { return t.is_cuda(); }

struct Device::Guard : ::torch::stable::accelerator::DeviceGuard {
  using DeviceGuard::DeviceGuard;
};

Device::Device(char const* op, Tensor const& x) : op_(op) {
  auto const index = x.get_device_index();
  stream_ = current_stream(std::string("nwidth::") + op, index);
  guard_ = std::make_unique<Guard>(index);
}

Device::~Device() = default;

void Device::check() const { require_success(cudaGetLastError(), std::string("nwidth::") + op_); }

}  // namespace nwidth::kernels::torch
