// SPDX-License-Identifier: Apache-2.0
/// Memory of large outputs on the CPU.
///
/// Torch takes the memory of a large tensor anew from the system at every call and gives it back at the tensor's end;
/// the page faults of fresh memory then take several times as long as a kernel. Here blocks that ended wait for outputs
/// of their size in pages: 512 MiB of them at most, or NWIDTH_TORCH_KEPT_MIB in the environment, an integer of 0 or
/// more; the oldest ones go first. Threads may call at once; a child of fork() goes on with what it has.
#pragma once
#include <cstddef>

namespace nwidth::kernels::torch {

/// Smaller outputs are torch's: the C library keeps their memory itself.
inline constexpr std::size_t large_bytes = std::size_t{4} << 20U;

/// Not initialised, in whole huge pages where the system has them. nullptr: there is none, or not on this system.
/// @param bytes  at least large_bytes
/// @throws std::invalid_argument  for another value of NWIDTH_TORCH_KEPT_MIB
void* take_block(std::size_t bytes);
/// @param bytes  what take_block() was asked for
void give_back(void* block, std::size_t bytes) noexcept;

}  // namespace nwidth::kernels::torch
