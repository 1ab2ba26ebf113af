// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/device_activation.hpp"

#include "experiments/lm/activation_ops.hpp"

#if defined(NWIDTH_LM_CUDA)
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <optional>

#include "experiments/lm/kernel_calls.hpp"
#include "kernels/cuda/activations.hpp"
#include "kernels/torch/cuda/stream.hpp"

namespace nwidth::lm {
namespace {

namespace cuda = kernels::cuda;
using at::Tensor;
using cuda::Activation;
using cuda::Gate;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

enum class Form { element, polyrelu, polynorm, gate, polynorm_gate };
struct Kernel {
  char const* name;
  Form form;
  Activation element = Activation::relu;
  Gate gate = Gate::relu;
  bool gated() const { return form == Form::gate || form == Form::polynorm_gate; }
};
constexpr Kernel kernels_by_name[] = {{"relu", Form::element, Activation::relu},
                                      {"relu2", Form::element, Activation::relu_power},
                                      {"leaky-relu", Form::element, Activation::leaky_relu},
                                      {"gelu", Form::element, Activation::gelu},
                                      {"gelu-tanh", Form::element, Activation::gelu_tanh},
                                      {"silu", Form::element, Activation::silu},
                                      {"xielu", Form::element, Activation::xielu},
                                      {"polyrelu", Form::polyrelu},
                                      {"polynorm", Form::polynorm},
                                      {"reglu", Form::gate, {}, Gate::relu},
                                      {"geglu", Form::gate, {}, Gate::gelu},
                                      {"geglu-tanh", Form::gate, {}, Gate::gelu_tanh},
                                      {"swiglu", Form::gate, {}, Gate::silu},
                                      {"polyrelu-glu", Form::gate, {}, Gate::polyrelu},
                                      {"polynorm-glu", Form::polynorm_gate}};

Kernel const* kernel_named(std::string const& name) {
  auto const* const found = std::find_if(std::begin(kernels_by_name), std::end(kernels_by_name),
                                         [&](Kernel const& k) { return name == k.name; });
  return found == std::end(kernels_by_name) ? nullptr : found;
}

constexpr char const* who = "nwidth-lm";

/// f(E{}) for float and bfloat16.
template <class F>
void by_device_type(at::ScalarType type, F const& f) {
  type == at::kFloat ? f(float{}) : f(__nv_bfloat16{});
}

cuda::Numbers numbers(Tensor const& t) {
  auto const type = t.scalar_type() == at::kDouble     ? cuda::Numbers::Type::f64
                    : t.scalar_type() == at::kBFloat16 ? cuda::Numbers::Type::bf16
                                                       : cuda::Numbers::Type::f32;
  return {type, t.const_data_ptr(), static_cast<int>(t.numel()), t.numel() > 1 ? t.stride(0) : 1};
}

/// What a call of either direction needs: the stream, and the coefficients as four floats on the device.
struct Call {
  Kernel const& kernel;
  cudaStream_t stream;
  Tensor packed;
  std::int64_t stride, rows;  // of the input
  int width;                  // of the result

  Call(Kernel const& k, Tensor const& h, Tensor const& a, Tensor const& b)
      : kernel(k),
        stream(kernels::torch::current_stream(who, h.device().index())),
        stride(h.size(-1)),
        rows(h.numel() / stride),
        width(static_cast<int>(k.gated() ? stride / 2 : stride)) {
    if (!a.defined()) return;
    packed = floats(h, 4);
    cuda::pack_coefficients(numbers(a), numbers(b), packed.mutable_data_ptr<float>(), stream);
  }
  static Tensor floats(Tensor const& h, std::int64_t count) {
    return at::empty({count}, h.options().dtype(at::kFloat).requires_grad(false));
  }
  float const* coefficients() const { return packed.defined() ? packed.const_data_ptr<float>() : nullptr; }
  cuda::Experts one_set() const { return {coefficients(), {}, 1, static_cast<float>(norm_eps)}; }
  cuda::Halves halves() const { return {rows, width, stride}; }
  cuda::Parameters parameters() const {
    return {.power = 2,
            .slope = static_cast<float>(leaky_slope),
            .learned = coefficients(),
            .beta = static_cast<float>(xielu_beta),
            .eps = static_cast<float>(xielu_eps)};
  }

