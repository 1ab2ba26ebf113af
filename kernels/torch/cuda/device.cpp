// SPDX-License-Identifier: Apache-2.0
#include "kernels/torch/cuda/device.hpp"

#include <dlfcn.h>
#include <torch/csrc/stable/accelerator.h>

#include <stdexcept>
#include <string>

namespace nwidth::kernels::torch {
namespace {

/// aoti_torch_get_current_cuda_stream of torch's stable ABI. A torch without CUDA has no such symbol, and should load
/// this library all the same; so it is looked up in the library that torch has loaded, if it has.
using CurrentStream = AOTITorchError (*)(std::int32_t device, void** stream);

CurrentStream current_stream() {
  static auto const function = [] {
    void* const library = dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_NOLOAD);
    return reinterpret_cast<CurrentStream>(
        dlsym(library != nullptr ? library : RTLD_DEFAULT, "aoti_torch_get_current_cuda_stream"));
  }();
  if (function == nullptr) throw std::runtime_error("nwidth: this torch has no CUDA; move x with x.cpu()");
  return function;
}

/// Whether the CUDA runtime that is linked in here, beside torch's own, finds a driver that it can use, and a device.
cudaError_t runtime_finds_a_device() {
  static cudaError_t const result = [] {
    int count = 0;
    return cudaGetDeviceCount(&count);
  }();
  return result;
}

void require(cudaError_t error, char const* op) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string("nwidth::") + op + ": CUDA: " + cudaGetErrorString(error));
}

}  // namespace

bool on_device(Tensor const& t) { return t.is_cuda(); }

struct Device::Guard : ::torch::stable::accelerator::DeviceGuard {
  using DeviceGuard::DeviceGuard;
};

Device::Device(char const* op, Tensor const& x) : op_(op) {
  auto const find = current_stream();
  require(runtime_finds_a_device(), op);
  auto const index = x.get_device_index();
  guard_ = std::make_unique<Guard>(index);
  void* stream = nullptr;
  if (find(index, &stream) != AOTI_TORCH_SUCCESS)
    throw std::runtime_error(std::string("nwidth::") + op + ": torch has no stream for device " +
                             std::to_string(index));
  stream_ = static_cast<cudaStream_t>(stream);
  require(cudaSetDevice(index), op);  // torch has told its own runtime only
}

Device::~Device() = default;

void Device::check() const { require(cudaGetLastError(), op_); }

}  // namespace nwidth::kernels::torch
