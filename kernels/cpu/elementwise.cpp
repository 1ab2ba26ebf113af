// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/elementwise.hpp"

#include <stdexcept>
#include <string>

#include "kernels/cpu/launch.hpp"

namespace nwidth::kernels::cpu {
namespace {

template <class E, template <class> class Op>
void forward(Op<Arithmetic<E>> const& op, ConstRows<E> const& x, Rows<E> const& y, Options const& options) {
  DefaultFloatingPoint const state;
  launch<E, Op>(op, {{"x", x}}, {{"y", y}}, options);
}
template <class E, template <class> class Op>
void backward(Op<Arithmetic<E>> const& op, ConstRows<E> const& x, ConstRows<E> const& g, Rows<E> const& dx,
              Options const& options) {
  DefaultFloatingPoint const state;
  launch<E, Op>(op, {{"x", x}, {"g", g}}, {{"dx", dx}}, options);
}

void check_power(int k) {
  if (k < 1 || k > 64) {
    throw std::invalid_argument("nwidth: the power k = " + std::to_string(k) + "; 1 to 64 are allowed");
  }
}

activation::XIELU<double> exact(XieluCoefficients const& c) {
  return activation::XIELU<double>::from_stored(c.alpha_p, c.alpha_n, c.beta, c.eps);
}
template <class C>
activation::XIELU<C> rounded(XieluCoefficients const& c) {
  activation::XIELU<double> const f = exact(c);
  return {canonical<C>(f.p), canonical<C>(f.n), canonical<C>(f.beta), canonical<C>(f.eps)};
}

}  // namespace

#define NWIDTH_FAMILY(name, Name)                                                            \
  template <class E>                                                                         \
  void name##_forward(ConstRows<E> x, Rows<E> y, Options const& options) {                   \
    forward<E, Name##Forward>({}, x, y, options);                                            \
  }                                                                                          \
  template <class E>                                                                         \
  void name##_backward(ConstRows<E> x, ConstRows<E> g, Rows<E> dx, Options const& options) { \
    backward<E, Name##Backward>({}, x, g, dx, options);                                      \
  }
NWIDTH_FAMILY(gelu, Gelu)
NWIDTH_FAMILY(gelu_tanh, GeluTanh)
NWIDTH_FAMILY(silu, Silu)
NWIDTH_FAMILY(relu, Relu)
#undef NWIDTH_FAMILY

template <class E>
void relu_power_forward(int k, ConstRows<E> x, Rows<E> y, Options const& options) {
  check_power(k);
  if (k == 2) return forward<E, ReluSquaredForward>({}, x, y, options);
  forward<E, ReluPowerForward>({{k}}, x, y, options);
}
template <class E>
void relu_power_backward(int k, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, Options const& options) {
  check_power(k);
  if (k == 2) return backward<E, ReluSquaredBackward>({}, x, g, dx, options);
  backward<E, ReluPowerBackward>({{k}}, x, g, dx, options);
}
template <class E>
void leaky_relu_forward(double slope, ConstRows<E> x, Rows<E> y, Options const& options) {
  forward<E, LeakyReluForward>({{canonical<Arithmetic<E>>(slope)}}, x, y, options);
}
template <class E>
void leaky_relu_backward(double slope, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, Options const& options) {
  backward<E, LeakyReluBackward>({{canonical<Arithmetic<E>>(slope)}}, x, g, dx, options);
}
template <class E>
void prelu_forward(double slope, ConstRows<E> x, Rows<E> y, Options const& options) {
  leaky_relu_forward(slope, x, y, options);
}
template <class E>
void prelu_backward(double slope, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, double* gradient,
                    Options const& options) {
  DefaultFloatingPoint const state;
  launch<E, PreluBackward>({{canonical<Arithmetic<E>>(slope)}}, {{"x", x}, {"g", g}}, {{"dx", dx}}, options, gradient);
}
template <class E>
void xielu_forward(XieluCoefficients const& c, ConstRows<E> x, Rows<E> y, Options const& options) {
  forward<E, XieluForward>({rounded<Arithmetic<E>>(c)}, x, y, options);
}
template <class E>
void xielu_backward(XieluCoefficients const& c, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, double* gradient,
                    Options const& options) {
  DefaultFloatingPoint const state;
  launch<E, XieluBackward>({rounded<Arithmetic<E>>(c)}, {{"x", x}, {"g", g}}, {{"dx", dx}}, options, gradient);
  gradient[0] *= activation::XIELU<double>::stored_factor(c.alpha_p);
  gradient[1] *= activation::XIELU<double>::stored_factor(c.alpha_n);
}

#define NWIDTH_FAMILY(E, name)                                         \
  template void name##_forward(ConstRows<E>, Rows<E>, Options const&); \
  template void name##_backward(ConstRows<E>, ConstRows<E>, Rows<E>, Options const&);
#define NWIDTH_INSTANTIATE(E)                                                                         \
  NWIDTH_FAMILY(E, gelu)                                                                              \
  NWIDTH_FAMILY(E, gelu_tanh)                                                                         \
  NWIDTH_FAMILY(E, silu)                                                                              \
  NWIDTH_FAMILY(E, relu)                                                                              \
  template void relu_power_forward(int, ConstRows<E>, Rows<E>, Options const&);                       \
  template void relu_power_backward(int, ConstRows<E>, ConstRows<E>, Rows<E>, Options const&);        \
  template void leaky_relu_forward(double, ConstRows<E>, Rows<E>, Options const&);                    \
  template void leaky_relu_backward(double, ConstRows<E>, ConstRows<E>, Rows<E>, Options const&);     \
  template void prelu_forward(double, ConstRows<E>, Rows<E>, Options const&);                         \
  template void prelu_backward(double, ConstRows<E>, ConstRows<E>, Rows<E>, double*, Options const&); \
  template void xielu_forward(XieluCoefficients const&, ConstRows<E>, Rows<E>, Options const&);       \
  template void xielu_backward(XieluCoefficients const&, ConstRows<E>, ConstRows<E>, Rows<E>, double*, Options const&);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(bf16)
NWIDTH_INSTANTIATE(double)
#undef NWIDTH_INSTANTIATE
#undef NWIDTH_FAMILY

}  // namespace nwidth::kernels::cpu
