// SPDX-License-Identifier: Apache-2.0
/// What kernels that work on whole rows share: where coefficients come from, and how many threads and how much shared
/// memory a row gets.
#pragma once
#include <algorithm>

#include "kernels/activation/polynorm.hpp"
#include "kernels/cuda/elementwise.hpp"

namespace nwidth::kernels::cuda {

using Norm = activation::PolyNorm<float>;

// What a block may take of a multiprocessor's shared memory on every architecture that we build for (sm_80: 163 KiB).
inline constexpr std::size_t shared_at_most = 160 * 1024;

struct ReciprocalRoot {
  __device__ __forceinline__ float operator()(float v) const { return rsqrtf(v); }
};

/// Sources of coefficients: whose row r is (-1: nobody's), that expert's function, and where the row's share of its
/// gradient goes.
struct OneSet {
  static constexpr int blocks = 0;  // as many on a multiprocessor as the compiler likes
  Coefficients c;
  __device__ __forceinline__ int expert(std::int64_t) const { return 0; }
  __device__ __forceinline__ Norm load(int) const { return {{c.w[0], c.w[1], c.w[2]}, c.bias, c.eps}; }
};
struct SetOfExpert {
  static constexpr int blocks = 2;  // it likes more, and spills
  Experts x;
  __device__ __forceinline__ int expert(std::int64_t r) const { return expert_of(x, static_cast<int>(r)); }
  __device__ __forceinline__ Norm load(int e) const {
    Quad<float> const w = coefficients_of(x, e);
    return {{w.v[0], w.v[1], w.v[2]}, w.v[3], x.eps};
  }
};

// Measured on an H200: enough loads in flight, and enough blocks on a multiprocessor to cover the barrier.
template <class E>
inline constexpr int packs_per_thread = sizeof(E) == 2 ? 8 : 4;

struct Plan {
  dim3 grid, block;
  int cached;
  std::size_t shared;
};

/// @param arrays  how many arrays of the row wait in shared memory
inline Plan plan(std::int64_t rows, int packs, std::size_t pack_bytes, int arrays, int packs_per_thread) {
  int const threads = std::clamp((packs / packs_per_thread + 31) / 32 * 32, 32, 512);
  std::size_t const one = pack_bytes * static_cast<std::size_t>(arrays);
  int const cached = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(packs), shared_at_most / one));
  return {dim3(static_cast<unsigned>(std::min<std::int64_t>(rows, 0x7fffffff))), dim3(static_cast<unsigned>(threads)),
          cached, one * static_cast<std::size_t>(cached)};
}

}  // namespace nwidth::kernels::cuda
