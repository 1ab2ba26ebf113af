// SPDX-License-Identifier: Apache-2.0
/// The loops of layer.hpp. For the files layer_*.cpp alone, as lanes.hpp.
#pragma once
#include "kernels/cpu/block.hpp"
#include "kernels/cpu/layer_job.hpp"

namespace nwidth::kernels::cpu {
namespace {

/// Lanes that lie side by side in memory: unlike those of a Block they match those of another type.
template <class E>
struct Side {
  using C = Arithmetic<E>;
  using V = Lanes<C>;
  using Half [[gnu::vector_size(NWIDTH_REGISTER / 2)]] = std::uint16_t;
  static constexpr int size = V::count, step = size / registers;

  NWIDTH_INLINE static V read(E const* p) {
    V r;
    NWIDTH_EACH_REGISTER(
        if constexpr (std::is_same_v<E, bf16>) {
          r.v[k] = std::bit_cast<Float>(__builtin_convertvector(load<Half>(p + step * k), Word) << 16);
        } else { r.v[k] = load<typename V::R>(p + step * k); })
    return r;
  }
  NWIDTH_INLINE static void write(E* p, V const& x) {
    NWIDTH_EACH_REGISTER(
        if constexpr (std::is_same_v<E, bf16>) {
          store<Store::ordinary>(p + step * k, __builtin_convertvector(rounded(x.v[k]), Half));
        } else { store<Store::ordinary>(p + step * k, x.v[k]); })
  }
  /// The first `count` elements, zeros after them.
  NWIDTH_INLINE static V read(E const* p, std::int64_t count) { return read_before(p, count, E{}); }
  /// ... and so many of another number.
  NWIDTH_INLINE static V read_before(E const* p, std::int64_t count, E rest) {
    E buffer[size];
    for (E& one : buffer) one = rest;
    __builtin_memcpy(buffer, p, static_cast<std::size_t>(count) * sizeof(E));
    return read(buffer);
  }
  NWIDTH_INLINE static void write(E* p, V const& x, std::int64_t count) {
    E buffer[size];
    write(buffer, x);
    __builtin_memcpy(p, buffer, static_cast<std::size_t>(count) * sizeof(E));
  }
  // f(i) of each_side calls these.
  NWIDTH_INLINE static V read(E const* p, std::integral_constant<int, 0>) { return read(p); }
  NWIDTH_INLINE static void write(E* p, V const& x, std::integral_constant<int, 0>) { write(p, x); }

 private:
  /// To nearest, ties to even, in the lower half; a NaN stays one.
  NWIDTH_INLINE static Word rounded(Float x) {
    Word const u = std::bit_cast<Word>(x);
    return x == x ? (u + (0x7fffU + ((u >> 16) & 1U))) >> 16 : (u >> 16) | 0x40U;
  }
};

/// f(i, all) for whole lanes from s to e, f(i, count) for what is left.
template <class C, class F>
NWIDTH_INLINE void each_side(std::int64_t s, std::int64_t e, F f) {
  std::int64_t i = s;
  for (; i + Lanes<C>::count <= e; i += Lanes<C>::count) f(i, std::integral_constant<int, 0>{});
  if (i < e) f(i, e - i);
}

/// The sum over a row of what f(i, count, sum) adds to sum: lanes over 32 steps, then in double.
template <class C, class F>
NWIDTH_INLINE double row_sum(std::int64_t width, F f) {
  constexpr std::int64_t segment = 32 * Lanes<C>::count;
  Totals<C> total;
  for (std::int64_t s = 0; s < width; s += segment) {
    Lanes<C> sum;
    each_side<C>(s, width - s > segment ? s + segment : width, [&](std::int64_t i, auto count) { f(i, count, sum); });
    total.add(sum);
  }
  return total.sum();
}

template <class X, class Y>
struct Norm {
  using C = Arithmetic<X>;
  using V = Lanes<C>;
  using O = activation::ops<V>;
  using SX = Side<X>;
  using SY = Side<Y>;

