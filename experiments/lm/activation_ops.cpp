// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/activation_ops.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/chunk.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/unbind.h>
#include <ATen/ops/where.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "experiments/lm/config.hpp"
#include "experiments/lm/device_activation.hpp"
#include "experiments/lm/kernel_calls.hpp"
#include "kernels/cpu/elementwise.hpp"
#include "kernels/cpu/gated.hpp"
#include "kernels/cpu/rows.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

namespace cpu = kernels::cpu;
using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

enum class Kind {
  identity,
  relu,
  relu2,
  leaky_relu,
  gelu,
  gelu_tanh,
  silu,
  xielu,
  polyrelu,
  polynorm,
  reglu,
  geglu,
  geglu_tanh,
  swiglu,
  polyrelu_glu,
  polynorm_glu
};

Kind kind_of(std::string const& name) {
  static std::pair<char const*, Kind> const all[] = {{"identity", Kind::identity},
                                                     {"relu", Kind::relu},
                                                     {"relu2", Kind::relu2},
                                                     {"leaky-relu", Kind::leaky_relu},
                                                     {"gelu", Kind::gelu},
                                                     {"gelu-tanh", Kind::gelu_tanh},
                                                     {"silu", Kind::silu},
                                                     {"xielu", Kind::xielu},
                                                     {"polyrelu", Kind::polyrelu},
                                                     {"polynorm", Kind::polynorm},
                                                     {"reglu", Kind::reglu},
                                                     {"geglu", Kind::geglu},
                                                     {"geglu-tanh", Kind::geglu_tanh},
                                                     {"swiglu", Kind::swiglu},
                                                     {"polyrelu-glu", Kind::polyrelu_glu},
                                                     {"polynorm-glu", Kind::polynorm_glu}};
  activation_named(name);  // throws
  return std::find_if(std::begin(all), std::end(all), [&](auto const& a) { return a.first == name; })->second;
}

// ---- torch's operators

Tensor widened(Tensor const& x) { return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat); }

Tensor polyrelu(Tensor const& x, Tensor const& weight, Tensor const& bias) {
  std::vector<Tensor> const w = weight.unbind(0);
  Tensor const u = at::relu(widened(x));
  return (((u * w[0] + w[1]) * u + w[2]) * u + bias).to(x.scalar_type());
}

/// 1 / sqrt(mean(v^2) + eps)
Tensor scale_of(Tensor const& v) { return at::rsqrt((v * v).mean(-1, true) + norm_eps); }

Tensor polynorm(Tensor const& x, Tensor const& weight, Tensor const& bias) {
  std::vector<Tensor> const w = weight.unbind(0);
  Tensor const u = widened(x), u2 = u * u, u3 = u2 * u;
  Tensor const y = u3 * (scale_of(u3) * w[0]) + u2 * (scale_of(u2) * w[1]) + u * (scale_of(u) * w[2]) + bias;
  return y.to(x.scalar_type());
}

Tensor xielu(Tensor const& x, Tensor const& alpha_p, Tensor const& alpha_n) {
  Tensor const u = widened(x), p = at::softplus(alpha_p), n = at::softplus(alpha_n) + xielu_beta;
  Tensor const right = u * u * p, left = (at::expm1(u.clamp_max(xielu_eps)) - u) * n;
  return (at::where(u > 0, right, left) + u * xielu_beta).to(x.scalar_type());
}

Tensor by_torch(Kind kind, Tensor const& h, std::vector<Tensor> const& learned) {
  auto const gated = [&h](auto const& f) {
    std::vector<Tensor> const parts = at::chunk(h, 2, -1);
    return f(parts[0]) * parts[1];
  };
  switch (kind) {
    case Kind::identity: return h;
    case Kind::relu: return at::relu(h);
    case Kind::relu2: {
      Tensor const u = at::relu(h);
      return u * u;
    }
    case Kind::leaky_relu: return at::leaky_relu(h, leaky_slope);
    case Kind::gelu: return at::gelu(h);
    case Kind::gelu_tanh: return at::gelu(h, "tanh");
    case Kind::silu: return at::silu(h);
    case Kind::xielu: return xielu(h, learned[0], learned[1]);
    case Kind::polyrelu: return polyrelu(h, learned[0], learned[1]);
    case Kind::polynorm: return polynorm(h, learned[0], learned[1]);
    case Kind::reglu: return gated([](Tensor const& x) { return at::relu(x); });
    case Kind::geglu: return gated([](Tensor const& x) { return at::gelu(x); });
    case Kind::geglu_tanh: return gated([](Tensor const& x) { return at::gelu(x, "tanh"); });
    case Kind::swiglu: return gated([](Tensor const& x) { return at::silu(x); });
    case Kind::polyrelu_glu: return gated([&](Tensor const& x) { return polyrelu(x, learned[0], learned[1]); });
    case Kind::polynorm_glu: return gated([&](Tensor const& x) { return polynorm(x, learned[0], learned[1]); });
  }
  TORCH_CHECK(false, "nwidth-lm: no such activation");
}

