// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/layer_ops.hpp"

#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/custom_function.h>

#include "experiments/lm/kernel_calls.hpp"
#include "experiments/lm/torch_compat.hpp"
#include "kernels/cpu/layer.hpp"

namespace nwidth::lm {
namespace {

namespace cpu = kernels::cpu;
using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <class T>
T* data(Tensor const& t) {
  return t.defined() ? static_cast<T*>(t.mutable_data_ptr()) : nullptr;
}

/// f(X{}, Y{}) for the types of a residual stream and of products.
template <class F>
void by_types(at::ScalarType x, at::ScalarType y, F const& f) {
  if (x == at::kFloat && y == at::kFloat) return f(float{}, float{});
  if (x == at::kFloat && y == at::kBFloat16) return f(float{}, cpu::bf16{});
  if (x == at::kDouble && y == at::kDouble) return f(double{}, double{});
  TORCH_CHECK(false, "nwidth-lm: a norm of ", x, " in ", y, "; allowed are Float, Double and Float in BFloat16");
}

struct AddRmsNorm : torch::autograd::Function<AddRmsNorm> {
  /// @returns y, and x where something was added
  static variable_list forward(AutogradContext* context, Tensor const& a, std::optional<Tensor> const& added,
                               Tensor const& weight, double eps, at::ScalarType type) {
    std::int64_t const width = a.size(-1), rows = a.numel() / width;
    Tensor const base = a.contiguous(), delta = added ? added->to(type).contiguous() : Tensor(),
                 x = added ? at::empty_like(base) : Tensor();
    auto const like_x = base.options().requires_grad(false);
    Tensor const y = at::empty(a.sizes(), like_x.dtype(type)), statistics = at::empty({rows}, like_x);
    by_types(a.scalar_type(), type, [&](auto ex, auto ey) {
      using X = decltype(ex);
      using Y = decltype(ey);
      cpu::add_rms_norm_forward<X, Y>(rows, width, eps, data<X>(base), data<Y>(delta), data<X>(weight), data<X>(x),
                                      data<Y>(y), data<X>(statistics), kernel_options());
    });
    context->set_materialize_grads(false);
    context->save_for_backward({added ? x : base, weight, statistics});
    if (added) context->saved_data["delta"] = static_cast<std::int64_t>(added->scalar_type());
    return added ? variable_list{y, x} : variable_list{y};
  }

  static variable_list backward(AutogradContext* context, variable_list const& gradients) {
    require_first_derivatives("a layer's");
    variable_list const saved = context->get_saved_variables();
    Tensor const &x = saved[0], &weight = saved[1];
    bool const added = gradients.size() == 2;
    Tensor const later = added && gradients[1].defined() ? gradients[1].contiguous() : Tensor();
    if (!gradients[0].defined()) return {later, {}, {}, {}, {}};
    Tensor const g = gradients[0].contiguous(), dx = at::empty_like(x), sums = at::empty_like(weight, at::kDouble);
    std::int64_t const width = x.size(-1);
    bool const narrow = added && g.scalar_type() != x.scalar_type();
    Tensor ddelta = narrow ? at::empty_like(g) : Tensor();
    by_types(x.scalar_type(), g.scalar_type(), [&](auto ex, auto ey) {
      using X = decltype(ex);
      using Y = decltype(ey);
      cpu::add_rms_norm_backward<X, Y>(x.numel() / width, width, data<X>(x), data<X>(weight), data<X>(saved[2]),
                                       data<Y>(g), data<X>(later), data<X>(dx), data<Y>(ddelta), data<double>(sums),
                                       kernel_options());
    });
    if (added && !narrow) ddelta = dx;
    if (added) ddelta = ddelta.to(static_cast<at::ScalarType>(context->saved_data["delta"].toInt()));
    return {dx, ddelta, sums.to(weight.scalar_type()), {}, {}};
  }
};

struct Linear : torch::autograd::Function<Linear> {
  static Tensor forward(AutogradContext* context, Tensor const& x, Tensor const& weight,
                        std::optional<Tensor> const& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["biased"] = bias.has_value();
    Tensor const y = onednn_product(x, weight);
    return bias ? y.add_(*bias) : y;
  }

