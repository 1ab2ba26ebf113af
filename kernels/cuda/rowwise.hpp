// SPDX-License-Identifier: Apache-2.0
/// One kernel for wide rows and one for narrow rows, for every op whose elements depend on sums over their row:
///
///   inputs, outputs, sums                           how many arrays, and how many sums a row has
///   gradients                                       whether a row has a share of the coefficients' gradient:
///   float const (&share(Row))[4]
///   source                                          NormSource
///   add(float const (&v)[inputs], float (&m)[sums]) an element's terms of the sums; all zeros have none
///   Row row(Norm, float const (&m)[sums], Width)    what follows from them
///   element(float const (&v)[inputs], Row, float (&o)[outputs])
///
/// Arrays are read once and written once, as long as a row fits; see rows.hpp for how rows lie in packs.
#pragma once
#include "kernels/cuda/rows.hpp"

namespace nwidth::kernels::cuda {

template <class Op, class P>
__device__ __forceinline__ void add_pack(Op const& op, P const (&p)[Op::inputs], float (&m)[Op::sums]) {
  constexpr int V = P::size;
  float v[Op::inputs][V];
#pragma unroll
  for (int j = 0; j < Op::inputs; ++j) p[j].widen(v[j]);
#pragma unroll
  for (int k = 0; k < V; ++k) {
    float element[Op::inputs];
#pragma unroll
    for (int j = 0; j < Op::inputs; ++j) element[j] = v[j][k];
    op.add(element, m);
  }
}

template <class Op, class R, class P>
__device__ __forceinline__ void outputs_of_pack(Op const& op, P const (&p)[Op::inputs], R const& row,
                                                P (&q)[Op::outputs]) {
  constexpr int V = P::size;
  float v[Op::inputs][V], o[Op::outputs][V];
#pragma unroll
  for (int j = 0; j < Op::inputs; ++j) p[j].widen(v[j]);
#pragma unroll
  for (int k = 0; k < V; ++k) {
    float element[Op::inputs], result[Op::outputs];
#pragma unroll
    for (int j = 0; j < Op::inputs; ++j) element[j] = v[j][k];
    op.element(element, row, result);
#pragma unroll
    for (int j = 0; j < Op::outputs; ++j) o[j][k] = result[j];
  }
#pragma unroll
  for (int j = 0; j < Op::outputs; ++j) q[j].narrow(o[j]);
}

/// Row r of expert e has its share of the gradient in place r + e, as Shares has it.
__device__ __forceinline__ void keep_share(float const (&d)[4], float* __restrict__ part, std::int64_t place) {
  reinterpret_cast<Quad<float>*>(part)[place] = {{d[0], d[1], d[2], d[3]}};
}

/// A block a row. The first `cached` packs of each array wait in shared memory for their second use, each in the hands
/// of one thread, which asks for all of its packs at once; the rest, if any, are read twice.
template <class E, int V, bool ragged, class Op>
__global__ void __launch_bounds__(row_threads_at_most)
    wide_rows(Op op, Arrays<E const*, Op::inputs> in, Arrays<E*, Op::outputs> out, float* __restrict__ part,
              Shape shape, int cached) {
  using P = Pack<E, V>;
  NWIDTH_DYNAMIC_SHARED(P, held);
  int const first = static_cast<int>(threadIdx.x), step = static_cast<int>(blockDim.x);
  std::int64_t const r = blockIdx.x;
  Row<E, V, ragged, Op::inputs> const x(in, r, shape);
  int const kept = x.packs < cached ? x.packs : cached;
  for (int k = first; k < kept; k += step) x.fetch(k, held + k, cached);
  int const e = op.source.expert(r);
  Norm const f = op.source.load(e < 0 ? 0 : e);  // while the row is on its way
  await_copies();
  if (e < 0) return;
  P p[Op::inputs];
  float m[Op::sums] = {};
  int i = first;  // so that a thread's share of the sums is the same however much is kept
  for (; i < kept; i += step) {
#pragma unroll
    for (int j = 0; j < Op::inputs; ++j) p[j] = held[j * cached + i];
    x.leave_out_others(i, p);
    add_pack(op, p, m);
  }
  for (; i < x.packs; i += step) {
    x.read(i, p);
    x.leave_out_others(i, p);
    add_pack(op, p, m);
  }
  block_sum<Op::sums>(m);
  auto const row = op.row(f, m, Width{1.F / static_cast<float>(shape.width)});
  if constexpr (Op::gradients)
    if (threadIdx.x == 0) keep_share(op.share(row), part, r + e);
  Row<E, V, ragged, Op::outputs, E*> const y(out, r, shape);
  P q[Op::outputs];
  for (i = first; i < kept; i += step) {
#pragma unroll
    for (int j = 0; j < Op::inputs; ++j) p[j] = held[j * cached + i];
    outputs_of_pack(op, p, row, q);
    y.write(i, q);
  }
  for (; i < x.packs; i += step) {
    x.read(i, p);
    outputs_of_pack(op, p, row, q);
    y.write(i, q);
  }
}

/// Rows of at most C packs for each of `lanes` lanes of a warp (a power of two): the row waits in registers, and
/// nothing but shuffles joins its lanes. Lanes of rows that are not there work on zeros, since a shuffle wants the
/// whole warp.
template <class E, int V, bool ragged, int C, class Op>
__global__ void __launch_bounds__(narrow_threads, Op::inputs < 3 ? 4 : 2)  // more would spill
    narrow_rows(Op op, Arrays<E const*, Op::inputs> in, Arrays<E*, Op::outputs> out, float* __restrict__ part,
                Shape shape, int lanes) {
  using P = Pack<E, V>;
  int const lane = static_cast<int>(threadIdx.x) & (lanes - 1);
  std::int64_t const r = (blockIdx.x * std::int64_t{narrow_threads} + threadIdx.x) / lanes;
  Row<E, V, ragged, Op::inputs> const x(in, r, shape);
  int packs = r < shape.rows ? x.packs : 0;
  P p[C][Op::inputs];
#pragma unroll
  for (int c = 0; c < C; ++c)
    if (lane + c * lanes < packs) x.read(lane + c * lanes, p[c]);
  int const e = r < shape.rows ? op.source.expert(r) : -1;
  if (e < 0) packs = 0;
  float m[Op::sums] = {};
#pragma unroll
  for (int c = 0; c < C; ++c)
    if (lane + c * lanes < packs) {
      x.leave_out_others(lane + c * lanes, p[c]);
      add_pack(op, p[c], m);
    }
  group_sum<Op::sums>(m, lanes);
  if (e < 0) return;
  auto const row = op.row(op.source.load(e), m, Width{1.F / static_cast<float>(shape.width)});
  if constexpr (Op::gradients)
    if (lane == 0) keep_share(op.share(row), part, r + e);
  Row<E, V, ragged, Op::outputs, E*> const y(out, r, shape);
#pragma unroll
  for (int c = 0; c < C; ++c) {
    if (lane + c * lanes >= packs) continue;
    P q[Op::outputs];
    outputs_of_pack(op, p[c], row, q);
    y.write(lane + c * lanes, q);
  }
}

template <int V, bool ragged, class E, class Op>
void run_rows(Op const& op, Arrays<E const*, Op::inputs> in, Arrays<E*, Op::outputs> out, float* part, Shape shape,
              cudaStream_t stream) {
  int const packs = packs_at_most<V, ragged>(shape.width);
  if (packs <= narrow_packs) {
    // As few lanes as can hold the row, since each of them computes what follows from its sums; but pieces of 16 or 32
    // bytes a row are slow to read.
    int lanes = 1;
    while ((lanes < 4 ? 2 : 4) * lanes < packs) lanes *= 2;
    auto const kernel = packs <= lanes       ? narrow_rows<E, V, ragged, 1, Op>
                        : packs <= 2 * lanes ? narrow_rows<E, V, ragged, 2, Op>
                                             : narrow_rows<E, V, ragged, 4, Op>;
    std::int64_t const each = narrow_threads / lanes;
    launch(kernel, dim3(static_cast<unsigned>((shape.rows + each - 1) / each)), dim3(narrow_threads), 0, stream, op, in,
           out, part, shape, lanes);
    return;
  }
  Plan const p = plan(packs, sizeof(E) * V, Op::inputs);
  launch(wide_rows<E, V, ragged, Op>, dim3(static_cast<unsigned>(shape.rows)), p.block, p.shared, stream, op, in, out,
         part, shape, p.cached);
}

/// Runs the op on `rows` rows of `width` elements, less than 2^31 rows; nothing if there are none.
/// @param part  a quad for each row of expert e in place row + e, if the op has gradients
template <class E, class Op>
void run_rows(Op const& op, Arrays<E const*, Op::inputs> in, Arrays<E*, Op::outputs> out, float* part,
              std::int64_t rows, int width, cudaStream_t stream) {
  if (rows <= 0 || width <= 0) return;
  constexpr int V = full_pack<E>;
  auto const misses = [](void const* p) {
    return static_cast<int>(reinterpret_cast<std::uintptr_t>(p) % 16 / sizeof(E));
  };
  int const first = misses(in.of[0]);
  bool alike = true, dense = true, whole = first == 0 && width % V == 0;
  auto const look_at = [&](auto const& arrays) {
    for (auto const* p : arrays.of) alike = alike && misses(p) == first;
    for (std::int64_t const stride : arrays.stride) {
      dense = dense && stride == width;
      whole = whole && stride % V == 0;
    }
  };
  look_at(in);
  look_at(out);
  Shape const shape{rows, width, first};
  if (alike && whole) return run_rows<V, false>(op, in, out, part, shape, stream);
  if (alike && dense) return run_rows<V, true>(op, in, out, part, shape, stream);
  run_rows<1, false>(op, in, out, part, shape, stream);
}

}  // namespace nwidth::kernels::cuda
