// SPDX-License-Identifier: Apache-2.0
/// The native vectors of the instruction set that a file is compiled for. For the files isa_*.cpp alone, as lanes.hpp.
#pragma once
#include <bit>
#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define NWIDTH_REGISTER 64
#elif defined(__AVX2__) && defined(__FMA__)
#define NWIDTH_REGISTER 32
#else
#define NWIDTH_REGISTER 16
#endif
#define NWIDTH_INLINE [[gnu::always_inline]] inline

namespace nwidth::kernels::cpu {
namespace {

static_assert(std::endian::native == std::endian::little, "even elements are taken from lower halves of words");

template <class C>
struct Register;  // the native vector of C
template <>
struct Register<float> {
  using type [[gnu::vector_size(NWIDTH_REGISTER)]] = float;
};
template <>
struct Register<double> {
  using type [[gnu::vector_size(NWIDTH_REGISTER)]] = double;
};
template <>
struct Register<std::uint32_t> {
  using type [[gnu::vector_size(NWIDTH_REGISTER)]] = std::uint32_t;
};
template <>
struct Register<std::int32_t> {
  using type [[gnu::vector_size(NWIDTH_REGISTER)]] = std::int32_t;
};
using Float = Register<float>::type;
using Double = Register<double>::type;
using Word = Register<std::uint32_t>::type;
using Integer = Register<std::int32_t>::type;
constexpr int registers = 64 / NWIDTH_REGISTER;

#if NWIDTH_REGISTER == 64
NWIDTH_INLINE auto low(Float a) { return __builtin_shufflevector(a, a, 0, 1, 2, 3, 4, 5, 6, 7); }
NWIDTH_INLINE auto high(Float a) { return __builtin_shufflevector(a, a, 8, 9, 10, 11, 12, 13, 14, 15); }
NWIDTH_INLINE Float fma(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
NWIDTH_INLINE Double fma(Double a, Double b, Double c) { return _mm512_fmadd_pd(a, b, c); }
NWIDTH_INLINE Double square_root(Double a) { return _mm512_maskz_sqrt_pd(0xff, a); }
// Of __builtin_convertvector g++ 12 makes two halves each.
NWIDTH_INLINE Double wide(__m256 a) { return _mm512_maskz_cvtps_pd(0xff, a); }
NWIDTH_INLINE __m256 narrow(Double a) { return _mm512_maskz_cvtpd_ps(0xff, a); }
// Compares into masks take the place of multiply-adds on a Zen 4: one instruction each instead of two and four.
/// 0 where x < 0, else x, which may be NaN.
NWIDTH_INLINE Float relu(Float x) { return _mm512_maskz_max_ps(0xffff, Float{}, x); }
NWIDTH_INLINE Double relu(Double x) { return _mm512_maskz_max_pd(0xff, Double{}, x); }
/// a where x > 0, 0 where x <= 0, x where it is NaN. The table: 1 takes x, 8 is 0, 0 leaves a.
constexpr int gate_table = 0x08080811;
NWIDTH_INLINE Float gate(Float x, Float a) { return _mm512_fixupimm_ps(a, x, _mm512_set1_epi32(gate_table), 0); }
NWIDTH_INLINE Double gate(Double x, Double a) { return _mm512_fixupimm_pd(a, x, _mm512_set1_epi64(gate_table), 0); }
#elif NWIDTH_REGISTER == 32
NWIDTH_INLINE auto low(Float a) { return __builtin_shufflevector(a, a, 0, 1, 2, 3); }
NWIDTH_INLINE auto high(Float a) { return __builtin_shufflevector(a, a, 4, 5, 6, 7); }
NWIDTH_INLINE Float fma(Float a, Float b, Float c) { return _mm256_fmadd_ps(a, b, c); }
NWIDTH_INLINE Double fma(Double a, Double b, Double c) { return _mm256_fmadd_pd(a, b, c); }
NWIDTH_INLINE Double square_root(Double a) { return _mm256_sqrt_pd(a); }
NWIDTH_INLINE Double wide(__m128 a) { return _mm256_cvtps_pd(a); }
NWIDTH_INLINE __m128 narrow(Double a) { return _mm256_cvtpd_ps(a); }
NWIDTH_INLINE Float relu(Float x) { return _mm256_max_ps(Float{}, x); }
NWIDTH_INLINE Double relu(Double x) { return _mm256_max_pd(Double{}, x); }
#else
NWIDTH_INLINE auto low(Float a) { return __builtin_shufflevector(a, a, 0, 1); }
NWIDTH_INLINE auto high(Float a) { return __builtin_shufflevector(a, a, 2, 3); }
NWIDTH_INLINE Float fma(Float a, Float b, Float c) { return a * b + c; }
NWIDTH_INLINE Double fma(Double a, Double b, Double c) { return a * b + c; }
NWIDTH_INLINE Double square_root(Double a) { return Double{__builtin_sqrt(a[0]), __builtin_sqrt(a[1])}; }
struct Half {
  using type [[gnu::vector_size(8)]] = float;
};
NWIDTH_INLINE Double wide(Half::type a) { return __builtin_convertvector(a, Double); }
NWIDTH_INLINE Half::type narrow(Double a) { return __builtin_convertvector(a, Half::type); }
NWIDTH_INLINE Float relu(Float x) { return x < 0.0F ? Float{} : x; }
NWIDTH_INLINE Double relu(Double x) { return x < 0.0 ? Double{} : x; }
#endif

}  // namespace
}  // namespace nwidth::kernels::cpu
