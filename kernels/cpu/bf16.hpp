// SPDX-License-Identifier: Apache-2.0
/// bfloat16 as it lies in memory, the upper half of a float, and what elements are computed in.
#pragma once
#include <bit>
#include <cstdint>
#include <type_traits>

namespace nwidth::kernels::cpu {

/// Eight significant bits, float's exponents, subnormals and NaNs. Layout of PyTorch's at::BFloat16 and CUDA's
/// __nv_bfloat16.
struct bf16 {
  std::uint16_t bits;
};

/// Exact.
constexpr float to_float(bf16 x) { return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16U); }

/// The nearest bf16, ties to even; beyond the largest one infinity; a NaN stays a NaN of the same sign, made quiet.
constexpr bf16 to_bf16(float x) {
  auto const u = std::bit_cast<std::uint32_t>(x);
  if (x != x) return {static_cast<std::uint16_t>((u >> 16U) | 0x40U)};
  return {static_cast<std::uint16_t>((u + 0x7fffU + ((u >> 16U) & 1U)) >> 16U)};
}

/// What arithmetic elements of type E are computed in: float for bf16.
template <class E>
using Arithmetic = std::conditional_t<std::is_same_v<E, double>, double, float>;

}  // namespace nwidth::kernels::cpu
