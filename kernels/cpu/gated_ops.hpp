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
  using Norm = PolyNormForward<C>;
  static constexpr int inputs = 2, outputs = 1, moments = 3, coefficients = 4, sums = 0;
  static constexpr Saved saved = Norm::saved;
  Norm norm;

  template <class V>
  NWIDTH_HD static void moment(V const (&in)[2], V (&m)[3]) {
    activation::PolyNorm<double>::moments(in[0], m);
  }
  template <class M, class Rsqrt>
  NWIDTH_HD void row(M const (&m)[3], M const& n, M (&R)[3], M (&k)[4], M (&d)[1], Rsqrt rsqrt) const {
    norm.row(m, n, R, k, d, rsqrt);
  }
  template <class V>
  NWIDTH_HD static void element(V const (&in)[2], V const (&k)[4], V (&out)[1]) {
    out[0] = Norm::value(in[0], k) * in[1];
  }
};

/// The gradient that reaches PolyNorm is g up.
template <class C, Saved roots_are>
struct PolyNormGluBackwardOp {
  using Norm = PolyNormBackwardOp<C, roots_are>;
  static constexpr int inputs = 3, outputs = 2, moments = Norm::moments, coefficients = 10, sums = 4;
  static constexpr Saved saved = roots_are;
  Norm norm;

  template <class V>
  NWIDTH_HD static void moment(V const (&in)[3], V (&m)[moments]) {
    V const arriving[2] = {in[0], in[2] * in[1]};
    Norm::moment(arriving, m);
  }
  template <class M, class Rsqrt>
  NWIDTH_HD void row(M const (&m)[moments], M const& n, M (&R)[3], M (&k)[10], M (&d)[4], Rsqrt rsqrt) const {
    norm.roots(m, n, R, rsqrt);
    norm.gradient_row(m, n, R, k, d);
    PolyNormForward<C>::value_row(norm.f, m, n, R, k + 6);
  }
  template <class V>
  NWIDTH_HD static void element(V const (&in)[3], V const (&k)[10], V (&out)[2]) {
    out[0] = Norm::gradient(in[0], in[2] * in[1], k);
    out[1] = in[2] * PolyNormForward<C>::value(in[0], k);
  }
};
template <class C>
using PolyNormGluBackward = PolyNormGluBackwardOp<C, Saved::none>;
template <class C>
using PolyNormGluBackwardSaved = PolyNormGluBackwardOp<C, Saved::read>;

using GatedOps = OpList<SwigluForward, SwigluBackward, GegluForward, GegluBackward, GegluTanhForward, GegluTanhBackward,
                        RegluForward, RegluBackward, PolyReluGluForward, PolyReluGluBackward, PolyNormGluForward,
                        PolyNormGluBackward, PolyNormGluBackwardSaved>;

}  // namespace nwidth::kernels::cpu
