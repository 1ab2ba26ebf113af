// SPDX-License-Identifier: Apache-2.0
// PolyNorm on the gate: as polynorm.cu's kernels for wide rows, with a second input.
#include "kernels/activation/polynorm_glu.hpp"
#include "kernels/cuda/rows.hpp"

namespace nwidth::kernels::cuda {
namespace {

using Glu = activation::PolyNormGLU<float>;

template <class E, int V>
__global__ void __launch_bounds__(512, 2)
    forward_rows(SetOfExpert source, float scale, E const* __restrict__ gate, E const* __restrict__ up,
                 E* __restrict__ y, std::int64_t rows, int width, int cached) {
  using P = Pack<E, V>;
  NWIDTH_DYNAMIC_SHARED(P, row);
  int const packs = width / V;
  for (std::int64_t r = blockIdx.x; r < rows; r += gridDim.x) {
    P const* const gr = reinterpret_cast<P const*>(gate + r * width);
    P const* const ur = reinterpret_cast<P const*>(up + r * width);
    P* const yr = reinterpret_cast<P*>(y + r * width);
    float m[3] = {};
#pragma unroll 4
    for (int i = static_cast<int>(threadIdx.x); i < packs; i += static_cast<int>(blockDim.x)) {
      P const p = gr[i];
      if (i < cached) row[i] = p;
#pragma unroll
      for (int k = 0; k < V; ++k) Norm::moments(widen(p.e[k]), m);
    }
    int const e = source.expert(r);
    if (e < 0) continue;
    block_sum<3>(m);
    Glu const f{source.load(e), scale};
    auto const R = f.norm.forward(m, static_cast<float>(width), ReciprocalRoot{});
    for (int i = static_cast<int>(threadIdx.x); i < packs; i += static_cast<int>(blockDim.x)) {
      P p = i < cached ? row[i] : gr[i];
      P const q = ur[i];
      replace(p, [&](float v, int k) { return f.value(v, widen(q.e[k]), R); });
      yr[i] = p;
    }
  }
}

/// The packs of gate, up and g lie one behind the other in shared memory. part: 4 floats a row, in place r + e.
template <class E, int V>
__global__ void __launch_bounds__(512, 2)
    backward_rows(SetOfExpert source, float scale, E const* __restrict__ gate, E const* __restrict__ up,
                  E const* __restrict__ g, E* __restrict__ dgate, E* __restrict__ dup, float* __restrict__ part,
                  std::int64_t rows, int width, int cached) {
  using P = Pack<E, V>;
  NWIDTH_DYNAMIC_SHARED(P, row);
  int const packs = width / V;
  for (std::int64_t r = blockIdx.x; r < rows; r += gridDim.x) {
    P const* const ar = reinterpret_cast<P const*>(gate + r * width);
    P const* const ur = reinterpret_cast<P const*>(up + r * width);
    P const* const gr = reinterpret_cast<P const*>(g + r * width);
    float m[7] = {};
    for (int i = static_cast<int>(threadIdx.x); i < packs; i += static_cast<int>(blockDim.x)) {
      P const a = ar[i], b = ur[i], c = gr[i];
      if (i < cached) {
        row[i] = a;
        row[cached + i] = b;
        row[2 * cached + i] = c;
      }
#pragma unroll
      for (int k = 0; k < V; ++k) Norm::moments(widen(a.e[k]), scale * (widen(c.e[k]) * widen(b.e[k])), m);
    }
    int const e = source.expert(r);
    if (e < 0) continue;
    block_sum<7>(m);
    Glu const f{source.load(e), scale};
    auto const F = f.norm.forward(m, static_cast<float>(width), ReciprocalRoot{});
    auto const R = f.norm.backward(m, static_cast<float>(width), ReciprocalRoot{});
    if (threadIdx.x == 0)
#pragma unroll
      for (int q = 0; q < 4; ++q) part[4 * (r + e) + q] = R.d[q];
    for (int i = static_cast<int>(threadIdx.x); i < packs; i += static_cast<int>(blockDim.x)) {
      bool const here = i < cached;
      P a = here ? row[i] : ar[i], b = here ? row[cached + i] : ur[i];
      P const c = here ? row[2 * cached + i] : gr[i];
      replace_both(a, b, [&](float v, float w, int k) { return f.gradient(v, w, widen(c.e[k]), F, R); });
      reinterpret_cast<P*>(dgate + r * width)[i] = a;
      reinterpret_cast<P*>(dup + r * width)[i] = b;
    }
  }
}

}  // namespace

template <class E>
void polynorm_glu_forward(Experts const& c, float scale, E const* gate, E const* up, E* y, std::int64_t rows, int width,
                          cudaStream_t stream) {
  if (rows <= 0 || width <= 0 || c.count <= 0) return;
  bool const full = aligned<E>(width, {gate, up, y});
  int const V = full ? full_pack<E> : 1;
  Plan const p = plan(rows, width / V, sizeof(E) * static_cast<std::size_t>(V), 1, packs_per_thread<E>);
  launch(full ? forward_rows<E, full_pack<E>> : forward_rows<E, 1>, p.grid, p.block, p.shared, stream, SetOfExpert{c},
         scale, gate, up, y, rows, width, p.cached);
}

template <class E>
void polynorm_glu_backward(Experts const& c, float scale, E const* gate, E const* up, E const* g, E* dgate, E* dup,
                           float* gradient, float* workspace, std::int64_t rows, int width, cudaStream_t stream) {
  if (c.count <= 0) return;
  if (width <= 0 || rows < 0) rows = 0;
  if (rows > 0) {
    bool const full = aligned<E>(width, {gate, up, g, dgate, dup});
    int const V = full ? full_pack<E> : 1;
    Plan const p = plan(rows, width / V, sizeof(E) * static_cast<std::size_t>(V), 3, packs_per_thread<E>);
    launch(full ? backward_rows<E, full_pack<E>> : backward_rows<E, 1>, p.grid, p.block, p.shared, stream,
           SetOfExpert{c}, scale, gate, up, g, dgate, dup, workspace, rows, width, p.cached);
  }
  if (c.offsets.data == nullptr) return sum_partials(workspace, gradient, rows, stream);
  sum_partials_of_experts({c.offsets, c.count, 1, 1}, workspace, gradient, rows, stream);
}

#define NWIDTH_INSTANTIATE(E)                                                                                         \
  template void polynorm_glu_forward<E>(Experts const&, float, E const*, E const*, E*, std::int64_t, int,             \
                                        cudaStream_t);                                                                \
  template void polynorm_glu_backward<E>(Experts const&, float, E const*, E const*, E const*, E*, E*, float*, float*, \
                                         std::int64_t, int, cudaStream_t);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(__nv_bfloat16)

}  // namespace nwidth::kernels::cuda
