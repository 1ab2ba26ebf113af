// SPDX-License-Identifier: Apache-2.0
/// The elementwise families as ops (ops.hpp): each a struct with its parameters and
///     template <class V> V value(V const& x) const; template <class V> V backward(V const& x, V const& g) const;
#pragma once
#include "kernels/activation/gelu.hpp"
#include "kernels/activation/leaky_relu.hpp"
#include "kernels/activation/polyrelu.hpp"
#include "kernels/activation/silu.hpp"
#include "kernels/activation/xielu.hpp"
#include "kernels/cpu/ops.hpp"

namespace nwidth::kernels::cpu {

/// y = f(x).
template <class F>
struct Forward {
  static constexpr int inputs = 1, outputs = 1, sums = 0;
  F f;

  template <class V>
  void element(V const (&in)[1], V (&out)[1], V (&)[1]) const {
    out[0] = f.value(in[0]);
  }
};

/// x, g -> dx = g f'(x).
template <class F>
struct Backward {
  static constexpr int inputs = 2, outputs = 1, sums = 0;
  F f;

  template <class V>
  void element(V const (&in)[2], V (&out)[1], V (&)[1]) const {
    out[0] = f.backward(in[0], in[1]);
  }
};

template <class C>
struct Gelu {
  template <class V>
  V value(V const& x) const {
    return activation::gelu(x);
  }
  template <class V>
  V backward(V const& x, V const& g) const {
    return g * activation::gelu_derivative(x);
  }
};

template <class C>
struct GeluTanh {
  template <class V>
  V value(V const& x) const {
    return activation::gelu_tanh(x);
  }
  template <class V>
  V backward(V const& x, V const& g) const {
    return g * activation::gelu_tanh_derivative(x);
  }
};

template <class C>
struct Silu {
  template <class V>
  V value(V const& x) const {
    return activation::silu(x);
  }
  template <class V>
  V backward(V const& x, V const& g) const {
    return g * activation::silu_derivative(x);
  }
};

template <class C>
struct Relu {
  template <class V>
  V value(V const& x) const {
    return activation::relu(x);
  }
  template <class V>
  V backward(V const& x, V const& g) const {
    return activation::ops<V>::select(x, g, V(C(0)));
  }
};

template <class C>
struct ReluSquared {
  template <class V>
  V value(V const& x) const {
    V const u = activation::relu(x);
    return u * u;
  }
  template <class V>
  V backward(V const& x, V const& g) const {
    return activation::ops<V>::select(x, g * (x + x), V(C(0)));
  }
};

template <class C>
struct ReluPower {
  int k;  // at least 1

  template <class V>
  V value(V const& x) const {
    return activation::relu_power(x, k);
  }
  template <class V>
  V backward(V const& x, V const& g) const {
    using O = activation::ops<V>;
    return O::select(x, g * (O::ratio(k, 1) * activation::relu_power(x, k - 1)), V(C(0)));
  }
};

template <class C>
struct LeakyRelu {
  C slope;

  template <class V>
  V value(V const& x) const {
    return activation::leaky_relu(x, V(slope));
  }
  template <class V>
  V backward(V const& x, V const& g) const {
    return g * activation::leaky_relu_derivative(x, V(slope));
  }
};

/// LeakyRelu's backward pass, and the sum of g times the derivative in the slope.
template <class C>
struct PreluBackward {
  static constexpr int inputs = 2, outputs = 1, sums = 1;
  LeakyRelu<C> f;

  template <class V>
  void element(V const (&in)[2], V (&out)[1], V (&sum)[1]) const {
    out[0] = f.backward(in[0], in[1]);
    sum[0] = activation::ops<V>::fma(in[1], activation::leaky_relu_slope_derivative(in[0]), sum[0]);
  }
};

template <class C>
using XieluForward = Forward<activation::XIELU<C>>;

/// x, g -> dx; sums of g times the derivatives in p and n.
template <class C>
struct XieluBackward {
  static constexpr int inputs = 2, outputs = 1, sums = 2;
  activation::XIELU<C> f;

  template <class V>
  void element(V const (&in)[2], V (&out)[1], V (&sum)[2]) const {
    using O = activation::ops<V>;
    out[0] = in[1] * f.derivative(in[0]);
    sum[0] = O::fma(in[1], f.derivative_p(in[0]), sum[0]);
    sum[1] = O::fma(in[1], f.derivative_n(in[0]), sum[1]);
  }
};

#define NWIDTH_FAMILY(F)            \
  template <class C>                \
  using F##Forward = Forward<F<C>>; \
  template <class C>                \
  using F##Backward = Backward<F<C>>;
NWIDTH_FAMILY(Gelu)
NWIDTH_FAMILY(GeluTanh)
NWIDTH_FAMILY(Silu)
NWIDTH_FAMILY(Relu)
NWIDTH_FAMILY(ReluSquared)
NWIDTH_FAMILY(ReluPower)
NWIDTH_FAMILY(LeakyRelu)
#undef NWIDTH_FAMILY

using ElementwiseOps =
    OpList<GeluForward, GeluBackward, GeluTanhForward, GeluTanhBackward, SiluForward, SiluBackward, ReluForward,
           ReluBackward, ReluSquaredForward, ReluSquaredBackward, ReluPowerForward, ReluPowerBackward, LeakyReluForward,
           LeakyReluBackward, PreluBackward, XieluForward, XieluBackward>;

}  // namespace nwidth::kernels::cpu
