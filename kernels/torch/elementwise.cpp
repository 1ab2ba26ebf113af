// SPDX-License-Identifier: Apache-2.0
/// Activations of one input, elementwise, those without a learned coefficient by one template.
#include "kernels/cpu/elementwise.hpp"

#include "kernels/torch/operators.hpp"

namespace nwidth::kernels::torch {
namespace {

/// F has its name, and forward(parameters..., x, y) and backward(parameters..., x, g, dx) for every element type.
template <class F, class... P>
Tensor forward(Tensor const& x, P... parameters) {
  Tensor y = output_like(x);
  by_type(F::name, "x", x, [&]<class E>(E) {
    Matrices const m(Along::elements, {y}, {x});
    F::forward(parameters..., m.in<E>(0), m.out<E>(0), options());
  });
  return y;
}

template <class F, class... P>
Tensor backward(Tensor const& grad, Tensor const& x, P... parameters) {
  require_like(F::backward_name, "grad", grad, "x", x);
  Tensor dx = output_like(x);
  by_type(F::backward_name, "x", x, [&]<class E>(E) {
    Matrices const m(Along::elements, {dx}, {x, grad});
    F::backward(parameters..., m.in<E>(0), m.in<E>(1), m.out<E>(0), options());
  });
  return dx;
}

#define NWIDTH_NAMES(op)                   \
  static constexpr char const* name = #op; \
  static constexpr char const* backward_name = #op "_backward";
#define NWIDTH_PLAIN(Name, op)                                                                                 \
  struct Name {                                                                                                \
    NWIDTH_NAMES(op)                                                                                           \
    template <class E>                                                                                         \
    static void forward(cpu::Rows<E const> x, cpu::Rows<E> y, cpu::Options const& o) {                         \
      cpu::op##_forward<E>(x, y, o);                                                                           \
    }                                                                                                          \
    template <class E>                                                                                         \
    static void backward(cpu::Rows<E const> x, cpu::Rows<E const> g, cpu::Rows<E> dx, cpu::Options const& o) { \
      cpu::op##_backward<E>(x, g, dx, o);                                                                      \
    }                                                                                                          \
  };
NWIDTH_PLAIN(Relu, relu)
NWIDTH_PLAIN(Gelu, gelu)
NWIDTH_PLAIN(GeluTanh, gelu_tanh)
NWIDTH_PLAIN(Silu, silu)
#undef NWIDTH_PLAIN

struct ReluPower {
  NWIDTH_NAMES(relu_power)
  template <class E>
  static void forward(std::int64_t k, cpu::Rows<E const> x, cpu::Rows<E> y, cpu::Options const& o) {
    cpu::relu_power_forward<E>(power_of(k), x, y, o);
  }
  template <class E>
  static void backward(std::int64_t k, cpu::Rows<E const> x, cpu::Rows<E const> g, cpu::Rows<E> dx,
                       cpu::Options const& o) {
    cpu::relu_power_backward<E>(power_of(k), x, g, dx, o);
  }
};

struct LeakyRelu {
  NWIDTH_NAMES(leaky_relu)
  template <class E>
  static void forward(double slope, cpu::Rows<E const> x, cpu::Rows<E> y, cpu::Options const& o) {
    cpu::leaky_relu_forward<E>(slope, x, y, o);
  }
  template <class E>
  static void backward(double slope, cpu::Rows<E const> x, cpu::Rows<E const> g, cpu::Rows<E> dx,
                       cpu::Options const& o) {
    cpu::leaky_relu_backward<E>(slope, x, g, dx, o);
  }
};
#undef NWIDTH_NAMES

Tensor prelu(Tensor const& x, Tensor const& weight) {
  char const* const op = "prelu";
  double const slope = only_coefficient(op, "weight", weight);
  Tensor y = output_like(x);
  by_type(op, "x", x, [&]<class E>(E) {
    Matrices const m(Along::elements, {y}, {x});
    cpu::prelu_forward<E>(slope, m.in<E>(0), m.out<E>(0), options());
  });
  return y;
}

std::tuple<Tensor, Tensor> prelu_backward(Tensor const& grad, Tensor const& x, Tensor const& weight) {
  char const* const op = "prelu_backward";
  require_like(op, "grad", grad, "x", x);
  double const slope = only_coefficient(op, "weight", weight);
  Tensor dx = output_like(x), gradient = new_gradient(x, 1);
  by_type(op, "x", x, [&]<class E>(E) {
    Matrices const m(Along::elements, {dx}, {x, grad});
    cpu::prelu_backward<E>(slope, m.in<E>(0), m.in<E>(1), m.out<E>(0), gradient.mutable_data_ptr<double>(), options());
  });
  return {dx, gradient};
}

cpu::XieluCoefficients xielu_coefficients(char const* op, Tensor const& alpha_p, Tensor const& alpha_n, double beta,
                                          double eps) {
  return {only_coefficient(op, "alpha_p", alpha_p), only_coefficient(op, "alpha_n", alpha_n), beta, eps};
}

Tensor xielu(Tensor const& x, Tensor const& alpha_p, Tensor const& alpha_n, double beta, double eps) {
  char const* const op = "xielu";
  auto const c = xielu_coefficients(op, alpha_p, alpha_n, beta, eps);
  Tensor y = output_like(x);
  by_type(op, "x", x, [&]<class E>(E) {
    Matrices const m(Along::elements, {y}, {x});
    cpu::xielu_forward<E>(c, m.in<E>(0), m.out<E>(0), options());
  });
  return y;
}

std::tuple<Tensor, Tensor> xielu_backward(Tensor const& grad, Tensor const& x, Tensor const& alpha_p,
                                          Tensor const& alpha_n, double beta, double eps) {
  char const* const op = "xielu_backward";
  require_like(op, "grad", grad, "x", x);
  auto const c = xielu_coefficients(op, alpha_p, alpha_n, beta, eps);
  Tensor dx = output_like(x), gradient = new_gradient(x, 2);
  by_type(op, "x", x, [&]<class E>(E) {
    Matrices const m(Along::elements, {dx}, {x, grad});
    cpu::xielu_backward<E>(c, m.in<E>(0), m.in<E>(1), m.out<E>(0), gradient.mutable_data_ptr<double>(), options());
  });
  return {dx, gradient};
}

}  // namespace
}  // namespace nwidth::kernels::torch

