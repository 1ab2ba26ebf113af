// SPDX-License-Identifier: Apache-2.0
/// Runs CUDA kernels on the host, a block as fibres of one thread: kernels/cuda/grid.hpp names what they call.
///
/// Covered: barriers and who reaches them, shuffles of whole warps, the extent of static and dynamic shared memory
/// (under AddressSanitizer), races between barriers (under ThreadSanitizer, or as wrong results in some order),
/// alignment (under UBSan), equal results in every order. Not covered: the memory model beyond barriers, races between
/// blocks, partial masks, lockstep, tensor cores, rounding of device intrinsics, flushing of subnormals, launch limits,
/// speed.
#pragma once
#include <cstdint>

namespace nwidth::host_grid {

/// In which order the fibres of a block run on between barriers; random is biased to let one warp run far ahead.
enum class Order { ascending, descending, random };
struct Options {
  std::uint64_t seed = 1;
  Order order = Order::random;
};
extern Options options;

}  // namespace nwidth::host_grid
