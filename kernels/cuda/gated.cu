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

/// What a block works on: how many elements, and where element i of them is in gate, up and their gradients
/// (.side(i)), and in y and g (.plain(i)). Either share depends on the shape alone.
struct FlatShare {
  std::int64_t count;
  __device__ __forceinline__ std::int64_t first() const {
    return static_cast<std::int64_t>(blockIdx.x) * elements_per_block;
  }
  __device__ __forceinline__ int mine() const {
    return static_cast<int>(count - first() < elements_per_block ? count - first() : elements_per_block);
  }
  __device__ __forceinline__ std::int64_t side(int i) const { return first() + i; }
  __device__ __forceinline__ std::int64_t plain(int i) const { return first() + i; }
  std::int64_t blocks() const { return element_blocks(count); }
};
struct RowsShare {
  Halves h;
  int each;  // rows of a block
  explicit RowsShare(Halves const& halves) : h(halves), each(std::max(1, elements_per_block / std::max(1, h.width))) {}
  __device__ __forceinline__ std::int64_t first() const { return static_cast<std::int64_t>(blockIdx.x) * each; }
  __device__ __forceinline__ int mine() const {
    return static_cast<int>(h.rows - first() < each ? h.rows - first() : each) * h.width;
  }
  __device__ __forceinline__ std::int64_t side(int i) const {
    int const row = i / h.width;
    return (first() + row) * h.stride + (i - row * h.width);
  }
  __device__ __forceinline__ std::int64_t plain(int i) const { return first() * h.width + i; }
  std::int64_t blocks() const { return h.rows > 0 && h.width > 0 ? (h.rows + each - 1) / each : 0; }
};

template <class E, int V>
__device__ __forceinline__ Pack<E, V> const& pack_at(E const* array, std::int64_t i) {
  return *reinterpret_cast<Pack<E, V> const*>(array + i);
}
template <class E, int V>
__device__ __forceinline__ Pack<E, V>& pack_at(E* array, std::int64_t i) {
  return *reinterpret_cast<Pack<E, V>*>(array + i);
}

/// As forward_elements, of two inputs.
template <int V, class S, class Share, class E>
__global__ void __launch_bounds__(element_threads, 4)
    forward_gated(S source, Share share, E const* __restrict__ gate, E const* __restrict__ up, E* __restrict__ y) {
  int const mine = share.mine(), packs = mine / V;
  auto const f = source.load(0);
  using T = Arithmetic<std::remove_cvref_t<decltype(f)>, E>;
#pragma unroll 2
  for (int i = static_cast<int>(threadIdx.x); i < packs; i += element_threads) {
    std::int64_t const side = share.side(i * V);
    Pack<E, V> p = pack_at<E, V>(gate, side);
    float v[V], w[V];
    p.widen(v);
    pack_at<E, V>(up, side).widen(w);
#pragma unroll
    for (int k = 0; k < V; ++k) v[k] = as_float(f.value(T(v[k]), T(w[k])));
    p.narrow(v);
    pack_at<E, V>(y, share.plain(i * V)) = p;
  }
  for (int i = packs * V + static_cast<int>(threadIdx.x); i < mine; i += element_threads) {
    std::int64_t const side = share.side(i);
    narrow(as_float(f.value(T(widen(gate[side])), T(widen(up[side])))), y[share.plain(i)]);
  }
}

