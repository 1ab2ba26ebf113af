// SPDX-License-Identifier: Apache-2.0
/// The loops over rows. For the files isa_*.cpp alone, as lanes.hpp.
///
/// Memory is what these kernels wait for. So inputs are prefetched (Ahead), large outputs are streamed past the caches,
/// and a normalised op makes the output of row r - 1 in the loop that sums row r, which spreads reads, arithmetic and
/// writes evenly. Distances and this order were chosen by experiment. A streamed row that does not begin at a multiple
/// of 64 bytes goes through a tile in the first-level cache; lanes are those of a row that does, so that sums do not
/// depend on addresses.
///
/// Sums: lanes in the arithmetic's type over a segment of 32 blocks, then in double, lane by lane, then lane i + h to
/// lane i. So a float is at most 64 additions deep.
#pragma once
#include "kernels/cpu/block.hpp"
#include "kernels/cpu/job.hpp"
#include "kernels/cpu/smooth.hpp"

namespace nwidth::kernels::cpu {
namespace {

constexpr int segment_blocks = 32;
/// Where to prefetch: what an elementwise op will read, into the first-level cache; what a normalised op will sum, into
/// the second, and what it has summed and reads again, into the first. In bytes.
enum class Ahead { once = 2048, first = 8192, again = 512 };

struct InverseRoot {
  double operator()(double v) const { return 1 / __builtin_sqrt(v); }
};

template <class E, int N>
struct Inputs {
  E const* row[N];

  NWIDTH_INLINE Inputs(Job const& job, std::int64_t r, std::int64_t offset) {
    for (int o = 0; o < N; ++o) row[o] = static_cast<E const*>(job.in[o]) + r * job.in_stride[o] + offset;
  }
  template <Ahead ahead>
  NWIDTH_INLINE void prefetch(std::int64_t i) const {
    constexpr int level = ahead == Ahead::first ? 2 : 3;  // of locality: 3 is the first-level cache
    for (int o = 0; o < N; ++o) {
      auto const* const p = reinterpret_cast<std::byte const*>(row[o] + i) + static_cast<int>(ahead);
      __builtin_prefetch(p, 0, level);
      if constexpr (Block<E>::bytes > 64) __builtin_prefetch(p + 64, 0, level);
    }
  }
  NWIDTH_INLINE void read(std::int64_t i, Block<E> (&b)[N]) const {
    for (int o = 0; o < N; ++o) b[o].read(row[o] + i);
  }
  /// The first `count` elements of a block, zeros after them.
  NWIDTH_INLINE void read_part(std::int64_t i, std::int64_t count, Block<E> (&b)[N]) const {
    for (int o = 0; o < N; ++o) {
      alignas(64) std::byte buffer[Block<E>::bytes] = {};
      __builtin_memcpy(buffer, row[o] + i, static_cast<std::size_t>(count) * sizeof(E));
      b[o].read(reinterpret_cast<E const*>(buffer));
    }
  }
};

enum class Path { ordinary, stream, tile };

template <class E, int N>
struct Outputs {
  static constexpr int segment_bytes = segment_blocks * Block<E>::bytes;
  struct alignas(64) Tile {
    std::byte bytes[segment_bytes + 64];
  };
  E* row[N];
  Tile* tile;  // N of them: line 0 of a tile is the line that holds the beginning of the segment

  NWIDTH_INLINE Outputs(Job const& job, std::int64_t r, std::int64_t offset, Tile* tiles) : tile(tiles) {
    for (int o = 0; o < N; ++o) row[o] = static_cast<E*>(job.out[o]) + r * job.out_stride[o] + offset;
  }
  NWIDTH_INLINE Path path(Job const& job, std::int64_t count) const {
    if (!job.stream) return Path::ordinary;
    std::uintptr_t shifts = 0;
    for (int o = 0; o < N; ++o) shifts |= shift(o);
    if (shifts == 0) return Path::stream;
    return count * static_cast<std::int64_t>(sizeof(E)) < 1024 ? Path::ordinary : Path::tile;
  }
  NWIDTH_INLINE std::uintptr_t shift(int o) const { return reinterpret_cast<std::uintptr_t>(row[o]) % 64; }

