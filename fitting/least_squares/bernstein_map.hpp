// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>

#include "fitting/least_squares/banded.hpp"
#include "fitting/problem/spline.hpp"

namespace nwidth::fitting {

/// A number with its first and second derivatives by K variables: forward differentiation for knots.
template <class T, int K>
struct Dual {
  T v;
  std::array<T, K> g;
  std::array<T, K*(K + 1) / 2> h;  // lower triangle by rows

  explicit Dual(T const& value = T(0)) : v(value) {
    g.fill(T(0));
    h.fill(T(0));
  }
  static Dual variable(T const& value, int k) {
    Dual x(value);
    x.g[index(k)] = T(1);
    return x;
  }
  friend Dual operator+(Dual a, Dual const& b) { return a.add(b, T(1)); }
  friend Dual operator-(Dual a, Dual const& b) { return a.add(b, T(-1)); }
  friend Dual operator*(Dual const& a, Dual const& b) {
    Dual c(a.v * b.v);
    std::size_t at = 0;
    for (std::size_t i = 0; i < K; ++i) {
      c.g[i] = a.v * b.g[i] + b.v * a.g[i];
      for (std::size_t j = 0; j <= i; ++j, ++at)
        c.h[at] = a.v * b.h[at] + b.v * a.h[at] + a.g[i] * b.g[j] + a.g[j] * b.g[i];
    }
    return c;
  }
  friend Dual operator/(Dual const& a, Dual const& b) {  // c = a/b: a = b c, differentiated twice
    Dual c(a.v / b.v);
    std::size_t at = 0;
    for (std::size_t i = 0; i < K; ++i) {
      c.g[i] = (a.g[i] - c.v * b.g[i]) / b.v;
      for (std::size_t j = 0; j <= i; ++j, ++at)
        c.h[at] = (a.h[at] - c.v * b.h[at] - c.g[i] * b.g[j] - c.g[j] * b.g[i]) / b.v;
    }
    return c;
  }

 private:
  Dual& add(Dual const& b, T const& sign) {
    v += sign * b.v;
    for (std::size_t i = 0; i < g.size(); ++i) g[i] += sign * b.g[i];
    for (std::size_t i = 0; i < h.size(); ++i) h[i] += sign * b.h[i];
    return *this;
  }
};

/// b = M(t) c: the Bernstein coefficients of a segment from its d + 1 B-spline coefficients, with the first and second
/// derivatives of M by the K = 2 ceil(d/m) knots around the segment, of which the middle two are its ends. Knots beyond
/// an end of the domain stand for that end, which does not move.
template <class T>
struct BernsteinMap {
  int d = 0, K = 0;
  bool constant = false;   ///< m = d: M is the identity and has no derivatives; the rest is empty
  std::vector<T> m, g, h;  // m[k (d+1) + j]; g[... * K + i]; h[... * K(K+1)/2 + triangle]

  T const& value(int k, int j) const { return m[index(k * (d + 1) + j)]; }
  T const& first(int k, int j, int i) const { return g[index((k * (d + 1) + j) * K + i)]; }
  T const& second(int k, int j, int i1, int i2) const {
    int const hi = std::max(i1, i2), lo = std::min(i1, i2);
    return h[index((k * (d + 1) + j) * (K * (K + 1) / 2) + hi * (hi + 1) / 2 + lo)];
  }
};

/// How many knots around a segment matter to its Bernstein coefficients: 2 ceil(d/m).
inline int knots_around(SplineClass const& kind) {
  return 2 * ((kind.degree + kind.multiplicity - 1) / kind.multiplicity);
}

/// @param t  the K knots around the segment, ascending; repeated where they are an end of the domain
/// By the B-spline recurrence with one argument a level, which is the blossom. Cost: O(d^3 K^2).
/// @cite deboor2001 IX
template <class T>
BernsteinMap<T> bernstein_map(SplineClass const& kind, T const* t);

}  // namespace nwidth::fitting