/// As backward_elements, of two inputs.
template <int V, class S, class Share, class E>
__global__ void __launch_bounds__(element_threads, 4)
    backward_gated(S source, Share share, E const* __restrict__ gate, E const* __restrict__ up, E const* __restrict__ g,
                   E* __restrict__ dgate, E* __restrict__ dup, float* __restrict__ part) {
  int const mine = share.mine(), packs = mine / V;
  auto const f = source.load(0);
  using F = std::remove_cvref_t<decltype(f)>;
  using T = Arithmetic<F, E>;
  constexpr int sums = F::sums;
  float s[sums > 0 ? sums : 1] = {};
  for (int i = static_cast<int>(threadIdx.x); i < packs; i += element_threads) {
    std::int64_t const side = share.side(i * V);
    Pack<E, V> p = pack_at<E, V>(gate, side), q = pack_at<E, V>(up, side);
    float v[V], w[V], h[V];
    p.widen(v);
    q.widen(w);
    pack_at<E, V>(g, share.plain(i * V)).widen(h);
#pragma unroll
    for (int k = 0; k < V; ++k) {
      auto const d = f.backward(T(v[k]), T(w[k]), T(h[k]), s);
      v[k] = as_float(d.gate);
      w[k] = as_float(d.up);
    }
    p.narrow(v);
    q.narrow(w);
    pack_at<E, V>(dgate, side) = p;
    pack_at<E, V>(dup, side) = q;
  }
  for (int i = packs * V + static_cast<int>(threadIdx.x); i < mine; i += element_threads) {
    std::int64_t const side = share.side(i);
    auto const d = f.backward(T(widen(gate[side])), T(widen(up[side])), T(widen(g[share.plain(i)])), s);
    narrow(as_float(d.gate), dgate[side]);
    narrow(as_float(d.up), dup[side]);
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

/// Whether packs may be read: elementwise of all that is there, by rows at the beginning of each.
template <class E>
bool in_packs(FlatShare const&) {
  return true;
}
template <class E>
bool in_packs(RowsShare const& share) {
  return share.h.width % full_pack<E> == 0 && share.h.stride % full_pack<E> == 0;
}

template <class E, class Share>
void forward(Gate f, Parameters const& p, E const* gate, E const* up, E* y, Share const& share, cudaStream_t stream) {
  if (share.blocks() <= 0) return;
  with_source(f, p, [&](auto source) {
    using S = decltype(source);
    bool const packs = in_packs<E>(share) && aligned({gate, up, y});
    auto const kernel = packs ? forward_gated<full_pack<E>, S, Share, E> : forward_gated<1, S, Share, E>;
    launch(kernel, dim3(static_cast<unsigned>(share.blocks())), dim3(element_threads), 0, stream, source, share, gate,
           up, y);
  });
}

template <class Share>
std::size_t workspace(Gate f, Share const& share) {
  return f == Gate::polyrelu ? partials_workspace(share.blocks()) : 0;
}

template <class E, class Share>
void backward(Gate f, Parameters const& p, E const* gate, E const* up, E const* g, E* dgate, E* dup, float* gradient,
              float* workspace, Share const& share, cudaStream_t stream) {
  if (share.blocks() > 0)
    with_source(f, p, [&](auto source) {
      using S = decltype(source);
      bool const packs = in_packs<E>(share) && aligned({gate, up, g, dgate, dup});
      auto const kernel = packs ? backward_gated<full_pack<E>, S, Share, E> : backward_gated<1, S, Share, E>;
      launch(kernel, dim3(static_cast<unsigned>(share.blocks())), dim3(element_threads), 0, stream, source, share, gate,
             up, g, dgate, dup, workspace);
    });
  if (f == Gate::polyrelu) sum_partials(workspace, gradient, share.blocks(), stream);
}

}  // namespace

template <class E>
void gated_forward(Gate f, Parameters const& p, E const* gate, E const* up, E* y, std::int64_t count,
                   cudaStream_t stream) {
  forward(f, p, gate, up, y, FlatShare{count}, stream);
}
template <class E>
void gated_forward(Gate f, Parameters const& p, E const* gate, E const* up, E* y, Halves const& h,
                   cudaStream_t stream) {
  forward(f, p, gate, up, y, RowsShare(h), stream);
}

std::size_t gated_workspace(Gate f, std::int64_t count) { return workspace(f, FlatShare{count}); }
std::size_t gated_workspace(Gate f, Halves const& h) { return workspace(f, RowsShare(h)); }

template <class E>
void gated_backward(Gate f, Parameters const& p, E const* gate, E const* up, E const* g, E* dgate, E* dup,
                    float* gradient, float* workspace, std::int64_t count, cudaStream_t stream) {
  backward(f, p, gate, up, g, dgate, dup, gradient, workspace, FlatShare{count}, stream);
}
template <class E>
void gated_backward(Gate f, Parameters const& p, E const* gate, E const* up, E const* g, E* dgate, E* dup,
                    float* gradient, float* workspace, Halves const& h, cudaStream_t stream) {
  backward(f, p, gate, up, g, dgate, dup, gradient, workspace, RowsShare(h), stream);
}

#define NWIDTH_INSTANTIATE(E)                                                                                    \
  template void gated_forward<E>(Gate, Parameters const&, E const*, E const*, E*, std::int64_t, cudaStream_t);   \
  template void gated_forward<E>(Gate, Parameters const&, E const*, E const*, E*, Halves const&, cudaStream_t);  \
  template void gated_backward<E>(Gate, Parameters const&, E const*, E const*, E const*, E*, E*, float*, float*, \
                                  std::int64_t, cudaStream_t);                                                   \
  template void gated_backward<E>(Gate, Parameters const&, E const*, E const*, E const*, E*, E*, float*, float*, \
                                  Halves const&, cudaStream_t);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(__nv_bfloat16)

}  // namespace nwidth::kernels::cuda
