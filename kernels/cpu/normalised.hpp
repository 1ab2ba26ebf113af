// SPDX-License-Identifier: Apache-2.0
/// The loop of the ops that need sums over a row. For the files isa_*.cpp and the like alone, as lanes.hpp.
///
/// Rows go in groups, of one row where rows are wide. What follows from the sums of a row (three square roots and their
/// reciprocals among it) is computed for a whole group at once, a lane a row, by the instructions that one row would
/// take; the output of a row is made in the loop that sums the row one group later, which spreads reads, arithmetic and
/// writes evenly. Groups change no bit: each lane does what one row demands, in the same order.
///
/// Sums: lanes in the arithmetic's type over a segment of 32 blocks, then in double, lane by lane, then lane i + h to
/// lane i. So a float is at most 64 additions deep.
#pragma once
#include "kernels/cpu/streams.hpp"

namespace nwidth::kernels::cpu {
namespace {

/// A number for each row of a group.
using Group = Lanes<double>;
constexpr int group_rows = Group::count;
/// What the rows of a group may take, at most; chosen by experiment: two groups of floats stay in the first-level
/// cache, and bf16, which waits for arithmetic rather than for memory, in the second.
template <class E>
constexpr std::int64_t group_bytes = sizeof(E) == 2 ? 65536 : 12288;

struct InverseRoot {
  NWIDTH_INLINE Group operator()(Group const& a) const {
    Group r;
    NWIDTH_EACH_REGISTER(r.v[k] = 1 / square_root(a.v[k]);)
    return r;
  }
};

/// Lanes i + 8 to lanes i, where there are 16.
template <class C>
NWIDTH_INLINE Group eight(Totals<C> const& t) {
  Group r;
  NWIDTH_EACH_REGISTER(
      if constexpr (sizeof(C) == 4) { r.v[k] = t.v[k] + t.v[k + registers]; } else { r.v[k] = t.v[k]; })
  return r;
}
/// Lane r is the sum of the lanes of row[r]: lane i plus lane i + h for h = 4, 2, 1.
NWIDTH_INLINE Group sum_of_each(Group const (&row)[group_rows]) {
  Group r;
#if NWIDTH_REGISTER == 64
  auto const four = [&](int i) {  // of rows i and i + 4
    Double const a = row[i].v[0], b = row[i + 4].v[0];
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
           __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  };
  auto const two = [&](int i) {  // of rows i, i + 2, i + 4, i + 6
    Double const a = four(i), b = four(i + 2);
    return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
           __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  };
  Double const a = two(0), b = two(1);
  r.v[0] = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14) +
           __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
#elif NWIDTH_REGISTER == 32
  auto const two = [&](int i) {  // of rows i, i + 2
    Double const a = row[i].v[0] + row[i].v[1], b = row[i + 2].v[0] + row[i + 2].v[1];
    return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
  };
  NWIDTH_EACH_REGISTER(Double const a = two(4 * k), b = two(4 * k + 1);
                       r.v[k] = __builtin_shufflevector(a, b, 0, 4, 2, 6) + __builtin_shufflevector(a, b, 1, 5, 3, 7);)
#else
  auto const two = [&](int i) { return (row[i].v[0] + row[i].v[2]) + (row[i].v[1] + row[i].v[3]); };
  NWIDTH_EACH_REGISTER(Double const a = two(2 * k), b = two(2 * k + 1);
                       r.v[k] = __builtin_shufflevector(a, b, 0, 2) + __builtin_shufflevector(a, b, 1, 3);)
#endif
  return r;
}

/// Rounded, NaNs without a payload.
template <class C>
NWIDTH_INLINE void store_canonical(Group const& a, C (&to)[group_rows]) {
  NWIDTH_EACH_REGISTER(
      Double const d = a.v[k] == a.v[k] ? a.v[k] : Double{} + __builtin_nan("");
      C* const p = to + k * (group_rows / registers); if constexpr (sizeof(C) == 4) {
        auto const c = narrow(d);
        __builtin_memcpy(p, &c, sizeof c);
      } else { __builtin_memcpy(p, &d, sizeof d); })
}

template <class E, class Op>
struct Normalised {
  using C = Arithmetic<E>;
  using V = Lanes<C>;
  using In = Inputs<E, Op::inputs>;
  using Out = Outputs<E, Op::outputs>;
  static constexpr int moments = Op::moments, coefficients = Op::coefficients, chains = moments > 3 ? 1 : 2;
  static constexpr std::int64_t segment = segment_blocks * Block<E>::size;
  using Row = V[coefficients];

