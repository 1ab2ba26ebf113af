// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/rows.hpp"

#include "kernels/cpu/launch.hpp"

namespace nwidth::kernels::cpu {

template <class E>
void polyrelu_forward(Coefficients const& c, ConstRows<E> x, Rows<E> y, Options const& options) {
  DefaultFloatingPoint const state;
  launch<E, PolyReluForward>(by_power<PolyReluForward, Arithmetic<E>>(c), {{"x", x}}, {{"y", y}}, options);
}

template <class E>
void polyrelu_backward(Coefficients const& c, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, double* gradient,
                       Options const& options) {
  DefaultFloatingPoint const state;
  double sums[4];
  launch<E, PolyReluBackward>(by_power<PolyReluBackward, Arithmetic<E>>(c), {{"x", x}, {"g", g}}, {{"dx", dx}}, options,
                              sums);
  for (int i = 0; i < 4; ++i) gradient[i] = sums[3 - i];
}

template <class E>
void polynorm_forward(Coefficients const& c, ConstRows<E> x, Rows<E> y, Statistic<E>* statistics,
                      Options const& options) {
  DefaultFloatingPoint const state;
  launch<E, PolyNormForward>({polynorm(c)}, {{"x", x}}, {{"y", y}}, options, nullptr, statistics);
}

template <class E>
void polynorm_backward(Coefficients const& c, ConstRows<E> x, ConstRows<E> g, Rows<E> dx, double* gradient,
                       Statistic<E> const* statistics, Options const& options) {
  DefaultFloatingPoint const state;
  auto const f = polynorm(c);
  if (statistics == nullptr) {
    launch<E, PolyNormBackward>({f}, {{"x", x}, {"g", g}}, {{"dx", dx}}, options, gradient);
  } else {
    launch<E, PolyNormBackwardSaved>({f}, {{"x", x}, {"g", g}}, {{"dx", dx}}, options, gradient,
                                     const_cast<Statistic<E>*>(statistics));
  }
}

#define NWIDTH_INSTANTIATE(E)                                                                                         \
  template void polyrelu_forward(Coefficients const&, ConstRows<E>, Rows<E>, Options const&);                         \
  template void polyrelu_backward(Coefficients const&, ConstRows<E>, ConstRows<E>, Rows<E>, double*, Options const&); \
  template void polynorm_forward(Coefficients const&, ConstRows<E>, Rows<E>, Statistic<E>*, Options const&);          \
  template void polynorm_backward(Coefficients const&, ConstRows<E>, ConstRows<E>, Rows<E>, double*,                  \
                                  Statistic<E> const*, Options const&);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(bf16)
NWIDTH_INSTANTIATE(double)
#undef NWIDTH_INSTANTIATE

}  // namespace nwidth::kernels::cpu
