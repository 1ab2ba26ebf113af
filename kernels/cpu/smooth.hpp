// SPDX-License-Identifier: Apache-2.0
/// GELU, SiLU, their gated forms and xIELU of floats and bf16 by tables of polynomials (tables.hpp), and where these
/// end by the formulas of kernels/activation. For the files isa_*.cpp alone, as lanes.hpp.
///
/// With a = |x| these activations are f(x) = max(x, 0) - a q(a), q decreasing, and f'(x) = d(a) for x < 0, 1 - d(a) for
/// x > 0: nothing cancels in the left tail, and nothing but q, or d, has to be approximated. A lane finds its piece in
/// the lowest bits of a sum, its coefficients by permutations of registers. Which formula a lane gets depends on its x
/// alone: a float beyond the table the activation's own, a bf16 what a float gets.
#pragma once
#include <type_traits>
#include <utility>

#include "kernels/cpu/bf16.hpp"
#include "kernels/cpu/lanes.hpp"
#include "kernels/cpu/tables.hpp"
// After lanes.hpp:
#include "kernels/cpu/elementwise_ops.hpp"
#include "kernels/cpu/gated_ops.hpp"

namespace nwidth::kernels::cpu {
namespace {

/// How an op works on blocks of elements E: `by_lanes`, as its own formula says, or by one of the specialisations
/// below, whose results are rounded to bf16 with ties away from zero.
template <class E, class Op>
struct Elements {
  static constexpr bool by_lanes = true;
};

#if NWIDTH_REGISTER > 16  // the tables are for fused multiply-adds
/// The registers of a block, and f of each of their numbers, as a constant. Not by each() of streams.hpp: where lambdas
/// must be inlined so early, GELU, SiLU and their gates in bf16 take a tenth to a fifth longer on a Zen 4.
constexpr int block_registers = 2 * registers;
using Registers = Float[block_registers];
template <class F>
NWIDTH_INLINE void each_register(F f) {
  [&]<int... k>(std::integer_sequence<int, k...>) { (f(std::integral_constant<int, k>{}), ...); }
  (std::make_integer_sequence<int, block_registers>{});
}
template <class B>
NWIDTH_INLINE auto& at(B& block, int k) {
  return block.half[k / registers].v[k % registers];
}

/// The smaller (greater) of a bound and a in the order of their bits: of numbers that are not negative, min and max. Of
/// -0 and x: x where its sign is +, -0 elsewhere.
NWIDTH_INLINE Float not_above(float bound, Float a) {
  auto const b = std::bit_cast<std::int32_t>(bound);
#if NWIDTH_REGISTER == 64
  return std::bit_cast<Float>(_mm512_maskz_min_epu32(0xffff, std::bit_cast<__m512i>(a), _mm512_set1_epi32(b)));
#else
  return std::bit_cast<Float>(_mm256_min_epu32(std::bit_cast<__m256i>(a), _mm256_set1_epi32(b)));
#endif
}
NWIDTH_INLINE Float not_below(float bound, Float a) {
  auto const b = std::bit_cast<std::int32_t>(bound);
#if NWIDTH_REGISTER == 64
  return std::bit_cast<Float>(_mm512_maskz_max_epu32(0xffff, std::bit_cast<__m512i>(a), _mm512_set1_epi32(b)));
#else
  return std::bit_cast<Float>(_mm256_max_epu32(std::bit_cast<__m256i>(a), _mm256_set1_epi32(b)));
#endif
}
/// d where x has the sign -, 1 - d elsewhere.
NWIDTH_INLINE Float reflected(Float x, Float d) {
#if NWIDTH_REGISTER == 64
  auto const negative = _mm512_movepi32_mask(std::bit_cast<__m512i>(x));
  return _mm512_mask_sub_ps(d, static_cast<__mmask16>(~negative), Float{} + 1.0F, d);
#else
  return _mm256_blendv_ps(1.0F - d, d, x);
#endif
}
/// Whether the bits of no lane are above the bound's: NaNs are the greatest of their sign, negative numbers above all
/// others.
NWIDTH_INLINE bool none_above(float bound, Registers const& x) {
  auto const b = std::bit_cast<std::int32_t>(bound);
#if NWIDTH_REGISTER == 64
  auto const most = _mm512_maskz_max_epu32(0xffff, std::bit_cast<__m512i>(x[0]), std::bit_cast<__m512i>(x[1]));
  return _mm512_cmpgt_epu32_mask(most, _mm512_set1_epi32(b)) == 0;
#else
  auto most = _mm256_set1_epi32(b);
  each_register([&](auto k) { most = _mm256_max_epu32(most, std::bit_cast<__m256i>(x[k])); });
  auto const same = _mm256_cmpeq_epi32(most, _mm256_set1_epi32(b));
  return _mm256_movemask_ps(std::bit_cast<Float>(same)) == 0xff;
#endif
}

/// The a at which the first eight pieces end, a little less.
template <auto const& table>
constexpr float few_end = table.square ? 2.73F : 7.4375F * table.width;
/// AVX2 permutes eight numbers: `few` says that all lanes are in the first eight pieces.
template <bool few>
NWIDTH_INLINE Float look_up(float const (&row)[16], Integer i) {
#if NWIDTH_REGISTER == 64
  return _mm512_maskz_permutexvar_ps(0xffff, std::bit_cast<__m512i>(i), _mm512_load_ps(row));
#else
  auto const j = std::bit_cast<__m256i>(i);
  Float const low = _mm256_permutevar8x32_ps(_mm256_load_ps(row), j);
  if constexpr (few) return low;
  return _mm256_blendv_ps(low, _mm256_permutevar8x32_ps(_mm256_load_ps(row + 8), j), std::bit_cast<Float>(i << 28));
#endif
}

/// The polynomials of a table at 0 <= a <= end.
template <auto const& table, bool few>
NWIDTH_INLINE void piecewise(Registers const& a, Registers& p) {
  constexpr int terms = sizeof table.c / sizeof table.c[0];
  constexpr bool binary = (std::bit_cast<std::uint32_t>(table.width) & 0x7fffffU) == 0 && !table.square;
  constexpr float shift = binary ? 0x1.8p23F * table.width : 0x1.8p23F;  // leaves i in the lowest bits
  Registers t;
  Integer i[block_registers];
  each_register([&](auto k) {
    Float const x = a[k];
    Float const shifted = binary ? x + shift : fma(x, table.square ? x : Float{} + 1 / table.width, Float{} + shift);
    i[k] = std::bit_cast<Integer>(shifted);
    t[k] = x;
    if constexpr (table.local) {
      Float const n = shifted - shift;
      t[k] = binary ? x - n : fma(n, Float{} - table.width, x);
    }
    p[k] = look_up<few>(table.c[terms - 1], i[k]);
  });
  _Pragma("GCC unroll 8") for (int j = terms - 2; j >= 0; --j) {
    each_register([&](auto k) { p[k] = fma(p[k], t[k], look_up<few>(table.c[j], i[k])); });
  }
}
/// The activations: tables, what a polynomial's p makes, formulas. `left`: float's table ends on the left alone, since
/// at its end the value is x.
template <class F>
struct Smooth {};
#define NWIDTH_SMOOTH(Name, name)                                                                               \
  struct Name##Value {                                                                                          \
    static constexpr auto const &table = name##_pieces, &brief = name##_brief_pieces;                           \
    static constexpr bool left = true;                                                                          \
    NWIDTH_INLINE static Float of(Float x, Float a, Float p) { return fma(-a, p, not_above(-0.0F, x)); }        \
    NWIDTH_INLINE static Lanes<float> exact(Lanes<float> const& x) { return activation::name(x); }              \
  };                                                                                                            \
  struct Name##Slope {                                                                                          \
    static constexpr auto const &table = name##_slope_pieces, &brief = name##_slope_brief_pieces;               \
    static constexpr bool left = false;                                                                         \
    NWIDTH_INLINE static Float of(Float x, Float, Float p) { return reflected(x, p); }                          \
    NWIDTH_INLINE static Lanes<float> exact(Lanes<float> const& x) { return activation::name##_derivative(x); } \
  };                                                                                                            \
  template <>                                                                                                   \
  struct Smooth<Name<float>> {                                                                                  \
    using Value = Name##Value;                                                                                  \
    using Slope = Name##Slope;                                                                                  \
  };
NWIDTH_SMOOTH(Gelu, gelu)
NWIDTH_SMOOTH(GeluTanh, gelu_tanh)
NWIDTH_SMOOTH(Silu, silu)
#undef NWIDTH_SMOOTH

/// For elements E: F's table, its argument, the lanes for which it is enough (where the key's bits are not above the
/// bound's), and what the others get.
template <class E, class F>
struct Range;

/// What the table makes of x.
template <class E, class F, bool few>
NWIDTH_INLINE void by_table(Registers const& x, Registers& y) {
  Registers a;
  each_register([&](auto k) { a[k] = Range<E, F>::argument(x[k]); });
  piecewise<Range<E, F>::table, few>(a, y);
  each_register([&](auto k) { y[k] = F::of(x[k], a[k], y[k]); });
}
/// y where the table is enough for x, else what other lanes get. Nothing is passed through memory, so that the usual
/// way need not put it there.
template <class E, class F>
[[gnu::noinline, gnu::cold]] Float with_others(Float x, Float y) {
  using R = Range<E, F>;
  Float const z = R::other(x);
  return std::bit_cast<Word>(R::key(x)) <= std::bit_cast<std::uint32_t>(R::bound) ? y : z;
}
#if NWIDTH_REGISTER == 32
/// F of any x.
template <class E, class F, class... X>
[[gnu::noinline]] void in_full(Registers& y, X... given) {
  using R = Range<E, F>;
  Registers const x{given...};
  by_table<E, F, false>(x, y);
  Registers key;
  each_register([&](auto k) { key[k] = R::key(x[k]); });
  if (none_above(R::bound, key)) return;
  each_register([&](auto k) { y[k] = with_others<E, F>(x[k], y[k]); });
}
#endif
/// F of elements E.
template <class E, class F>
NWIDTH_INLINE void smooth(Registers const& x, Registers& y) {
  using R = Range<E, F>;
#if NWIDTH_REGISTER == 64
  by_table<E, F, true>(x, y);
  each_register([&](auto k) {
    auto const bound = _mm512_set1_epi32(std::bit_cast<std::int32_t>(R::bound));
    bool const some = _mm512_cmpgt_epu32_mask(std::bit_cast<__m512i>(R::key(x[k])), bound) != 0;
    if (some) [[unlikely]]
      y[k] = with_others<E, F>(x[k], y[k]);
  });
#else
  Registers a;
  each_register([&](auto k) { a[k] = R::argument(x[k]); });
  if (none_above(few_end<R::table>, a)) [[likely]]
    return by_table<E, F, true>(x, y);
  Registers z;
  [&]<int... k>(std::integer_sequence<int, k...>) { in_full<E, F>(z, x[k]...); }
  (std::make_integer_sequence<int, block_registers>{});
  each_register([&](auto k) { y[k] = z[k]; });
#endif
}
template <class F>
struct Range<float, F> {
  static constexpr auto const& table = F::table;
  static constexpr float bound = F::left ? -table.end : table.end;
  NWIDTH_INLINE static Float argument(Float x) { return not_above(table.end, magnitude(x)); }
  NWIDTH_INLINE static Float key(Float x) { return F::left ? x : magnitude(x); }
  [[gnu::noinline, gnu::cold]] static Float other(Float x) {
    Lanes<float> all;
    for (Float& v : all.v) v = x;
    return F::exact(all).v[0];
  }
};
template <class F>
struct Range<bf16, F> {
  static constexpr auto const& table = F::brief;
  static constexpr float bound = table.end;
  NWIDTH_INLINE static Float argument(Float x) { return magnitude(x); }
  NWIDTH_INLINE static Float key(Float x) { return magnitude(x); }
  [[gnu::noinline, gnu::cold]] static Float other(Float x) {
    Registers all, y;
    each_register([&](auto k) { all[k] = x; });
    smooth<float, F>(all, y);
    return y[0];
  }
};

template <class E, class F>
concept Tabulated = !std::is_same_v<E, double> && requires {
  typename Smooth<F>::Value;
};

template <class E, class F>
requires Tabulated<E, F>
struct Elements<E, Forward<F>> {
  static constexpr bool by_lanes = false;
  template <class X, class Y, class V>
  NWIDTH_INLINE static void apply(Forward<F> const&, X const (&in)[1], Y (&out)[1], V (&)[1]) {
    Registers x, y;
    each_register([&](auto k) { x[k] = at(in[0], k); });
    smooth<E, typename Smooth<F>::Value>(x, y);
    each_register([&](auto k) { at(out[0], k) = y[k]; });
  }
};
template <class E, class F>
requires Tabulated<E, F>
struct Elements<E, Backward<F>> {
  static constexpr bool by_lanes = false;
  template <class X, class Y, class V>
  NWIDTH_INLINE static void apply(Backward<F> const&, X const (&in)[2], Y (&out)[1], V (&)[1]) {
    Registers x, d;
    each_register([&](auto k) { x[k] = at(in[0], k); });
    smooth<E, typename Smooth<F>::Slope>(x, d);
    each_register([&](auto k) { at(out[0], k) = at(in[1], k) * d[k]; });
  }
};
template <class E, class Op>
requires Tabulated<E, typename Op::Gate>
struct Elements<E, Op> {
  using S = Smooth<typename Op::Gate>;
  static constexpr bool by_lanes = false;
  template <class X, class Y, class V>
  NWIDTH_INLINE static void apply(Op const&, X const (&in)[2], Y (&out)[1], V (&)[1]) {
    Registers x, y;
    each_register([&](auto k) { x[k] = at(in[0], k); });
    smooth<E, typename S::Value>(x, y);
    each_register([&](auto k) { at(out[0], k) = y[k] * at(in[1], k); });
  }
  template <class X, class Y, class V>
  NWIDTH_INLINE static void apply(Op const&, X const (&in)[3], Y (&out)[2], V (&)[1]) {
    Registers x, y, d;
    each_register([&](auto k) { x[k] = at(in[0], k); });
    smooth<E, typename S::Slope>(x, d);
    each_register([&](auto k) { at(out[0], k) = at(in[2], k) * at(in[1], k) * d[k]; });
    smooth<E, typename S::Value>(x, y);
    each_register([&](auto k) { at(out[1], k) = at(in[2], k) * y[k]; });
  }
};

/// xIELU's exponential, n expm1(min(x, eps)) where x <= 0, anything elsewhere: -n a m(a) with a = max(|x|, least), up
/// to where it is -n. NaN may give a number.
template <class E>
NWIDTH_INLINE void exponential(Registers const& x, float n, float least, Registers& y) {
  constexpr auto const& table = [&]() -> auto const& {
    if constexpr (std::is_same_v<E, bf16>) {
      return expm1_brief_pieces;
    } else {
      return expm1_pieces;
    }
  }
  ();
  Registers a;
  each_register([&](auto k) { a[k] = not_above(table.end, not_below(least, magnitude(x[k]))); });
  if (NWIDTH_REGISTER == 64 || none_above(few_end<table>, a)) [[likely]] {
    piecewise<table, true>(a, y);
  } else {
    piecewise<table, false>(a, y);
  }
  each_register([&](auto k) { y[k] = a[k] * (Float{} - n) * y[k]; });
}

template <class E>
requires(!std::is_same_v<E, double>) struct Elements<E, XieluForward<float>> {
  static constexpr bool by_lanes = false;
  template <class X, class Y, class V>
  NWIDTH_INLINE static void apply(XieluForward<float> const& op, X const (&in)[1], Y (&out)[1], V (&)[1]) {
    auto const& f = op.f;
    Registers x, e;
    each_register([&](auto k) { x[k] = at(in[0], k); });
    exponential<E>(x, f.n, f.eps < 0 ? -f.eps : 0, e);
    each_register([&](auto k) {
      Float const left = fma(Float{} + (f.beta - f.n), x[k], e[k]), right = fma(Float{} + f.p, x[k], Float{} + f.beta);
      at(out[0], k) = x[k] > 0.0F ? x[k] * right : left;
    });
  }
};
template <class E>
requires(!std::is_same_v<E, double>) struct Elements<E, XieluBackward<float>> {
  static constexpr bool by_lanes = false;
  template <class X, class Y, class V>
  NWIDTH_INLINE static void apply(XieluBackward<float> const& op, X const (&in)[2], Y (&out)[1], V (&sum)[2]) {
    auto const& f = op.f;
    Registers x, e;
    each_register([&](auto k) { x[k] = at(in[0], k); });
    exponential<E>(x, 1, f.eps < 0 ? -f.eps : 0, e);
    each_register([&](auto k) {
      constexpr int j = k % registers;
      Float const g = at(in[1], k), above = x[k] <= 0.0F ? Float{} : x[k];  // NaN is above
      Float const left = fma(Float{} + f.n, e[k], Float{} + f.beta);
      Float const right = fma(Float{} + 2 * f.p, x[k], Float{} + f.beta);
      at(out[0], k) = g * (x[k] <= 0.0F ? left : right);
      sum[0].v[j] = fma(g, above * above, sum[0].v[j]);
      sum[1].v[j] = fma(g, x[k] > 0.0F ? Float{} : e[k] - x[k], sum[1].v[j]);
    });
  }
};
#endif

}  // namespace
}  // namespace nwidth::kernels::cpu
