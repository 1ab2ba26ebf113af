// SPDX-License-Identifier: Apache-2.0
/// Blocks: the elements that two Lanes hold, loaded and stored at once. For the files isa_*.cpp alone, as lanes.hpp.
#pragma once
#include <cstddef>
#include <type_traits>

#include "kernels/cpu/bf16.hpp"
#include "kernels/cpu/lanes.hpp"

namespace nwidth::kernels::cpu {
namespace {

/// How outputs are written: past the caches (64-byte aligned), or as usual.
enum class Store { ordinary, stream };
/// Whether zeros among the outputs of an op are exceptions: then they may cost something.
enum class Zeros { common, rare };

template <class R>
NWIDTH_INLINE R load(void const* p) {
  R r;
  __builtin_memcpy(&r, p, sizeof r);
  return r;
}
template <Store how, class R>
NWIDTH_INLINE void store(void* p, R const& r) {
#if NWIDTH_REGISTER == 64
  if constexpr (how == Store::stream && std::is_same_v<R, Word>) {
    return _mm512_stream_si512(static_cast<__m512i*>(p), std::bit_cast<__m512i>(r));
  } else if constexpr (how == Store::stream) {
    // In halves: in PolyNorm's loops over wide rows of floats a Zen 4 is 5 to 20 % faster so, elsewhere as fast.
    auto const both = std::bit_cast<__m512i>(r);
    _mm256_stream_si256(static_cast<__m256i*>(p), _mm512_maskz_extracti64x4_epi64(0xf, both, 0));
    return _mm256_stream_si256(static_cast<__m256i*>(p) + 1, _mm512_maskz_extracti64x4_epi64(0xf, both, 1));
  }
#elif NWIDTH_REGISTER == 32
  if constexpr (how == Store::stream) return _mm256_stream_si256(static_cast<__m256i*>(p), std::bit_cast<__m256i>(r));
#elif defined(__x86_64__)
  if constexpr (how == Store::stream) return _mm_stream_si128(static_cast<__m128i*>(p), std::bit_cast<__m128i>(r));
#endif
  __builtin_memcpy(p, &r, sizeof r);
}
/// Orders streamed stores before whatever tells another thread of them.
NWIDTH_INLINE void stream_fence() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

/// Less than 128 bytes, by moves of fixed sizes.
NWIDTH_INLINE void copy_short(std::byte* to, std::byte const* from, std::int64_t bytes) {
#define NWIDTH_MOVE(size)             \
  if ((bytes & (size)) != 0) {        \
    __builtin_memcpy(to, from, size); \
    to += (size);                     \
    from += (size);                   \
  }
  NWIDTH_MOVE(64)
  NWIDTH_MOVE(32)
  NWIDTH_MOVE(16)
  NWIDTH_MOVE(8)
  NWIDTH_MOVE(4)
  NWIDTH_MOVE(2)
#undef NWIDTH_MOVE
}

/// @tparam ties_away  whether rounding to bf16 takes ties away from zero: half the instructions, for results of which
///                    an exact one is no tie
template <class E, bool ties_away = false>
struct Block {
  using C = Arithmetic<E>;
  using V = Lanes<C>;
  static constexpr int bytes = std::is_same_v<E, bf16> ? 64 : 128, size = bytes / static_cast<int>(sizeof(E));
  V half[2];  // of bf16 the even and the odd elements, else the first and the second half

  NWIDTH_INLINE void read(E const* from) {
    auto const* const p = reinterpret_cast<std::byte const*>(from);
    NWIDTH_EACH_REGISTER(
        if constexpr (std::is_same_v<E, bf16>) {
          Word const u = load<Word>(p + NWIDTH_REGISTER * k);
          half[0].v[k] = std::bit_cast<Float>(u << 16);
          half[1].v[k] = std::bit_cast<Float>(u & 0xffff0000U);
        } else {
          half[0].v[k] = load<typename V::R>(p + NWIDTH_REGISTER * k);
          half[1].v[k] = load<typename V::R>(p + 64 + NWIDTH_REGISTER * k);
        })
  }
  /// The first `count` elements, fewer than `size`, zeros after them; nothing else is touched.
  NWIDTH_INLINE void read_part(E const* from, std::int64_t count) {
#if NWIDTH_REGISTER == 64
    std::uint32_t const mask = (1U << count) - 1;
    if constexpr (std::is_same_v<E, bf16>) {
      Word const u = std::bit_cast<Word>(_mm512_maskz_loadu_epi16(mask, from));
      half[0].v[0] = std::bit_cast<Float>(u << 16);
      half[1].v[0] = std::bit_cast<Float>(u & 0xffff0000U);
    } else if constexpr (std::is_same_v<E, float>) {
      half[0].v[0] = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), from);
      half[1].v[0] = _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask >> 16), from + 16);
    } else {
      half[0].v[0] = _mm512_maskz_loadu_pd(static_cast<__mmask8>(mask), from);
      half[1].v[0] = _mm512_maskz_loadu_pd(static_cast<__mmask8>(mask >> 8), from + 8);
    }