  template <bool adds>
  NWIDTH_INLINE static void forward_row(NormJob const& job, std::int64_t r) {
    auto const* const a = static_cast<X const*>(job.a) + r * job.width;
    auto const* const delta = static_cast<Y const*>(job.delta) + (adds ? r * job.width : 0);
    auto* const x = static_cast<X*>(job.x) + (adds ? r * job.width : 0);
    X const* const in = adds ? x : a;
    double const squares = row_sum<C>(job.width, [&](std::int64_t i, auto count, V& sum) {
      V v = SX::read(a + i, count);
      if constexpr (adds) {
        v = v + SY::read(delta + i, count);
        SX::write(x + i, v, count);
        if constexpr (std::is_same_v<X, bf16>) v = SX::read(x + i, count);
      }
      sum = O::fma(v, v, sum);
    });
    auto const root = static_cast<C>(1 / __builtin_sqrt(squares / static_cast<double>(job.width) + job.eps));
    if (job.statistics != nullptr) static_cast<C*>(job.statistics)[r] = root;
    V const scale(root);
    auto const* const w = static_cast<X const*>(job.weight);
    auto* const y = static_cast<Y*>(job.y) + r * job.width;
    each_side<C>(0, job.width, [&](std::int64_t i, auto count) {
      SY::write(y + i, SX::read(in + i, count) * scale * SX::read(w + i, count), count);
    });
  }
  [[gnu::flatten]] static void forward(NormJob const& job, std::int64_t first, std::int64_t last) {
    std::int64_t const begin = first * job.rows_an_item,
                       end = job.rows < last * job.rows_an_item ? job.rows : last * job.rows_an_item;
    if (job.delta != nullptr) {
      for (std::int64_t r = begin; r < end; ++r) forward_row<true>(job, r);
    } else {
      for (std::int64_t r = begin; r < end; ++r) forward_row<false>(job, r);
    }
  }

  template <bool adds, bool twice>
  NWIDTH_INLINE static void backward_row(NormJob const& job, std::int64_t r, C* sums) {
    std::int64_t const at = r * job.width;
    auto const *const x = static_cast<X const*>(job.x) + at, *const w = static_cast<X const*>(job.weight);
    auto const* const g = static_cast<Y const*>(job.g) + at;
    C const root = static_cast<C const*>(job.statistics)[r];
    double const product = row_sum<C>(job.width, [&](std::int64_t i, auto count, V& sum) {
      sum = O::fma(SY::read(g + i, count) * SX::read(w + i, count), SX::read(x + i, count), sum);
    });
    double const exact = root;
    V const scale(root), along(static_cast<C>(-exact * exact * exact * product / static_cast<double>(job.width)));
    each_side<C>(0, job.width, [&](std::int64_t i, auto count) {
      V const gi = SY::read(g + i, count), xi = SX::read(x + i, count);
      V d = O::fma(xi, along, gi * SX::read(w + i, count) * scale);
      if constexpr (adds) d = d + SX::read(static_cast<X const*>(job.later) + at + i, count);
      SX::write(static_cast<X*>(job.dx) + at + i, d, count);
      if constexpr (twice) SY::write(static_cast<Y*>(job.ddelta) + at + i, d, count);
      using S = Side<C>;
      S::write(sums + i, O::fma(gi, xi * scale, S::read(sums + i, count)), count);
    });
  }
  template <bool adds, bool twice>
  NWIDTH_INLINE static void backward_item(NormJob const& job, std::int64_t item) {
    C* const sums = static_cast<C*>(job.sums) + item * job.width;
    double* const dweight = job.dweight + item * job.width;
    std::int64_t r = item * job.rows_an_item;
    std::int64_t const end = job.rows - r < job.rows_an_item ? job.rows : r + job.rows_an_item;
    while (r < end) {
      std::int64_t const stop = end - r < 16 ? end : r + 16;  // so many numbers are added as C
      for (; r < stop; ++r) backward_row<adds, twice>(job, r, sums);
      for (std::int64_t j = 0; j < job.width; ++j) {
        dweight[j] += static_cast<double>(sums[j]);
        sums[j] = 0;
      }
    }
  }
  [[gnu::flatten]] static void backward(NormJob const& job, std::int64_t first, std::int64_t last) {
    bool const adds = job.later != nullptr, twice = job.ddelta != nullptr;
    for (std::int64_t i = first; i < last; ++i) {
      if (adds && twice) {
        backward_item<true, true>(job, i);
      } else if (adds) {
        backward_item<true, false>(job, i);
      } else if (twice) {
        backward_item<false, true>(job, i);
      } else {
        backward_item<false, false>(job, i);
      }
    }
  }
};

template <class E>
struct SplitHeads {
  using C = Arithmetic<E>;
  using V = Lanes<C>;
  using S = Side<E>;
  using SC = Side<C>;

