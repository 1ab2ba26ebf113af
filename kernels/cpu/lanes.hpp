// SPDX-License-Identifier: Apache-2.0
/// Lanes<float>, Lanes<double>: 64 bytes of numbers with the operators of one number, as one, two or four registers.
///
/// For the files isa_*.cpp alone, which are compiled for one instruction set each: all is in an unnamed namespace, so
/// that no function compiled for one machine can be linked into code for another. Lane i of a result depends on lane i
/// of the operands only and not on the width of the registers: equal bits wherever there is a fused multiply-add. No
/// expression is contracted (-ffp-contract=off): what is to be fused says fma.
#pragma once
// What the compiler does not inline would pass lanes through memory.
#if defined(NWIDTH_HD)
#error "lanes.hpp is to be included before the activations"
#endif
#define NWIDTH_HD __attribute__((always_inline)) inline
#include "kernels/activation/scalar.hpp"
#include "kernels/cpu/functions.hpp"

namespace nwidth::kernels::cpu {
namespace {

/// The statements for k = 0, ..., registers - 1. No loop: an index that is no constant when the compiler first looks at
/// arrays of registers leaves them in memory.
#define NWIDTH_EACH_REGISTER(...) \
  {                               \
    constexpr int k = 0;          \
    __VA_ARGS__                   \
  }                               \
  if constexpr (registers > 1) {  \
    constexpr int k = 1;          \
    __VA_ARGS__                   \
  }                               \
  if constexpr (registers > 2) {  \
    {                             \
      constexpr int k = 2;        \
      __VA_ARGS__                 \
    }                             \
    {                             \
      constexpr int k = 3;        \
      __VA_ARGS__                 \
    }                             \
  }

template <class C>
struct Lanes {
  using R = typename Register<C>::type;
  static constexpr int count = 64 / sizeof(C);
  R v[registers];

  NWIDTH_INLINE Lanes() : v{} {}
  NWIDTH_INLINE explicit Lanes(C x) { NWIDTH_EACH_REGISTER(v[k] = R{} + x;) }
#define NWIDTH_OPERATOR(op)                                                \
  NWIDTH_INLINE friend Lanes operator op(Lanes const& a, Lanes const& b) { \
    Lanes r;                                                               \
    NWIDTH_EACH_REGISTER(r.v[k] = a.v[k] op b.v[k];)                       \
    return r;                                                              \
  }
  NWIDTH_OPERATOR(+)
  NWIDTH_OPERATOR(-)
  NWIDTH_OPERATOR(*)
  NWIDTH_OPERATOR(/)
#undef NWIDTH_OPERATOR
  NWIDTH_INLINE friend Lanes operator-(Lanes const& a) {
    Lanes r;
    NWIDTH_EACH_REGISTER(r.v[k] = -a.v[k];)
    return r;
  }
};

/// y = f(x), one lane after the other.
template <class F, class C>
[[gnu::noinline]] void one_by_one(F f, Lanes<C> const& x, Lanes<C>& y) {
  C t[Lanes<C>::count];
  __builtin_memcpy(t, x.v, sizeof t);
  for (C& one : t) one = f(one);
  __builtin_memcpy(y.v, t, sizeof t);
}

/// Sums of lanes, each a double: what float sums are added to before they grow long.
template <class C>
struct Totals {
  static constexpr int count = Lanes<C>::count, vectors = count * 8 / NWIDTH_REGISTER;
  Double v[vectors];

  NWIDTH_INLINE Totals() : v{} {}
  NWIDTH_INLINE void set(Lanes<double> const& a) { NWIDTH_EACH_REGISTER(v[k] = a.v[k];) }
  NWIDTH_INLINE void set(Lanes<float> const& a) {
    NWIDTH_EACH_REGISTER(v[2 * k] = wide(low(a.v[k])); v[2 * k + 1] = wide(high(a.v[k]));)
  }
  NWIDTH_INLINE void add(Lanes<double> const& a) { NWIDTH_EACH_REGISTER(v[k] += a.v[k];) }
  NWIDTH_INLINE void add(Lanes<float> const& a) {
    NWIDTH_EACH_REGISTER(v[2 * k] += wide(low(a.v[k])); v[2 * k + 1] += wide(high(a.v[k]));)
  }
  /// Lane i plus lane i + h for h = count / 2, ..., 2, 1.
  NWIDTH_INLINE double sum() const {
    double t[count];
    __builtin_memcpy(t, v, sizeof t);
    _Pragma("GCC unroll 4") for (int h = count / 2; h > 0; h /= 2) {
      _Pragma("GCC unroll 8") for (int i = 0; i < h; ++i) t[i] += t[i + h];
    }
    return t[0];
  }
};

}  // namespace
}  // namespace nwidth::kernels::cpu