  /// @param s  where the segment of element i begins
  template <Path path, bool away>
  NWIDTH_INLINE void write(std::int64_t i, std::int64_t s, Block<E, away> const (&b)[N]) const {
    for (int o = 0; o < N; ++o) {
      if constexpr (path == Path::tile) {
        b[o].template write<Store::ordinary>(reinterpret_cast<E*>(tile[o].bytes + shift(o)) + (i - s));
      } else {
        b[o].template write<path == Path::stream ? Store::stream : Store::ordinary>(row[o] + i);
      }
    }
  }
  template <Path path, bool away>
  NWIDTH_INLINE void write_part(std::int64_t i, std::int64_t s, std::int64_t count,
                                Block<E, away> const (&b)[N]) const {
    for (int o = 0; o < N; ++o) {
      alignas(64) std::byte buffer[Block<E>::bytes];
      b[o].template write<Store::ordinary>(reinterpret_cast<E*>(buffer));
      E* const to = path == Path::tile ? reinterpret_cast<E*>(tile[o].bytes + shift(o)) + (i - s) : row[o] + i;
      __builtin_memcpy(to, buffer, static_cast<std::size_t>(count) * sizeof(E));
    }
  }
  /// Streams the whole lines of the tiles, which hold the elements s <= i < e, and keeps the rest for the next segment
  /// or, at the end of the row, writes it.
  NWIDTH_INLINE void spill(std::int64_t s, std::int64_t e, bool end) const {
    for (int o = 0; o < N; ++o) {
      auto const skew = static_cast<std::int64_t>(shift(o));
      std::byte* const t = tile[o].bytes;
      auto* const to = reinterpret_cast<std::byte*>(row[o] + s) - skew;  // a multiple of 64
      std::int64_t const bytes = skew + (e - s) * static_cast<std::int64_t>(sizeof(E));
      std::int64_t at = 0;
      if (s == 0 && skew != 0) {  // the first line is not all ours
        at = bytes < 64 ? bytes : 64;
        __builtin_memcpy(to + skew, t + skew, static_cast<std::size_t>(at - skew));
      }
      for (; at + 64 <= bytes; at += 64) {
        NWIDTH_EACH_REGISTER(
            store<Store::stream>(to + at + NWIDTH_REGISTER * k, load<Word>(t + at + NWIDTH_REGISTER * k));)
      }
      if (end) {
        if (at < bytes) __builtin_memcpy(to + at, t + at, static_cast<std::size_t>(bytes - at));
      } else {
        __builtin_memcpy(t, t + at, 64);
      }
    }
  }
};

/// f(0), f(1) for the halves of a block: constants, so that arrays of sums stay in registers.
template <class F>
NWIDTH_INLINE void each_half(F f) {
  f(std::integral_constant<int, 0>{});
  f(std::integral_constant<int, 1>{});
}

/// f(i) for whole blocks from s to e, f(i, count) for what is left.
template <class E, class F>
NWIDTH_INLINE void each_block(std::int64_t s, std::int64_t e, F f) {
  std::int64_t i = s;
  for (; i + Block<E>::size <= e; i += Block<E>::size) f(i, std::integral_constant<int, 0>{});
  if (i < e) f(i, e - i);
}

template <class E, class Op>
struct Elementwise {
  using C = Arithmetic<E>;
  using V = Lanes<C>;
  using In = Inputs<E, Op::inputs>;
  using Out = Outputs<E, Op::outputs>;
  static constexpr int sums = Op::sums;
  static constexpr std::int64_t segment = segment_blocks * Block<E>::size;

  template <Path path>
  NWIDTH_INLINE static void row(Op const& op, In const& in, Out const& out, std::int64_t width,
                                Totals<C> (&total)[room(sums)]) {
    for (std::int64_t s = 0; s < width; s += segment) {
      std::int64_t const e = width - s > segment ? s + segment : width;
      V sum[room(sums)];
      each_block<E>(s, e, [&](std::int64_t i, auto part) {
        constexpr bool whole = !std::is_same_v<decltype(part), std::int64_t>;
        Block<E> x[Op::inputs];
        Block<E, !Elements<E, Op>::by_lanes> y[Op::outputs];
        if constexpr (whole) {
          in.template prefetch<Ahead::once>(i);
          in.read(i, x);
        } else {
          in.read_part(i, part, x);
        }
        if constexpr (Elements<E, Op>::by_lanes) {
          each_half([&](auto h) {
            V a[Op::inputs], b[Op::outputs];
            for (int o = 0; o < Op::inputs; ++o) a[o] = x[o].half[h];
            op.element(a, b, sum);
            for (int o = 0; o < Op::outputs; ++o) y[o].half[h] = b[o];
          });
        } else {
          Elements<E, Op>::apply(op, x, y, sum);
        }
        if constexpr (whole) {
          out.template write<path>(i, s, y);
        } else {
          out.template write_part<path>(i, s, part, y);
        }
      });
      for (int q = 0; q < sums; ++q) total[q].add(sum[q]);
      if constexpr (path == Path::tile) out.spill(s, e, e == width);
    }
  }

