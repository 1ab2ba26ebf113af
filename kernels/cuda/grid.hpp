// SPDX-License-Identifier: Apache-2.0
/// One kernel source, two machines: under nvcc the real thing; under a host compiler the block is a set of fibres,
/// which whoever links the kernels provides (tests/kernels/cuda/host_grid.cpp), so that tests need no GPU.
#pragma once
#include <cstddef>

namespace nwidth::kernels::cuda {

/// What no kernel's static shared memory exceeds; a test reads it off what the compiler says.
inline constexpr std::size_t static_shared_at_most = 8 * 1024;

}  // namespace nwidth::kernels::cuda

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#include <cuda_pipeline_primitives.h>
#include <cuda_runtime.h>

#include <cstdint>

/// T* name: the block's dynamic shared memory.
#define NWIDTH_DYNAMIC_SHARED(T, name)                                   \
  extern __shared__ __align__(16) unsigned char nwidth_dynamic_shared[]; \
  T* name = reinterpret_cast<T*>(nwidth_dynamic_shared)

namespace nwidth::kernels::cuda {

/// a/b within 2 ulp (0 for b from 2^126 on), exp(x) within 2 + 1.173 |x| ulp.
__device__ __forceinline__ float divided(float a, float b) { return __fdividef(a, b); }
__device__ __forceinline__ float quick_exp(float x) { return __expf(x); }

/// Starts to copy 16 bytes from device memory to shared memory, both aligned; they are there after await_copies() by
/// the same thread.
template <class T>
__device__ __forceinline__ void copy_later(T* shared, T const* global) {
  static_assert(sizeof(T) == 16);
  __pipeline_memcpy_async(shared, global, sizeof(T));
}
/// Waits for the copies that this thread has started.
__device__ __forceinline__ void await_copies() {
  __pipeline_commit();
  __pipeline_wait_prior(0);
}

/// Starts a kernel on the stream; never waits. Errors are cudaGetLastError()'s.
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream, A... a) {
  if (shared + static_shared_at_most > 48 * 1024)  // both together, more must be asked for
    (void)cudaFuncSetAttribute(reinterpret_cast<void const*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shared));
  kernel<<<grid, block, shared, stream>>>(P(a)...);
}

/// Bytes of dynamic shared memory that a block may have on the current device.
inline std::size_t dynamic_shared_at_most() {
  int device = 0, bytes = 0;
  (void)cudaGetDevice(&device);
  (void)cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  return static_cast<std::size_t>(bytes > 48 * 1024 ? bytes : 48 * 1024) - static_shared_at_most;
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
void defer(std::function<void()> copy);
void run_deferred();
void* dynamic_shared();
void run(dim3 grid, dim3 block, std::size_t shared, std::function<void()> const& body);

template <class T>
T shuffle(unsigned mask, T v, unsigned source_lane, int line) {
  static_assert(sizeof(T) <= 8);
  std::uint64_t bits = 0;
  __builtin_memcpy(&bits, &v, sizeof v);
  bits = exchange(mask, bits, source_lane, line);
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
#define __shfl_sync(mask, v, lane) ::nwidth::host_grid::shuffle(mask, v, static_cast<unsigned>(lane), __LINE__)
#define __shfl_xor_sync(mask, v, lanes) \
  __shfl_sync(mask, v, (::nwidth::host_grid::current->linear & 31U) ^ static_cast<unsigned>(lanes))
#define NWIDTH_DYNAMIC_SHARED(T, name) T* name = static_cast<T*>(::nwidth::host_grid::dynamic_shared())
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }

namespace nwidth::kernels::cuda {

inline float divided(float a, float b) { return a / b; }
inline float quick_exp(float x) { return std::exp(x); }

template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, std::size_t shared, cudaStream_t, A... a) {
  host_grid::run(grid, block, shared, [&] { kernel(P(a)...); });
}

template <class T>
void copy_later(T* shared, T const* global) {
  host_grid::defer([=] { *shared = *global; });
}
inline void await_copies() { host_grid::run_deferred(); }

inline std::size_t dynamic_shared_at_most() { return 160 * 1024; }

}  // namespace nwidth::kernels::cuda
#endif
