// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/experts.hpp"

namespace nwidth::kernels::cuda {
namespace {

/// As Shares::first, for sums of partials_per_block shares.
__device__ __forceinline__ std::int64_t first_middle(Shares const& s, int e) {
  return s.first(e) / partials_per_block + e;
}

/// middle[b] = the b-th sum of at most partials_per_block partial sums of one expert.
__global__ void __launch_bounds__(sum_threads, 4)
    add_within_experts(Shares s, Quad<float> const* __restrict__ part, Quad<double>* __restrict__ middle) {
  std::int64_t const b = blockIdx.x;
  int const e = last_that_begins(b, s.experts, [&s](int k) { return first_middle(s, k); });
  std::int64_t const from = (b - first_middle(s, e)) * partials_per_block, count = s.count(e);
  if (from < 0 || from >= count) return;
  std::int64_t const to = from + partials_per_block < count ? from + partials_per_block : count;
  Quad<double> const total = sum_of_quads(part, s.first(e) + from, s.first(e) + to);
  if (threadIdx.x == 0) middle[b] = total;
}

/// gradient[e] = what expert e's sums add up to, 0 if it has no rows.
__global__ void __launch_bounds__(sum_threads, 4)
    add_experts(Shares s, Quad<double> const* __restrict__ middle, Quad<float>* __restrict__ gradient) {
  int const e = static_cast<int>(blockIdx.x);
  std::int64_t const from = first_middle(s, e), blocks = (s.count(e) + partials_per_block - 1) / partials_per_block;
  Quad<double> const total = sum_of_quads(middle, from, from + blocks);
  if (threadIdx.x == 0) gradient[e] = rounded<float>(total);
}

}  // namespace

std::size_t experts_workspace(Shares const& s, std::int64_t rows) {
  std::int64_t const shares = s.end(rows);
  return static_cast<std::size_t>(4 * shares + 8 * (shares / partials_per_block + s.experts));
}

void sum_partials_of_experts(Shares const& s, float* workspace, float* gradient, std::int64_t rows,
                             cudaStream_t stream) {
  if (s.experts <= 0) return;
  std::int64_t const shares = s.end(rows);
  auto const* const part = reinterpret_cast<Quad<float> const*>(workspace);
  auto* const middle = reinterpret_cast<Quad<double>*>(workspace + 4 * shares);
  dim3 const blocks(static_cast<unsigned>(shares / partials_per_block + s.experts));
  launch(add_within_experts, blocks, dim3(sum_threads), 0, stream, s, part, middle);
  launch(add_experts, dim3(static_cast<unsigned>(s.experts)), dim3(sum_threads), 0, stream, s,
         static_cast<Quad<double> const*>(middle), reinterpret_cast<Quad<float>*>(gradient));
}

}  // namespace nwidth::kernels::cuda
