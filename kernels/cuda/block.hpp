// SPDX-License-Identifier: Apache-2.0
/// What the kernels share: 16-byte packs of elements, sums over a block, sums of partial gradients.
#pragma once
#include <cstdint>

#include "kernels/cuda/grid.hpp"

namespace nwidth::kernels::cuda {

inline constexpr int warps_at_most = 32;

/// V elements that are read and written at once: 16 bytes where rows are aligned, one element where they are not.
template <class E, int V>
struct alignas(sizeof(E) * V) Pack {
  E e[V];
};
template <class E>
inline constexpr int full_pack = 16 / static_cast<int>(sizeof(E));

__device__ __forceinline__ float widen(float x) { return x; }
__device__ __forceinline__ float widen(__nv_bfloat16 x) { return __bfloat162float(x); }
__device__ __forceinline__ void narrow(float x, float& y) { y = x; }
__device__ __forceinline__ void narrow(float x, __nv_bfloat16& y) { y = __float2bfloat16_rn(x); }
/// p.e[k] = f(element k of p, k), rounded once; two at a time where there are two, since the device converts pairs.
template <class E, int V, class F>
__device__ __forceinline__ void replace(Pack<E, V>& p, F f) {
  if constexpr (sizeof(E) == 2 && V % 2 == 0) {
#pragma unroll
    for (int k = 0; k < V; k += 2) {
      float const first = f(widen(p.e[k]), k), second = f(widen(p.e[k + 1]), k + 1);  // in this order
      __nv_bfloat162 const pair = __floats2bfloat162_rn(first, second);
      p.e[k] = pair.x;
      p.e[k + 1] = pair.y;
    }
  } else {
#pragma unroll
    for (int k = 0; k < V; ++k) narrow(f(widen(p.e[k]), k), p.e[k]);
  }
}

/// As replace, of two packs at once: f gives what stands in p.e[k] (.gate) and in q.e[k] (.up).
template <class E, int V, class F>
__device__ __forceinline__ void replace_both(Pack<E, V>& p, Pack<E, V>& q, F f) {
  if constexpr (sizeof(E) == 2 && V % 2 == 0) {
#pragma unroll
    for (int k = 0; k < V; k += 2) {
      auto const first = f(widen(p.e[k]), widen(q.e[k]), k);
      auto const second = f(widen(p.e[k + 1]), widen(q.e[k + 1]), k + 1);
      __nv_bfloat162 const gates = __floats2bfloat162_rn(first.gate, second.gate);
      __nv_bfloat162 const ups = __floats2bfloat162_rn(first.up, second.up);
      p.e[k] = gates.x;
      p.e[k + 1] = gates.y;
      q.e[k] = ups.x;
      q.e[k + 1] = ups.y;
    }
  } else {
#pragma unroll
    for (int k = 0; k < V; ++k) {
      auto const d = f(widen(p.e[k]), widen(q.e[k]), k);
      narrow(d.gate, p.e[k]);
      narrow(d.up, q.e[k]);
    }
  }
}

/// Sums v over groups of `lanes` lanes of a warp (a power of two); every lane gets its group's sum.
template <int Q>
__device__ __forceinline__ void group_sum(float (&v)[Q], int lanes) {
  for (int k = lanes / 2; k > 0; k >>= 1)
#pragma unroll
    for (int q = 0; q < Q; ++q) v[q] += __shfl_xor_sync(0xffffffffU, v[q], k);
}

/// Sums v over the block; every thread gets the same bits: lanes by butterfly, then warps by butterfly.
/// blockDim.x must be a multiple of 32.
template <int Q>
__device__ __forceinline__ void block_sum(float (&v)[Q]) {
  __shared__ float part[Q][warps_at_most];
  int const lane = static_cast<int>(threadIdx.x) & 31, warp = static_cast<int>(threadIdx.x) >> 5;
  int const warps = static_cast<int>(blockDim.x) >> 5;
#pragma unroll
  for (int q = 0; q < Q; ++q)
#pragma unroll
    for (int k = 16; k > 0; k >>= 1) v[q] += __shfl_xor_sync(0xffffffffU, v[q], k);
  if (lane == 0)
#pragma unroll
    for (int q = 0; q < Q; ++q) part[q][warp] = v[q];
  __syncthreads();
  int groups = 1;  // warps, rounded up to a power of two: so many sums of warps, repeated over the lanes
  while (groups < warps) groups *= 2;
#pragma unroll
  for (int q = 0; q < Q; ++q) v[q] = (lane & (groups - 1)) < warps ? part[q][lane & (groups - 1)] : 0.F;
  group_sum<Q>(v, groups);
  __syncthreads();  // part is written again for the next row
}

/// Four partial sums that stand together, as the gradients of three weights and a bias do.
template <class T>
struct alignas(16) Quad {
  T v[4];
};

inline constexpr int sum_threads = 256;
inline constexpr std::int64_t partials_per_block = 8 * sum_threads;  // fixes the order of the sums

/// The sum of part[first] ... part[last - 1], in double, in an order that their number alone decides: each thread its
/// every 256th, then by a fixed tree. Thread 0 has it; once a kernel, by blocks of sum_threads.
template <class In>
__device__ __forceinline__ Quad<double> sum_of_quads(Quad<In> const* __restrict__ part, std::int64_t first,
                                                     std::int64_t last) {
  __shared__ double s[4][sum_threads];
  int const t = static_cast<int>(threadIdx.x);
  double a[4] = {};
#pragma unroll 4
  for (std::int64_t r = first + t; r < last; r += sum_threads) {
    Quad<In> const p = part[r];
#pragma unroll
    for (int q = 0; q < 4; ++q) a[q] += static_cast<double>(p.v[q]);
  }
#pragma unroll
  for (int q = 0; q < 4; ++q) s[q][t] = a[q];
  for (int k = sum_threads / 2; k > 0; k >>= 1) {
    __syncthreads();
    if (t < k)
#pragma unroll
      for (int q = 0; q < 4; ++q) s[q][t] += s[q][t + k];
  }
  Quad<double> total = {};
  if (t == 0)  // the others would race with its last addition
#pragma unroll
    for (int q = 0; q < 4; ++q) total.v[q] = s[q][0];
  return total;
}

template <class Out>
__device__ __forceinline__ Quad<Out> rounded(Quad<double> const& q) {
  return {{static_cast<Out>(q.v[0]), static_cast<Out>(q.v[1]), static_cast<Out>(q.v[2]), static_cast<Out>(q.v[3])}};
}

/// Block b adds the partial sums of its share, b * per_block ...
template <class In, class Out>
__global__ void __launch_bounds__(sum_threads)
    add_partials(Quad<In> const* __restrict__ part, Quad<Out>* __restrict__ sum, std::int64_t count,
                 std::int64_t per_block) {
  std::int64_t const first = blockIdx.x * per_block;
  Quad<double> const total = sum_of_quads(part, first, first + per_block < count ? first + per_block : count);
  if (threadIdx.x == 0) sum[blockIdx.x] = rounded<Out>(total);
}

/// Floats of workspace for `count` quads of partial sums and what sum_partials makes of them.
inline std::size_t partials_workspace(std::int64_t count) {
  if (count <= 0) return 0;
  std::int64_t const blocks = (count + partials_per_block - 1) / partials_per_block;
  return static_cast<std::size_t>(4 * count + (blocks > 1 ? 8 * blocks : 0));
}

/// gradient[0..3] = sums of the quads that stand at the head of the workspace; 16-byte aligned, as all of device
/// memory.
inline void sum_partials(float* workspace, float* gradient, std::int64_t count, cudaStream_t stream) {
  auto const* const part = reinterpret_cast<Quad<float> const*>(workspace);
  auto* const result = reinterpret_cast<Quad<float>*>(gradient);
  std::int64_t const blocks = (count + partials_per_block - 1) / partials_per_block;
  if (blocks <= 1) {
    launch(add_partials<float, float>, dim3(1), dim3(sum_threads), 0, stream, part, result, count, partials_per_block);
    return;
  }
  auto* const middle = reinterpret_cast<Quad<double>*>(workspace + 4 * count);
  launch(add_partials<float, double>, dim3(static_cast<unsigned>(blocks)), dim3(sum_threads), 0, stream, part, middle,
         count, partials_per_block);
  launch(add_partials<double, float>, dim3(1), dim3(sum_threads), 0, stream, static_cast<Quad<double> const*>(middle),
         result, blocks, blocks);
}

}  // namespace nwidth::kernels::cuda
