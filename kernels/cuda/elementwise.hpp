// SPDX-License-Identifier: Apache-2.0
/// One kernel for every activation that looks at one element at a time, and one for its backward pass.
///
/// A source is what is handed to the kernel: a function, or where its coefficients lie. source.load(e) gives the
/// function of expert e (0 where there is but one) as
///   sums                      how many coefficients have a gradient, at most 4
///   smooth                    whether bf16 is computed by T = Quick; else T is float
///   T value(T x)
///   T backward(T x, T g, s)   the gradient in x; adds what arrives at the coefficients to s[0 ... sums)
///   Quad<float> stored(s)     gradients of what is stored, from those sums of one block
#pragma once
#include <algorithm>
#include <initializer_list>

#include "kernels/cuda/experts.hpp"
#include "kernels/cuda/quick.hpp"

namespace nwidth::kernels::cuda {

inline constexpr int element_threads = 256;
/// A block's share, and with it the order of the sums, depends on nothing but the count.
inline constexpr int elements_per_block = element_threads * 32;

/// What f computes elements of type E in.
template <class F, class E>
using Arithmetic = std::conditional_t<F::smooth && sizeof(E) == 2, Quick, float>;
__device__ __forceinline__ float as_float(float x) { return x; }
__device__ __forceinline__ float as_float(Quick x) { return x.v; }

/// A function that needs nothing from device memory.
template <class F>
struct Fixed {
  F f;
  __device__ __forceinline__ F const& load(int) const { return f; }
};

/// y = f(x) for `count` elements by one block, V elements at a time where all of them are there, else one at a time.
/// Each thread asks for several packs before it uses the first: a loop of single ones would wait for each in turn.
template <int V, class F, class E>
__device__ __forceinline__ void forward_share(F const& f, E const* __restrict__ x, E* __restrict__ y, int count) {
  using P = Pack<E, V>;
  using T = Arithmetic<F, E>;
  constexpr int ahead = 4;
  int const packs = count / V;
  P const* const xp = reinterpret_cast<P const*>(x);
  P* const yp = reinterpret_cast<P*>(y);
  auto const apply = [&](P& p, int i) {
    float v[V];
    p.widen(v);
#pragma unroll
    for (int k = 0; k < V; ++k) v[k] = as_float(f.value(T(v[k])));
    p.narrow(v);
    yp[i] = p;
  };
  int i = static_cast<int>(threadIdx.x);
  for (; i + (ahead - 1) * element_threads < packs; i += ahead * element_threads) {
    P p[ahead];
#pragma unroll
    for (int a = 0; a < ahead; ++a) p[a] = xp[i + a * element_threads];
#pragma unroll
    for (int a = 0; a < ahead; ++a) apply(p[a], i + a * element_threads);
  }
#pragma unroll 1
  for (; i < packs; i += element_threads) {
    P p = xp[i];
    apply(p, i);
  }
  for (i = packs * V + static_cast<int>(threadIdx.x); i < count; i += element_threads)
    narrow(as_float(f.value(T(widen(x[i])))), y[i]);
}

/// dx = f'(x) g likewise, `ahead` packs at a time; part: where the block's four sums go, if the function has
/// coefficients.
template <int V, int ahead, class F, class E>
__device__ __forceinline__ void backward_share(F const& f, E const* __restrict__ x, E const* __restrict__ g,
                                               E* __restrict__ dx, float* __restrict__ part, int count) {
  using P = Pack<E, V>;
  using T = Arithmetic<F, E>;
  int const packs = count / V;
  P const* const xp = reinterpret_cast<P const*>(x);
  P const* const gp = reinterpret_cast<P const*>(g);
  P* const dp = reinterpret_cast<P*>(dx);
  float s[F::sums > 0 ? F::sums : 1] = {};
  auto const apply = [&](P& p, P const& q, int i) {
    float v[V], h[V];
    p.widen(v);
    q.widen(h);
#pragma unroll
    for (int k = 0; k < V; ++k) v[k] = as_float(f.backward(T(v[k]), T(h[k]), s));
    p.narrow(v);
    dp[i] = p;
  };
  int i = static_cast<int>(threadIdx.x);
  for (; i + (ahead - 1) * element_threads < packs; i += ahead * element_threads) {
    P p[ahead], q[ahead];
#pragma unroll
    for (int a = 0; a < ahead; ++a) p[a] = xp[i + a * element_threads], q[a] = gp[i + a * element_threads];
#pragma unroll
    for (int a = 0; a < ahead; ++a) apply(p[a], q[a], i + a * element_threads);
  }
#pragma unroll 1
  for (; i < packs; i += element_threads) {
    P p = xp[i];
    apply(p, gp[i], i);
  }
  for (i = packs * V + static_cast<int>(threadIdx.x); i < count; i += element_threads)
    narrow(as_float(f.backward(T(widen(x[i])), T(widen(g[i])), s)), dx[i]);
  if constexpr (F::sums > 0) {
    block_sum<F::sums>(s);
    if (threadIdx.x == 0) *reinterpret_cast<Quad<float>*>(part) = f.stored(s);
  }
}

template <int V, class S, class E>
__global__ void __launch_bounds__(element_threads)
    forward_elements(S source, E const* __restrict__ x, E* __restrict__ y, std::int64_t count) {
  std::int64_t const first = static_cast<std::int64_t>(blockIdx.x) * elements_per_block;
  int const mine = static_cast<int>(count - first < elements_per_block ? count - first : elements_per_block);
  forward_share<V>(source.load(0), x + first, y + first, mine);
}

template <int V, class S, class E>
__global__ void __launch_bounds__(element_threads)
    backward_elements(S source, E const* __restrict__ x, E const* __restrict__ g, E* __restrict__ dx,
                      float* __restrict__ part, std::int64_t count) {
  std::int64_t const first = static_cast<std::int64_t>(blockIdx.x) * elements_per_block;
  int const mine = static_cast<int>(count - first < elements_per_block ? count - first : elements_per_block);
  backward_share<V, 2>(source.load(0), x + first, g + first, dx + first,
                       part + 4 * static_cast<std::int64_t>(blockIdx.x), mine);
}

/// Block i works on share i of `shares`, whose units are the elements of a row.
template <int V, class S, class E>
__global__ void __launch_bounds__(element_threads)
    forward_experts(S source, Shares shares, E const* __restrict__ x, E* __restrict__ y) {
  int const e = shares.expert(blockIdx.x);
  Span const span = shares.span(e, blockIdx.x);
  if (span.count > 0) forward_share<V>(source.load(e), x + span.first, y + span.first, span.count);
}

template <int V, class S, class E>
__global__ void __launch_bounds__(element_threads)
    backward_experts(S source, Shares shares, E const* __restrict__ x, E const* __restrict__ g, E* __restrict__ dx,
                     float* __restrict__ part) {
  int const e = shares.expert(blockIdx.x);
  Span const span = shares.span(e, blockIdx.x);
  if (span.count <= 0) return;
  backward_share<V, 1>(source.load(e), x + span.first, g + span.first, dx + span.first,
                       part + 4 * static_cast<std::int64_t>(blockIdx.x), span.count);
}

inline std::int64_t element_blocks(std::int64_t count) {
  return count > 0 ? (count + elements_per_block - 1) / elements_per_block : 0;
}

/// Whether packs of 16 bytes may be read and written at all of these places.
inline bool aligned(std::initializer_list<void const*> pointers) {
  return std::all_of(pointers.begin(), pointers.end(),
                     [](void const* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; });
}
/// And at each row of `width` elements.
template <class E>
bool aligned(int width, std::initializer_list<void const*> pointers) {
  return static_cast<std::size_t>(width) * sizeof(E) % 16 == 0 && aligned(pointers);
}

template <class S, class E>
void launch_forward(S const& source, E const* x, E* y, std::int64_t count, cudaStream_t stream) {
  dim3 const grid(static_cast<unsigned>(element_blocks(count)));
  if (count <= 0) return;
  auto const kernel = aligned({x, y}) ? forward_elements<full_pack<E>, S, E> : forward_elements<1, S, E>;
  launch(kernel, grid, dim3(element_threads), 0, stream, source, x, y, count);
}

/// @param part  4 floats for each of element_blocks(count), if the function has coefficients
template <class S, class E>
void launch_backward(S const& source, E const* x, E const* g, E* dx, float* part, std::int64_t count,
                     cudaStream_t stream) {
  dim3 const grid(static_cast<unsigned>(element_blocks(count)));
  if (count <= 0) return;
  auto const kernel = aligned({x, g, dx}) ? backward_elements<full_pack<E>, S, E> : backward_elements<1, S, E>;
  launch(kernel, grid, dim3(element_threads), 0, stream, source, x, g, dx, part, count);
}

}  // namespace nwidth::kernels::cuda
