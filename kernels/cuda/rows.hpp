// SPDX-License-Identifier: Apache-2.0
/// What kernels that work on whole rows share: where coefficients come from, how rows lie in packs of 16 bytes, and how
/// many threads and how much shared memory a row gets.
#pragma once
#include <algorithm>

#include "kernels/activation/polynorm.hpp"
#include "kernels/cuda/elementwise.hpp"

namespace nwidth::kernels::cuda {

using Norm = activation::PolyNorm<float>;

struct ReciprocalRoot {
  __device__ __forceinline__ float operator()(float v) const { return rsqrtf(v); }
};

/// Stands where a row's width divides: a multiplication instead of a division, at one more rounding.
struct Width {
  float reciprocal;
  __device__ __forceinline__ friend float operator/(float v, Width n) { return v * n.reciprocal; }
};

/// Whose row r is (-1: nobody's), and that expert's function.
struct NormSource {
  Coefficients host;  // taken if experts.coefficients is null
  Experts experts;

  NormSource(Coefficients const& c) : host(c), experts{nullptr, {}, 1, c.eps} {}
  NormSource(Experts const& x) : host{}, experts(x) {}
  __device__ __forceinline__ int expert(std::int64_t r) const { return expert_of(experts, static_cast<int>(r)); }
  __device__ __forceinline__ Norm load(int e) const {
    if (experts.coefficients == nullptr) return {{host.w[0], host.w[1], host.w[2]}, host.bias, host.eps};
    Quad<float> const w = coefficients_of(experts, e);
    return {{w.v[0], w.v[1], w.v[2]}, w.v[3], experts.eps};
  }
};

/// N arrays of one shape, whose rows begin `stride` elements apart.
template <class T, int N>
struct Arrays {
  T of[N];
  std::int64_t stride[N];
};

/// Of arrays that miss a multiple of 16 bytes by `misses` elements, all of them alike; if they miss any, or rows are no
/// multiple of 16 bytes, rows follow one another without gaps.
struct Shape {
  std::int64_t rows;
  int width, misses;
};

/// Where one row of N arrays lies, as packs of V elements. Where rows are `ragged`, packs begin at multiples of 16
/// bytes all the same, and the first and the last may hold elements of the rows beside it, which must be left out of
/// sums and are not written.
template <class E, int V, bool ragged, int N, class Pointer = E const*>
struct Row {
  using P = std::conditional_t<std::is_same_v<Pointer, E*>, Pack<E, V>, Pack<E, V> const>;
  P* of[N];                  // pack 0 in each array
  std::int64_t begin, left;  // the element with which pack 0 begins; how many there are from it on, in all rows
  int head, end;             // elements head ... end - 1 of the packs are the row's
  int packs;

  __device__ __forceinline__ Row(Arrays<Pointer, N> const& arrays, std::int64_t row, Shape const& shape) {
    std::int64_t const first = row * shape.width;
    head = ragged ? static_cast<int>(first + shape.misses) & (V - 1) : 0;
    begin = first - head;
    left = shape.rows * shape.width - begin;
    end = head + shape.width;
    packs = ragged ? (end + V - 1) / V : shape.width / V;
#pragma unroll
    for (int j = 0; j < N; ++j) of[j] = reinterpret_cast<P*>(arrays.of[j] + (ragged ? begin : row * arrays.stride[j]));
  }
  __device__ __forceinline__ bool whole(int i) const { return !ragged || (i * V >= head && (i + 1) * V <= end); }
  __device__ __forceinline__ bool has(int i, int k) const { return i * V + k >= head && i * V + k < end; }
  /// Whether all of pack i is in the array, somebody's row or other.
  __device__ __forceinline__ bool inside(int i) const {
    return whole(i) || (begin + i * V >= 0 && (i + 1) * V <= left);
  }

  /// Pack i of each array.
  __device__ __forceinline__ void read(int i, Pack<E, V> (&p)[N]) const {
#pragma unroll
    for (int j = 0; j < N; ++j) p[j] = inside(i) ? of[j][i] : elements(j, i);
  }
  /// As read, into shared memory, in steps of `stride` packs; await_copies() makes it arrive.
  __device__ __forceinline__ void fetch(int i, Pack<E, V>* slot, int stride) const {
#pragma unroll
    for (int j = 0; j < N; ++j) {
      if constexpr (sizeof(Pack<E, V>) == 16)
        if (inside(i)) {
          copy_later(slot + j * stride, of[j] + i);
          continue;
        }
      slot[j * stride] = elements(j, i);
    }
  }
  /// Makes zeros of what is not this row's.
  __device__ __forceinline__ void leave_out_others(int i, Pack<E, V> (&p)[N]) const {
    if (whole(i)) return;
#pragma unroll
    for (int k = 0; k < V; ++k)
      if (!has(i, k))
#pragma unroll
        for (int j = 0; j < N; ++j) p[j].set(k, E(0.F));
  }
  __device__ __forceinline__ void write(int i, Pack<E, V> const (&p)[N]) const {
#pragma unroll
    for (int j = 0; j < N; ++j) {
      if (whole(i)) {
        of[j][i] = p[j];
        continue;
      }
      E* const elements = reinterpret_cast<E*>(of[j] + i);
#pragma unroll
      for (int k = 0; k < V; ++k)
        if (has(i, k)) elements[k] = p[j].get(k);
    }
  }

 private:
  __device__ __forceinline__ Pack<E, V> elements(int j, int i) const {
    Pack<E, V> p = {};
    E const* const e = reinterpret_cast<E const*>(of[j] + i);
#pragma unroll
    for (int k = 0; k < V; ++k)
      if (has(i, k)) p.set(k, e[k]);
    return p;
  }
};

/// The most packs that a row of this width can have.
template <int V, bool ragged>
constexpr int packs_at_most(int width) {
  return ragged ? (width + 2 * V - 2) / V : width / V;
}

inline constexpr int row_threads_at_most = 1024, narrow_threads = 256;
/// The widest row, in packs, that stays in registers.
inline constexpr int narrow_packs = 32 * 4;

struct Plan {
  dim3 block;
  int cached;  // packs of each array of a row that wait in shared memory
  std::size_t shared;
};

/// Measured on an H200: six packs a thread are enough work beside what every thread does once, and blocks of 512
/// threads, but for rows that leave room for one block on a multiprocessor. The number of threads, and with it the
/// order of sums, does not depend on the device.
/// @param arrays  how many arrays of the row wait in shared memory
inline Plan plan(int packs, std::size_t pack_bytes, int arrays) {
  std::size_t const one = pack_bytes * static_cast<std::size_t>(arrays), row = one * static_cast<std::size_t>(packs);
  int const most = row > 112'000 ? row_threads_at_most : row_threads_at_most / 2;
  int const wanted = std::clamp(packs / 6, 32, most);
  int const turns = (packs + wanted - 1) / wanted;  // of each thread; none of them should be nearly idle in the last
  int const threads = std::min(most, ((packs + turns - 1) / turns + 31) / 32 * 32);
  int const cached = static_cast<int>(std::min(row, dynamic_shared_at_most()) / one);
  return {dim3(static_cast<unsigned>(threads)), cached, one * static_cast<std::size_t>(cached)};
}

}  // namespace nwidth::kernels::cuda
