// SPDX-License-Identifier: Apache-2.0
/// The gated families as ops (ops.hpp): gate, up -> y and gate, up, g -> dgate, dup.
#pragma once
#include "kernels/activation/glu.hpp"
#include "kernels/cpu/ops.hpp"

namespace nwidth::kernels::cpu {

#define NWIDTH_GATED(Name, name)                                       \
  template <class C>                                                   \
  struct Name##Forward {                                               \
    static constexpr int inputs = 2, outputs = 1, sums = 0;            \
    template <class V>                                                 \
    void element(V const (&in)[2], V (&out)[1], V (&)[1]) const {      \
      out[0] = activation::name(in[0], in[1]);                         \
    }                                                                  \
  };                                                                   \
  template <class C>                                                   \
  struct Name##Backward {                                              \
    static constexpr int inputs = 3, outputs = 2, sums = 0;            \
    template <class V>                                                 \
    void element(V const (&in)[3], V (&out)[2], V (&)[1]) const {      \
      auto const d = activation::name##_backward(in[0], in[1], in[2]); \
      out[0] = d.gate;                                                 \
      out[1] = d.up;                                                   \
    }                                                                  \
  };
NWIDTH_GATED(Swiglu, swiglu)
NWIDTH_GATED(Geglu, geglu)
NWIDTH_GATED(GegluTanh, geglu_tanh)
NWIDTH_GATED(Reglu, reglu)
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

using GatedOps = OpList<SwigluForward, SwigluBackward, GegluForward, GegluBackward, GegluTanhForward, GegluTanhBackward,
                        RegluForward, RegluBackward, PolyReluGluForward, PolyReluGluBackward>;

}  // namespace nwidth::kernels::cpu
