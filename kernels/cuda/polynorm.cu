// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/cuda/rows.hpp"

namespace nwidth::kernels::cuda {
namespace {

/// One block a row. The first `cached` packs of the row wait in shared memory for their second use; the rest, if any,
/// are read again.
template <class E, int V, class S>
__global__ void __launch_bounds__(512)
    forward_rows(S source, E const* __restrict__ x, E* __restrict__ y, std::int64_t rows, int width, int cached) {
  using P = Pack<E, V>;
  NWIDTH_DYNAMIC_SHARED(P, row);
  int const packs = width / V;
  for (std::int64_t r = blockIdx.x; r < rows; r += gridDim.x) {
    P const* const xr = reinterpret_cast<P const*>(x + r * width);
    P* const yr = reinterpret_cast<P*>(y + r * width);
    float m[3] = {};
#pragma unroll 4
    for (int i = static_cast<int>(threadIdx.x); i < packs; i += static_cast<int>(blockDim.x)) {
      P const p = xr[i];
      if (i < cached) row[i] = p;
#pragma unroll
      for (int k = 0; k < V; ++k) Norm::moments(widen(p.e[k]), m);
    }
    int const e = source.expert(r);
    if (e < 0) continue;
    block_sum<3>(m);
    auto const R = source.load(e).forward(m, static_cast<float>(width), ReciprocalRoot{});
    for (int i = static_cast<int>(threadIdx.x); i < packs; i += static_cast<int>(blockDim.x)) {
      P p = i < cached ? row[i] : xr[i];
      replace(p, [&R](float v, int) { return Norm::value(v, R); });
      yr[i] = p;
    }
  }
}

/// As forward_rows; the packs of x and of g lie one behind the other in shared memory. part: 4 floats a row, those of
/// row r of expert e in place r + e, as Shares has it.
template <class E, int V, class S>
__global__ void __launch_bounds__(512)
    backward_rows(S source, E const* __restrict__ x, E const* __restrict__ g, E* __restrict__ dx,
                  float* __restrict__ part, std::int64_t rows, int width, int cached) {
  using P = Pack<E, V>;
  NWIDTH_DYNAMIC_SHARED(P, row);
  int const packs = width / V;
  for (std::int64_t r = blockIdx.x; r < rows; r += gridDim.x) {
    P const* const xr = reinterpret_cast<P const*>(x + r * width);
    P const* const gr = reinterpret_cast<P const*>(g + r * width);
    P* const dr = reinterpret_cast<P*>(dx + r * width);
    float m[7] = {};
#pragma unroll 2
    for (int i = static_cast<int>(threadIdx.x); i < packs; i += static_cast<int>(blockDim.x)) {
      P const p = xr[i], q = gr[i];
      if (i < cached) {
        row[i] = p;
        row[cached + i] = q;
      }
#pragma unroll
      for (int k = 0; k < V; ++k) Norm::moments(widen(p.e[k]), widen(q.e[k]), m);
    }
    int const e = source.expert(r);
    if (e < 0) continue;
    block_sum<7>(m);
    auto const R = source.load(e).backward(m, static_cast<float>(width), ReciprocalRoot{});
    if (threadIdx.x == 0)
#pragma unroll
      for (int q = 0; q < 4; ++q) part[4 * (r + e) + q] = R.d[q];
    for (int i = static_cast<int>(threadIdx.x); i < packs; i += static_cast<int>(blockDim.x)) {
      bool const here = i < cached;
      P p = here ? row[i] : xr[i];
      P const q = here ? row[cached + i] : gr[i];
      replace(p, [&](float v, int k) { return Norm::gradient(v, widen(q.e[k]), R); });
      dr[i] = p;
    }
  }
}

/// Rows of at most 32 C packs, a group of `lanes` lanes a row (a power of two): the row waits in registers, and nothing
/// but shuffles joins its lanes. Lanes of rows that are not there work on zeros, since a shuffle wants the whole warp.
template <class E, int V, int C, class S>
__global__ void __launch_bounds__(256)
    forward_narrow(S source, E const* __restrict__ x, E* __restrict__ y, std::int64_t rows, int width, int at_most_32) {
  using P = Pack<E, V>;
  int const lanes = C > 1 ? 32 : at_most_32;  // a row that needs more than one pack a lane has all of them
  int const packs = width / V, lane = static_cast<int>(threadIdx.x) & (lanes - 1);
  std::int64_t const r = (blockIdx.x * std::int64_t{256} + threadIdx.x) / lanes;
  int const e = r < rows ? source.expert(r) : -1;
  P const* const xr = reinterpret_cast<P const*>(x + r * width);
  P p[C];
  float m[3] = {};
#pragma unroll
  for (int j = 0; j < C; ++j) {
    int const i = lane + j * lanes;
    if (e < 0 || i >= packs) continue;
    p[j] = xr[i];
#pragma unroll
    for (int k = 0; k < V; ++k) Norm::moments(widen(p[j].e[k]), m);
  }
  group_sum<3>(m, lanes);
  if (e < 0) return;
  auto const R = source.load(e).forward(m, static_cast<float>(width), ReciprocalRoot{});
  P* const yr = reinterpret_cast<P*>(y + r * width);
#pragma unroll
  for (int j = 0; j < C; ++j) {
    int const i = lane + j * lanes;
    if (i >= packs) continue;
    replace(p[j], [&R](float v, int) { return Norm::value(v, R); });
    yr[i] = p[j];
  }
}

template <class E, int V, int C, class S>
__global__ void __launch_bounds__(256, S::blocks)
    backward_narrow(S source, E const* __restrict__ x, E const* __restrict__ g, E* __restrict__ dx,
                    float* __restrict__ part, std::int64_t rows, int width, int at_most_32) {
  using P = Pack<E, V>;
  int const lanes = C > 1 ? 32 : at_most_32;  // a row that needs more than one pack a lane has all of them
  int const packs = width / V, lane = static_cast<int>(threadIdx.x) & (lanes - 1);
  std::int64_t const r = (blockIdx.x * std::int64_t{256} + threadIdx.x) / lanes;
  int const e = r < rows ? source.expert(r) : -1;
  P const* const xr = reinterpret_cast<P const*>(x + r * width);
  P const* const gr = reinterpret_cast<P const*>(g + r * width);
  P p[C], q[C];
  float m[7] = {};
#pragma unroll
  for (int j = 0; j < C; ++j) {
    int const i = lane + j * lanes;
    if (e < 0 || i >= packs) continue;
    p[j] = xr[i];
    q[j] = gr[i];
#pragma unroll
    for (int k = 0; k < V; ++k) Norm::moments(widen(p[j].e[k]), widen(q[j].e[k]), m);
  }
  group_sum<7>(m, lanes);
  if (e < 0) return;
  auto const R = source.load(e).backward(m, static_cast<float>(width), ReciprocalRoot{});
  if (lane == 0)
#pragma unroll
    for (int k = 0; k < 4; ++k) part[4 * (r + e) + k] = R.d[k];
  P* const dr = reinterpret_cast<P*>(dx + r * width);
#pragma unroll
  for (int j = 0; j < C; ++j) {
    int const i = lane + j * lanes;
    if (i >= packs) continue;
    replace(p[j], [&](float v, int k) { return Norm::gradient(v, widen(q[j].e[k]), R); });
    dr[i] = p[j];
  }
}

/// The group of lanes for a narrow row.
int lanes_for(int packs) {
  int lanes = 1;
  while (lanes < 32 && lanes < packs) lanes *= 2;
  return lanes;
}
dim3 narrow_grid(std::int64_t rows, int lanes) {
  std::int64_t const rows_per_block = 256 / lanes;
  return dim3(static_cast<unsigned>((rows + rows_per_block - 1) / rows_per_block));
}

/// The widest row, in packs, that goes to the narrow kernels.
constexpr int narrow_packs = 32 * 4;

template <class E, int V, class S>
void forward(S const& c, E const* x, E* y, std::int64_t rows, int width, cudaStream_t stream) {
  if (int const packs = width / V; packs <= narrow_packs) {
    int const lanes = lanes_for(packs);
    dim3 const grid = narrow_grid(rows, lanes);
    auto const kernel = packs <= lanes       ? forward_narrow<E, V, 1, S>
                        : packs <= 2 * lanes ? forward_narrow<E, V, 2, S>
                                             : forward_narrow<E, V, 4, S>;
    launch(kernel, grid, dim3(256), 0, stream, c, x, y, rows, width, lanes);
    return;
  }
  Plan const p = plan(rows, width / V, sizeof(E) * V, 1, packs_per_thread<E>);
  launch(forward_rows<E, V, S>, p.grid, p.block, p.shared, stream, c, x, y, rows, width, p.cached);
}

template <class E, int V, class S>
void backward(S const& c, E const* x, E const* g, E* dx, float* part, std::int64_t rows, int width,
              cudaStream_t stream) {
  if (int const packs = width / V; packs <= narrow_packs) {
    int const lanes = lanes_for(packs);
    dim3 const grid = narrow_grid(rows, lanes);
    auto const kernel = packs <= lanes       ? backward_narrow<E, V, 1, S>
                        : packs <= 2 * lanes ? backward_narrow<E, V, 2, S>
                                             : backward_narrow<E, V, 4, S>;
    launch(kernel, grid, dim3(256), 0, stream, c, x, g, dx, part, rows, width, lanes);
    return;
  }
  Plan const p = plan(rows, width / V, sizeof(E) * V, 2, packs_per_thread<E>);
  launch(backward_rows<E, V, S>, p.grid, p.block, p.shared, stream, c, x, g, dx, part, rows, width, p.cached);
}

template <class E, class S>
void forward(S const& c, E const* x, E* y, std::int64_t rows, int width, cudaStream_t stream) {
  if (rows <= 0 || width <= 0) return;
  if (aligned<E>(width, {x, y})) return forward<E, full_pack<E>>(c, x, y, rows, width, stream);
  forward<E, 1>(c, x, y, rows, width, stream);
}

template <class E, class S>
void backward(S const& c, E const* x, E const* g, E* dx, float* part, std::int64_t rows, int width,
              cudaStream_t stream) {
  if (rows <= 0 || width <= 0) return;
  if (aligned<E>(width, {x, g, dx})) return backward<E, full_pack<E>>(c, x, g, dx, part, rows, width, stream);
  backward<E, 1>(c, x, g, dx, part, rows, width, stream);
}

std::int64_t rows_of(std::int64_t rows, int width) { return width > 0 && rows > 0 ? rows : 0; }
Shares shares_of(Experts const& c) { return {c.offsets, c.count, 1, 1}; }

}  // namespace

template <class E>
void polynorm_forward(Coefficients const& c, E const* x, E* y, std::int64_t rows, int width, cudaStream_t stream) {
  forward(OneSet{c}, x, y, rows, width, stream);
}
template <class E>
void polynorm_forward(Experts const& c, E const* x, E* y, std::int64_t rows, int width, cudaStream_t stream) {
  if (c.count > 0) forward(SetOfExpert{c}, x, y, rows, width, stream);
}

std::size_t polynorm_workspace(std::int64_t rows) { return partials_workspace(rows); }
std::size_t polynorm_workspace(Experts const& c, std::int64_t rows) {
  if (c.offsets.data == nullptr) return partials_workspace(rows);
  return experts_workspace(shares_of(c), std::max<std::int64_t>(rows, 0));
}

template <class E>
void polynorm_backward(Coefficients const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t rows, int width, cudaStream_t stream) {
  backward(OneSet{c}, x, g, dx, workspace, rows, width, stream);
  sum_partials(workspace, gradient, rows_of(rows, width), stream);
}
template <class E>
void polynorm_backward(Experts const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t rows, int width, cudaStream_t stream) {
  if (c.count <= 0) return;
  backward(SetOfExpert{c}, x, g, dx, workspace, rows, width, stream);
  if (c.offsets.data == nullptr) return sum_partials(workspace, gradient, rows_of(rows, width), stream);
  sum_partials_of_experts(shares_of(c), workspace, gradient, rows_of(rows, width), stream);
}

#define NWIDTH_INSTANTIATE(E)                                                                                        \
  template void polynorm_forward<E>(Coefficients const&, E const*, E*, std::int64_t, int, cudaStream_t);             \
  template void polynorm_forward<E>(Experts const&, E const*, E*, std::int64_t, int, cudaStream_t);                  \
  template void polynorm_backward<E>(Coefficients const&, E const*, E const*, E*, float*, float*, std::int64_t, int, \
                                     cudaStream_t);                                                                  \
  template void polynorm_backward<E>(Experts const&, E const*, E const*, E*, float*, float*, std::int64_t, int,      \
                                     cudaStream_t);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(__nv_bfloat16)

}  // namespace nwidth::kernels::cuda
