// SPDX-License-Identifier: Apache-2.0
/// Rows that are grouped by expert: whose a row is, and sums of partial gradients for each expert.
///
/// The partial sums of expert e stand side by side from first(e) on. Where first(e) = floor(units before e / share) +
/// e, nobody needs to know how many the experts before e have: there is room, since floor((a + n) / share) + 1 >=
/// floor(a / share) + ceil(n / share). So the host launches without reading the offsets.
#pragma once
#include "kernels/cuda/activations.hpp"
#include "kernels/cuda/block.hpp"

namespace nwidth::kernels::cuda {

/// Of wide offsets the low halves: there are less than 2^31 rows, and all our machines are little-endian.
__device__ __forceinline__ int offset_at(Offsets const& o, int e) {
  return static_cast<int const*>(o.data)[o.wide ? 2 * e : e];
}

/// The last e in [0, count) with begin(e) <= i, 0 if there is none; begin must not decrease.
template <class I, class Begin>
__device__ __forceinline__ int last_that_begins(I i, int count, Begin begin) {
  int low = 0, high = count;
  while (high - low > 1) {
    int const middle = (low + high) / 2;
    (begin(middle) <= i ? low : high) = middle;
  }
  return low;
}

/// Whose row r is, or -1.
__device__ __forceinline__ int expert_of(Experts const& x, int r) {
  if (x.offsets.data == nullptr) return 0;
  int const e = last_that_begins(r, x.count, [&x](int k) { return offset_at(x.offsets, k); });
  return offset_at(x.offsets, e) <= r && r < offset_at(x.offsets, e + 1) ? e : -1;
}

__device__ __forceinline__ Quad<float> coefficients_of(Experts const& x, int e) {
  return reinterpret_cast<Quad<float> const*>(x.coefficients)[e];
}

/// `count` units from `first` on; none if count <= 0.
struct Span {
  std::int64_t first;
  int count;
};

/// Shares of `share` units each (a row has `units` of them, the last share of an expert may be smaller), where they
/// stand in one array, and of what expert.
struct Shares {
  Offsets offsets;
  int experts;
  std::int64_t units, share;

  __device__ __forceinline__ std::int64_t first(int e) const {
    return static_cast<std::int64_t>(offset_at(offsets, e)) * units / share + e;
  }
  __device__ __forceinline__ std::int64_t count(int e) const {
    return (static_cast<std::int64_t>(offset_at(offsets, e + 1) - offset_at(offsets, e)) * units + share - 1) / share;
  }
  /// The expert of share i, if that is one at all.
  __device__ __forceinline__ int expert(std::int64_t i) const {
    return last_that_begins(i, experts, [this](int e) { return first(e); });
  }
  /// The units of share i of expert e = expert(i).
  __device__ __forceinline__ Span span(int e, std::int64_t i) const {
    std::int64_t const begin = offset_at(offsets, e) * units + (i - first(e)) * share;
    std::int64_t const left = i < first(e) ? 0 : offset_at(offsets, e + 1) * units - begin;
    return {begin, static_cast<int>(left <= 0 ? 0 : left < share ? left : share)};
  }
  /// No share of `rows` rows has this index.
  std::int64_t end(std::int64_t rows) const { return rows * units / share + experts; }
};

/// Floats of workspace for the partial sums of `rows` rows and what sum_partials_of_experts makes of them.
std::size_t experts_workspace(Shares const& s, std::int64_t rows);

/// gradient[4 e ...] = expert e's sums, 0 if it has no rows. The partial sums stand at the head of the workspace, in
/// the places that `s` gives them. An expert's sum depends on its own partial sums only, in an order that their number
/// alone decides.
void sum_partials_of_experts(Shares const& s, float* workspace, float* gradient, std::int64_t rows,
                             cudaStream_t stream);

}  // namespace nwidth::kernels::cuda