  /// One vector, turned by the angle, or back.
  template <bool back>
  NWIDTH_INLINE static void turn(E const* from, E* to, std::int64_t half, C const* cosine, C const* sine) {
    each_side<C>(0, half, [&](std::int64_t i, auto count) {
      V const a = S::read(from + i, count), b = S::read(from + half + i, count);
      V const c = SC::read(cosine + i, count), t = SC::read(sine + i, count), s = back ? -t : t;
      S::write(to + i, a * c - b * s, count);
      S::write(to + half + i, b * c + a * s, count);
    });
  }
  template <bool back>
  NWIDTH_INLINE static void token(HeadsJob const& job, std::int64_t item) {
    std::int64_t const b = item / job.tokens, t = item % job.tokens, half = job.size / 2;
    auto const *const cosine = static_cast<C const*>(job.cosines), *const sine = static_cast<C const*>(job.sines);
    for (int p = 0; p < 3; ++p) {
      for (std::int64_t h = 0; h < job.heads; ++h) {
        std::int64_t const joint = ((item * 3 + p) * job.heads + h) * job.size,
                           apart = b * job.strides[p][0] + h * job.strides[p][1] + t * job.strides[p][2];
        E const* const from =
            back ? static_cast<E const*>(job.part[p]) + apart : static_cast<E const*>(job.qkv) + joint;
        E* const to = back ? static_cast<E*>(job.dqkv) + joint : static_cast<E*>(job.part[p]) + apart;
        if (p == 2 || cosine == nullptr) {
          __builtin_memcpy(to, from, static_cast<std::size_t>(job.size) * sizeof(E));
        } else {
          turn<back>(from, to, half, cosine + t * half, sine + t * half);
        }
      }
    }
  }
  [[gnu::flatten]] static void forward(HeadsJob const& job, std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) token<false>(job, i);
  }
  [[gnu::flatten]] static void backward(HeadsJob const& job, std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) token<true>(job, i);
  }
};

template <class E>
struct CrossEntropy {
  using C = Arithmetic<E>;
  using V = Lanes<C>;
  using O = activation::ops<V>;
  using S = Side<E>;

  NWIDTH_INLINE static C number(E x) {
    if constexpr (std::is_same_v<E, bf16>) {
      return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16);
    } else {
      return x;
    }
  }
  /// Lanes of a row; those behind its end are -inf, of which exp is 0.
  NWIDTH_INLINE static V read(E const* p, std::integral_constant<int, 0>) { return S::read(p); }
  NWIDTH_INLINE static V read(E const* p, std::int64_t count) {
    E below;
    if constexpr (std::is_same_v<E, bf16>) {
      below.bits = 0xff80;
    } else {
      below = -static_cast<E>(__builtin_inf());
    }
    return S::read_before(p, count, below);
  }
  NWIDTH_INLINE static C greatest(E const* row, std::int64_t width) {
    V most(-static_cast<C>(__builtin_inf()));
    each_side<C>(0, width, [&](std::int64_t i, auto count) {
      V const x = read(row + i, count);
      NWIDTH_EACH_REGISTER(most.v[k] = x.v[k] > most.v[k] ? x.v[k] : most.v[k];)
    });
    C lanes[V::count];
    __builtin_memcpy(lanes, most.v, sizeof lanes);
    C m = lanes[0];
    for (C const x : lanes) m = x > m ? x : m;
    return m;
  }

  [[gnu::flatten]] static void run(EntropyJob const& job, std::int64_t first, std::int64_t last) {
    for (std::int64_t r = first; r < last; ++r) {
      E const* const row = static_cast<E const*>(job.logits) + r * job.width;
      E* const gradient = job.gradient == nullptr ? nullptr : static_cast<E*>(job.gradient) + r * job.width;
      std::int64_t const target = job.targets[r];
      if (target < 0) {
        job.loss[r] = 0;
        if (gradient != nullptr) __builtin_memset(gradient, 0, static_cast<std::size_t>(job.width) * sizeof(E));
        continue;
      }
      C const m = greatest(row, job.width), at_target = number(row[target]);
      V const shift(-m);
      double const sum = row_sum<C>(
          job.width, [&](std::int64_t i, auto count, V& s) { s = s + O::exp(read(row + i, count) + shift); });
      job.loss[r] = __builtin_log(sum) + (static_cast<double>(m) - static_cast<double>(at_target));
      if (gradient == nullptr) continue;
      V const scale(static_cast<C>(job.scale / sum));
      each_side<C>(0, job.width, [&](std::int64_t i, auto count) {
        S::write(gradient + i, O::exp(read(row + i, count) + shift) * scale, count);
      });
      double const share = -__builtin_expm1(-job.loss[r]);  // 1 - softmax, which a sum would lose where it is small
      S::write(gradient + target, V(static_cast<C>(-job.scale * share)), std::int64_t{1});
    }
  }
};

constexpr LayerTable layer_table() {
  return {{&Norm<float, float>::forward, &Norm<float, bf16>::forward, &Norm<bf16, bf16>::forward,
           &Norm<double, double>::forward},
          {&Norm<float, float>::backward, &Norm<float, bf16>::backward, &Norm<bf16, bf16>::backward,
           &Norm<double, double>::backward},
          {&SplitHeads<float>::forward, &SplitHeads<bf16>::forward, &SplitHeads<double>::forward},
          {&SplitHeads<float>::backward, &SplitHeads<bf16>::backward, &SplitHeads<double>::backward},
          {&CrossEntropy<float>::run, &CrossEntropy<bf16>::run, &CrossEntropy<double>::run}};
}

}  // namespace
}  // namespace nwidth::kernels::cpu
