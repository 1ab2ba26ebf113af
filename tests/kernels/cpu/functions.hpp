// SPDX-License-Identifier: Apache-2.0
/// Functions of kernels/cpu/functions.hpp over arrays of 16 n floats, as compiled for one instruction set each.
#pragma once
#include <cstddef>

namespace nwidth::kernels::cpu {

struct Functions {
  using Map = void (*)(float const* x, float* y, std::size_t count);
  Map exp, expm1, erfc, sigmoid;
};
extern Functions const functions_baseline, functions_avx2, functions_avx512;

}  // namespace nwidth::kernels::cpu
