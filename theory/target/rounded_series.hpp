// SPDX-License-Identifier: Apache-2.0
/// Rounded Taylor coefficients of a Program at a point, for fits: as RoundedArithmetic, with derivatives.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "theory/target/program.hpp"

namespace nwidth::target {

inline constexpr int most_rounded_coefficients = 8;

/// c_0 + c_1 h + ... in rounded arithmetic; NaN where undefined.
template <class T>
using RoundedSeries = std::array<T, most_rounded_coefficients>;

/// Right-sided at kinks; a sign is taken from the first coefficient that is not 0. Nothing is claimed.
template <class T>
struct RoundedSeriesArithmetic {
  using Value = RoundedSeries<T>;
  T x;
  int length;  // coefficients that are computed, 1 ... most_rounded_coefficients

  static T nan() { return std::numeric_limits<T>::quiet_NaN(); }
  Value fill(T const& first) const {
    Value r;
    r.fill(T(0));
    r[0] = first;
    return r;
  }
  static T const& at(Value const& a, int k) { return a[static_cast<std::size_t>(k)]; }
  static T& at(Value& a, int k) { return a[static_cast<std::size_t>(k)]; }

  Value constant(Constant const& c) const {
    if constexpr (std::is_same_v<T, double>) {
      return fill(c.rounded);
    } else {
      return fill(c.real);
    }
  }
  Value pi() const {
    if constexpr (std::is_same_v<T, double>) {
      return fill(std::numbers::pi);
    } else {
      return fill(boost::math::constants::pi<Real>());
    }
  }
  Value variable(int) const {
    Value r = fill(x);
    if (length > 1) r[1] = T(1);
    return r;
  }
  Value neg(Value const& a) const {
    Value r = fill(T(0));
    for (int k = 0; k < length; ++k) at(r, k) = -at(a, k);
    return r;
  }
  Value add(Value const& a, Value const& b) const {
    Value r = fill(T(0));
    for (int k = 0; k < length; ++k) at(r, k) = at(a, k) + at(b, k);
    return r;
  }
  Value sub(Value const& a, Value const& b) const { return add(a, neg(b)); }
  Value mul(Value const& a, Value const& b) const {
    Value r = fill(T(0));
    for (int k = 0; k < length; ++k)
      for (int j = 0; j <= k; ++j) at(r, k) += at(a, j) * at(b, k - j);
    return r;
  }
  Value div(Value const& a, Value const& b) const {
    if (b[0] == 0) return fill(nan());
    Value r = fill(T(0));
    for (int k = 0; k < length; ++k) {
      T s = at(a, k);
      for (int j = 0; j < k; ++j) s -= at(r, j) * at(b, k - j);
      at(r, k) = s / b[0];
    }
    return r;
  }
  Value power(Value const& a, long p, long q) const {
    if (q == 1 && p > 0) {  // also at 0, where the recurrence divides by a_0
      Value r = fill(T(1)), base = a;
      for (long e = p; e > 0; e >>= 1) {
        if (e & 1) r = mul(r, base);
        if (e > 1) base = mul(base, base);
      }
      return r;
    }
    if (q == 1) return div(fill(T(1)), power(a, -p, 1));
    if (p > 0 && std::all_of(a.begin(), a.end(), [](T const& c) { return c == 0; })) return fill(T(0));
    if (!(a[0] > 0)) {
      Value r = fill(a[0] == 0 && p > 0 ? T(0) : nan());
      for (int k = 1; k < length; ++k) at(r, k) = nan();
      return r;
    }
    using std::pow;
    T const e = T(p) / T(q);
    Value r = fill(pow(a[0], e));  // a r' = e a' r
    for (int k = 1; k < length; ++k) {
      T s(0);
      for (int j = 1; j <= k; ++j) s += (e * T(j) - T(k - j)) * at(a, j) * at(r, k - j);
      at(r, k) = s / (T(k) * a[0]);
    }
    return r;
  }
  Value power_log(Value const& a, long p, long q) const {
    if (a[0] > 0) return mul(power(a, p, q), function(Op::log, a));
    Value r = fill(a[0] == 0 ? T(0) : nan());
    for (int k = 1; k < length; ++k) at(r, k) = nan();
    return r;
  }
  /// (g(a) - g(0))/a: near a = 0 by the series of g, elsewhere by division.
  Value divided(Op g, Value const& a) const {
    using std::abs;
    if (abs(a[0]) > T(1) / 16) {
      Value const y = function(g, a);
      return div(g == Op::exp ? sub(y, fill(T(1))) : y, a);
    }
    // Horner over the Taylor coefficients of g at 0, computed once by the same rules
    int const terms = std::numeric_limits<T>::digits / 4 + 8;
    Value r = fill(T(0));
    for (int k = terms; k >= 0; --k) r = add(mul(r, a), fill(divided_coefficient(g, k + 1)));
    return r;
  }
  Value kinked(Instruction const& i, Value const& a, Value const& b, Value const&) const {
    if (a[0] != a[0]) return a;
    switch (i.op) {
      case Op::abs: return sign(a) < 0 ? neg(a) : a;
      case Op::relu: return sign(a) < 0 ? fill(T(0)) : a;
      case Op::min: return sign(sub(a, b)) < 0 ? a : b;
      default: return sign(sub(a, b)) < 0 ? b : a;
    }
  }
  Value function(Op f, Value const& a) const {
    using std::atan, std::cos, std::cosh, std::exp, std::log, std::sin, std::sinh, std::tan, std::tanh;
    switch (f) {
      case Op::exp: return integrated(exp(a[0]), a, [](Value const&, Value const& r) { return r; });
      case Op::log: {
        if (!(a[0] > 0)) return fill(nan());
        return quotient_integral(log(a[0]), a, a);
      }
      case Op::sin: return circular(a, T(-1), sin(a[0]), cos(a[0])).first;
      case Op::cos: return circular(a, T(-1), sin(a[0]), cos(a[0])).second;
      case Op::sinh: return circular(a, T(1), sinh(a[0]), cosh(a[0])).first;
      case Op::cosh: return circular(a, T(1), sinh(a[0]), cosh(a[0])).second;
      case Op::tan: {
        auto const [s, c] = circular(a, T(-1), sin(a[0]), cos(a[0]));
        return div(s, c);
      }
      case Op::tanh: {  // r' = a' (1 - r^2): never infinite over infinite
        return integrated(tanh(a[0]), a, [this](Value const&, Value const& r) { return sub(fill(T(1)), mul(r, r)); });
      }
      default: return quotient_integral(atan(a[0]), a, add(fill(T(1)), mul(a, a)));
    }
  }

