// SPDX-License-Identifier: Apache-2.0
/// PolyNorm over one row, split where a kernel must: sums over the row, what follows from them, and each element.
#pragma once
#include "kernels/activation/scalar.hpp"

namespace nwidth::activation {

/// y_j = w_0 N(x^3)_j + w_1 N(x^2)_j + w_2 N(x)_j + b,  N(v)_j = v_j / sqrt(mean_k v_k^2 + eps), over a row of n.
/// The weights stand in the order that PolyCom's code stores: cubic, quadratic, linear; eps is added inside each mean.
/// C is the type of the coefficients; T that of elements; M that of a row's sums.
/// @cite zhuo2025polycom
template <class C>
struct PolyNorm {
  C w[3], b, eps;

  /// y = k_0 + k_1 x + k_2 x^2 + k_3 x^3 on the row.
  template <class M>
  struct Forward {
    M k[4];
  };
  /// dx = g (a_0 + a_1 x + a_2 x^2) - x (c_0 + c_1 x^2 + c_2 x^4) on the row; d = its share of dw_0, dw_1, dw_2, db.
  template <class M>
  struct Backward {
    M a[3], c[3], d[4];
  };

  /// m[p-1] += x^(2p), p = 1, 2, 3, by three multiplications. With u half an ulp of 1, terms are off by at most (1 +
  /// u)^4 - 1 of themselves.
  template <class T, int N>
  NWIDTH_HD static void moments(T const& x, T (&m)[N]) {
    static_assert(N >= 3);
    T const x2 = x * x, x4 = x2 * x2;
    m[0] = m[0] + x2;
    m[1] = m[1] + x4;
    m[2] = ops<T>::fma(x2, x4, m[2]);
  }
  /// And m[2+p] += g x^p, m[6] += g.
  template <class T>
  NWIDTH_HD static void moments(T const& x, T const& g, T (&m)[7]) {
    moments(x, m);
    arriving_moments(x, g, m);
  }
  /// Only those of g, the last four: terms are off by at most (1 + u)^2 - 1 of themselves.
  template <class T, int N>
  NWIDTH_HD static void arriving_moments(T const& x, T const& g, T (&m)[N]) {
    static_assert(N >= 4);
    using O = ops<T>;
    T const gx = g * x;
    m[N - 4] = m[N - 4] + gx;
    m[N - 3] = O::fma(gx, x, m[N - 3]);
    m[N - 2] = O::fma(gx, x * x, m[N - 2]);
    m[N - 1] = m[N - 1] + g;
  }

  /// @param n  the width of the row, or whatever M can be divided by in its place  @param rsqrt  v -> 1/sqrt(v)
  template <class M, class N, class Rsqrt>
  NWIDTH_HD Forward<M> forward(M const* m, N const& n, Rsqrt rsqrt) const {
    return {{M(b), M(w[2]) * rsqrt(m[0] / n + M(eps)), M(w[1]) * rsqrt(m[1] / n + M(eps)),
             M(w[0]) * rsqrt(m[2] / n + M(eps))}};
  }
  template <class M, class N, class Rsqrt>
  NWIDTH_HD Backward<M> backward(M const* m, N const& n, Rsqrt rsqrt) const {
    Backward<M> r{};
#if defined(__CUDACC__)
#pragma unroll
#endif
    for (int p = 1; p <= 3; ++p) {
      M const R = rsqrt(m[p - 1] / n + M(eps)), S = m[2 + p], W = M(w[3 - p]) * M(p);
      r.a[p - 1] = W * R;
      r.c[p - 1] = W / n * R * R * R * S;
      r.d[3 - p] = R * S;
    }
    r.d[3] = m[6];
    return r;
  }

  template <class T, class M>
  NWIDTH_HD static T value(T const& x, Forward<M> const& r) {
    using O = ops<T>;
    return O::fma(O::fma(O::fma(T(r.k[3]), x, T(r.k[2])), x, T(r.k[1])), x, T(r.k[0]));
  }
  template <class T, class M>
  NWIDTH_HD static T gradient(T const& x, T const& g, Backward<M> const& r) {
    using O = ops<T>;
    T const x2 = x * x;
    T const p = O::fma(O::fma(T(r.a[2]), x, T(r.a[1])), x, T(r.a[0]));
    T const q = O::fma(O::fma(T(-r.c[2]), x2, T(-r.c[1])), x2, T(-r.c[0]));
    return O::fma(g, p, q * x);
  }
};

}  // namespace nwidth::activation
