// SPDX-License-Identifier: Apache-2.0
/// The gated families as ops (ops.hpp): gate, up -> y and gate, up, g -> dgate, dup.
/// PolyNorm's scale is a factor of its coefficients here, so that no element is multiplied by it.
#pragma once
#include "kernels/activation/glu.hpp"
#include "kernels/cpu/elementwise_ops.hpp"
#include "kernels/cpu/ops.hpp"

namespace nwidth::kernels::cpu {

/// Gate: the activation, alone.
#define NWIDTH_GATED(Name, name, Activation)                           \
  template <class C>                                                   \
  struct Name##Forward {                                               \
    using Gate = Activation<C>;                                        \
    static constexpr int inputs = 2, outputs = 1, sums = 0;            \
    template <class V>                                                 \
    void element(V const (&in)[2], V (&out)[1], V (&)[1]) const {      \
      out[0] = activation::name(in[0], in[1]);                         \
    }                                                                  \
  };                                                                   \
  template <class C>                                                   \
  struct Name##Backward {                                              \
    using Gate = Activation<C>;                                        \
    static constexpr int inputs = 3, outputs = 2, sums = 0;            \
    template <class V>                                                 \
    void element(V const (&in)[3], V (&out)[2], V (&)[1]) const {      \
      auto const d = activation::name##_backward(in[0], in[1], in[2]); \
      out[0] = d.gate;                                                 \
      out[1] = d.up;                                                   \
    }                                                                  \
  };
NWIDTH_GATED(Swiglu, swiglu, Silu)
NWIDTH_GATED(Geglu, geglu, Gelu)
NWIDTH_GATED(GegluTanh, geglu_tanh, GeluTanh)
NWIDTH_GATED(Reglu, reglu, Relu)
#undef NWIDTH_GATED

template <class C>
struct PolyReluGluForward {
  static constexpr int inputs = 2, outputs = 1, sums = 0;
  C a[4];  // a_0 ... a_3

  template <class V>
  void element(V const (&in)[2], V (&out)[1], V (&)[1]) const {
    out[0] = activation::polyrelu_glu(in[0], in[1], a);
  }
};

/// Sums of g up u^i, i = 0 ... 3.
template <class C>
struct PolyReluGluBackward {
  static constexpr int inputs = 3, outputs = 2, sums = 4;
  C a[4];

  template <class V>
  void element(V const (&in)[3], V (&out)[2], V (&sum)[4]) const {
    auto const d = activation::polyrelu_glu_backward(in[0], in[1], in[2], a, sum);
    out[0] = d.gate;
    out[1] = d.up;
  }
};

template <class C>
struct PolyNormGluForward {
  static constexpr int inputs = 2, outputs = 1, moments = 3, sums = 0, saved = 3;
  using Norm = PolyNormForward<C>;
  using Row = typename Norm::Row;
  Norm norm;

  template <class V>
  NWIDTH_HD static void moment(V const (&in)[2], V (&m)[3]) {
    activation::PolyNorm<double>::moments(in[0], m);
  }
  template <class Rsqrt>
  NWIDTH_HD Row row(double const* m, double n, C* statistics, double* sum, Rsqrt rsqrt) const {
    return norm.row(m, n, statistics, sum, rsqrt);
  }
  template <class V>
  NWIDTH_HD static void element(V const (&in)[2], Row const& r, V (&out)[1]) {
    out[0] = activation::PolyNorm<double>::value(in[0], r.k) * in[1];
  }
};

/// The gradient that reaches PolyNorm is g up.
template <class C, bool Saved>
struct PolyNormGluBackwardOp {
  using Norm = PolyNormBackwardOp<C, Saved>;
  static constexpr int inputs = 3, outputs = 2, moments = Norm::moments, sums = 4, saved = Norm::saved;
  Norm norm;
  struct Row {
    typename PolyNormForward<C>::Row value;
    typename Norm::Row gradient;
  };

  template <class V>
  NWIDTH_HD static void moment(V const (&in)[3], V (&m)[moments]) {
    V const arriving[2] = {in[0], in[2] * in[1]};
    Norm::moment(arriving, m);
  }
  template <class Rsqrt>
  NWIDTH_HD Row row(double const* m, double n, C* statistics, double* sum, Rsqrt rsqrt) const {
    double R[3];
    norm.roots(m, n, statistics, rsqrt, R);
    return {PolyNormForward<C>::coefficients(norm.f, m, n, Known<Rsqrt>{R}),
            norm.coefficients(m, n, Known<Rsqrt>{R}, sum)};
  }
  template <class V>
  NWIDTH_HD static void element(V const (&in)[3], Row const& r, V (&out)[2]) {
    using F = activation::PolyNorm<double>;
    out[0] = F::gradient(in[0], in[2] * in[1], r.gradient.k);
    out[1] = in[2] * F::value(in[0], r.value.k);
  }
};
template <class C>
using PolyNormGluBackward = PolyNormGluBackwardOp<C, false>;
template <class C>
using PolyNormGluBackwardSaved = PolyNormGluBackwardOp<C, true>;

using GatedOps = OpList<SwigluForward, SwigluBackward, GegluForward, GegluBackward, GegluTanhForward, GegluTanhBackward,
                        RegluForward, RegluBackward, PolyReluGluForward, PolyReluGluBackward, PolyNormGluForward,
                        PolyNormGluBackward, PolyNormGluBackwardSaved>;

}  // namespace nwidth::kernels::cpu
