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
/// A normalised op has `inputs`, `outputs`, `moments`, `sums`, `saved` (statistics a row, written or read), and adds to
/// the moments of a row, makes of them what the row's elements need, and writes out in
///
///     template <class V>
///     NWIDTH_HD static void moment(V const (&in)[inputs], V (&m)[moments]);
///     template <class Rsqrt>
///     NWIDTH_HD Row row(double const* m, double n, C* statistics, double* sum, Rsqrt) const;
///     template <class V>
///     NWIDTH_HD static void element(V const (&in)[inputs], Row const&, V (&out)[outputs]);
///
/// C is the type of the arithmetic, float or double; V lanes of it. Where all inputs are 0, nothing may be added to a
/// sum or a moment: so the end of a row is padded. A NaN that an op makes itself has a lower half of 0 (block.hpp).
/// Inline functions that are no templates over V or Rsqrt would be shared between machines: there are none.
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

/// Reciprocal roots that are known, for PolyNorm::forward and ::backward, which ask for those of p = 1, 2, 3 in turn.
template <class Rsqrt>
struct Known {
  double const* next;
  NWIDTH_HD double operator()(double) { return *next++; }
};

template <class C>
struct PolyNormForward {
  static constexpr int inputs = 1, outputs = 1, moments = 3, sums = 0, saved = 3;
  activation::PolyNorm<double> f;
  struct Row {
    typename activation::PolyNorm<double>::template Forward<C> k;
  };

  template <class V>
  NWIDTH_HD static void moment(V const (&in)[1], V (&m)[3]) {
    activation::PolyNorm<double>::moments(in[0], m);
  }
  template <class Rsqrt>
  NWIDTH_HD Row row(double const* m, double n, C* statistics, double*, Rsqrt rsqrt) const {
    double R[3];
    for (int p = 0; p < 3; ++p) {
      R[p] = rsqrt(m[p] / n + f.eps);
      if (statistics != nullptr) statistics[p] = static_cast<C>(R[p]);
    }
    return coefficients(f, m, n, Known<Rsqrt>{R});
  }
  template <class Rsqrt>
  NWIDTH_HD static Row coefficients(activation::PolyNorm<double> const& f, double const* m, double n, Rsqrt known) {
    auto const exact = f.forward(m, n, known);
    Row r;
    for (int i = 0; i < 4; ++i) r.k.k[i] = canonical<Rsqrt>(exact.k[i]);
    return r;
  }
  template <class V>
  NWIDTH_HD static void element(V const (&in)[1], Row const& r, V (&out)[1]) {
    out[0] = activation::PolyNorm<double>::value(in[0], r.k);
  }

  /// Rounded, a NaN without a payload.
  template <class Rsqrt>
  NWIDTH_HD static C canonical(double x) {
    return x == x ? static_cast<C>(x) : static_cast<C>(__builtin_nan(""));
  }
};

/// x, g -> dx; Saved: the reciprocal roots are read, and the sums of powers of x alone are left out.
template <class C, bool Saved>
struct PolyNormBackwardOp {
  static constexpr int inputs = 2, outputs = 1, moments = Saved ? 4 : 7, sums = 4, saved = Saved ? 3 : 0;
  activation::PolyNorm<double> f;
  struct Row {
    typename activation::PolyNorm<double>::template Backward<C> k;
  };

  template <class V>
  NWIDTH_HD static void moment(V const (&in)[2], V (&m)[moments]) {
    using O = activation::ops<V>;
    if constexpr (Saved) {
      V const x2 = in[0] * in[0], x3 = x2 * in[0];
      m[0] = O::fma(in[1], in[0], m[0]);
      m[1] = O::fma(in[1], x2, m[1]);
      m[2] = O::fma(in[1], x3, m[2]);
      m[3] = m[3] + in[1];
    } else {
      activation::PolyNorm<double>::moments(in[0], in[1], m);
    }
  }
  template <class Rsqrt>
  NWIDTH_HD Row row(double const* m, double n, C* statistics, double* sum, Rsqrt rsqrt) const {
    double R[3];
    roots(m, n, statistics, rsqrt, R);
    return coefficients(m, n, Known<Rsqrt>{R}, sum);
  }
  template <class Rsqrt>
  NWIDTH_HD void roots(double const* m, double n, C const* statistics, Rsqrt rsqrt, double (&R)[3]) const {
    for (int p = 0; p < 3; ++p) R[p] = Saved ? static_cast<double>(statistics[p]) : rsqrt(m[p] / n + f.eps);
  }
  template <class Rsqrt>
  NWIDTH_HD Row coefficients(double const* m, double n, Rsqrt known, double* sum) const {
    double all[7] = {};
    for (int i = 0; i < 4; ++i) all[3 + i] = m[moments - 4 + i];
    auto const exact = f.backward(all, n, known);
    Row r;
    for (int i = 0; i < 3; ++i) {
      r.k.a[i] = PolyNormForward<C>::template canonical<Rsqrt>(exact.a[i]);
      r.k.c[i] = PolyNormForward<C>::template canonical<Rsqrt>(exact.c[i]);
    }
    for (int i = 0; i < 4; ++i) sum[i] += exact.d[i];
    return r;
  }
  template <class V>
  NWIDTH_HD static void element(V const (&in)[2], Row const& r, V (&out)[1]) {
    out[0] = activation::PolyNorm<double>::gradient(in[0], in[1], r.k);
  }
};
template <class C>
using PolyNormBackward = PolyNormBackwardOp<C, false>;
template <class C>
using PolyNormBackwardSaved = PolyNormBackwardOp<C, true>;

template <template <class> class... Op>
struct OpList {};
using AllOps = OpList<PolyReluForward, PolyReluBackward, PolyNormForward, PolyNormBackward, PolyNormBackwardSaved>;

}  // namespace nwidth::kernels::cpu
