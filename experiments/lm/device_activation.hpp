// SPDX-License-Identifier: Apache-2.0
/// The activations on a GPU, by kernels/cuda.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace nwidth::lm {

/// Whether there is a kernel for it: this program was built with CUDA, h is float or bfloat16 on a GPU and not empty,
/// and the activation is not gated. Gates, whose halves lie side by side in a row, take torch's operators.
bool has_device_kernel(std::string const& activation, at::Tensor const& h);

/// As activate(); nothing waits for the device, and coefficients are not read by the host.
/// @throws std::runtime_error  with CUDA's message
at::Tensor activate_on_device(std::string const& activation, at::Tensor const& h,
                              std::vector<at::Tensor> const& learned);

}  // namespace nwidth::lm
