// SPDX-License-Identifier: Apache-2.0
/// The kernels of kernels/cuda behind the same operators as those of the CPU.
#include "kernels/torch/operators.hpp"

#include "kernels/torch/cuda/call.hpp"

#if !defined(NWIDTH_DEVICE_KEY)
#define NWIDTH_DEVICE_KEY CUDA  // the tests, which run this file on the host, have another
#endif

namespace nwidth::kernels::torch {
namespace {

using cuda::Activation, cuda::Experts, cuda::Gate, cuda::Parameters;

/// The kernels compute the statistics of a row again from x, which backward reads anyway: nothing is kept of them, and
/// rstd has no numbers. To write and read them would only move more bytes.
constexpr std::int64_t statistics = 0;

float const* floats_of(Tensor const& t) { return t.const_data_ptr<float>(); }

// One input, elementwise.

Tensor forward(Call const& call, Activation f, Parameters const& p, Tensor const& x) {
  Tensor y = output_like(x);
  call.run([&]<class E>(E) {
    Dense const m(Along::elements, {y}, {x});
    cuda::activation_forward<E>(f, p, m.in<E>(0), m.out<E>(0), m.count(), call.stream());
  });
  return y;
}

/// With gradients of `learned` coefficients, if there are any.
std::tuple<Tensor, Tensor> backward(Call const& call, Activation f, Parameters const& p, Tensor const& grad,
                                    Tensor const& x, int learned) {
  require_like(call.op(), "grad", grad, "x", x);
  Tensor dx = output_like(x);
  auto const kernel = [&]<class E>(E, float* sums, float* workspace) {
    Dense const m(Along::elements, {dx}, {x, grad});
    cuda::activation_backward<E>(f, p, m.in<E>(0), m.in<E>(1), m.out<E>(0), sums, workspace, m.count(), call.stream());
  };
  if (learned > 0) return {dx, call.gradient(learned, cuda::activation_workspace(f, x.numel()), kernel)};
  call.run([&](auto e) { kernel(e, nullptr, nullptr); });
  return {dx, dx};
}

#define NWIDTH_PLAIN(op)                                                                       \
  Tensor op(Tensor const& x) { return forward(Call(#op, {{"x", x}}), Activation::op, {}, x); } \
  Tensor op##_backward(Tensor const& grad, Tensor const& x) {                                  \
    Call const call(#op "_backward", {{"x", x}, {"grad", grad}});                              \
    return std::get<0>(backward(call, Activation::op, {}, grad, x, 0));                        \
  }
NWIDTH_PLAIN(relu)
NWIDTH_PLAIN(gelu)
NWIDTH_PLAIN(gelu_tanh)
NWIDTH_PLAIN(silu)
#undef NWIDTH_PLAIN

Parameters power(std::int64_t k) {
  Parameters p;
  p.power = power_of(k);
  return p;
}
Tensor relu_power(Tensor const& x, std::int64_t k) {
  return forward(Call("relu_power", {{"x", x}}), Activation::relu_power, power(k), x);
}
Tensor relu_power_backward(Tensor const& grad, Tensor const& x, std::int64_t k) {
  Call const call("relu_power_backward", {{"x", x}, {"grad", grad}});
  return std::get<0>(backward(call, Activation::relu_power, power(k), grad, x, 0));
}

Parameters slope_of(double slope) {
  Parameters p;
  p.slope = static_cast<float>(slope);
  return p;
}
Tensor leaky_relu(Tensor const& x, double slope) {
  return forward(Call("leaky_relu", {{"x", x}}), Activation::leaky_relu, slope_of(slope), x);
}
Tensor leaky_relu_backward(Tensor const& grad, Tensor const& x, double slope) {
  Call const call("leaky_relu_backward", {{"x", x}, {"grad", grad}});
  return std::get<0>(backward(call, Activation::leaky_relu, slope_of(slope), grad, x, 0));
}

Parameters with_learned(Tensor const& packed) {
  Parameters p;
  p.learned = floats_of(packed);
  return p;
}
Tensor prelu(Tensor const& x, Tensor const& weight) {
  Call const call("prelu", {{"x", x}, {"weight", weight}});
  Tensor const packed = call.pack({"weight", weight, 1});
  return forward(call, Activation::prelu, with_learned(packed), x);
}
std::tuple<Tensor, Tensor> prelu_backward(Tensor const& grad, Tensor const& x, Tensor const& weight) {
  Call const call("prelu_backward", {{"x", x}, {"grad", grad}, {"weight", weight}});
  Tensor const packed = call.pack({"weight", weight, 1});
  return backward(call, Activation::prelu, with_learned(packed), grad, x, 1);
}

Parameters xielu_parameters(Tensor const& alphas, double beta, double eps) {
  Parameters p = with_learned(alphas);
  p.beta = static_cast<float>(beta);
  p.eps = static_cast<float>(eps);
  return p;
}
Tensor xielu(Tensor const& x, Tensor const& alpha_p, Tensor const& alpha_n, double beta, double eps) {
  Call const call("xielu", {{"x", x}, {"alpha_p", alpha_p}, {"alpha_n", alpha_n}});
  Tensor const alphas = call.pack({"alpha_p", alpha_p, 1}, {"alpha_n", alpha_n, 1});
  return forward(call, Activation::xielu, xielu_parameters(alphas, beta, eps), x);
}
std::tuple<Tensor, Tensor> xielu_backward(Tensor const& grad, Tensor const& x, Tensor const& alpha_p,
                                          Tensor const& alpha_n, double beta, double eps) {
  Call const call("xielu_backward", {{"x", x}, {"grad", grad}, {"alpha_p", alpha_p}, {"alpha_n", alpha_n}});
  Tensor const alphas = call.pack({"alpha_p", alpha_p, 1}, {"alpha_n", alpha_n, 1});
  return backward(call, Activation::xielu, xielu_parameters(alphas, beta, eps), grad, x, 2);
}

// Gates.

Tensor forward(Call const& call, Gate f, Parameters const& p, Tensor const& gate, Tensor const& up) {
  require_like(call.op(), "up", up, "gate", gate);
  Tensor y = output_like(gate);
  call.run([&]<class E>(E) {
    Dense const m(Along::elements, {y}, {gate, up});
    cuda::gated_forward<E>(f, p, m.in<E>(0), m.in<E>(1), m.out<E>(0), m.count(), call.stream());
  });
  return y;
}

std::tuple<Tensor, Tensor, Tensor> backward(Call const& call, Gate f, Parameters const& p, Tensor const& grad,
                                            Tensor const& gate, Tensor const& up, int learned) {
  require_like(call.op(), "grad", grad, "gate", gate);
  require_like(call.op(), "up", up, "gate", gate);
  Tensor dgate = output_like(gate), dup = output_like(dgate);
  auto const kernel = [&]<class E>(E, float* sums, float* workspace) {
    Dense const m(Along::elements, {dgate, dup}, {gate, up, grad});
    cuda::gated_backward<E>(f, p, m.in<E>(0), m.in<E>(1), m.in<E>(2), m.out<E>(0), m.out<E>(1), sums, workspace,
                            m.count(), call.stream());
  };
  if (learned > 0) return {dgate, dup, call.gradient(learned, cuda::gated_workspace(f, gate.numel()), kernel)};
  call.run([&](auto e) { kernel(e, nullptr, nullptr); });
  return {dgate, dup, dup};
}

#define NWIDTH_GATED(op, f)                                                                            \
  Tensor op(Tensor const& gate, Tensor const& up) {                                                    \
    return forward(Call(#op, {{"gate", gate}, {"up", up}}), Gate::f, {}, gate, up);                    \
  }                                                                                                    \
  std::tuple<Tensor, Tensor> op##_backward(Tensor const& grad, Tensor const& gate, Tensor const& up) { \
    Call const call(#op "_backward", {{"gate", gate}, {"up", up}, {"grad", grad}});                    \
    auto const [dgate, dup, none] = backward(call, Gate::f, {}, grad, gate, up, 0);                    \
    return {dgate, dup};                                                                               \
  }
NWIDTH_GATED(reglu, relu)
NWIDTH_GATED(geglu, gelu)
NWIDTH_GATED(geglu_tanh, gelu_tanh)
NWIDTH_GATED(swiglu, silu)
#undef NWIDTH_GATED

Tensor polyrelu_glu(Tensor const& gate, Tensor const& up, Tensor const& weight, Tensor const& bias) {
  Call const call("polyrelu_glu", {{"gate", gate}, {"up", up}, {"weight", weight}, {"bias", bias}});
  Tensor const packed = call.pack({"weight", weight, 3}, {"bias", bias, 1});
  return forward(call, Gate::polyrelu, with_learned(packed), gate, up);
}
std::tuple<Tensor, Tensor, Tensor> polyrelu_glu_backward(Tensor const& grad, Tensor const& gate, Tensor const& up,
                                                         Tensor const& weight, Tensor const& bias) {
  Call const call("polyrelu_glu_backward",
                  {{"gate", gate}, {"up", up}, {"grad", grad}, {"weight", weight}, {"bias", bias}});
  Tensor const packed = call.pack({"weight", weight, 3}, {"bias", bias, 1});
  return backward(call, Gate::polyrelu, with_learned(packed), grad, gate, up, 4);
}

// PolyReLU and PolyNorm, as one expert that has all rows.

Experts one_set(Tensor const& packed, double eps = 0) { return {floats_of(packed), {}, 1, static_cast<float>(eps)}; }

Tensor polyrelu(Tensor const& x, Tensor const& weight, Tensor const& bias) {
  Call const call("polyrelu", {{"x", x}, {"weight", weight}, {"bias", bias}});
  Tensor const packed = call.pack({"weight", weight, 3}, {"bias", bias, 1});
  Tensor y = output_like(x);
  call.run([&]<class E>(E) {
    Dense const m(Along::elements, {y}, {x});
    cuda::polyrelu_forward<E>(one_set(packed), m.in<E>(0), m.out<E>(0), m.count(), 1, call.stream());
  });
  return y;
}

std::tuple<Tensor, Tensor> polyrelu_backward(Tensor const& grad, Tensor const& x, Tensor const& weight) {
  Call const call("polyrelu_backward", {{"x", x}, {"grad", grad}, {"weight", weight}});
  require_like(call.op(), "grad", grad, "x", x);
  Tensor const packed = call.pack({"weight", weight, 3});
  Tensor dx = output_like(x);
  Tensor gradient =
      call.gradient(4, cuda::polyrelu_workspace(x.numel()), [&]<class E>(E, float* sums, float* workspace) {
        Dense const m(Along::elements, {dx}, {x, grad});
        cuda::polyrelu_backward<E>(one_set(packed), m.in<E>(0), m.in<E>(1), m.out<E>(0), sums, workspace, m.count(), 1,
                                   call.stream());
      });
  return {dx, gradient};
}

void require_rows_and_eps(char const* op, char const* name, Tensor const& x, double eps) {
  require_rows(op, name, x);
  require_width(op, name, x);
  if (!(eps >= 0)) refuse(op, "eps = ", eps, "; at least 0 is allowed");
}

std::int64_t rows_of(Tensor const& x) { return x.numel() == 0 ? 0 : x.numel() / x.size(x.dim() - 1); }

std::tuple<Tensor, Tensor> polynorm(Tensor const& x, Tensor const& weight, Tensor const& bias, double eps) {
  Call const call("polynorm", {{"x", x}, {"weight", weight}, {"bias", bias}});
  require_rows_and_eps(call.op(), "x", x, eps);
  Tensor const packed = call.pack({"weight", weight, 3}, {"bias", bias, 1});
  Tensor y = contiguous_like(x);
  call.run([&]<class E>(E) {
    Dense const m(Along::rows, {y}, {x});
    cuda::polynorm_forward<E>(one_set(packed, eps), m.in<E>(0), m.out<E>(0), m.rows(), m.width(), call.stream());
  });
  return {y, statistics_like(x, statistics)};
}

std::tuple<Tensor, Tensor> polynorm_backward(Tensor const& grad, Tensor const& x, Tensor const& rstd,
                                             Tensor const& weight, double eps) {
  Call const call("polynorm_backward", {{"x", x}, {"grad", grad}, {"rstd", rstd}, {"weight", weight}});
  require_rows_and_eps(call.op(), "x", x, eps);
  require_like(call.op(), "grad", grad, "x", x);
  require_statistics(call.op(), rstd, "x", x, statistics);
  Tensor const packed = call.pack({"weight", weight, 3});
  Experts const set = one_set(packed, eps);
  Tensor dx = contiguous_like(x);
  Tensor gradient =
      call.gradient(4, cuda::polynorm_workspace(set, rows_of(x)), [&]<class E>(E, float* sums, float* workspace) {
        Dense const m(Along::rows, {dx}, {x, grad});
        cuda::polynorm_backward<E>(set, m.in<E>(0), m.in<E>(1), m.out<E>(0), sums, workspace, m.rows(), m.width(),
                                   call.stream());
      });
  return {dx, gradient};
}

std::tuple<Tensor, Tensor> polynorm_glu(Tensor const& gate, Tensor const& up, Tensor const& weight, Tensor const& bias,
                                        double eps, double scale) {
  Call const call("polynorm_glu", {{"gate", gate}, {"up", up}, {"weight", weight}, {"bias", bias}});
  require_rows_and_eps(call.op(), "gate", gate, eps);
  require_like(call.op(), "up", up, "gate", gate);
  Tensor const packed = call.pack({"weight", weight, 3}, {"bias", bias, 1});
  Tensor y = contiguous_like(gate);
  call.run([&]<class E>(E) {
    Dense const m(Along::rows, {y}, {gate, up});
    cuda::polynorm_glu_forward<E>(one_set(packed, eps), static_cast<float>(scale), m.in<E>(0), m.in<E>(1), m.out<E>(0),
                                  m.rows(), m.width(), call.stream());
  });
  return {y, statistics_like(gate, statistics)};
}

std::tuple<Tensor, Tensor, Tensor> polynorm_glu_backward(Tensor const& grad, Tensor const& gate, Tensor const& up,
                                                         Tensor const& rstd, Tensor const& weight, Tensor const& bias,
                                                         double eps, double scale) {
  Call const call("polynorm_glu_backward",
                  {{"gate", gate}, {"up", up}, {"grad", grad}, {"rstd", rstd}, {"weight", weight}, {"bias", bias}});
  require_rows_and_eps(call.op(), "gate", gate, eps);
  require_like(call.op(), "grad", grad, "gate", gate);
  require_like(call.op(), "up", up, "gate", gate);
  require_statistics(call.op(), rstd, "gate", gate, statistics);
  Tensor const packed = call.pack({"weight", weight, 3}, {"bias", bias, 1});
  Experts const set = one_set(packed, eps);
  Tensor dgate = contiguous_like(gate), dup = contiguous_like(gate);
  auto const kernel = [&]<class E>(E, float* sums, float* workspace) {
    Dense const m(Along::rows, {dgate, dup}, {gate, up, grad});
    cuda::polynorm_glu_backward<E>(set, static_cast<float>(scale), m.in<E>(0), m.in<E>(1), m.in<E>(2), m.out<E>(0),
                                   m.out<E>(1), sums, workspace, m.rows(), m.width(), call.stream());
  };
  return {dgate, dup, call.gradient(4, cuda::polynorm_workspace(set, rows_of(gate)), kernel)};
}

}  // namespace
}  // namespace nwidth::kernels::torch

STABLE_TORCH_LIBRARY_IMPL(nwidth, NWIDTH_DEVICE_KEY, m) {
  using namespace nwidth::kernels::torch;
#define NWIDTH_IMPL(op)        \
  m.impl(#op, TORCH_BOX(&op)); \
  m.impl(#op "_backward", TORCH_BOX(&op##_backward))
  NWIDTH_IMPL(polyrelu);
  NWIDTH_IMPL(polynorm);
  NWIDTH_IMPL(polyrelu_glu);
  NWIDTH_IMPL(polynorm_glu);
  NWIDTH_IMPL(relu);
  NWIDTH_IMPL(relu_power);
  NWIDTH_IMPL(leaky_relu);
  NWIDTH_IMPL(prelu);
  NWIDTH_IMPL(gelu);
  NWIDTH_IMPL(gelu_tanh);
  NWIDTH_IMPL(silu);
  NWIDTH_IMPL(xielu);
  NWIDTH_IMPL(reglu);
  NWIDTH_IMPL(geglu);
  NWIDTH_IMPL(geglu_tanh);
  NWIDTH_IMPL(swiglu);
#undef NWIDTH_IMPL
}
