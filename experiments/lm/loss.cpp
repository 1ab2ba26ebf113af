// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/loss.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "experiments/lm/kernel_calls.hpp"
#include "experiments/lm/torch_compat.hpp"
#include "kernels/cpu/layer.hpp"

namespace nwidth::lm {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::ScalarType wide(at::ScalarType type) { return type == at::kDouble ? at::kDouble : at::kFloat; }

struct Sums {
  Tensor loss, hidden, weight;  ///< gradients are undefined unless asked for
};

/// Adds what the gradient g of the logits of rows from `begin` on gives.
void add_products(Sums& all, Tensor const& g, Tensor const& h, Tensor const& matrix, std::int64_t begin) {
  all.hidden.narrow(0, begin, g.size(0)).copy_(at::mm(g, matrix));
  if (g.scalar_type() == all.weight.scalar_type())
    all.weight.addmm_(g.t(), h);
  else
    all.weight.add_(at::mm(g.t(), h));
}

/// The sum of the rows' losses times share; logits become its gradient if that is asked for.
Tensor by_kernel(Tensor const& logits, Tensor const& targets, double share, bool gradients) {
  std::vector<double> losses(static_cast<std::size_t>(logits.size(0)));
  by_element_type(logits.scalar_type(), "a loss", [&](auto e) {
    using E = decltype(e);
    auto* const l = static_cast<E*>(logits.mutable_data_ptr());
    kernels::cpu::cross_entropy<E>(logits.size(0), logits.size(1), l, targets.const_data_ptr<std::int64_t>(), share,
                                   gradients ? l : nullptr, losses.data(), kernel_options());
  });
  double sum = 0;
  for (double const x : losses) sum += x;
  return at::scalar_tensor(sum * share, at::kDouble);
}

/// @param type  of the factors of products
Sums by_chunks(Tensor const& hidden, Tensor const& weight, Tensor const& targets, std::int64_t rows,
               at::ScalarType type, bool gradients, Backend backend) {
  bool const kernels = backend == Backend::fused && hidden.device().is_cpu() &&
                       (type == at::kFloat || type == at::kBFloat16 || type == at::kDouble);
  at::ScalarType const sums = wide(hidden.scalar_type());
  std::int64_t const n = hidden.size(0);
  Tensor const matrix = weight.to(type), scored = targets.ne(not_scored);
  Tensor const index = at::where(scored, targets, 0).unsqueeze(1), scale = scored.to(sums).unsqueeze(1),
               each = scale / scale.sum();
  double const share = kernels ? 1 / scale.sum().item<double>() : 0;
  Sums all{at::zeros({}, hidden.options().dtype(sums)), {}, {}};
  if (gradients) {
    all.hidden = at::empty_like(hidden);
    all.weight = at::zeros(weight.sizes(), weight.options().dtype(sums));
  }
  for (std::int64_t begin = 0; begin < n; begin += rows) {
    std::int64_t const count = std::min(rows, n - begin);
    Tensor const h = hidden.narrow(0, begin, count).to(type), at = index.narrow(0, begin, count),
                 weights = each.narrow(0, begin, count);
    if (kernels) {
      Tensor const logits = at::mm(h, matrix.t());
      all.loss.add_(by_kernel(logits, targets.narrow(0, begin, count), share, gradients));
      if (gradients) add_products(all, logits, h, matrix, begin);
      continue;
    }
    Tensor logits = at::mm(h, matrix.t()).to(sums);
    Tensor const normaliser = at::logsumexp(logits, 1, true);
    all.loss.add_(((normaliser - logits.gather(1, at)) * weights).sum());
    if (!gradients) continue;
    logits.sub_(normaliser).exp_().mul_(weights).scatter_add_(1, at, -weights);  // their gradient now
    add_products(all, logits.to(type), h, matrix, begin);
  }
  return all;
}

struct Chunked : torch::autograd::Function<Chunked> {
  static Tensor forward(AutogradContext* context, Tensor const& hidden, Tensor const& weight, Tensor const& targets,
                        std::int64_t rows, at::ScalarType type, Backend backend) {
    Autocast const off(hidden.device().type(), std::nullopt);
    Sums const all = by_chunks(hidden, weight, targets, rows, type, true, backend);
    context->save_for_backward({all.hidden, all.weight.to(weight.scalar_type())});
    return all.loss;
  }

  static variable_list backward(AutogradContext* context, variable_list const& g) {
    require_first_derivatives("the loss's");
    variable_list const saved = context->get_saved_variables();
    return {saved[0] * g[0].to(saved[0].scalar_type()), saved[1] * g[0].to(saved[1].scalar_type()), {}, {}, {}, {}};
  }
};

}  // namespace

Tensor cross_entropy(Tensor const& hidden, Tensor const& weight, Tensor const& targets) {
  Tensor const logits = at::linear(hidden, weight);
  return at::cross_entropy_loss(logits.to(wide(logits.scalar_type())), targets, {}, at::Reduction::Mean, not_scored);
}

Tensor chunked_cross_entropy(Tensor const& hidden, Tensor const& weight, Tensor const& targets, std::int64_t rows,
                             Backend backend) {
  at::ScalarType const type = product_type(hidden);
  if (at::GradMode::is_enabled() && (hidden.requires_grad() || weight.requires_grad()))
    return Chunked::apply(hidden, weight, targets, rows, type, backend);
  Autocast const off(hidden.device().type(), std::nullopt);
  return by_chunks(hidden, weight, targets, rows, type, false, backend).loss;
}

Tensor next_token_loss(Tensor const& hidden, Tensor const& weight, Tensor const& targets, Tensor const& scored,
                       Backend backend) {
  Tensor const h = hidden.reshape({-1, hidden.size(-1)});
  Tensor const t = (scored.defined() ? at::where(scored, targets, not_scored) : targets).reshape(-1);
  std::int64_t const vocabulary = weight.size(0);
  // The kernel is faster for small vocabularies, too, and keeps no logits.
  bool const chunked = vocabulary >= chunked_vocabulary || (backend == Backend::fused && h.device().is_cpu());
  return chunked ? chunked_cross_entropy(h, weight, t, chunk_rows(vocabulary), backend) : cross_entropy(h, weight, t);
}

}  // namespace nwidth::lm
