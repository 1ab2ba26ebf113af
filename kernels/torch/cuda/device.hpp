// SPDX-License-Identifier: Apache-2.0
/// The device beneath the CUDA operators: all that they ask of it but the kernels themselves, so that the tests can put
/// the host in its place.
#pragma once
#include <cuda_runtime_api.h>

#include <memory>

#include "kernels/torch/layout.hpp"

namespace nwidth::kernels::torch {

/// Whether t lies where the kernels can read it.
bool on_device(Tensor const& t);

/// Makes the device of x the current one while it lives.
class Device {
 public:
  /// @throws std::runtime_error  if this torch has no CUDA, or with CUDA's message, which names op
  Device(char const* op, Tensor const& x);
  Device(Device const&) = delete;
  Device& operator=(Device const&) = delete;
  ~Device();

  /// The one that is current for the device.
  cudaStream_t stream() const { return stream_; }

  /// What a launch has left behind, if it failed. Waits for nothing: what goes wrong on the device itself is told by
  /// whoever waits for it.
  /// @throws std::runtime_error  with CUDA's message
  void check() const;

 private:
  struct Guard;
  char const* op_;
  std::unique_ptr<Guard> guard_;
  cudaStream_t stream_ = nullptr;
};

}  // namespace nwidth::kernels::torch