STABLE_TORCH_LIBRARY_IMPL(nwidth, CPU, m) {
  using namespace nwidth::kernels::torch;
  m.impl("relu", TORCH_BOX(&forward<Relu>));
  m.impl("relu_backward", TORCH_BOX(&backward<Relu>));
  m.impl("gelu", TORCH_BOX(&forward<Gelu>));
  m.impl("gelu_backward", TORCH_BOX(&backward<Gelu>));
  m.impl("gelu_tanh", TORCH_BOX(&forward<GeluTanh>));
  m.impl("gelu_tanh_backward", TORCH_BOX(&backward<GeluTanh>));
  m.impl("silu", TORCH_BOX(&forward<Silu>));
  m.impl("silu_backward", TORCH_BOX(&backward<Silu>));
  m.impl("relu_power", TORCH_BOX((&forward<ReluPower, std::int64_t>)));
  m.impl("relu_power_backward", TORCH_BOX((&backward<ReluPower, std::int64_t>)));
  m.impl("leaky_relu", TORCH_BOX((&forward<LeakyRelu, double>)));
  m.impl("leaky_relu_backward", TORCH_BOX((&backward<LeakyRelu, double>)));
  m.impl("prelu", TORCH_BOX(&prelu));
  m.impl("prelu_backward", TORCH_BOX(&prelu_backward));
  m.impl("xielu", TORCH_BOX(&xielu));
  m.impl("xielu_backward", TORCH_BOX(&xielu_backward));
}