#elif NWIDTH_REGISTER == 32
    auto const n = static_cast<std::int32_t>(count);
    Integer const i{0, 1, 2, 3, 4, 5, 6, 7};
    NWIDTH_EACH_REGISTER(
        if constexpr (std::is_same_v<E, bf16>) {
          // Words of two; of an odd number the last one alone.
          auto const* const p = reinterpret_cast<int const*>(from) + 8 * k;
          auto u = std::bit_cast<Word>(_mm256_maskload_epi32(p, std::bit_cast<__m256i>(i < n / 2 - 8 * k)));
          if (n % 2 != 0) u |= std::bit_cast<Word>(i == n / 2 - 8 * k) & std::uint32_t{from[n - 1].bits};
          half[0].v[k] = std::bit_cast<Float>(u << 16);
          half[1].v[k] = std::bit_cast<Float>(u & 0xffff0000U);
        } else if constexpr (std::is_same_v<E, float>) {
          auto const below = [&](int m) { return std::bit_cast<__m256i>(i < n - m); };
          half[0].v[k] = _mm256_maskload_ps(from + 8 * k, below(8 * k));
          half[1].v[k] = _mm256_maskload_ps(from + 16 + 8 * k, below(16 + 8 * k));
        } else {
          auto const below = [&](int m) { return std::bit_cast<__m256i>((i >> 1) < n - m); };
          half[0].v[k] = _mm256_maskload_pd(from + 4 * k, below(4 * k));
          half[1].v[k] = _mm256_maskload_pd(from + 8 + 4 * k, below(8 + 4 * k));
        })
#else
    alignas(64) std::byte buffer[bytes] = {};
    copy_short(buffer, reinterpret_cast<std::byte const*>(from), count * static_cast<std::int64_t>(sizeof(E)));
    read(reinterpret_cast<E const*>(buffer));
#endif
  }
  NWIDTH_INLINE void write_part(E* to, std::int64_t count) const {
    alignas(64) std::byte buffer[bytes];
    write<Store::ordinary>(reinterpret_cast<E*>(buffer));
    copy_short(reinterpret_cast<std::byte*>(to), buffer, count * static_cast<std::int64_t>(sizeof(E)));
  }
  template <Store how, Zeros zeros = Zeros::common>
  NWIDTH_INLINE void write(E* to) const {
    auto* const p = reinterpret_cast<std::byte*>(to);
    NWIDTH_EACH_REGISTER(
        if constexpr (std::is_same_v<E, bf16>) {
          store<how>(p + NWIDTH_REGISTER * k, rounded<zeros>(half[0].v[k], half[1].v[k]));
        } else { store<how>(p + NWIDTH_REGISTER * k, half[0].v[k]); })
    if constexpr (!std::is_same_v<E, bf16>) {
      NWIDTH_EACH_REGISTER(store<how>(p + 64 + NWIDTH_REGISTER * k, half[1].v[k]);)
    }
  }

 private:
  template <Zeros zeros>
  NWIDTH_INLINE static Word rounded(Float even, Float odd) {
    if constexpr (ties_away) return joined(upwards(even), upwards(odd));
#if defined(__AVX512BF16__)
    // The instruction rounds alike, but flushes subnormal numbers and makes NaNs quiet. An op whose zeros are rare
    // makes only quiet ones, and has flushed nothing where no result is 0: one compare into a mask instead of two.
    auto const both = std::bit_cast<__m512i>(_mm512_cvtne2ps_pbh(odd, even));  // 16 even ones, then 16 odd ones
    constexpr int other = 0x20 | 0x80;
    if ((zeros == Zeros::rare && _mm512_testn_epi16_mask(both, _mm512_set1_epi16(0x7fff)) == 0) ||
        (_mm512_fpclass_ps_mask(even, other) | _mm512_fpclass_ps_mask(odd, other)) == 0) [[likely]] {
      Word i{};
      for (std::uint32_t k = 0; k < 16; ++k) i[k] = (16 + k) << 16 | k;
      return std::bit_cast<Word>(_mm512_maskz_permutexvar_epi16(~0U, std::bit_cast<__m512i>(i), both));
    }
#endif
    return joined(nearest(even), nearest(odd));
  }
  NWIDTH_INLINE static Word joined(Word even, Word odd) { return (even >> 16) | (odd & 0xffff0000U); }
  NWIDTH_INLINE static Word upwards(Float x) { return std::bit_cast<Word>(x) + 0x8000U; }
  /// To nearest, ties to even, in the upper half. NaNs need no case of their own while their lower halves are 0, so
  /// that nothing carries: true of those in bf16 data, of those that an instruction makes, and of canonical parameters.
  NWIDTH_INLINE static Word nearest(Float x) {
    Word const u = std::bit_cast<Word>(x);
    return u + (0x7fffU + ((u >> 16) & 1U));
  }
};

}  // namespace
}  // namespace nwidth::kernels::cpu