  /// The sums of one row (with `sum`) and the output of another (with `put`).
  template <bool sum, bool put, Path path>
  NWIDTH_INLINE static void step(std::int64_t width, In const& in, Totals<C> (&total)[moments], Row const& row,
                                 In const& before, Out& out) {
    for (std::int64_t s = 0; s < width; s += segment) {
      std::int64_t const e = width - s > segment ? s + segment : width;
      V m[chains][moments];
      if constexpr (put && path == Path::tile) out.open(s);
      each_block<E>(s, e, [&](std::int64_t i, auto part) NWIDTH_LAMBDA {
        if constexpr (sum) {
          Block<E> x[Op::inputs];
          in.template read<Ahead::first>(i, part, x);
          each_half([&](auto h) NWIDTH_LAMBDA {
            V a[Op::inputs];
            for (int o = 0; o < Op::inputs; ++o) a[o] = x[o].half[h];
            Op::moment(a, m[h % chains]);
          });
        }
        if constexpr (put) {
          Block<E> x[Op::inputs], y[Op::outputs];
          before.template read<Ahead::again>(i, part, x);
          each_half([&](auto h) NWIDTH_LAMBDA {
            V a[Op::inputs], b[Op::outputs];
            for (int o = 0; o < Op::inputs; ++o) a[o] = x[o].half[h];
            Op::element(a, row, b);
            for (int o = 0; o < Op::outputs; ++o) y[o].half[h] = b[o];
          });
          out.template write<path, Zeros::rare>(i, part, y);
        }
      });
      if constexpr (sum) {
        if (s == 0) {
          each<moments>([&](auto q) NWIDTH_LAMBDA { total[q].set(m[0][q]); });
        } else {
          each<moments>([&](auto q) NWIDTH_LAMBDA { total[q].add(m[0][q]); });
        }
        if constexpr (chains == 2) {
          each<moments>([&](auto q) NWIDTH_LAMBDA { total[q].add(m[1][q]); });
        }
      }
      if constexpr (put && path == Path::tile) out.close(e - s, e == width);
    }
  }

  template <bool sum>
  NWIDTH_INLINE static void step_and_put(Path path, std::int64_t width, In const& in, Totals<C> (&total)[moments],
                                         Row const& row, In const& before, Out& out) {
    switch (path) {
      case Path::ordinary: step<sum, true, Path::ordinary>(width, in, total, row, before, out); break;
      case Path::stream: step<sum, true, Path::stream>(width, in, total, row, before, out); break;
      case Path::tile: step<sum, true, Path::tile>(width, in, total, row, before, out); break;
    }
  }

  NWIDTH_INLINE static V all(C const& x) {
    V r;
    NWIDTH_EACH_REGISTER(r.v[k] = x - typename V::R{};)
    return r;
  }

  /// The share of the coefficients' gradients, a row after the other.
  struct Gradients {
    Job const& job;
    std::int64_t item, left = job.rows_an_item;
    double sums[room(Op::sums)] = {};

    NWIDTH_INLINE void add(Group const (&d)[room(Op::sums)], int rows) {
      for (int i = 0; i < rows; ++i) {
        for (int q = 0; q < Op::sums; ++q) sums[q] += lane(d[q], i);
        if (--left == 0) close();
      }
    }
    NWIDTH_INLINE void close() {
      if (left == job.rows_an_item) return;
      for (int q = 0; q < Op::sums; ++q) {
        job.sums[item * max_sums + q] = sums[q];
        sums[q] = 0;
      }
      ++item;
      left = job.rows_an_item;
    }
  };
  NWIDTH_INLINE static double lane(Group const& a, int i) {
    double r;
    __builtin_memcpy(&r, reinterpret_cast<std::byte const*>(a.v) + static_cast<std::size_t>(i) * sizeof r, sizeof r);
    return r;
  }

