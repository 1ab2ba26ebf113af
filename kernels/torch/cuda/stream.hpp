// SPDX-License-Identifier: Apache-2.0
/// Where torch wants kernels to run. Needs no header of torch that its stable ABI does not cover.
#pragma once
#include <cuda_runtime_api.h>

#include <string>

namespace nwidth::kernels::torch {

/// The stream that is current in torch for this device, which the CUDA runtime that is linked in here, beside torch's
/// own, gets as its current one, too.
/// @param who  begins the messages
/// @throws std::runtime_error  if this torch has no CUDA, or with CUDA's message
cudaStream_t current_stream(std::string const& who, int device);

/// @throws std::runtime_error  with CUDA's message, if there is an error
void require_success(cudaError_t error, std::string const& who);

}  // namespace nwidth::kernels::torch