  [[gnu::flatten]] static void run(Job const& job, std::int64_t first, std::int64_t last) {
    Op const op = *static_cast<Op const*>(job.op);
    typename Out::Tile tiles[Op::outputs];
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
        Out const out(job, r, offset, tiles);
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

template <class E, class Op>
struct Normalised {
  using C = Arithmetic<E>;
  using V = Lanes<C>;
  using In = Inputs<E, Op::inputs>;
  using Out = Outputs<E, Op::outputs>;
  using Row = typename Op::Row;
  static constexpr int moments = Op::moments, chains = moments > 3 ? 1 : 2;
  static constexpr std::int64_t segment = segment_blocks * Block<E>::size;

  /// The sums of one row (with `sum`) and the output of another (with `put`).
  template <bool sum, bool put, Path path>
  NWIDTH_INLINE static void step(std::int64_t width, In const& in, Totals<C> (&total)[moments], Row const& row,
                                 In const& before, Out const& out) {
    for (std::int64_t s = 0; s < width; s += segment) {
      std::int64_t const e = width - s > segment ? s + segment : width;
      V m[chains][moments];
      each_block<E>(s, e, [&](std::int64_t i, auto part) {
        constexpr bool whole = !std::is_same_v<decltype(part), std::int64_t>;
        if constexpr (sum) {
          Block<E> x[Op::inputs];
          if constexpr (whole) {
            in.template prefetch<Ahead::first>(i);
            in.read(i, x);
          } else {
            in.read_part(i, part, x);
          }
          each_half([&](auto h) {
            V a[Op::inputs];
            for (int o = 0; o < Op::inputs; ++o) a[o] = x[o].half[h];
            Op::moment(a, m[h % chains]);
          });
        }
        if constexpr (put) {
          Block<E> x[Op::inputs], y[Op::outputs];
          if constexpr (whole) {
            before.template prefetch<Ahead::again>(i);
            before.read(i, x);
          } else {
            before.read_part(i, part, x);
          }
          each_half([&](auto h) {
            V a[Op::inputs], b[Op::outputs];
            for (int o = 0; o < Op::inputs; ++o) a[o] = x[o].half[h];
            Op::element(a, row, b);
            for (int o = 0; o < Op::outputs; ++o) y[o].half[h] = b[o];
          });
          if constexpr (whole) {
            out.template write<path>(i, s, y);
          } else {
            out.template write_part<path>(i, s, part, y);
          }
        }
      });
      if constexpr (sum) {
        for (int q = 0; q < moments; ++q) {
          for (int c = 0; c < chains; ++c) total[q].add(m[c][q]);
        }
      }
      if constexpr (put && path == Path::tile) out.spill(s, e, e == width);
    }
  }

  template <bool sum>
  NWIDTH_INLINE static void step_and_put(Path path, std::int64_t width, In const& in, Totals<C> (&total)[moments],
                                         Row const& row, In const& before, Out const& out) {
    switch (path) {
      case Path::ordinary: step<sum, true, Path::ordinary>(width, in, total, row, before, out); break;
      case Path::stream: step<sum, true, Path::stream>(width, in, total, row, before, out); break;
      case Path::tile: step<sum, true, Path::tile>(width, in, total, row, before, out); break;
    }
  }

  [[gnu::flatten]] static void run(Job const& job, std::int64_t first, std::int64_t last) {
    Op const op = *static_cast<Op const*>(job.op);
    auto const n = static_cast<double>(job.width);
    typename Out::Tile tiles[Op::outputs];
    std::int64_t const begin = first * job.rows_an_item;
    std::int64_t const end = job.rows - begin < (last - first) * job.rows_an_item ? job.rows : last * job.rows_an_item;
    Row row{};
    double sums[max_sums] = {};
    for (std::int64_t r = begin; r <= end; ++r) {
      In const in(job, r, 0), before(job, r - 1, 0);
      Out const out(job, r - 1, 0, tiles);
      Totals<C> total[moments];
      if (r == begin) {
        step<true, false, Path::ordinary>(job.width, in, total, row, before, out);
      } else if (r < end) {
        step_and_put<true>(out.path(job, job.width), job.width, in, total, row, before, out);
      } else {
        step_and_put<false>(out.path(job, job.width), job.width, in, total, row, before, out);
        break;
      }
      double m[moments];
      for (int q = 0; q < moments; ++q) m[q] = total[q].sum();
      C* const statistics =
          job.statistics == nullptr || Op::saved == 0 ? nullptr : static_cast<C*>(job.statistics) + r * Op::saved;
      row = op.row(m, n, statistics, sums, InverseRoot{});
      if constexpr (Op::sums > 0) {
        if ((r + 1) % job.rows_an_item == 0 || r + 1 == job.rows) {
          for (int q = 0; q < Op::sums; ++q) {
            job.sums[r / job.rows_an_item * max_sums + q] = sums[q];
            sums[q] = 0;
          }
        }
      }
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
