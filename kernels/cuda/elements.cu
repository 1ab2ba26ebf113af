// SPDX-License-Identifier: Apache-2.0
// Each activation of one element: its formula, and a row of the table at the end.
#include "kernels/activation/gelu.hpp"
#include "kernels/activation/leaky_relu.hpp"
#include "kernels/activation/polyrelu.hpp"
#include "kernels/activation/silu.hpp"
#include "kernels/activation/xielu.hpp"
#include "kernels/cuda/activations.hpp"
#include "kernels/cuda/elementwise.hpp"

namespace nwidth::kernels::cuda {
namespace {

using O = activation::ops<float>;

/// Of a function without coefficients: its value and its derivative.
template <class F>
struct Plain : F {
  static constexpr int sums = 0;
  template <class T>
  __device__ __forceinline__ T backward(T x, T g, float*) const {
    return g * this->derivative(x);
  }
};

struct Relu {
  static constexpr int sums = 0;
  static constexpr bool smooth = false;
  __device__ __forceinline__ float value(float x) const { return activation::relu(x); }
  __device__ __forceinline__ float backward(float x, float g, float*) const { return O::select(x, g, 0.F); }
};
struct ReluPower {
  static constexpr bool smooth = false;
  int k;
  __device__ __forceinline__ float value(float x) const { return activation::relu_power(x, k); }
  __device__ __forceinline__ float derivative(float x) const { return activation::relu_power_derivative(x, k); }
};
struct LeakyRelu {
  static constexpr bool smooth = false;
  float slope;
  __device__ __forceinline__ float value(float x) const { return activation::leaky_relu(x, slope); }
  __device__ __forceinline__ float derivative(float x) const { return activation::leaky_relu_derivative(x, slope); }
};
#define NWIDTH_SMOOTH(Name, name)                        \
  struct Name {                                          \
    static constexpr bool smooth = true;                 \
    template <class T>                                   \
    __device__ __forceinline__ T value(T x) const {      \
      return activation::name(x);                        \
    }                                                    \
    template <class T>                                   \
    __device__ __forceinline__ T derivative(T x) const { \
      return activation::name##_derivative(x);           \
    }                                                    \
  };
NWIDTH_SMOOTH(Gelu, gelu)
NWIDTH_SMOOTH(GeluTanh, gelu_tanh)
NWIDTH_SMOOTH(Silu, silu)
#undef NWIDTH_SMOOTH

struct Prelu : LeakyRelu {
  static constexpr int sums = 1;
  __device__ __forceinline__ float backward(float x, float g, float (&s)[1]) const {
    s[0] = O::fma(g, activation::leaky_relu_slope_derivative(x), s[0]);
    return g * derivative(x);
  }
  __device__ __forceinline__ Quad<float> stored(float const (&s)[1]) const { return {{s[0], 0, 0, 0}}; }
};
struct LearnedSlope {
  float const* slope;
  __device__ __forceinline__ Prelu load(int) const { return {{*slope}}; }
};

struct Xielu : activation::XIELU<float> {
  static constexpr int sums = 2;
  static constexpr bool smooth = true;
  float alpha_p, alpha_n;
  template <class T>
  __device__ __forceinline__ T backward(T x, T g, float (&s)[2]) const {
    s[0] = O::fma(as_float(g), as_float(derivative_p(x)), s[0]);
    s[1] = O::fma(as_float(g), as_float(derivative_n(x)), s[1]);
    return g * derivative(x);
  }
  __device__ __forceinline__ Quad<float> stored(float const (&s)[2]) const {
    return {{s[0] * stored_factor(alpha_p), s[1] * stored_factor(alpha_n), 0, 0}};
  }
};
struct LearnedAlphas {
  float const* alpha;
  float beta, eps;
  __device__ __forceinline__ Xielu load(int) const {
    float const p = alpha[0], n = alpha[1];
    return {activation::XIELU<float>::from_stored(p, n, beta, eps), p, n};
  }
};

bool learns(Activation f) { return f == Activation::prelu || f == Activation::xielu; }

/// Calls run(source of f).
template <class Run>
void with_source(Activation f, Parameters const& p, Run run) {
  switch (f) {
    case Activation::relu: return run(Fixed<Relu>{});
    case Activation::relu_power: return run(Fixed<Plain<ReluPower>>{{{p.power}}});
    case Activation::leaky_relu: return run(Fixed<Plain<LeakyRelu>>{{{p.slope}}});
    case Activation::prelu: return run(LearnedSlope{p.learned});
    case Activation::gelu: return run(Fixed<Plain<Gelu>>{});
    case Activation::gelu_tanh: return run(Fixed<Plain<GeluTanh>>{});
    case Activation::silu: return run(Fixed<Plain<Silu>>{});
    case Activation::xielu: return run(LearnedAlphas{p.learned, p.beta, p.eps});
  }
}

}  // namespace

template <class E>
void activation_forward(Activation f, Parameters const& p, E const* x, E* y, std::int64_t count, cudaStream_t stream) {
  with_source(f, p, [&](auto const& source) { launch_forward(source, x, y, count, stream); });
}

std::size_t activation_workspace(Activation f, std::int64_t count) {
  return learns(f) ? partials_workspace(element_blocks(count)) : 0;
}

template <class E>
void activation_backward(Activation f, Parameters const& p, E const* x, E const* g, E* dx, float* gradient,
                         float* workspace, std::int64_t count, cudaStream_t stream) {
  with_source(f, p, [&](auto const& source) { launch_backward(source, x, g, dx, workspace, count, stream); });
  if (learns(f)) sum_partials(workspace, gradient, element_blocks(count), stream);
}

#define NWIDTH_INSTANTIATE(E)                                                                                   \
  template void activation_forward<E>(Activation, Parameters const&, E const*, E*, std::int64_t, cudaStream_t); \
  template void activation_backward<E>(Activation, Parameters const&, E const*, E const*, E*, float*, float*,   \
                                       std::int64_t, cudaStream_t);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(__nv_bfloat16)

}  // namespace nwidth::kernels::cuda
