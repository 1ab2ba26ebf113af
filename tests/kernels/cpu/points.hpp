// SPDX-License-Identifier: Apache-2.0
/// Structured floats and doubles: every binade and the subnormal numbers, powers of two and their neighbours, short
/// significands, both tails, and the neighbours of anchors: kinks, zeros of a function and of its slope, thresholds of
/// overflow and underflow.
#pragma once
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "tests/kernels/cpu/formulas.hpp"

namespace nwidth::kernels::cpu {

/// splitmix64.
struct Stream {
  std::uint64_t state;
  std::uint64_t operator()() {
    std::uint64_t const x = test::mix(state);
    state += 0x9e3779b97f4a7c15U;
    return x;
  }
  double unit() { return static_cast<double>((*this)() >> 11U) * 0x1p-53; }
  double between(double a, double b) { return a + (b - a) * unit(); }
};

/// C is float or double.
template <class C>
class Points {
  using Bits = std::conditional_t<std::is_same_v<C, double>, std::uint64_t, std::uint32_t>;
  using Limits = std::numeric_limits<C>;
  static constexpr unsigned fraction = Limits::digits - 1;
  static constexpr long bias = Limits::max_exponent - 1;
  static constexpr Bits one_bits = Bits{1} << fraction, sign_bit = Bits{1} << (8 * sizeof(C) - 1);
  std::vector<C> anchors_;

  static C of(bool negative, long exponent, Bits f) {
    Bits const b = (static_cast<Bits>(exponent + bias) << fraction) | (f & (one_bits - 1));
    return std::bit_cast<C>(negative ? static_cast<Bits>(b | sign_bit) : b);
  }
  /// x moved by so many numbers of its sign, if that stays finite.
  static C moved(C x, std::int64_t by) {
    Bits const b = std::bit_cast<Bits>(x), moved = b + static_cast<Bits>(by);
    C const y = std::bit_cast<C>(moved);
    return ((b ^ moved) & sign_bit) == 0 && y - y == 0 ? y : x;
  }

 public:
  /// The signs of a function's value, slope and distance from the ends of the range change at anchors: they are found
  /// by four points in each binade, then bisection.
  template <class F>
  explicit Points(F const& f) {
    for (double power : {2.0, 3.0, 6.0, f.bound().constant + 1}) {
      for (double end : {static_cast<double>(Limits::max()), static_cast<double>(Limits::min())})
        for (double s : {-1.0, 1.0}) anchors_.push_back(static_cast<C>(s * std::pow(end, 1 / power)));
    }
    anchors_.insert(anchors_.end(), {C(0), -C(0), C(-1e-6), Limits::max(), Limits::min(), -Limits::max()});
    auto signs = [&](double x) {
      Formula<double> const e = f.template at<double>(x);
      unsigned all = 0;
      double const most = static_cast<double>(Limits::max()), least = static_cast<double>(Limits::min()),
                   tiniest = static_cast<double>(Limits::denorm_min());
      for (double v : {e.value, e.slope, e.size - most, e.slope_size - most, e.size - least, e.slope_size - least,
                       e.size - tiniest, e.slope_size - tiniest})
        all = 2 * all + (v > 0 ? 1 : 0);
      return all;
    };
    for (bool negative : {false, true}) {
      C last = of(negative, -bias, 0);
      unsigned before = signs(static_cast<double>(last));
      for (long e = -bias; e <= bias; ++e) {
        for (Bits quarter = 0; quarter < 4; ++quarter) {
          C low = last, high = last = of(negative, e, quarter << (fraction - 2));
          unsigned const now = signs(static_cast<double>(high));
          if (now == before) continue;
          while (std::bit_cast<Bits>(high) - std::bit_cast<Bits>(low) > 1) {
            C const middle = std::bit_cast<C>(static_cast<Bits>(
                std::bit_cast<Bits>(low) + (std::bit_cast<Bits>(high) - std::bit_cast<Bits>(low)) / 2));
            (signs(static_cast<double>(middle)) == before ? low : high) = middle;
          }
          anchors_.push_back(high);
          before = now;
        }
      }
    }
  }

  C operator()(Stream& s) const {
    std::uint64_t const r = s();
    bool const negative = (r & 8U) != 0;
    auto const f = static_cast<Bits>(r >> 11U);
    auto const pick = static_cast<long>((r >> 4U) & 0x7fU);
    switch (r % 8) {
      case 0: return of(negative, static_cast<long>(s() % static_cast<std::uint64_t>(2 * bias + 1)) - bias, f);
      case 1: return of(negative, pick % 48 - 40, f);
      case 2:
        return moved(of(negative, static_cast<long>(s() % static_cast<std::uint64_t>(2 * bias)) + 1 - bias, 0),
                     pick % 7 - 3);
      case 3: {
        std::int64_t const size = std::int64_t{1} << (pick % 20);
        return moved(anchors_[f % anchors_.size()],
                     static_cast<std::int64_t>(s() % static_cast<std::uint64_t>(2 * size + 1)) - size);
      }
      case 4: return of(negative, pick % 40 - 34, static_cast<Bits>(f << (fraction - static_cast<unsigned>(r >> 60U))));
      case 5: return static_cast<C>(s.between(-4, 4));
      case 6: return static_cast<C>(std::is_same_v<C, double> ? s.between(-40, 12) : s.between(-15, 6));
      default: return static_cast<C>(std::is_same_v<C, double> ? s.between(-746, 711) : s.between(-105, 90));
    }
  }
};

}  // namespace nwidth::kernels::cpu
