// SPDX-License-Identifier: Apache-2.0
/// torch.ops.nwidth.*: the kernels of the CPU as operators of PyTorch, on its stable ABI (torch >= 2.11). Fake kernels,
/// derivatives and modules are in python/nwidth/torch. What is computed is said in python/nwidth/torch/functional.py.
#pragma once
#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>

#include <tuple>

#include "kernels/torch/tensors.hpp"
