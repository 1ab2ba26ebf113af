// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/activation/polyrelu.hpp"
#include "kernels/cuda/activations.hpp"
#include "kernels/cuda/block.hpp"

namespace nwidth::kernels::cuda {
namespace {

constexpr int threads = 256;
// A block's share, and with it the order of the sums, depends on nothing but the count.
constexpr int elements_per_block = threads * 32;

struct Cubic {
  float a[4];
};
Cubic cubic(Coefficients const& c) { return {{c.bias, c.w[2], c.w[1], c.w[0]}}; }

__device__ __forceinline__ float value(Cubic const& p, float x) {
  using O = activation::ops<float>;
  float const u = O::relu(x);
  return O::fma(O::fma(O::fma(p.a[3], u, p.a[2]), u, p.a[1]), u, p.a[0]);
}

/// V elements at a time where all of them are there, else one at a time: f(pack index, pack) and f(index).
template <class E, int V>
__global__ void __launch_bounds__(threads)
    forward_block(Cubic c, E const* __restrict__ x, E* __restrict__ y, std::int64_t count) {
  using P = Pack<E, V>;
  std::int64_t const first = static_cast<std::int64_t>(blockIdx.x) * elements_per_block;
  int const mine = static_cast<int>(count - first < elements_per_block ? count - first : elements_per_block);
  int const packs = mine / V;
  P const* const xp = reinterpret_cast<P const*>(x + first);
  P* const yp = reinterpret_cast<P*>(y + first);
#pragma unroll 4
  for (int i = static_cast<int>(threadIdx.x); i < packs; i += threads) {
    P p = xp[i];
    replace(p, [&c](float v, int) { return value(c, v); });
    yp[i] = p;
  }
  for (int i = packs * V + static_cast<int>(threadIdx.x); i < mine; i += threads)
    narrow(value(c, widen(x[first + i])), y[first + i]);
}

template <class E, int V>
__global__ void __launch_bounds__(threads)
    backward_block(Cubic c, E const* __restrict__ x, E const* __restrict__ g, E* __restrict__ dx,
                   float* __restrict__ part, std::int64_t count) {
  using P = Pack<E, V>;
  std::int64_t const first = static_cast<std::int64_t>(blockIdx.x) * elements_per_block;
  int const mine = static_cast<int>(count - first < elements_per_block ? count - first : elements_per_block);
  int const packs = mine / V;
  P const* const xp = reinterpret_cast<P const*>(x + first);
  P const* const gp = reinterpret_cast<P const*>(g + first);
  P* const dp = reinterpret_cast<P*>(dx + first);
  float s[4] = {};
#pragma unroll 2
  for (int i = static_cast<int>(threadIdx.x); i < packs; i += threads) {
    P p = xp[i];
    P const q = gp[i];
    replace(p, [&](float v, int k) { return activation::polyrelu_backward(v, widen(q.e[k]), c.a, s); });
    dp[i] = p;
  }
  for (int i = packs * V + static_cast<int>(threadIdx.x); i < mine; i += threads)
    narrow(activation::polyrelu_backward(widen(x[first + i]), widen(g[first + i]), c.a, s), dx[first + i]);
  block_sum<4>(s);
  if (threadIdx.x == 0) {  // from a_0 ... a_3 to the stored order: cubic, quadratic, linear, bias
    float* const mypart = part + 4 * static_cast<std::int64_t>(blockIdx.x);
#pragma unroll
    for (int q = 0; q < 4; ++q) mypart[q] = s[3 - q];
  }
}

std::int64_t blocks_of(std::int64_t count) { return (count + elements_per_block - 1) / elements_per_block; }

bool aligned(std::initializer_list<void const*> pointers) {
  return std::all_of(pointers.begin(), pointers.end(),
                     [](void const* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; });
}

}  // namespace

template <class E>
void polyrelu_forward(Coefficients const& c, E const* x, E* y, std::int64_t count, cudaStream_t stream) {
  if (count <= 0) return;
  dim3 const grid(static_cast<unsigned>(blocks_of(count)));
  if (aligned({x, y})) {
    launch(forward_block<E, full_pack<E>>, grid, dim3(threads), 0, stream, cubic(c), x, y, count);
  } else {
    launch(forward_block<E, 1>, grid, dim3(threads), 0, stream, cubic(c), x, y, count);
  }
}

std::size_t polyrelu_workspace(std::int64_t count) { return count > 0 ? partials_workspace(blocks_of(count)) : 0; }

template <class E>
void polyrelu_backward(Coefficients const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t count, cudaStream_t stream) {
  std::int64_t const blocks = count > 0 ? blocks_of(count) : 0;
  dim3 const grid(static_cast<unsigned>(blocks));
  if (blocks > 0 && aligned({x, g, dx})) {
    launch(backward_block<E, full_pack<E>>, grid, dim3(threads), 0, stream, cubic(c), x, g, dx, workspace, count);
  } else if (blocks > 0) {
    launch(backward_block<E, 1>, grid, dim3(threads), 0, stream, cubic(c), x, g, dx, workspace, count);
  }
  sum_partials(workspace, gradient, blocks, stream);
}

#define NWIDTH_INSTANTIATE(E)                                                                                   \
  template void polyrelu_forward<E>(Coefficients const&, E const*, E*, std::int64_t, cudaStream_t);             \
  template void polyrelu_backward<E>(Coefficients const&, E const*, E const*, E*, float*, float*, std::int64_t, \
                                     cudaStream_t);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(__nv_bfloat16)

}  // namespace nwidth::kernels::cuda
