// SPDX-License-Identifier: Apache-2.0
// Gated units of one element: one kernel forward, one backward, and a row of the table for each gate.
#include "kernels/activation/glu.hpp"
#include "kernels/cuda/activations.hpp"
#include "kernels/cuda/elementwise.hpp"

namespace nwidth::kernels::cuda {
namespace {

using Both = activation::GluGradient<float>;

#define NWIDTH_GATED(Name, name)                                                                              \
  struct Name {                                                                                               \
    static constexpr int sums = 0;                                                                            \
    __device__ __forceinline__ float value(float gate, float up) const { return activation::name(gate, up); } \
    __device__ __forceinline__ Both backward(float gate, float up, float g, float*) const {                   \
      return activation::name##_backward(gate, up, g);                                                        \
    }                                                                                                         \
  };
NWIDTH_GATED(Reglu, reglu)
NWIDTH_GATED(Geglu, geglu)
NWIDTH_GATED(GegluTanh, geglu_tanh)
NWIDTH_GATED(Swiglu, swiglu)
#undef NWIDTH_GATED

struct PolyreluGlu {
  static constexpr int sums = 4;
  float a[4];
  __device__ __forceinline__ float value(float gate, float up) const { return activation::polyrelu_glu(gate, up, a); }
  __device__ __forceinline__ Both backward(float gate, float up, float g, float (&s)[4]) const {
    return activation::polyrelu_glu_backward(gate, up, g, a, s);
  }
  __device__ __forceinline__ Quad<float> stored(float const (&s)[4]) const { return {{s[3], s[2], s[1], s[0]}}; }
};
struct LearnedCubic {
  float const* w;
  __device__ __forceinline__ PolyreluGlu load(int) const {
    Quad<float> const q = *reinterpret_cast<Quad<float> const*>(w);
    return {{q.v[3], q.v[2], q.v[1], q.v[0]}};
  }
};

/// As forward_elements, of two inputs.
template <int V, class S, class E>
__global__ void __launch_bounds__(element_threads, 4)
    forward_gated(S source, E const* __restrict__ gate, E const* __restrict__ up, E* __restrict__ y,
                  std::int64_t count) {
  using P = Pack<E, V>;
  std::int64_t const first = static_cast<std::int64_t>(blockIdx.x) * elements_per_block;
  int const mine = static_cast<int>(count - first < elements_per_block ? count - first : elements_per_block);
  int const packs = mine / V;
  auto const f = source.load(0);
  P const* const gp = reinterpret_cast<P const*>(gate + first);
  P const* const up_p = reinterpret_cast<P const*>(up + first);
  P* const yp = reinterpret_cast<P*>(y + first);
#pragma unroll 2
  for (int i = static_cast<int>(threadIdx.x); i < packs; i += element_threads) {
    P p = gp[i];
    P const q = up_p[i];
    replace(p, [&](float v, int k) { return f.value(v, widen(q.e[k])); });
    yp[i] = p;
  }
  for (int i = packs * V + static_cast<int>(threadIdx.x); i < mine; i += element_threads)
    narrow(f.value(widen(gate[first + i]), widen(up[first + i])), y[first + i]);
}

/// As backward_elements, of two inputs.
template <int V, class S, class E>
__global__ void __launch_bounds__(element_threads, 4)
    backward_gated(S source, E const* __restrict__ gate, E const* __restrict__ up, E const* __restrict__ g,
                   E* __restrict__ dgate, E* __restrict__ dup, float* __restrict__ part, std::int64_t count) {
  using P = Pack<E, V>;
  std::int64_t const first = static_cast<std::int64_t>(blockIdx.x) * elements_per_block;
  int const mine = static_cast<int>(count - first < elements_per_block ? count - first : elements_per_block);
  int const packs = mine / V;
  auto const f = source.load(0);
  constexpr int sums = decltype(f)::sums;
  float s[sums > 0 ? sums : 1] = {};
  for (int i = static_cast<int>(threadIdx.x); i < packs; i += element_threads) {
    P p = reinterpret_cast<P const*>(gate + first)[i], q = reinterpret_cast<P const*>(up + first)[i];
    P const r = reinterpret_cast<P const*>(g + first)[i];
    replace_both(p, q, [&](float v, float w, int k) { return f.backward(v, w, widen(r.e[k]), s); });
    reinterpret_cast<P*>(dgate + first)[i] = p;
    reinterpret_cast<P*>(dup + first)[i] = q;
  }
  for (int i = packs * V + static_cast<int>(threadIdx.x); i < mine; i += element_threads) {
    Both const d = f.backward(widen(gate[first + i]), widen(up[first + i]), widen(g[first + i]), s);
    narrow(d.gate, dgate[first + i]);
    narrow(d.up, dup[first + i]);
  }
  if constexpr (sums > 0) {
    block_sum<sums>(s);
    if (threadIdx.x == 0) reinterpret_cast<Quad<float>*>(part)[blockIdx.x] = f.stored(s);
  }
}

/// Calls run(source of f).
template <class Run>
void with_source(Gate f, Parameters const& p, Run run) {
  switch (f) {
    case Gate::relu: return run(Fixed<Reglu>{});
    case Gate::gelu: return run(Fixed<Geglu>{});
    case Gate::gelu_tanh: return run(Fixed<GegluTanh>{});
    case Gate::silu: return run(Fixed<Swiglu>{});
    case Gate::polyrelu: return run(LearnedCubic{p.learned});
  }
}

}  // namespace

template <class E>
void gated_forward(Gate f, Parameters const& p, E const* gate, E const* up, E* y, std::int64_t count,
                   cudaStream_t stream) {
  if (count <= 0) return;
  dim3 const grid(static_cast<unsigned>(element_blocks(count))), block(element_threads);
  with_source(f, p, [&](auto source) {
    using S = decltype(source);
    auto const kernel = aligned({gate, up, y}) ? forward_gated<full_pack<E>, S, E> : forward_gated<1, S, E>;
    launch(kernel, grid, block, 0, stream, source, gate, up, y, count);
  });
}

std::size_t gated_workspace(Gate f, std::int64_t count) {
  return f == Gate::polyrelu ? partials_workspace(element_blocks(count)) : 0;
}

template <class E>
void gated_backward(Gate f, Parameters const& p, E const* gate, E const* up, E const* g, E* dgate, E* dup,
                    float* gradient, float* workspace, std::int64_t count, cudaStream_t stream) {
  dim3 const grid(static_cast<unsigned>(element_blocks(count))), block(element_threads);
  if (count > 0)
    with_source(f, p, [&](auto source) {
      using S = decltype(source);
      bool const packs = aligned({gate, up, g, dgate, dup});
      auto const kernel = packs ? backward_gated<full_pack<E>, S, E> : backward_gated<1, S, E>;
      launch(kernel, grid, block, 0, stream, source, gate, up, g, dgate, dup, workspace, count);
    });
  if (f == Gate::polyrelu) sum_partials(workspace, gradient, element_blocks(count), stream);
}

#define NWIDTH_INSTANTIATE(E)                                                                                    \
  template void gated_forward<E>(Gate, Parameters const&, E const*, E const*, E*, std::int64_t, cudaStream_t);   \
  template void gated_backward<E>(Gate, Parameters const&, E const*, E const*, E const*, E*, E*, float*, float*, \
                                  std::int64_t, cudaStream_t);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(__nv_bfloat16)

}  // namespace nwidth::kernels::cuda