  template <class E>
  void forward(E const* x, E* y) const {
    switch (kernel.form) {
      case Form::element: return cuda::activation_forward<E>(kernel.element, parameters(), x, y, rows * stride, stream);
      case Form::polyrelu: return cuda::polyrelu_forward<E>(one_set(), x, y, rows, width, stream);
      case Form::polynorm: return cuda::polynorm_forward<E>(one_set(), x, y, rows, width, stream);
      case Form::gate: return cuda::gated_forward<E>(kernel.gate, parameters(), x, x + width, y, halves(), stream);
      case Form::polynorm_gate:
        return cuda::polynorm_glu_forward<E>(one_set(), 1.F, x, x + width, y, rows, width, stream, stride);
    }
  }
  /// Floats of workspace that backward needs.
  std::size_t workspace() const {
    switch (kernel.form) {
      case Form::element: return cuda::activation_workspace(kernel.element, rows * stride);
      case Form::polyrelu: return cuda::polyrelu_workspace(one_set(), rows, width);
      case Form::gate: return cuda::gated_workspace(kernel.gate, halves());
      case Form::polynorm:
      case Form::polynorm_gate: return cuda::polynorm_workspace(one_set(), rows);
    }
    return 0;
  }
  /// @param gradient  four floats
  template <class E>
  void backward(E const* x, E const* g, E* dx, float* gradient, float* space) const {
    switch (kernel.form) {
      case Form::element:
        return cuda::activation_backward<E>(kernel.element, parameters(), x, g, dx, gradient, space, rows * stride,
                                            stream);
      case Form::polyrelu: return cuda::polyrelu_backward<E>(one_set(), x, g, dx, gradient, space, rows, width, stream);
      case Form::polynorm: return cuda::polynorm_backward<E>(one_set(), x, g, dx, gradient, space, rows, width, stream);
      case Form::gate:
        return cuda::gated_backward<E>(kernel.gate, parameters(), x, x + width, g, dx, dx + width, gradient, space,
                                       halves(), stream);
      case Form::polynorm_gate:
        return cuda::polynorm_glu_backward<E>(one_set(), 1.F, x, x + width, g, dx, dx + width, gradient, space, rows,
                                              width, stream, stride);
    }
  }
};

struct OnDevice : torch::autograd::Function<OnDevice> {
  static Tensor forward(AutogradContext* context, Tensor const& input, std::optional<Tensor> const& first,
                        std::optional<Tensor> const& second, Kernel const* kernel) {
    Tensor const x = input.contiguous();
    std::vector<std::int64_t> shape = x.sizes().vec();
    if (kernel->gated()) shape.back() /= 2;
    Tensor const y = at::empty(shape, x.options());
    Tensor const a = first.value_or(Tensor()), b = second.value_or(Tensor());
    Call const call(*kernel, x, a, b);
    by_device_type(x.scalar_type(), [&]<class E>(E) {
      call.forward(static_cast<E const*>(x.const_data_ptr()), static_cast<E*>(y.mutable_data_ptr()));
    });
    kernels::torch::require_success(cudaGetLastError(), who);
    context->save_for_backward({x, a, b});
    context->saved_data["kernel"] = kernel - kernels_by_name;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list const& gradients) {
    require_first_derivatives("an activation's");
    variable_list const saved = context->get_saved_variables();
    Tensor const &x = saved[0], &a = saved[1], &b = saved[2], g = gradients[0].contiguous(), dx = at::empty_like(x);
    Call const call(kernels_by_name[context->saved_data["kernel"].toInt()], x, a, b);
    Tensor const sums = a.defined() ? Call::floats(x, 4) : Tensor();
    Tensor const space = a.defined() ? Call::floats(x, static_cast<std::int64_t>(call.workspace())) : Tensor();
    auto const floats_of = [](Tensor const& t) { return t.defined() ? t.mutable_data_ptr<float>() : nullptr; };
    by_device_type(x.scalar_type(), [&]<class E>(E) {
      call.backward(static_cast<E const*>(x.const_data_ptr()), static_cast<E const*>(g.const_data_ptr()),
                    static_cast<E*>(dx.mutable_data_ptr()), floats_of(sums), floats_of(space));
    });
    kernels::torch::require_success(cudaGetLastError(), who);
    if (!a.defined()) return {dx, {}, {}, {}};
    auto const part = [&](Tensor const& t, std::int64_t begin) {
      return sums.narrow(0, begin, t.numel()).view(t.sizes()).to(t.scalar_type());
    };
    return {dx, part(a, 0), part(b, a.numel()), {}};
  }
};

}  // namespace

bool has_device_kernel(std::string const& activation, Tensor const& h) {
  return h.is_cuda() && h.numel() > 0 && (h.scalar_type() == at::kFloat || h.scalar_type() == at::kBFloat16) &&
         kernel_named(activation) != nullptr;
}

Tensor activate_on_device(std::string const& activation, Tensor const& h, std::vector<Tensor> const& learned) {
  std::optional<Tensor> first, second;
  if (!learned.empty()) first = learned[0], second = learned[1];
  return OnDevice::apply(h, first, second, kernel_named(activation));
}

}  // namespace nwidth::lm

#else  // no nvcc, or a torch without CUDA

namespace nwidth::lm {

bool has_device_kernel(std::string const&, at::Tensor const&) { return false; }

at::Tensor activate_on_device(std::string const&, at::Tensor const&, std::vector<at::Tensor> const&) {
  TORCH_CHECK(false, "nwidth-lm: built without CUDA");
}

}  // namespace nwidth::lm

#endif
