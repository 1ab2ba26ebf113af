// SPDX-License-Identifier: Apache-2.0
/// The loop of the elementwise ops, and the tables of all. For the files isa_*.cpp and the like alone, as lanes.hpp.
#pragma once
#include "kernels/cpu/normalised.hpp"
#include "kernels/cpu/smooth.hpp"

namespace nwidth::kernels::cpu {
namespace {

template <class E, class Op>
struct Elementwise {
  using C = Arithmetic<E>;
  using V = Lanes<C>;
  using In = Inputs<E, Op::inputs>;
  using Out = Outputs<E, Op::outputs>;
  static constexpr int sums = Op::sums;
  static constexpr std::int64_t segment = segment_blocks * Block<E>::size;

  template <Path path>
  NWIDTH_INLINE static void row(Op const& op, In const& in, Out& out, std::int64_t width,
                                Totals<C> (&total)[room(sums)]) {
    for (std::int64_t s = 0; s < width; s += segment) {
      std::int64_t const e = width - s > segment ? s + segment : width;
      V sum[room(sums)];
      if constexpr (path == Path::tile) out.open(s);
      each_block<E>(s, e, [&](std::int64_t i, auto part) NWIDTH_LAMBDA {
        Block<E> x[Op::inputs];
        Block<E, !Elements<E, Op>::by_lanes> y[Op::outputs];
        in.template read<Ahead::once>(i, part, x);
        if constexpr (Elements<E, Op>::by_lanes) {
          each_half([&](auto h) NWIDTH_LAMBDA {
            V a[Op::inputs], b[Op::outputs];
            for (int o = 0; o < Op::inputs; ++o) a[o] = x[o].half[h];
            op.element(a, b, sum);
            for (int o = 0; o < Op::outputs; ++o) y[o].half[h] = b[o];
          });
        } else {
          Elements<E, Op>::apply(op, x, y, sum);
        }
        out.template write<path, Zeros::common>(i, part, y);
      });
      for (int q = 0; q < sums; ++q) total[q].add(sum[q]);
      if constexpr (path == Path::tile) out.close(e - s, e == width);
    }
  }

  [[gnu::flatten]] static void run(Job const& job, std::int64_t first, std::int64_t last) {
    Op const op = *static_cast<Op const*>(job.op);
    typename Out::Tile tiles[Op::outputs];
    std::int64_t const begin = first * job.rows_an_item, stop = last * job.rows_an_item;
    std::int64_t const last_row = stop < job.rows ? stop : job.rows;
    for (std::int64_t item = first; item < last; ++item) {
      bool const split = job.pieces > 1;
      std::int64_t r = split ? item / job.pieces : item * job.rows_an_item;
      std::int64_t const end =
          split || job.rows - r < job.rows_an_item ? (split ? r + 1 : job.rows) : r + job.rows_an_item;
      std::int64_t const offset = split ? item % job.pieces * job.piece : 0;
      std::int64_t const width = split && job.width - offset > job.piece ? job.piece : job.width - offset;
      Totals<C> total[room(sums)];
      for (; r < end; ++r) {
        In const in(job, r, offset);
        Out out(job, r, offset, tiles, begin, last_row);
        switch (out.path(job, width)) {
          case Path::ordinary: row<Path::ordinary>(op, in, out, width, total); break;
          case Path::stream: row<Path::stream>(op, in, out, width, total); break;
          case Path::tile: row<Path::tile>(op, in, out, width, total); break;
        }
      }
      for (int q = 0; q < sums; ++q) job.sums[item * max_sums + q] = total[q].sum();
    }
    if (job.stream) stream_fence();
  }
};

template <class E, template <class> class Op>
constexpr Run runner() {
  using O = Op<Arithmetic<E>>;
  if constexpr (requires { O::moments; }) {
    return &Normalised<E, O>::run;
  } else {
    return &Elementwise<E, O>::run;
  }
}

template <template <class> class... Op>
constexpr Table<OpList<Op...>> table(OpList<Op...>) {
  return {{{runner<float, Op>(), runner<bf16, Op>(), runner<double, Op>()}...}};
}

template <template <class> class... Op>
constexpr Table<OpList<Op...>> table_of_bf16(OpList<Op...>) {
  return {{{nullptr, runner<bf16, Op>(), nullptr}...}};
}

}  // namespace
}  // namespace nwidth::kernels::cpu
