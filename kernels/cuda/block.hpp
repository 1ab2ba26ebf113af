// SPDX-License-Identifier: Apache-2.0
/// What the kernels share: 16-byte packs of elements, sums over a block, sums of partial gradients.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernels/cuda/grid.hpp"

namespace nwidth::kernels::cuda {

inline constexpr int warps_at_most = 32;

__device__ __forceinline__ float widen(float x) { return x; }
__device__ __forceinline__ float widen(__nv_bfloat16 x) { return __bfloat162float(x); }
__device__ __forceinline__ void narrow(float x, float& y) { y = x; }
__device__ __forceinline__ void narrow(float x, __nv_bfloat16& y) { y = __float2bfloat16_rn(x); }

template <class To, class From>
__device__ __forceinline__ To bits_as(From const& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(static_cast<void*>(&to), &from, sizeof to);
  return to;
}

/// V elements that are read and written at once: 16 bytes where rows are aligned, one element where they are not. Held
/// as words, since a compiler moves structures of bf16 number by number.
template <class E, int V>
struct alignas(sizeof(E) * V) Pack {
  static constexpr int size = V, bits = 8 * sizeof(E);
  using Bits = std::conditional_t<bits == 32, std::uint32_t, std::uint16_t>;  // of an element
  using Word = std::conditional_t<sizeof(E) * V % 4 == 0, std::uint32_t, Bits>;
  static constexpr int each = sizeof(Word) / sizeof(E);  // elements of a word, the first one lowest
  Word word[V / each];

  /// The elements in float: of two bf16 in a word by one instruction each.
  __device__ __forceinline__ void widen(float (&v)[V]) const {
#pragma unroll
    for (int k = 0; k < V; ++k) {
      Word const w = word[k / each];
      if constexpr (bits == 32) {
        v[k] = bits_as<float>(w);
      } else {
        v[k] = bits_as<float>(k % each == 0 ? static_cast<std::uint32_t>(w) << 16 : w & 0xffff0000U);
      }
    }
  }
  /// Rounds v, once; two at a time where there are two, since the device converts pairs.
  __device__ __forceinline__ void narrow(float const (&v)[V]) {
#pragma unroll
    for (int k = 0; k < V; k += each)
      if constexpr (bits == 32) {
        word[k] = bits_as<Word>(v[k]);
      } else if constexpr (each == 2) {
        word[k / 2] = bits_as<Word>(__floats2bfloat162_rn(v[k], v[k + 1]));
      } else {
        word[k] = bits_as<Word>(__float2bfloat16_rn(v[k]));
      }
  }
  __device__ __forceinline__ void set(int k, E e) {
    int const shift = k % each * bits;
    Word const mask = static_cast<Word>(static_cast<Word>(static_cast<Bits>(-1)) << shift);
    word[k / each] = static_cast<Word>((word[k / each] & ~mask) | static_cast<Word>(bits_as<Bits>(e)) << shift);
  }
  __device__ __forceinline__ E get(int k) const {
    return bits_as<E>(static_cast<Bits>(word[k / each] >> k % each * bits));
  }
};
template <class E>
inline constexpr int full_pack = 16 / static_cast<int>(sizeof(E));

/// Q, rounded up to a power of two.
template <int Q>
inline constexpr int padded = static_cast<int>(std::bit_ceil(static_cast<unsigned>(Q)));

/// Sums Q values over groups of `lanes` lanes of a warp, a power of two and at least padded<Q>: lane l of a group gets
/// the sum of value l / (lanes / padded<Q>). A lane hands half of its values to its partner for half of the partner's
/// until one is left, so this takes padded<Q> - 1 shuffles and those for what lanes remain.
template <int Q>
__device__ __forceinline__ float shared_out_sum(float const (&v)[Q], int lane, int lanes) {
  constexpr int N = padded<Q>;
  float a[N] = {};
#pragma unroll
  for (int q = 0; q < Q; ++q) a[q] = v[q];
  int k = lanes / 2;
#pragma unroll
  for (int n = N / 2; n > 0; n /= 2) {
    bool const upper = (lane & k) != 0;
#pragma unroll
    for (int j = 0; j < n; ++j) {
      float const other = __shfl_xor_sync(0xffffffffU, upper ? a[j] : a[j + n], k);
      a[j] = (upper ? a[j + n] : a[j]) + other;
    }
    k /= 2;
  }
  for (; k > 0; k /= 2) a[0] += __shfl_xor_sync(0xffffffffU, a[0], k);
  return a[0];
}

/// Sums v over groups of `lanes` lanes of a warp (a power of two); every lane gets its group's sum.
template <int Q>
__device__ __forceinline__ void group_sum(float (&v)[Q], int lanes) {
  constexpr int N = padded<Q>;
  if (lanes < N) {
    for (int k = lanes / 2; k > 0; k /= 2)
#pragma unroll
      for (int q = 0; q < Q; ++q) v[q] += __shfl_xor_sync(0xffffffffU, v[q], k);
    return;
  }
  int const lane = static_cast<int>(threadIdx.x) & 31;
  float const mine = shared_out_sum(v, lane, lanes);
#pragma unroll
  for (int q = 0; q < Q; ++q) v[q] = __shfl_sync(0xffffffffU, mine, (lane & -lanes) + q * (lanes / N));
}

/// Sums v over the block, whose size must be a multiple of 32; every thread gets the same bits: a warp's lanes by
/// shared_out_sum, then the sums of warps, each by one lane of every warp. Once a kernel: a second call might overwrite
/// what late threads still read for the first.
template <int Q>
__device__ __forceinline__ void block_sum(float (&v)[Q]) {
  constexpr int N = padded<Q>, each = 32 / N;
  __shared__ float part[warps_at_most][N];
  int const lane = static_cast<int>(threadIdx.x) & 31, warp = static_cast<int>(threadIdx.x) >> 5;
  int const warps = static_cast<int>(blockDim.x) >> 5;
  float mine = shared_out_sum(v, lane, 32);
  if (lane % each == 0) part[warp][lane / each] = mine;
  __syncthreads();
  mine = 0;
#pragma unroll 1
  for (int w = lane / N; w < warps; w += each) mine += part[w][lane % N];
#pragma unroll
  for (int k = N; k < 32; k *= 2) mine += __shfl_xor_sync(0xffffffffU, mine, k);
#pragma unroll
  for (int q = 0; q < Q; ++q) v[q] = __shfl_sync(0xffffffffU, mine, q);
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
