// SPDX-License-Identifier: Apache-2.0
/// Whose operations a model is made of.
#pragma once
#include <string>

namespace nwidth::lm {

/// Which code computes activations, RMSNorm and rotary positions: torch's operators, which the twin uses as well, or
/// kernels/ (faster; an activation keeps its input alone, on a CPU with three numbers a row for PolyNorm). On a GPU
/// only activations have kernels, where the program is built with CUDA; the rest is torch's.
enum class Backend { torch, fused };
/// @throws InvalidInput  naming both
Backend backend_named(std::string const& name);

}  // namespace nwidth::lm
