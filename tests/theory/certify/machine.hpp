// SPDX-License-Identifier: Apache-2.0
/// Networks as machines evaluate them: float or double, any order of sums, fused or not, results in bfloat16 or not.
#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "tests/random.hpp"
#include "theory/certify/rounding_bound.hpp"

namespace nwidth::test {

inline float to_bfloat16(float x) {
  auto bits = std::bit_cast<std::uint32_t>(x);
  bits += 0x7FFFU + ((bits >> 16) & 1U);
  return std::bit_cast<float>(bits & 0xFFFF0000U);
}

inline Rational exact_value(float x) { return exact(static_cast<double>(x)); }
inline Rational exact_value(double x) { return exact(x); }

template <class T>
T machine_number(Rational const& x) {
  return static_cast<T>(to_double(x));  // x is a T
}

/// s t + a, fused at random or always.
template <class T>
T multiply_add(T s, T t, T a, bool fused) {
  return fused ? std::fma(s, t, a) : s * t + a;
}

template <class T>
T narrow(T x, bool bfloat16) {
  if constexpr (sizeof(T) == 4) return bfloat16 ? to_bfloat16(x) : x;
  return x;
}

template <class T>
T machine_polyrelu(std::vector<Rational> const& a, T x, bool fused) {
  T const t = x < 0 ? T(0) : x;
  T s = machine_number<T>(a.back());
  for (std::size_t i = a.size() - 1; i-- > 0;) s = multiply_add(s, t, machine_number<T>(a[i]), fused);
  return s;
}

/// Sums in an order drawn from g, a new one for each.
template <class T>
T machine_network(Network const& net, T x, std::mt19937_64& g, bool bfloat16) {
  std::vector<T> h{x};
  for (Layer const& layer : net.layers()) {
    std::vector<T> next;
    for (int i = 0; i < layer.weights.rows(); ++i) {
      struct Product {
        T w, h;
      };
      std::vector<Product> terms{{machine_number<T>(layer.bias[static_cast<std::size_t>(i)]), T(1)}};
      for (Entry const* e = layer.weights.row_begin(i); e != layer.weights.row_end(i); ++e)
        terms.push_back({machine_number<T>(e->value), h[static_cast<std::size_t>(e->column)]});
      for (std::size_t k = terms.size(); k > 1; --k) std::swap(terms[k - 1], terms[g() % k]);
      T t(0);
      if (g() % 2 == 0) {  // one after the other
        for (Product const& p : terms) t = multiply_add(p.w, p.h, t, g() % 2 == 0);
      } else {  // neighbours first
        std::vector<T> v;
        for (Product const& p : terms) v.push_back(p.w * p.h);
        for (; v.size() > 1; v.resize((v.size() + 1) / 2))
          for (std::size_t k = 0; k < v.size(); k += 2) v[k / 2] = k + 1 < v.size() ? v[k] + v[k + 1] : v[k];
        t = v[0];
      }
      t = narrow(t, bfloat16);
      Activation const& a = layer.activation;
      bool const fused = g() % 2 == 0;
      if (a.kind == Activation::Kind::relu) {
        t = t < 0 ? T(0) : t;
      } else if (a.kind == Activation::Kind::relu_power) {
        T const u = t < 0 ? T(0) : t;
        t = u;
        for (int k = 1; k < a.power; ++k) t = t * u;
      } else if (a.kind == Activation::Kind::polyrelu) {
        t = machine_polyrelu(a.coefficients_of(i), t, fused);
      }
      next.push_back(narrow(t, bfloat16));
    }
    h = std::move(next);
  }
  return h[0];
}

}  // namespace nwidth::test