namespace nwidth::activation {
template <class C>
struct ops<kernels::cpu::Lanes<C>> {
  using T = kernels::cpu::Lanes<C>;
  static constexpr int registers = kernels::cpu::registers;

  NWIDTH_INLINE static T relu(T const& x) {
    T r;
    NWIDTH_EACH_REGISTER(r.v[k] = kernels::cpu::relu(x.v[k]);)
    return r;
  }
  NWIDTH_INLINE static T select(T const& x, T const& a, T const& b) {
    T r;
#if NWIDTH_REGISTER == 64
    if (__builtin_constant_p(b.v[0][0]) && b.v[0][0] == 0) {
      r.v[0] = kernels::cpu::gate(x.v[0], a.v[0]);
      return r;
    }
#endif
    NWIDTH_EACH_REGISTER(r.v[k] = x.v[k] > C(0) ? a.v[k] : x.v[k] <= C(0) ? b.v[k] : x.v[k];)
    return r;
  }
  NWIDTH_INLINE static T fma(T const& a, T const& b, T const& c) {
    T r;
    NWIDTH_EACH_REGISTER(r.v[k] = kernels::cpu::fma(a.v[k], b.v[k], c.v[k]);)
    return r;
  }
  NWIDTH_INLINE static T ratio(long p, long q) { return T(static_cast<C>(p) / static_cast<C>(q)); }
  NWIDTH_INLINE static T pi() { return T(static_cast<C>(3.141592653589793)); }
  /// Of constants alone in these kernels: the compiler computes it.
  NWIDTH_INLINE static T sqrt(T const& x) {
    T r;
    NWIDTH_EACH_REGISTER(_Pragma("GCC unroll 16") for (int i = 0; i < T::count / registers; ++i) {
      r.v[k][i] = static_cast<C>(sizeof(C) == 4 ? __builtin_sqrtf(static_cast<float>(x.v[k][i]))
                                                : __builtin_sqrt(static_cast<double>(x.v[k][i])));
    })
    return r;
  }

  // Floats by polynomials (functions.hpp), doubles one by one by the library's functions, within 1 ulp (erfc: 5).
#define NWIDTH_FUNCTION(name)                                                  \
  NWIDTH_INLINE static T name(T const& x) {                                    \
    T r;                                                                       \
    if constexpr (sizeof(C) == 4) {                                            \
      NWIDTH_EACH_REGISTER(r.v[k] = kernels::cpu::name(x.v[k]);)               \
    } else {                                                                   \
      kernels::cpu::one_by_one([](C t) { return __builtin_##name(t); }, x, r); \
    }                                                                          \
    return r;                                                                  \
  }
  NWIDTH_FUNCTION(exp)
  NWIDTH_FUNCTION(expm1)
  NWIDTH_FUNCTION(erfc)
#undef NWIDTH_FUNCTION
  NWIDTH_INLINE static T sigmoid(T const& x) {
    T r;
    if constexpr (sizeof(C) == 4) {
      NWIDTH_EACH_REGISTER(r.v[k] = kernels::cpu::sigmoid(x.v[k]);)
    } else {
      kernels::cpu::one_by_one([](C t) { return __builtin_exp(-__builtin_fabs(t)); }, x, r);
      r = select(x, T(C(1)), r) / (T(C(1)) + r);
    }
    return r;
  }
  // No kernel is made of these two.
  NWIDTH_INLINE static T erf(T const& x) {
    T r;
    kernels::cpu::one_by_one([](C t) { return static_cast<C>(__builtin_erf(static_cast<double>(t))); }, x, r);
    return r;
  }
  NWIDTH_INLINE static T log1p(T const& x) {
    T r;
    kernels::cpu::one_by_one([](C t) { return static_cast<C>(__builtin_log1p(static_cast<double>(t))); }, x, r);
    return r;
  }
};
}  // namespace nwidth::activation
