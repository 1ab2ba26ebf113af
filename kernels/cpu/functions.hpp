// SPDX-License-Identifier: Apache-2.0
/// exp, expm1, erfc and 1/(1 + exp(-x)) of floats in a register. For the files isa_*.cpp alone, as lanes.hpp.
///
/// Polynomials come from coefficients.py. Where there is a fused multiply-add a result is the same on every register.
/// Errors, found by trying every float: docs/kernels.md. A result below 2^-126 is off by 2 of the smallest numbers
/// at most. NaN gives the same NaN, made quiet.
#pragma once
#include "kernels/cpu/registers.hpp"

namespace nwidth::kernels::cpu {
namespace {

/// The greater (smaller) of bound and x, x where x is NaN.
NWIDTH_INLINE Float at_least(float bound, Float x) {
#if NWIDTH_REGISTER == 64
  return _mm512_maskz_max_ps(0xffff, Float{} + bound, x);
#elif NWIDTH_REGISTER == 32
  return _mm256_max_ps(Float{} + bound, x);
#elif defined(__x86_64__)
  return _mm_max_ps(Float{} + bound, x);
#else
  return x < bound ? Float{} + bound : x;
#endif
}
NWIDTH_INLINE Float at_most(float bound, Float x) {
#if NWIDTH_REGISTER == 64
  return _mm512_maskz_min_ps(0xffff, Float{} + bound, x);
#elif NWIDTH_REGISTER == 32
  return _mm256_min_ps(Float{} + bound, x);
#elif defined(__x86_64__)
  return _mm_min_ps(Float{} + bound, x);
#else
  return x > bound ? Float{} + bound : x;
#endif
}
NWIDTH_INLINE Float magnitude(Float x) { return std::bit_cast<Float>(std::bit_cast<Word>(x) & 0x7fffffffU); }

/// p 2^n, rounded once, for integers -150 <= n <= 128 and 1/2 <= p < 2.
NWIDTH_INLINE Float scale(Float p, Float n, Integer i) {
#if NWIDTH_REGISTER == 64
  static_cast<void>(i);
  return _mm512_maskz_scalef_ps(0xffff, p, n);
#else
  static_cast<void>(n);
  Integer const half = i >> 1;  // p 2^half is normal, so exact
  return p * std::bit_cast<Float>((half + 127) << 23) * std::bit_cast<Float>((i - half + 127) << 23);
#endif
}

/// x = n log 2 + r with |r| <= log(2)/2 (1 + 2^-10), and exp(r) - 1, for |x| <= 128.
struct Reduced {
  Float n, m;
  Integer i;  // n again

  NWIDTH_INLINE explicit Reduced(Float x) {
    constexpr float shift = 0x1.8p23F;  // leaves a float's integer in its lowest bits
    Float const shifted = fma(x, Float{} + 0x1.715476p0F, Float{} + shift);
    n = shifted - shift;
    i = std::bit_cast<Integer>(shifted) - std::bit_cast<std::int32_t>(shift);
    // The upper part of log 2 has 10 bits: the first step is exact.
    Float const r = fma(n, Float{} + 0x1.bd0106p-13F, fma(n, Float{} - 0x1.63p-1F, x));
    Float q = Float{} + 0x1.687d62p-10F;
    q = fma(q, r, Float{} + 0x1.1241c2p-7F);
    q = fma(q, r, Float{} + 0x1.555b7cp-5F);
    q = fma(q, r, Float{} + 0x1.555486p-3F);
    q = fma(q, r, Float{} + 0x1.fffff8p-2F);
    m = fma(r * r, q, r);
  }
};

/// exp(x) for x <= 0 or NaN.
NWIDTH_INLINE Float exp_below(Float x) {
  Reduced const e(at_least(-104, x));
  return scale(e.m + 1.0F, e.n, e.i);
}
/// exp(x): 0 at -inf, inf from log(2^128) on.
NWIDTH_INLINE Float exp(Float x) {
  Reduced const e(at_most(89, at_least(-104, x)));
  return scale(e.m + 1.0F, e.n, e.i);
}
/// exp(x) - 1: x itself where x is small, -1 at -inf, inf from log(2^128) on.
NWIDTH_INLINE Float expm1(Float x) {
  Reduced const e(at_most(89, at_least(-40, x)));
  Float const s = std::bit_cast<Float>((e.i + 126) << 23);  // 2^(n - 1): 2^128 is no float
  return fma(s, e.m, s - 0.5F) * 2.0F;
}
/// 1/(1 + exp(-x)), by exp(-|x|).
NWIDTH_INLINE Float sigmoid(Float x) {
  Float const e = exp_below(std::bit_cast<Float>(std::bit_cast<Word>(x) | 0x80000000U));
  return (x > 0.0F ? Float{} + 1.0F : e) / (e + 1.0F);
}
/// erfc(y) = exp(-y^2) Q(t)/(|y| + 3), t = (|y| - 3)/(|y| + 3), for y >= 0, and 2 minus that for y < 0.
NWIDTH_INLINE Float erfc(Float y) {
  Float const a = at_most(10.25F, magnitude(y));  // there it is 0
  Float const r = 1.0F / (a + 3.0F), t = fma(Float{} - 6.0F, r, Float{} + 1.0F);
  Float q = Float{} + -0x1.525796p-12F;
  q = fma(q, t, Float{} + -0x1.f6528ep-12F);
  q = fma(q, t, Float{} + 0x1.938084p-9F);
  q = fma(q, t, Float{} + -0x1.42a554p-10F);
  q = fma(q, t, Float{} + -0x1.b7bce0p-6F);
  q = fma(q, t, Float{} + 0x1.e998fcp-4F);
  q = fma(q, t, Float{} + -0x1.3dead0p-2F);
  q = fma(q, t, Float{} + 0x1.2e3260p-1F);
  q = fma(q, t, Float{} + -0x1.c44c48p-1F);
  q = fma(q, t, Float{} + 0x1.12f21ep0F);
  q = q * r;
  Float const s = a * a, lost = fma(a, a, -s);  // a^2 = s + lost (0 if not fused)
  q = fma(q, -lost, q);                         // exp(-lost) = 1 - lost
  Float const p = q * exp_below(-s);
  return y < 0.0F ? 2.0F - p : y >= 0.0F ? p : y;  // the sign of a NaN in p is the compiler's choice
}

}  // namespace
}  // namespace nwidth::kernels::cpu
