// SPDX-License-Identifier: Apache-2.0
// Gated units of one element: one kernel forward, one backward, and a row of the table for each gate.
#include "kernels/activation/glu.hpp"
#include "kernels/cuda/activations.hpp"
#include "kernels/cuda/elementwise.hpp"

namespace nwidth::kernels::cuda {
namespace {

/// smooth: as elementwise.hpp says.
#define NWIDTH_GATED(Name, name, is_smooth)                                                           \
  struct Name {                                                                                       \
    static constexpr int sums = 0;                                                                    \
    static constexpr bool smooth = is_smooth;                                                         \
    template <class T>                                                                                \
    __device__ __forceinline__ T value(T gate, T up) const {                                          \
      return activation::name(gate, up);                                                              \
    }                                                                                                 \
    template <class T>                                                                                \
    __device__ __forceinline__ activation::GluGradient<T> backward(T gate, T up, T g, float*) const { \
      return activation::name##_backward(gate, up, g);                                                \
    }                                                                                                 \
  };
NWIDTH_GATED(Reglu, reglu, false)
NWIDTH_GATED(Geglu, geglu, true)
NWIDTH_GATED(GegluTanh, geglu_tanh, true)
NWIDTH_GATED(Swiglu, swiglu, true)
#undef NWIDTH_GATED

struct PolyreluGlu {
  static constexpr int sums = 4;
  static constexpr bool smooth = false;
  float a[4];
  __device__ __forceinline__ float value(float gate, float up) const { return activation::polyrelu_glu(gate, up, a); }
  __device__ __forceinline__ activation::GluGradient<float> backward(float gate, float up, float g,
                                                                     float (&s)[4]) const {
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
  using T = Arithmetic<std::remove_cvref_t<decltype(f)>, E>;
  P const* const gp = reinterpret_cast<P const*>(gate + first);
  P const* const up_p = reinterpret_cast<P const*>(up + first);
  P* const yp = reinterpret_cast<P*>(y + first);
#pragma unroll 2
  for (int i = static_cast<int>(threadIdx.x); i < packs; i += element_threads) {
    P p = gp[i];
    float v[V], w[V];
    p.widen(v);
    up_p[i].widen(w);
#pragma unroll
    for (int k = 0; k < V; ++k) v[k] = as_float(f.value(T(v[k]), T(w[k])));
    p.narrow(v);
    yp[i] = p;
  }
  for (int i = packs * V + static_cast<int>(threadIdx.x); i < mine; i += element_threads)
    narrow(as_float(f.value(T(widen(gate[first + i])), T(widen(up[first + i])))), y[first + i]);
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
  using F = std::remove_cvref_t<decltype(f)>;
  using T = Arithmetic<F, E>;
  constexpr int sums = F::sums;
  float s[sums > 0 ? sums : 1] = {};
  for (int i = static_cast<int>(threadIdx.x); i < packs; i += element_threads) {
    P p = reinterpret_cast<P const*>(gate + first)[i], q = reinterpret_cast<P const*>(up + first)[i];
    float v[V], w[V], h[V];
    p.widen(v);
    q.widen(w);
    reinterpret_cast<P const*>(g + first)[i].widen(h);
#pragma unroll
    for (int k = 0; k < V; ++k) {
      auto const d = f.backward(T(v[k]), T(w[k]), T(h[k]), s);
      v[k] = as_float(d.gate);
      w[k] = as_float(d.up);
    }
    p.narrow(v);
    q.narrow(w);
    reinterpret_cast<P*>(dgate + first)[i] = p;
    reinterpret_cast<P*>(dup + first)[i] = q;
  }
  for (int i = packs * V + static_cast<int>(threadIdx.x); i < mine; i += element_threads) {
    auto const d = f.backward(T(widen(gate[first + i])), T(widen(up[first + i])), T(widen(g[first + i])), s);
    narrow(as_float(d.gate), dgate[first + i]);
    narrow(as_float(d.up), dup[first + i]);
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