  static variable_list backward(AutogradContext* context, variable_list const& gradients) {
    require_first_derivatives("a layer's");
    variable_list const saved = context->get_saved_variables();
    Tensor const &x = saved[0], &weight = saved[1], &g = gradients[0];
    Tensor const rows = g.reshape({-1, weight.size(0)});
    Tensor dx, dbias;
    if (context->needs_input_grad(0)) dx = onednn_product(g, weight.t());
    if (context->saved_data["biased"].toBool()) dbias = rows.sum(0);
    return {dx, at::mm(rows.t(), x.reshape({-1, weight.size(1)})), dbias};
  }
};

struct SplitHeads : torch::autograd::Function<SplitHeads> {
  static variable_list forward(AutogradContext* context, Tensor const& qkv, std::int64_t heads,
                               std::optional<Tensor> const& cosines, std::optional<Tensor> const& sines) {
    Tensor const in = qkv.contiguous(), c = cosines.value_or(Tensor()), s = sines.value_or(Tensor());
    cpu::Heads const shape{in.size(0), in.size(1), heads, in.size(2) / 3 / heads};
    variable_list parts(3);
    for (Tensor& t : parts)
      t = at::empty({shape.batch, heads, shape.tokens, shape.size}, in.options().requires_grad(false));
    by_element_type(in.scalar_type(), "projections", [&](auto e) {
      using E = decltype(e);
      using C = cpu::Statistic<E>;
      cpu::split_heads_forward<E>(shape, data<E>(in), data<C>(c), data<C>(s), data<E>(parts[0]), data<E>(parts[1]),
                                  data<E>(parts[2]), kernel_options());
    });
    context->save_for_backward({c, s});
    return parts;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    require_first_derivatives("a layer's");
    variable_list const saved = context->get_saved_variables();
    for (Tensor& g : gradients)
      if (g.stride(3) != 1) g = g.contiguous();
    Tensor const& like = gradients[0];
    cpu::Heads const shape{like.size(0), like.size(2), like.size(1), like.size(3)};
    Tensor const dqkv = at::empty({shape.batch, shape.tokens, 3 * shape.heads * shape.size}, like.options());
    by_element_type(like.scalar_type(), "projections", [&](auto e) {
      using E = decltype(e);
      using C = cpu::Statistic<E>;
      auto const vectors = [](Tensor const& t) {
        return cpu::HeadVectors<E>{data<E>(t), t.stride(0), t.stride(1), t.stride(2)};
      };
      cpu::split_heads_backward<E>(shape, vectors(gradients[0]), vectors(gradients[1]), vectors(gradients[2]),
                                   data<C>(saved[0]), data<C>(saved[1]), data<E>(dqkv), kernel_options());
    });
    return {dqkv, {}, {}, {}};
  }
};

std::optional<Tensor> given(Tensor const& t) { return t.defined() ? std::optional(t) : std::nullopt; }

}  // namespace

bool has_layer_kernels(Tensor const& x) {
  at::ScalarType const type = x.scalar_type();
  return x.device().is_cpu() && x.numel() > 0 && (type == at::kFloat || type == at::kDouble) &&
         (product_type(x) == type || product_type(x) == at::kBFloat16);
}

Tensor linear(Tensor const& x, Tensor const& weight, Tensor const& bias) {
  bool const ours = product_type(x) == at::kFloat && weight.scalar_type() == at::kFloat &&
                    x.scalar_type() == at::kFloat && at::globalContext().userEnabledMkldnn() && at::hasMKLDNN();
  return ours ? Linear::apply(x, weight, given(bias)) : at::linear(x, weight, bias);
}

Normed add_rms_norm(Tensor const& a, Tensor const& delta, Tensor const& weight, double eps) {
  variable_list const made = AddRmsNorm::apply(a, given(delta), weight, eps, product_type(a));
  return {delta.defined() ? made[1] : a, made[0]};
}

Projections split_heads(Tensor const& qkv, std::int64_t heads, Tensor const& cosines, Tensor const& sines) {
  variable_list const made = SplitHeads::apply(qkv, heads, given(cosines), given(sines));
  return {made[0], made[1], made[2]};
}

}  // namespace nwidth::lm
