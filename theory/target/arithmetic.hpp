// SPDX-License-Identifier: Apache-2.0
/// The arithmetics that a Program runs through: double, Real, Rational, balls at a point.
#pragma once
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "theory/number/series.hpp"
#include "theory/target/program.hpp"

namespace nwidth::target {

/// Rounded values; NaN where undefined.
template <class T>
struct RoundedArithmetic {
  using Value = T;
  T const* x;

  static T nan() { return std::numeric_limits<T>::quiet_NaN(); }

  T constant(Constant const& c) const {
    if constexpr (std::is_same_v<T, double>) {
      return c.rounded;
    } else {
      return c.real;
    }
  }
  T pi() const {
    if constexpr (std::is_same_v<T, double>) {
      return std::numbers::pi;
    } else {
      return boost::math::constants::pi<Real>();
    }
  }
  T variable(int k) const { return x[k]; }
  T neg(T const& a) const { return -a; }
  T add(T const& a, T const& b) const { return a + b; }
  T sub(T const& a, T const& b) const { return a - b; }
  T mul(T const& a, T const& b) const { return a * b; }
  T div(T const& a, T const& b) const { return b == 0 ? nan() : T(a / b); }
  T power(T const& a, long p, long q) const {
    using std::pow;
    using std::sqrt;
    if (p < 0 && a == 0) return nan();
    if (q == 1) return p == 2 ? T(a * a) : T(pow(a, static_cast<int>(p)));
    if (a < 0) return nan();
    if (q == 2) return p == 1 ? T(sqrt(a)) : T(pow(T(sqrt(a)), static_cast<int>(p)));
    return pow(a, T(T(p) / T(q)));
  }
  T power_log(T const& a, long p, long q) const { return a == 0 ? T(0) : T(power(a, p, q) * function(Op::log, a)); }
  T divided(Op g, T const& a) const {
    using std::expm1;
    if (a == 0) return T(1);
    return g == Op::exp ? T(expm1(a) / a) : T(function(g, a) / a);
  }
  T kinked(Instruction const& i, T const& a, T const& b, T const&) const {
    if (a != a) return a;
    switch (i.op) {
      case Op::abs: return a < 0 ? T(-a) : a;
      case Op::relu: return a < 0 ? T(0) : a;
      case Op::min: return a < b ? a : b;
      default: return a < b || b != b ? b : a;
    }
  }
  T function(Op f, T const& a) const {
    using std::atan, std::cos, std::cosh, std::exp, std::log, std::sin, std::sinh, std::tan, std::tanh;
    switch (f) {
      case Op::exp: return exp(a);
      case Op::log: return a > 0 ? T(log(a)) : nan();
      case Op::sin: return sin(a);
      case Op::cos: return cos(a);
      case Op::tan: return tan(a);
      case Op::sinh: return sinh(a);
      case Op::cosh: return cosh(a);
      case Op::tanh: return tanh(a);
      default: return atan(a);
    }
  }
};

/// Exact values of instructions with `rational`; empty where undefined or too long.
struct ExactArithmetic {
  using Value = std::optional<Rational>;
  Rational x;

  Value constant(Constant const& c) const { return c.exact; }
  Value pi() const { return std::nullopt; }
  Value variable(int) const { return x; }
  Value neg(Value const& a) const { return a ? Value(-*a) : a; }
  Value add(Value const& a, Value const& b) const { return a && b ? short_enough(*a + *b) : std::nullopt; }
  Value sub(Value const& a, Value const& b) const { return a && b ? short_enough(*a - *b) : std::nullopt; }
  Value mul(Value const& a, Value const& b) const { return a && b ? short_enough(*a * *b) : std::nullopt; }
  Value div(Value const& a, Value const& b) const { return a && b && *b != 0 ? short_enough(*a / *b) : std::nullopt; }
  Value power(Value const& a, long p, long) const {
    if (!a || (p < 0 && *a == 0) || bits(*a) * static_cast<std::size_t>(std::abs(p)) > most_bits) return std::nullopt;
    Rational const r = nwidth::power(*a, static_cast<unsigned>(std::abs(p)));
    return p < 0 ? Rational(1 / r) : r;
  }
  Value power_log(Value const&, long, long) const { return std::nullopt; }
  Value divided(Op, Value const&) const { return std::nullopt; }
  Value kinked(Instruction const& i, Value const& a, Value const& b, Value const&) const {
    if (!a || !b) return std::nullopt;
    switch (i.op) {
      case Op::abs: return abs(*a);
      case Op::relu: return *a < 0 ? Rational(0) : *a;
      case Op::min: return *a < *b ? a : b;
      default: return *a < *b ? b : a;
    }
  }
  Value function(Op, Value const&) const { return std::nullopt; }

  static constexpr std::size_t most_bits = 50000;  // nested powers have values of any length
  static std::size_t bits(Rational const& q) { return q == 0 ? 0 : msb(abs(numerator(q))) + msb(denominator(q)); }
  static Value short_enough(Rational q) { return bits(q) > most_bits ? std::nullopt : Value(std::move(q)); }
};

/// The exact value of instruction `k` at x, if it is a rational function (with kinks) there.
std::optional<Rational> exact_value(Program const& program, int k, Rational const& x);

/// x as it may be handed out: numbers beyond 2^65536 count as unbounded, and what is smaller than 2^-65536 is not told
/// from 0, so that no exact rational made of a ball can exhaust the memory.
void tame(Ball& x);

/// The series function of g; for exp, sin, cos, tan, sinh, cosh, tanh, atan, log.
Series (*series_function(Op g))(Series const&);

/// Series operations that need no decision.
struct SmoothSeries {
  using Value = Series;

  Series constant(Constant const& c) const { return Series(c.ball()); }
  Series pi() const { return Series(Ball::pi()); }
  Series neg(Series const& a) const { return -a; }
  Series add(Series const& a, Series const& b) const { return a + b; }
  Series sub(Series const& a, Series const& b) const { return a - b; }
  Series mul(Series const& a, Series const& b) const { return a * b; }
  Series div(Series const& a, Series const& b) const { return a / b; }
  Series power(Series const& a, long p, long q) const { return nwidth::power(a, p, q); }
  Series power_log(Series const& a, long p, long q) const;
  Series divided(Op g, Series const& a) const { return nwidth::divided(series_function(g), a); }
  Series function(Op f, Series const& a) const { return series_function(f)(a); }
};

/// Values enclosed in balls.
struct BallArithmetic {
  using Value = Ball;
  Ball x;

  Ball constant(Constant const& c) const { return c.ball(); }
  Ball pi() const { return Ball::pi(); }
  Ball variable(int) const { return x; }
  Ball affine(Affine const& f) const { return f.ball(x); }
  Ball neg(Ball const& a) const { return -a; }
  Ball add(Ball const& a, Ball const& b) const { return a + b; }
  Ball sub(Ball const& a, Ball const& b) const { return a - b; }
  Ball mul(Ball const& a, Ball const& b) const { return a * b; }
  Ball div(Ball const& a, Ball const& b) const { return a / b; }
  Ball power(Ball const& a, long p, long q) const { return nwidth::power(a, p, q); }
  Ball power_log(Ball const& a, long p, long q) const;
  Ball divided(Op g, Ball const& a) const { return nwidth::divided(series_function(g), Series(a))[0]; }
  Ball kinked(Instruction const& i, Ball const& a, Ball const& b, Ball const&) const;
  Ball function(Op f, Ball const& a) const;
};

}  // namespace nwidth::target
