// SPDX-License-Identifier: Apache-2.0
#include "kernels/torch/cuda/stream.hpp"

#include <dlfcn.h>

#include <cstdint>
#include <stdexcept>

namespace nwidth::kernels::torch {
namespace {

/// aoti_torch_get_current_cuda_stream of torch's stable ABI; 0 is success. A torch without CUDA has no such symbol, and
/// should load this library all the same; so it is looked up in the library that torch has loaded, if it has.
using CurrentStream = std::int32_t (*)(std::int32_t device, void** stream);

CurrentStream function_of_torch() {
  static auto const function = [] {
    void* const library = dlopen("libtorch_cuda.so", RTLD_LAZY | RTLD_NOLOAD);
    return reinterpret_cast<CurrentStream>(
        dlsym(library != nullptr ? library : RTLD_DEFAULT, "aoti_torch_get_current_cuda_stream"));
  }();
  if (function == nullptr) throw std::runtime_error("nwidth: this torch has no CUDA; move x with x.cpu()");
  return function;
}

/// Whether the runtime here finds a driver that it can use, and a device.
cudaError_t runtime_finds_a_device() {
  static cudaError_t const result = [] {
    int count = 0;
    return cudaGetDeviceCount(&count);
  }();
  return result;
}

}  // namespace

void require_success(cudaError_t error, std::string const& who) {
  if (error != cudaSuccess) throw std::runtime_error(who + ": CUDA: " + cudaGetErrorString(error));
}

cudaStream_t current_stream(std::string const& who, int device) {
  auto const find = function_of_torch();
  require_success(runtime_finds_a_device(), who);
  void* stream = nullptr;
  if (find(device, &stream) != 0)
    throw std::runtime_error(who + ": torch has no stream for device " + std::to_string(device));
  require_success(cudaSetDevice(device), who);  // torch has told its own runtime only
  return static_cast<cudaStream_t>(stream);
}

}  // namespace nwidth::kernels::torch