 private:
  int sign(Value const& a) const {
    for (int k = 0; k < length; ++k)
      if (at(a, k) != 0) return at(a, k) < 0 ? -1 : 1;
    return 1;
  }
  /// r with r_0 given and r' = a' slope(a, r), coefficient by coefficient.
  template <class F>
  Value integrated(T const& first, Value const& a, F slope) const {
    Value r = fill(first);
    for (int k = 1; k < length; ++k) {
      Value const s = slope(a, r);  // its coefficients below k are right
      T sum(0);
      for (int j = 1; j <= k; ++j) sum += T(j) * at(a, j) * at(s, k - j);
      at(r, k) = sum / T(k);
    }
    return r;
  }
  /// r with r_0 given and r' = a'/b.
  Value quotient_integral(T const& first, Value const& a, Value const& b) const {
    Value da = fill(T(0));
    for (int k = 1; k < length; ++k) at(da, k - 1) = T(k) * at(a, k);
    Value const s = div(da, b);
    Value r = fill(first);
    for (int k = 1; k < length; ++k) at(r, k) = at(s, k - 1) / T(k);
    return r;
  }
  /// sine and cosine (square = -1) or their hyperbolic kin (square = 1).
  std::pair<Value, Value> circular(Value const& a, T const& square, T const& s0, T const& c0) const {
    Value s = fill(s0), c = fill(c0);
    for (int k = 1; k < length; ++k) {
      T ds(0), dc(0);
      for (int j = 1; j <= k; ++j) {
        ds += T(j) * at(a, j) * at(c, k - j);
        dc += T(j) * at(a, j) * at(s, k - j);
      }
      at(s, k) = ds / T(k);
      at(c, k) = square * dc / T(k);
    }
    return {s, c};
  }
  /// Coefficient k of g at 0, for g = exp, sin, sinh, tan, tanh, atan; log is log(1 + a).
  static T divided_coefficient(Op g, int k) {
    T factorial(1);
    for (int j = 2; j <= k; ++j) factorial *= T(j);
    bool const odd = k % 2 != 0;
    T const turned = T((k / 2) % 2 == 0 ? 1 : -1);
    switch (g) {
      case Op::exp: return T(1) / factorial;
      case Op::sin: return odd ? T(turned / factorial) : T(0);
      case Op::sinh: return odd ? T(T(1) / factorial) : T(0);
      case Op::atan: return odd ? T(turned / T(k)) : T(0);
      case Op::tan: return odd ? tangent_coefficient(k) : T(0);
      case Op::tanh: return odd ? T(turned * tangent_coefficient(k)) : T(0);
      default: return nan();
    }
  }
  /// tan x = sum t_k x^k from t' = 1 + t^2.
  static T tangent_coefficient(int k) {
    std::vector<T> t(static_cast<std::size_t>(k) + 1, T(0));
    for (int j = 1; j <= k; ++j) {
      T s = T(j == 1 ? 1 : 0);
      for (int i = 0; i < j; ++i) s += t[static_cast<std::size_t>(i)] * t[static_cast<std::size_t>(j - 1 - i)];
      t[static_cast<std::size_t>(j)] = s / T(j);
    }
    return t[static_cast<std::size_t>(k)];
  }
};

}  // namespace nwidth::target
