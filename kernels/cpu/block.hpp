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

template <class R>
NWIDTH_INLINE R load(void const* p) {
  R r;
  __builtin_memcpy(&r, p, sizeof r);
  return r;
}
template <Store how, class R>
NWIDTH_INLINE void store(void* p, R const& r) {
#if NWIDTH_REGISTER == 64
  if constexpr (how == Store::stream) return _mm512_stream_si512(static_cast<__m512i*>(p), std::bit_cast<__m512i>(r));
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
  template <Store how>
  NWIDTH_INLINE void write(E* to) const {
    auto* const p = reinterpret_cast<std::byte*>(to);
    NWIDTH_EACH_REGISTER(
        if constexpr (std::is_same_v<E, bf16>) {
          store<how>(p + NWIDTH_REGISTER * k, rounded(half[0].v[k], half[1].v[k]));
        } else { store<how>(p + NWIDTH_REGISTER * k, half[0].v[k]); })
    if constexpr (!std::is_same_v<E, bf16>) {
      NWIDTH_EACH_REGISTER(store<how>(p + 64 + NWIDTH_REGISTER * k, half[1].v[k]);)
    }
  }

 private:
  NWIDTH_INLINE static Word rounded(Float even, Float odd) {
    if constexpr (ties_away) return joined(upwards(even), upwards(odd));
#if defined(__AVX512BF16__)
    // The instruction rounds alike, but flushes subnormal numbers and makes NaNs quiet.
    constexpr int other = 0x20 | 0x80;
    if ((_mm512_fpclass_ps_mask(even, other) | _mm512_fpclass_ps_mask(odd, other)) == 0) [[likely]] {
      auto const both = std::bit_cast<__m512i>(_mm512_cvtne2ps_pbh(odd, even));  // 16 even ones, then 16 odd ones
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
