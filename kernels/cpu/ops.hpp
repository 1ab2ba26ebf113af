// SPDX-License-Identifier: Apache-2.0
/// What each kernel does to a row, in terms of kernels/activation. A further activation is one template here, its name
/// in AllOps, and a function that calls launch (rows.cpp).
///
/// An elementwise op has `inputs`, `outputs`, `sums` (of the gradients of its coefficients, at most max_sums), and
/// writes out and adds to sum in
///
///     template <class V>
///     NWIDTH_HD void element(V const (&in)[inputs], V (&out)[outputs], V (&sum)[room(sums)]) const;
///
/// A normalised op has `inputs`, `outputs`, `moments`, `coefficients`, `sums` and `saved` (Saved), adds to the moments
/// of a row, makes of them what the row's elements need, and writes out in
///
///     template <class V>
///     NWIDTH_HD static void moment(V const (&in)[inputs], V (&m)[moments]);
///     template <class M, class Rsqrt>
///     NWIDTH_HD void row(M const (&m)[moments], M const& n, M (&R)[3], M (&k)[coefficients], M (&d)[room(sums)],
///                        Rsqrt) const;
///     template <class V>
///     NWIDTH_HD static void element(V const (&in)[inputs], V const (&k)[coefficients], V (&out)[outputs]);
///
/// where M is a double or several, one for each of as many rows; R the roots that are saved; d the row's share of the
/// gradients of coefficients.
///
/// C is the type of the arithmetic, float or double; V lanes of it. Where all inputs are 0, nothing may be added to a
/// sum or a moment: so the end of a row is padded. A NaN that an op makes itself has a lower half of 0 (block.hpp).
/// Inline functions that are no templates over V, M or Rsqrt would be shared between machines: there are none.
#pragma once
#include "kernels/activation/polynorm.hpp"
#include "kernels/activation/polyrelu.hpp"

namespace nwidth::kernels::cpu {

inline constexpr int max_sums = 4;
consteval int room(int sums) { return sums > 0 ? sums : 1; }  // arrays are never empty

template <class C>
struct PolyReluForward {
  static constexpr int inputs = 1, outputs = 1, sums = 0;
  C a[4];  // a_0 ... a_3

  template <class V>
  NWIDTH_HD void element(V const (&in)[1], V (&out)[1], V (&)[1]) const {
    out[0] = activation::polyrelu(in[0], a);
  }
};

/// x, g -> dx; sums of g, g u, g u^2, g u^3.
template <class C>
struct PolyReluBackward {
  static constexpr int inputs = 2, outputs = 1, sums = 4;
  C a[4];

  template <class V>
  NWIDTH_HD void element(V const (&in)[2], V (&out)[1], V (&sum)[4]) const {
    out[0] = activation::polyrelu_backward(in[0], in[1], a, sum);
  }
};

/// What an op does with the reciprocal roots of the means over a row.
enum class Saved { none, written, read };

/// Reciprocal roots that are known, for PolyNorm::forward and ::backward, which ask for those of p = 1, 2, 3 in turn.
template <class M>
struct Known {
  M const* next;
  NWIDTH_HD M const& operator()(M const&) { return *next++; }
};

template <class C>
struct PolyNormForward {
  static constexpr int inputs = 1, outputs = 1, moments = 3, coefficients = 4, sums = 0;
  static constexpr Saved saved = Saved::written;
  using Norm = activation::PolyNorm<double>;
  Norm f;

  template <class V>
  NWIDTH_HD static void moment(V const (&in)[1], V (&m)[3]) {
    Norm::moments(in[0], m);
  }
  template <class M, class Rsqrt>
  NWIDTH_HD void row(M const (&m)[3], M const& n, M (&R)[3], M (&k)[4], M (&)[1], Rsqrt rsqrt) const {
    for (int p = 0; p < 3; ++p) R[p] = rsqrt(m[p] / n + M(f.eps));
    value_row(f, m, n, R, k);
  }
  template <class M>
  NWIDTH_HD static void value_row(Norm const& f, M const* m, M const& n, M const* R, M* k) {
    auto const r = f.forward(m, n, Known<M>{R});
    for (int i = 0; i < 4; ++i) k[i] = r.k[i];
  }
  template <class V>
  NWIDTH_HD static void element(V const (&in)[1], V const (&k)[4], V (&out)[1]) {
    out[0] = value(in[0], k);
  }
  /// By the last four of N coefficients.
  template <class V, int N>
  NWIDTH_HD static V value(V const& x, V const (&k)[N]) {
    return Norm::value(x, typename Norm::template Forward<V>{{k[N - 4], k[N - 3], k[N - 2], k[N - 1]}});
  }
};

/// x, g -> dx; Saved::read: the sums of powers of x alone are left out.
template <class C, Saved roots_are>
struct PolyNormBackwardOp {
  static constexpr Saved saved = roots_are;
  static constexpr int inputs = 2, outputs = 1, moments = saved == Saved::read ? 4 : 7, coefficients = 6, sums = 4;
  using Norm = activation::PolyNorm<double>;
  Norm f;

  template <class V>
  NWIDTH_HD static void moment(V const (&in)[2], V (&m)[moments]) {
    if constexpr (saved == Saved::read) {
      Norm::arriving_moments(in[0], in[1], m);
    } else {
      Norm::moments(in[0], in[1], m);
    }
  }
  template <class M, class Rsqrt>
  NWIDTH_HD void row(M const (&m)[moments], M const& n, M (&R)[3], M (&k)[6], M (&d)[4], Rsqrt rsqrt) const {
    roots(m, n, R, rsqrt);
    gradient_row(m, n, R, k, d);
  }
  template <class M, class Rsqrt>
  NWIDTH_HD void roots(M const* m, M const& n, M* R, Rsqrt rsqrt) const {
    if constexpr (saved == Saved::none) {
      for (int p = 0; p < 3; ++p) R[p] = rsqrt(m[p] / n + M(f.eps));
    }
  }
  template <class M>
  NWIDTH_HD void gradient_row(M const* m, M const& n, M const* R, M* k, M* d) const {
    M all[7] = {};
    for (int i = 0; i < 4; ++i) all[3 + i] = m[moments - 4 + i];
    auto const r = f.backward(all, n, Known<M>{R});
    for (int i = 0; i < 3; ++i) {
      k[i] = r.a[i];
      k[3 + i] = r.c[i];
    }
    for (int i = 0; i < 4; ++i) d[i] = r.d[i];
  }
  template <class V>
  NWIDTH_HD static void element(V const (&in)[2], V const (&k)[6], V (&out)[1]) {
    out[0] = gradient(in[0], in[1], k);
  }
  /// By the first six of N coefficients.
  template <class V, int N>
  NWIDTH_HD static V gradient(V const& x, V const& g, V const (&k)[N]) {
    return Norm::gradient(x, g, typename Norm::template Backward<V>{{k[0], k[1], k[2]}, {k[3], k[4], k[5]}, {}});
  }
};
template <class C>
using PolyNormBackward = PolyNormBackwardOp<C, Saved::none>;
template <class C>
using PolyNormBackwardSaved = PolyNormBackwardOp<C, Saved::read>;

template <template <class> class... Op>
struct OpList {};
using AllOps = OpList<PolyReluForward, PolyReluBackward, PolyNormForward, PolyNormBackward, PolyNormBackwardSaved>;

}  // namespace nwidth::kernels::cpu
