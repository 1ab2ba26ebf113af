// SPDX-License-Identifier: Apache-2.0
/// Gated linear units without coefficients: y = f(gate) up.
#include "kernels/cpu/gated.hpp"

#include "kernels/torch/operators.hpp"

namespace nwidth::kernels::torch {
namespace {

/// F has its names, and forward(gate, up, y) and backward(gate, up, g, dgate, dup) for every element type.
template <class F>
Tensor forward(Tensor const& gate, Tensor const& up) {
  require_like(F::name, "up", up, "gate", gate);
  Tensor y = output_like(gate);
  by_type(F::name, "gate", gate, [&]<class E>(E) {
    Matrices const m(Along::elements, {y}, {gate, up});
    F::forward(m.in<E>(0), m.in<E>(1), m.out<E>(0), options());
  });
  return y;
}

template <class F>
std::tuple<Tensor, Tensor> backward(Tensor const& grad, Tensor const& gate, Tensor const& up) {
  require_like(F::backward_name, "grad", grad, "gate", gate);
  require_like(F::backward_name, "up", up, "gate", gate);
  Tensor dgate = output_like(gate), dup = output_like(dgate);
  by_type(F::backward_name, "gate", gate, [&]<class E>(E) {
    Matrices const m(Along::elements, {dgate, dup}, {gate, up, grad});
    F::backward(m.in<E>(0), m.in<E>(1), m.in<E>(2), m.out<E>(0), m.out<E>(1), options());
  });
  return {dgate, dup};
}

#define NWIDTH_GATED(Name, op)                                                                                     \
  struct Name {                                                                                                    \
    static constexpr char const* name = #op;                                                                       \
    static constexpr char const* backward_name = #op "_backward";                                                  \
    template <class E>                                                                                             \
    static void forward(cpu::Rows<E const> gate, cpu::Rows<E const> up, cpu::Rows<E> y, cpu::Options const& o) {   \
      cpu::op##_forward<E>(gate, up, y, o);                                                                        \
    }                                                                                                              \
    template <class E>                                                                                             \
    static void backward(cpu::Rows<E const> gate, cpu::Rows<E const> up, cpu::Rows<E const> g, cpu::Rows<E> dgate, \
                         cpu::Rows<E> dup, cpu::Options const& o) {                                                \
      cpu::op##_backward<E>(gate, up, g, dgate, dup, o);                                                           \
    }                                                                                                              \
  };
NWIDTH_GATED(Swiglu, swiglu)
NWIDTH_GATED(Geglu, geglu)
NWIDTH_GATED(GegluTanh, geglu_tanh)
NWIDTH_GATED(Reglu, reglu)
#undef NWIDTH_GATED

}  // namespace
}  // namespace nwidth::kernels::torch

STABLE_TORCH_LIBRARY_IMPL(nwidth, CPU, m) {
  using namespace nwidth::kernels::torch;
  m.impl("swiglu", TORCH_BOX(&forward<Swiglu>));
  m.impl("swiglu_backward", TORCH_BOX(&backward<Swiglu>));
  m.impl("geglu", TORCH_BOX(&forward<Geglu>));
  m.impl("geglu_backward", TORCH_BOX(&backward<Geglu>));
  m.impl("geglu_tanh", TORCH_BOX(&forward<GegluTanh>));
  m.impl("geglu_tanh_backward", TORCH_BOX(&backward<GegluTanh>));
  m.impl("reglu", TORCH_BOX(&forward<Reglu>));
  m.impl("reglu_backward", TORCH_BOX(&backward<Reglu>));
}