  /// From the sums of `rows` rows to what their elements need, in `to`.
  NWIDTH_INLINE static void finish(Op const& op, Job const& job, std::int64_t first, int rows,
                                   Group const (&part)[moments][group_rows], C (&to)[coefficients][group_rows],
                                   Gradients& gradients) {
    Group m[moments], R[3], row[coefficients], d[room(Op::sums)];
    for (int q = 0; q < moments; ++q) m[q] = sum_of_each(part[q]);
    C* const statistics =
        Op::saved == Saved::none || job.statistics == nullptr ? nullptr : static_cast<C*>(job.statistics) + first * 3;
    if constexpr (Op::saved == Saved::read) {
      for (int p = 0; p < 3; ++p) {
        double t[group_rows] = {};
        for (int i = 0; i < rows; ++i) t[i] = static_cast<double>(statistics[3 * i + p]);
        __builtin_memcpy(R[p].v, t, sizeof t);
      }
    }
    op.row(m, Group(static_cast<double>(job.width)), R, row, d, InverseRoot{});
    if constexpr (Op::saved == Saved::written) {
      if (statistics != nullptr) {
        for (int i = 0; i < rows; ++i) {
          for (int p = 0; p < 3; ++p) statistics[3 * i + p] = static_cast<C>(lane(R[p], i));
        }
      }
    }
    for (int i = 0; i < coefficients; ++i) store_canonical(row[i], to[i]);
    if constexpr (Op::sums > 0) gradients.add(d, rows);
  }

  [[gnu::flatten]] static void run(Job const& job, std::int64_t first, std::int64_t last) {
    Op const op = *static_cast<Op const*>(job.op);
    typename Out::Tile tiles[Op::outputs];
    std::int64_t const begin = first * job.rows_an_item;
    std::int64_t const end = job.rows - begin < (last - first) * job.rows_an_item ? job.rows : last * job.rows_an_item;
    std::int64_t const fit = group_bytes<E> / (Op::inputs * job.width * static_cast<std::int64_t>(sizeof(E)));
    int const group = fit < 1 ? 1 : fit < group_rows ? static_cast<int>(fit) : group_rows;
    auto const rows_from = [&](std::int64_t r) {
      return r < begin || r >= end ? 0 : end - r < group ? static_cast<int>(end - r) : group;
    };
    Group part[moments][group_rows];
    alignas(64) C known[coefficients][group_rows] = {};
    Gradients gradients{job, first};
    for (std::int64_t r = begin; r - group < end; r += group) {
      int const sum = rows_from(r), put = rows_from(r - group);
      for (int i = 0; i < sum || i < put; ++i) {
        In const in(job, r + i, 0), before(job, r - group + i, 0);
        Out out(job, r - group + i, 0, tiles, begin, end);
        Row row;
        each<coefficients>([&](auto q) NWIDTH_LAMBDA { row[q] = all(known[q][i]); });
        Totals<C> total[moments];
        if (i >= put) {
          step<true, false, Path::ordinary>(job.width, in, total, row, before, out);
        } else if (i < sum) {
          step_and_put<true>(out.path(job, job.width), job.width, in, total, row, before, out);
        } else {
          step_and_put<false>(out.path(job, job.width), job.width, in, total, row, before, out);
        }
        each<moments>([&](auto q) NWIDTH_LAMBDA { part[q][i] = eight(total[q]); });
      }
      if (sum > 0) finish(op, job, r, sum, part, known, gradients);
    }
    if constexpr (Op::sums > 0) gradients.close();
    if (job.stream) stream_fence();
  }
};

}  // namespace
}  // namespace nwidth::kernels::cpu