// ---- kernels/cpu

/// What the kernels take besides matrices.
struct Learned {
  double first[3] = {0, 0, 0}, second = 0;

  Learned(Tensor const& a, Tensor const& b) {
    if (!a.defined()) return;
    Tensor const x = a.detach().to(at::kDouble).contiguous(), y = b.detach().to(at::kDouble);
    std::copy_n(x.const_data_ptr<double>(), x.numel(), first);
    second = *y.const_data_ptr<double>();
  }
  cpu::Coefficients polynomial() const {
    return {.w = {first[0], first[1], first[2]}, .bias = second, .eps = norm_eps};
  }
  cpu::XieluCoefficients exponential() const {
    return {.alpha_p = first[0], .alpha_n = second, .beta = xielu_beta, .eps = xielu_eps};
  }
};

/// Columns [begin, begin + width) of a contiguous tensor as a matrix.
template <class E>
cpu::Rows<E> columns(Tensor const& t, std::int64_t begin, std::int64_t width) {
  std::int64_t const stride = t.size(-1);
  return {static_cast<E*>(t.mutable_data_ptr()) + begin, t.numel() / stride, width, stride};
}

template <class E>
void forward(Kind kind, Learned const& c, Tensor const& h, Tensor const& y, Tensor const& statistics) {
  std::int64_t const n = y.size(-1);
  cpu::Rows<E const> const x = columns<E>(h, 0, n), up = columns<E>(h, h.size(-1) - n, n);
  cpu::Rows<E> const out = columns<E>(y, 0, n);
  cpu::Options const o = kernel_options();
  switch (kind) {
    case Kind::relu: return cpu::relu_forward(x, out, o);
    case Kind::relu2: return cpu::relu_power_forward(2, x, out, o);
    case Kind::leaky_relu: return cpu::leaky_relu_forward(leaky_slope, x, out, o);
    case Kind::gelu: return cpu::gelu_forward(x, out, o);
    case Kind::gelu_tanh: return cpu::gelu_tanh_forward(x, out, o);
    case Kind::silu: return cpu::silu_forward(x, out, o);
    case Kind::xielu: return cpu::xielu_forward(c.exponential(), x, out, o);
    case Kind::polyrelu: return cpu::polyrelu_forward(c.polynomial(), x, out, o);
    case Kind::polynorm:
      return cpu::polynorm_forward(c.polynomial(), x, out, statistics.mutable_data_ptr<cpu::Statistic<E>>(), o);
    case Kind::reglu: return cpu::reglu_forward(x, up, out, o);
    case Kind::geglu: return cpu::geglu_forward(x, up, out, o);
    case Kind::geglu_tanh: return cpu::geglu_tanh_forward(x, up, out, o);
    case Kind::swiglu: return cpu::swiglu_forward(x, up, out, o);
    case Kind::polyrelu_glu: return cpu::polyrelu_glu_forward(c.polynomial(), x, up, out, o);
    case Kind::polynorm_glu:
      return cpu::polynorm_glu_forward(c.polynomial(), 1, x, up, out, statistics.mutable_data_ptr<cpu::Statistic<E>>(),
                                       o);
    case Kind::identity: break;
  }
  TORCH_CHECK(false, "nwidth-lm: this activation has no kernel");
}

