// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/gated.hpp"

#include "kernels/cpu/launch.hpp"

namespace nwidth::kernels::cpu {

#define NWIDTH_FAMILY(name, Name)                                                                                     \
  template <class E>                                                                                                  \
  void name##_forward(ConstRows<E> gate, ConstRows<E> up, Rows<E> y, Options const& options) {                        \
    DefaultFloatingPoint const state;                                                                                 \
    launch<E, Name##Forward>({}, {{"gate", gate}, {"up", up}}, {{"y", y}}, options);                                  \
  }                                                                                                                   \
  template <class E>                                                                                                  \
  void name##_backward(ConstRows<E> gate, ConstRows<E> up, ConstRows<E> g, Rows<E> dgate, Rows<E> dup,                \
                       Options const& options) {                                                                      \
    DefaultFloatingPoint const state;                                                                                 \
    launch<E, Name##Backward>({}, {{"gate", gate}, {"up", up}, {"g", g}}, {{"dgate", dgate}, {"dup", dup}}, options); \
  }
NWIDTH_FAMILY(swiglu, Swiglu)
NWIDTH_FAMILY(geglu, Geglu)
NWIDTH_FAMILY(geglu_tanh, GegluTanh)
NWIDTH_FAMILY(reglu, Reglu)
#undef NWIDTH_FAMILY

template <class E>
void polyrelu_glu_forward(Coefficients const& c, ConstRows<E> gate, ConstRows<E> up, Rows<E> y,
                          Options const& options) {
  DefaultFloatingPoint const state;
  launch<E, PolyReluGluForward>(by_power<PolyReluGluForward, Arithmetic<E>>(c), {{"gate", gate}, {"up", up}},
                                {{"y", y}}, options);
}
template <class E>
void polyrelu_glu_backward(Coefficients const& c, ConstRows<E> gate, ConstRows<E> up, ConstRows<E> g, Rows<E> dgate,
                           Rows<E> dup, double* gradient, Options const& options) {
  DefaultFloatingPoint const state;
  double sums[4];
  launch<E, PolyReluGluBackward>(by_power<PolyReluGluBackward, Arithmetic<E>>(c),
                                 {{"gate", gate}, {"up", up}, {"g", g}}, {{"dgate", dgate}, {"dup", dup}}, options,
                                 sums);
  for (int i = 0; i < 4; ++i) gradient[i] = sums[3 - i];
}

template <class E>
void polynorm_glu_forward(Coefficients const& c, double scale, ConstRows<E> gate, ConstRows<E> up, Rows<E> y,
                          Statistic<E>* statistics, Options const& options) {
  DefaultFloatingPoint const state;
  launch<E, PolyNormGluForward>({{polynorm(c, scale)}}, {{"gate", gate}, {"up", up}}, {{"y", y}}, options, nullptr,
                                statistics);
}
template <class E>
void polynorm_glu_backward(Coefficients const& c, double scale, ConstRows<E> gate, ConstRows<E> up, ConstRows<E> g,
                           Rows<E> dgate, Rows<E> dup, double* gradient, Statistic<E> const* statistics,
                           Options const& options) {
  DefaultFloatingPoint const state;
  auto const f = polynorm(c, scale);
  Matrix const in[] = {{"gate", gate}, {"up", up}, {"g", g}}, out[] = {{"dgate", dgate}, {"dup", dup}};
  if (statistics == nullptr) {
    launch<E, PolyNormGluBackward>({{f}}, in, out, options, gradient);
  } else {
    launch<E, PolyNormGluBackwardSaved>({{f}}, in, out, options, gradient, const_cast<Statistic<E>*>(statistics));
  }
  for (int i = 0; i < 4; ++i) gradient[i] *= scale;
}

#define NWIDTH_FAMILY(E, name)                                                       \
  template void name##_forward(ConstRows<E>, ConstRows<E>, Rows<E>, Options const&); \
  template void name##_backward(ConstRows<E>, ConstRows<E>, ConstRows<E>, Rows<E>, Rows<E>, Options const&);
#define NWIDTH_INSTANTIATE(E)                                                                                          \
  NWIDTH_FAMILY(E, swiglu)                                                                                             \
  NWIDTH_FAMILY(E, geglu)                                                                                              \
  NWIDTH_FAMILY(E, geglu_tanh)                                                                                         \
  NWIDTH_FAMILY(E, reglu)                                                                                              \
  template void polyrelu_glu_forward(Coefficients const&, ConstRows<E>, ConstRows<E>, Rows<E>, Options const&);        \
  template void polyrelu_glu_backward(Coefficients const&, ConstRows<E>, ConstRows<E>, ConstRows<E>, Rows<E>, Rows<E>, \
                                      double*, Options const&);                                                        \
  template void polynorm_glu_forward(Coefficients const&, double, ConstRows<E>, ConstRows<E>, Rows<E>, Statistic<E>*,  \
                                     Options const&);                                                                  \
  template void polynorm_glu_backward(Coefficients const&, double, ConstRows<E>, ConstRows<E>, ConstRows<E>, Rows<E>,  \
                                      Rows<E>, double*, Statistic<E> const*, Options const&);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(bf16)
NWIDTH_INSTANTIATE(double)
#undef NWIDTH_INSTANTIATE
#undef NWIDTH_FAMILY

}  // namespace nwidth::kernels::cpu
