// SPDX-License-Identifier: Apache-2.0
/// One kernel source, two machines: under nvcc the real thing; under a host compiler the block is a set of fibres,
/// which whoever links the kernels provides (tests/kernels/cuda/host_grid.cpp), so that tests need no GPU.
#pragma once
#include <cstddef>
#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_runtime.h>

/// T* name: the block's dynamic shared memory.
#define NWIDTH_DYNAMIC_SHARED(T, name)                                   \
  extern __shared__ __align__(16) unsigned char nwidth_dynamic_shared[]; \
  T* name = reinterpret_cast<T*>(nwidth_dynamic_shared)

namespace nwidth::kernels::cuda {

/// Starts a kernel on the stream; never waits. Errors are cudaGetLastError()'s.
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream, A... a) {
  if (shared > 48 * 1024)  // more must be asked for
    (void)cudaFuncSetAttribute(reinterpret_cast<void const*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shared));
  kernel<<<grid, block, shared, stream>>>(P(a)...);
}

}  // namespace nwidth::kernels::cuda
#else
#include <cuda_bf16.h>
#include <vector_types.h>

#include <cmath>
#include <cstdint>
#include <functional>

namespace nwidth::host_grid {

struct Thread {
  uint3 thread, block;
  dim3 block_size, grid_size;
  unsigned linear;
};
extern Thread* current;  // the fibre that runs
void sync_block(int line);
std::uint64_t exchange(unsigned mask, std::uint64_t mine, unsigned source_lane, int line);
void* dynamic_shared();
void run(dim3 grid, dim3 block, std::size_t shared, std::function<void()> const& body);

template <class T>
T shuffle_xor(unsigned mask, T v, unsigned lanes, int line) {
  static_assert(sizeof(T) <= 8);
  std::uint64_t bits = 0;
  __builtin_memcpy(&bits, &v, sizeof v);
  bits = exchange(mask, bits, (current->linear & 31U) ^ lanes, line);
  __builtin_memcpy(&v, &bits, sizeof v);
  return v;
}

}  // namespace nwidth::host_grid

#undef __launch_bounds__
#define __launch_bounds__(...)
#undef __shared__
#define __shared__ static  // one thread of the system runs the whole block, one block at a time
#define threadIdx (::nwidth::host_grid::current->thread)
#define blockIdx (::nwidth::host_grid::current->block)
#define blockDim (::nwidth::host_grid::current->block_size)
#define gridDim (::nwidth::host_grid::current->grid_size)
#define __syncthreads() ::nwidth::host_grid::sync_block(__LINE__)
#define __shfl_xor_sync(mask, v, lanes) \
  ::nwidth::host_grid::shuffle_xor(mask, v, static_cast<unsigned>(lanes), __LINE__)
#define NWIDTH_DYNAMIC_SHARED(T, name) T* name = static_cast<T*>(::nwidth::host_grid::dynamic_shared())
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }

namespace nwidth::kernels::cuda {

template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, std::size_t shared, cudaStream_t, A... a) {
  host_grid::run(grid, block, shared, [&] { kernel(P(a)...); });
}

}  // namespace nwidth::kernels::cuda
#endif