/// @param gradient  of the coefficients: 4 numbers, or 2 for xIELU
template <class E>
void backward(Kind kind, Learned const& c, Tensor const& h, Tensor const& statistics, Tensor const& dy,
              Tensor const& dh, double* gradient) {
  std::int64_t const n = dy.size(-1), half = h.size(-1) - n;
  cpu::Rows<E const> const x = columns<E>(h, 0, n), up = columns<E>(h, half, n), g = columns<E>(dy, 0, n);
  cpu::Rows<E> const dx = columns<E>(dh, 0, n), dup = columns<E>(dh, half, n);
  cpu::Options const o = kernel_options();
  switch (kind) {
    case Kind::relu: return cpu::relu_backward(x, g, dx, o);
    case Kind::relu2: return cpu::relu_power_backward(2, x, g, dx, o);
    case Kind::leaky_relu: return cpu::leaky_relu_backward(leaky_slope, x, g, dx, o);
    case Kind::gelu: return cpu::gelu_backward(x, g, dx, o);
    case Kind::gelu_tanh: return cpu::gelu_tanh_backward(x, g, dx, o);
    case Kind::silu: return cpu::silu_backward(x, g, dx, o);
    case Kind::xielu: return cpu::xielu_backward(c.exponential(), x, g, dx, gradient, o);
    case Kind::polyrelu: return cpu::polyrelu_backward(c.polynomial(), x, g, dx, gradient, o);
    case Kind::polynorm:
      return cpu::polynorm_backward(c.polynomial(), x, g, dx, gradient, statistics.const_data_ptr<cpu::Statistic<E>>(),
                                    o);
    case Kind::reglu: return cpu::reglu_backward(x, up, g, dx, dup, o);
    case Kind::geglu: return cpu::geglu_backward(x, up, g, dx, dup, o);
    case Kind::geglu_tanh: return cpu::geglu_tanh_backward(x, up, g, dx, dup, o);
    case Kind::swiglu: return cpu::swiglu_backward(x, up, g, dx, dup, o);
    case Kind::polyrelu_glu: return cpu::polyrelu_glu_backward(c.polynomial(), x, up, g, dx, dup, gradient, o);
    case Kind::polynorm_glu:
      return cpu::polynorm_glu_backward(c.polynomial(), 1, x, up, g, dx, dup, gradient,
                                        statistics.const_data_ptr<cpu::Statistic<E>>(), o);
    case Kind::identity: break;
  }
  TORCH_CHECK(false, "nwidth-lm: this activation has no kernel");
}

struct Fused : torch::autograd::Function<Fused> {
  static Tensor forward(AutogradContext* context, Tensor const& input, std::optional<Tensor> const& first,
                        std::optional<Tensor> const& second, Kind kind, bool gated) {
    Tensor const h = input.contiguous();
    std::vector<std::int64_t> shape = h.sizes().vec();
    if (gated) shape.back() /= 2;
    Tensor const y = at::empty(shape, h.options()), a = first.value_or(Tensor()), b = second.value_or(Tensor());
    Tensor statistics;
    if (kind == Kind::polynorm || kind == Kind::polynorm_glu) {
      shape.back() = 3;
      statistics = at::empty(shape, h.options().dtype(h.scalar_type() == at::kDouble ? at::kDouble : at::kFloat));
    }
    Learned const learned(a, b);
    by_element_type(h.scalar_type(), "an activation",
                    [&](auto e) { lm::forward<decltype(e)>(kind, learned, h, y, statistics); });
    context->save_for_backward({h, a, b, statistics});
    context->saved_data["kind"] = static_cast<std::int64_t>(kind);
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list const& gradients) {
    require_first_derivatives("an activation's");
    variable_list const saved = context->get_saved_variables();
    Tensor const &h = saved[0], &a = saved[1], &b = saved[2], g = gradients[0].contiguous();
    auto const kind = static_cast<Kind>(context->saved_data["kind"].toInt());
    Tensor const dh = at::empty_like(h);
    double sums[4];
    Learned const learned(a, b);
    by_element_type(h.scalar_type(), "an activation",
                    [&](auto e) { lm::backward<decltype(e)>(kind, learned, h, saved[3], g, dh, sums); });
    if (!a.defined()) return {dh, {}, {}, {}, {}};
    std::int64_t at = 0;
    auto const sum_like = [&](Tensor const& t) {
      Tensor const d = at::empty(t.sizes(), t.options().dtype(at::kDouble).requires_grad(false));
      std::copy_n(sums + at, t.numel(), d.mutable_data_ptr<double>());
      at += t.numel();
      return d.to(t.scalar_type());
    };
    Tensor const da = sum_like(a), db = sum_like(b);
    return {dh, da, db, {}, {}};
  }
};

}  // namespace

std::vector<Coefficient> coefficients(std::string const& activation) {
  switch (kind_of(activation)) {
    case Kind::polyrelu:
    case Kind::polynorm:
    case Kind::polyrelu_glu:
    case Kind::polynorm_glu: return {{"weight", {1. / 3, 1. / 3, 1. / 3}}, {"bias", {0}}};
    case Kind::xielu:
      return {{"alpha_p", {std::log(std::expm1(0.8))}}, {"alpha_n", {std::log(std::expm1(0.8 - xielu_beta))}}};
    default: return {};
  }
}

Tensor activate(std::string const& activation, Tensor const& h, std::vector<Tensor> const& learned, Backend backend) {
  Kind const kind = kind_of(activation);
  if (backend == Backend::fused && has_device_kernel(activation, h)) return activate_on_device(activation, h, learned);
  bool const kernel = backend == Backend::fused && h.device().is_cpu() && h.numel() > 0 && kind != Kind::identity;
  if (!kernel) return by_torch(kind, h, learned);
  std::optional<Tensor> first, second;
  if (!learned.empty()) first = learned[0], second = learned[1];
  return Fused::apply(h, first, second, kind, activation_named(activation).gated);
}

}  // namespace nwidth::lm
