// SPDX-License-Identifier: Apache-2.0
/// The inputs and outputs of a loop over a row. For the files isa_*.cpp and the like alone, as lanes.hpp.
///
/// Memory is what these kernels wait for. So inputs are prefetched (Ahead), and large outputs are streamed past the
/// caches. Distances were chosen by experiment. A streamed output whose rows do not begin at multiples of 64 bytes goes
/// through a tile in the first-level cache, from which whole lines are streamed: those of many rows, where one row
/// begins where the other ends. Lanes are those of a row that begins at a multiple, so that sums do not depend on
/// addresses.
#pragma once
#include <utility>

#include "kernels/cpu/block.hpp"
#include "kernels/cpu/job.hpp"

namespace nwidth::kernels::cpu {
namespace {

constexpr int segment_blocks = 32;
/// In the place of the number of elements, where all of a block are there.
struct Whole {};
/// Where to prefetch: what an elementwise op will read, into the first-level cache; what a normalised op will sum, into
/// the second, and what it has summed and reads again, into the first. In bytes.
enum class Ahead { once = 2048, first = 8192, again = 512 };

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
  /// A whole block.
  template <Ahead ahead>
  NWIDTH_INLINE void read(std::int64_t i, Whole, Block<E> (&b)[N]) const {
    prefetch<ahead>(i);
    for (int o = 0; o < N; ++o) b[o].read(row[o] + i);
  }
  /// The first `count` elements of a block, zeros after them.
  template <Ahead>
  NWIDTH_INLINE void read(std::int64_t i, std::int64_t count, Block<E> (&b)[N]) const {
    for (int o = 0; o < N; ++o) b[o].read_part(row[o] + i, count);
  }
};

enum class Path { ordinary, stream, tile };

template <class E, int N>
struct Outputs {
  static constexpr std::int64_t segment_bytes = segment_blocks * Block<E>::bytes, full = 1024;
  struct alignas(64) Tile {
    std::byte bytes[full + segment_bytes + Block<E>::bytes];
    std::byte* to;            // where its lines will be streamed, a multiple of 64
    std::int64_t skip, fill;  // the elements lie from `skip` to `fill`
  };
  E* row[N];
  E* in_tile[N];  // where the tile has the elements of this segment, less the segment's offset in the row
  Tile* tile;     // N of them
  bool joined, first, last;

  /// Row r of the rows begin <= r < end that this thread does in turn.
  NWIDTH_INLINE Outputs(Job const& job, std::int64_t r, std::int64_t offset, Tile* tiles, std::int64_t begin,
                        std::int64_t end)
      : tile(tiles), joined(job.pieces == 1) {
    for (int o = 0; o < N; ++o) {
      row[o] = static_cast<E*>(job.out[o]) + r * job.out_stride[o] + offset;
      joined = joined && job.out_stride[o] == job.width;
    }
    first = !joined || r == begin;
    last = !joined || r + 1 == end;
  }
  NWIDTH_INLINE Path path(Job const& job, std::int64_t count) const {
    if (!job.stream) return Path::ordinary;
    std::int64_t const bytes = count * static_cast<std::int64_t>(sizeof(E));
    std::uintptr_t shifts = 0;
    for (int o = 0; o < N; ++o) shifts |= shift(joined ? static_cast<E*>(job.out[o]) : row[o]);
    if (shifts == 0 && (!joined || bytes % 64 == 0)) return Path::stream;
    return joined || bytes >= 1024 ? Path::tile : Path::ordinary;
  }
  NWIDTH_INLINE static std::uintptr_t shift(E const* p) { return reinterpret_cast<std::uintptr_t>(p) % 64; }

  /// Before the segment that begins with element s.
  NWIDTH_INLINE void open(std::int64_t s) {
    for (int o = 0; o < N; ++o) {
      Tile& t = tile[o];
      if (first && s == 0) {
        t.skip = t.fill = static_cast<std::int64_t>(shift(row[o]));
        t.to = reinterpret_cast<std::byte*>(row[o]) - t.skip;
      }
      in_tile[o] = reinterpret_cast<E*>(t.bytes + t.fill) - s;
    }
  }
  template <Path path, Zeros zeros, bool ties_away>
  NWIDTH_INLINE void write(std::int64_t i, Whole, Block<E, ties_away> const (&b)[N]) const {
    for (int o = 0; o < N; ++o) {
      if constexpr (path == Path::tile) {
        b[o].template write<Store::ordinary, zeros>(in_tile[o] + i);
      } else {
        b[o].template write<path == Path::stream ? Store::stream : Store::ordinary, zeros>(row[o] + i);
      }
    }
  }
  template <Path path, Zeros, bool ties_away>
  NWIDTH_INLINE void write(std::int64_t i, std::int64_t count, Block<E, ties_away> const (&b)[N]) const {
    for (int o = 0; o < N; ++o) {
      if constexpr (path == Path::tile) {
        b[o].template write<Store::ordinary>(in_tile[o] + i);  // what is too much will be overwritten
      } else {
        b[o].write_part(row[o] + i, count);
      }
    }
  }
  /// After `count` elements of a segment: streams the whole lines of the tiles when they are many or when nothing
  /// follows, and then writes what is left.
  NWIDTH_INLINE void close(std::int64_t count, bool end) const {
    end = end && last;
    for (int o = 0; o < N; ++o) {
      Tile& t = tile[o];
      t.fill += count * static_cast<std::int64_t>(sizeof(E));
      if (t.fill < full && !end) continue;
      std::int64_t at = 0;
      if (t.skip != 0) {  // the first line is not all ours
        at = t.fill < 64 ? t.fill : 64;
        copy_short(t.to + t.skip, t.bytes + t.skip, at - t.skip);
      }
      for (; at + 64 <= t.fill; at += 64) {
        NWIDTH_EACH_REGISTER(
            store<Store::stream>(t.to + at + NWIDTH_REGISTER * k, load<Word>(t.bytes + at + NWIDTH_REGISTER * k));)
      }
      if (end) {
        copy_short(t.to + at, t.bytes + at, t.fill - at);
      } else {
        __builtin_memcpy(t.bytes, t.bytes + at, 64);
      }
      t.to += at;
      t.fill -= at;
      t.skip = 0;
    }
  }
};

#define NWIDTH_LAMBDA __attribute__((always_inline))
/// f(0), ..., f(n - 1) with constants, so that arrays of registers stay in registers.
template <int n, class F>
NWIDTH_INLINE void each(F f) {
  [&]<int... i>(std::integer_sequence<int, i...>) NWIDTH_LAMBDA { (f(std::integral_constant<int, i>{}), ...); }
  (std::make_integer_sequence<int, n>{});
}
template <class F>
NWIDTH_INLINE void each_half(F f) {
  each<2>(f);
}

/// f(i, whole) for whole blocks from s to e, f(i, count) for what is left.
template <class E, class F>
NWIDTH_INLINE void each_block(std::int64_t s, std::int64_t e, F f) {
  std::int64_t i = s;
  for (; i + Block<E>::size <= e; i += Block<E>::size) f(i, Whole{});
  if (i < e) f(i, e - i);
}

}  // namespace
}  // namespace nwidth::kernels::cpu
