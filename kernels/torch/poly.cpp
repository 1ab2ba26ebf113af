// SPDX-License-Identifier: Apache-2.0
/// PolyReLU and PolyNorm, plain and on a gate.
#include "kernels/cpu/gated.hpp"
#include "kernels/torch/operators.hpp"

namespace nwidth::kernels::torch {
namespace {

Tensor polyrelu(Tensor const& x, Tensor const& weight, Tensor const& bias) {
  char const* const op = "polyrelu";
  auto const c = coefficients_of(op, weight, &bias);
  Tensor y = output_like(x);
  by_type(op, "x", x, [&]<class E>(E) {
    Matrices const m(Along::elements, {y}, {x});
    cpu::polyrelu_forward<E>(c, m.in<E>(0), m.out<E>(0), options());
  });
  return y;
}

std::tuple<Tensor, Tensor> polyrelu_backward(Tensor const& grad, Tensor const& x, Tensor const& weight) {
  char const* const op = "polyrelu_backward";
  require_like(op, "grad", grad, "x", x);
  auto const c = coefficients_of(op, weight, nullptr);
  Tensor dx = output_like(x), gradient = new_gradient(x, 4);
  by_type(op, "x", x, [&]<class E>(E) {
    Matrices const m(Along::elements, {dx}, {x, grad});
    cpu::polyrelu_backward<E>(c, m.in<E>(0), m.in<E>(1), m.out<E>(0), gradient.mutable_data_ptr<double>(), options());
  });
  return {dx, gradient};
}

std::tuple<Tensor, Tensor> polynorm(Tensor const& x, Tensor const& weight, Tensor const& bias, double eps) {
  char const* const op = "polynorm";
  require_rows(op, "x", x);
  auto const c = coefficients_of(op, weight, &bias, eps);
  Tensor y = contiguous_like(x), rstd = statistics_like(x);
  by_type(op, "x", x, [&]<class E>(E) {
    Matrices const m(Along::rows, {y}, {x});
    cpu::polynorm_forward<E>(c, m.in<E>(0), m.out<E>(0), static_cast<cpu::Statistic<E>*>(rstd.mutable_data_ptr()),
                             options());
  });
  return {y, rstd};
}

std::tuple<Tensor, Tensor> polynorm_backward(Tensor const& grad, Tensor const& x, Tensor const& rstd,
                                             Tensor const& weight, double eps) {
  char const* const op = "polynorm_backward";
  require_rows(op, "x", x);
  require_like(op, "grad", grad, "x", x);
  require_statistics(op, rstd, "x", x);
  auto const c = coefficients_of(op, weight, nullptr, eps);
  Tensor dx = contiguous_like(x), gradient = new_gradient(x, 4);
  by_type(op, "x", x, [&]<class E>(E) {
    Matrices const m(Along::rows, {dx}, {x, grad});
    cpu::polynorm_backward<E>(c, m.in<E>(0), m.in<E>(1), m.out<E>(0), gradient.mutable_data_ptr<double>(),
                              static_cast<cpu::Statistic<E> const*>(rstd.const_data_ptr()), options());
  });
  return {dx, gradient};
}

Tensor polyrelu_glu(Tensor const& gate, Tensor const& up, Tensor const& weight, Tensor const& bias) {
  char const* const op = "polyrelu_glu";
  require_like(op, "up", up, "gate", gate);
  auto const c = coefficients_of(op, weight, &bias);
  Tensor y = output_like(gate);
  by_type(op, "gate", gate, [&]<class E>(E) {
    Matrices const m(Along::elements, {y}, {gate, up});
    cpu::polyrelu_glu_forward<E>(c, m.in<E>(0), m.in<E>(1), m.out<E>(0), options());
  });
  return y;
}

std::tuple<Tensor, Tensor, Tensor> polyrelu_glu_backward(Tensor const& grad, Tensor const& gate, Tensor const& up,
                                                         Tensor const& weight, Tensor const& bias) {
  char const* const op = "polyrelu_glu_backward";
  require_like(op, "grad", grad, "gate", gate);
  require_like(op, "up", up, "gate", gate);
  auto const c = coefficients_of(op, weight, &bias);
  Tensor dgate = output_like(gate), dup = output_like(dgate), gradient = new_gradient(gate, 4);
  by_type(op, "gate", gate, [&]<class E>(E) {
    Matrices const m(Along::elements, {dgate, dup}, {gate, up, grad});
    cpu::polyrelu_glu_backward<E>(c, m.in<E>(0), m.in<E>(1), m.in<E>(2), m.out<E>(0), m.out<E>(1),
                                  gradient.mutable_data_ptr<double>(), options());
  });
  return {dgate, dup, gradient};
}

std::tuple<Tensor, Tensor> polynorm_glu(Tensor const& gate, Tensor const& up, Tensor const& weight, Tensor const& bias,
                                        double eps, double scale) {
  char const* const op = "polynorm_glu";
  require_rows(op, "gate", gate);
  require_like(op, "up", up, "gate", gate);
  auto const c = coefficients_of(op, weight, &bias, eps);
  Tensor y = contiguous_like(gate), rstd = statistics_like(gate);
  by_type(op, "gate", gate, [&]<class E>(E) {
    Matrices const m(Along::rows, {y}, {gate, up});
    cpu::polynorm_glu_forward<E>(c, scale, m.in<E>(0), m.in<E>(1), m.out<E>(0),
                                 static_cast<cpu::Statistic<E>*>(rstd.mutable_data_ptr()), options());
  });
  return {y, rstd};
}

std::tuple<Tensor, Tensor, Tensor> polynorm_glu_backward(Tensor const& grad, Tensor const& gate, Tensor const& up,
                                                         Tensor const& rstd, Tensor const& weight, Tensor const& bias,
                                                         double eps, double scale) {
  char const* const op = "polynorm_glu_backward";
  require_rows(op, "gate", gate);
  require_like(op, "grad", grad, "gate", gate);
  require_like(op, "up", up, "gate", gate);
  require_statistics(op, rstd, "gate", gate);
  auto const c = coefficients_of(op, weight, &bias, eps);
  Tensor dgate = contiguous_like(gate), dup = contiguous_like(gate), gradient = new_gradient(gate, 4);
  by_type(op, "gate", gate, [&]<class E>(E) {
    Matrices const m(Along::rows, {dgate, dup}, {gate, up, grad});
    cpu::polynorm_glu_backward<E>(c, scale, m.in<E>(0), m.in<E>(1), m.in<E>(2), m.out<E>(0), m.out<E>(1),
                                  gradient.mutable_data_ptr<double>(),
                                  static_cast<cpu::Statistic<E> const*>(rstd.const_data_ptr()), options());
  });
  return {dgate, dup, gradient};
}

}  // namespace
}  // namespace nwidth::kernels::torch

STABLE_TORCH_LIBRARY_IMPL(nwidth, CPU, m) {
  using namespace nwidth::kernels::torch;
  m.impl("polyrelu", TORCH_BOX(&polyrelu));
  m.impl("polyrelu_backward", TORCH_BOX(&polyrelu_backward));
  m.impl("polynorm", TORCH_BOX(&polynorm));
  m.impl("polynorm_backward", TORCH_BOX(&polynorm_backward));
  m.impl("polyrelu_glu", TORCH_BOX(&polyrelu_glu));
  m.impl("polyrelu_glu_backward", TORCH_BOX(&polyrelu_glu_backward));
  m.impl("polynorm_glu", TORCH_BOX(&polynorm_glu));
  m.impl("polynorm_glu_backward", TORCH_BOX(&polynorm_glu_backward));
}
