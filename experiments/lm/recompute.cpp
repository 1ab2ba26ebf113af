// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/recompute.hpp"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "experiments/lm/torch_compat.hpp"

namespace nwidth::lm {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What a block depends on besides its inputs.
struct Surroundings : torch::CustomClassHolder {
  Block block;
  std::optional<at::ScalarType> autocast;
  Tensor random;
};

struct Recomputed : torch::autograd::Function<Recomputed> {
  static Tensor forward(AutogradContext* context, c10::intrusive_ptr<Surroundings> const& around, Tensor const& x,
                        at::TensorList parameters) {
    variable_list saved{x};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    context->save_for_backward(std::move(saved));
    context->saved_data["around"] = c10::IValue::make_capsule(around);
    Autocast const cast(x.device().type(), around->autocast, false);
    return around->block(x);
  }

  static variable_list backward(AutogradContext* context, variable_list const& g) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "nwidth-lm: the derivative of a recomputed block's backward pass");
    variable_list inputs = context->get_saved_variables();
    auto const around = c10::static_intrusive_pointer_cast<Surroundings>(context->saved_data["around"].toCapsule());
    at::Device const device = inputs[0].device();
    inputs[0] = inputs[0].detach().requires_grad_();
    Tensor const now = around->random.defined() ? random_state(device) : Tensor();
    if (now.defined()) set_random_state(device, around->random);
    variable_list gradients;
    {
      at::AutoGradMode const with_graph(true);
      Tensor y;
      {
        Autocast const cast(device.type(), around->autocast, false);
        y = around->block(inputs[0]);
      }
      gradients = torch::autograd::grad({y}, inputs, {g[0]}, std::nullopt, false, true);
    }
    if (now.defined()) set_random_state(device, now);
    gradients.insert(gradients.begin(), Tensor());  // of `around`
    return gradients;
  }
};

}  // namespace

Tensor recomputed(Block const& block, Tensor const& x, std::vector<Tensor> const& parameters, bool random) {
  auto around = c10::make_intrusive<Surroundings>();
  around->block = block;
  around->autocast = autocast_type(x.device().type());
  if (random) around->random = random_state(x.device());
  return Recomputed::apply(around, x, at::TensorList(parameters));
}

}  // namespace nwidth::lm
