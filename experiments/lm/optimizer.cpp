// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/optimizer.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "experiments/lm/torch_compat.hpp"

namespace nwidth::lm {

Optimizer::Optimizer(std::vector<Parameter>& parameters, Training const& training, Ranks& ranks)
    : training_(training), ranks_(ranks), parameters_(parameters), places_(parameters.size()) {
  at::NoGradGuard const no_graph;
  constexpr std::int64_t alignment = 64 / sizeof(float);
  std::int64_t end = 0;
  for (Group const group : {Group::decay, Group::no_decay, Group::coefficients})
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i].group != group) continue;
      places_[i] = {end, parameters[i].value.numel()};
      end += (places_[i].length + alignment - 1) / alignment * alignment;
    }
  std::int64_t const unit = alignment * ranks.size(), all = (end + unit - 1) / unit * unit, part = all / ranks.size();
  auto const options = parameters.front().value.options().requires_grad(false);
  bool const alone = ranks.size() == 1;
  values_ = at::zeros({all}, options);
  if (!alone) gradients_ = at::zeros({all}, options);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    at::Tensor& value = parameters[i].value;
    at::Tensor const place = values_.narrow(0, places_[i].begin, places_[i].length).view(value.sizes());
    place.copy_(value);
    value = place.detach().requires_grad_();
    if (!alone) value.mutable_grad() = gradients_.narrow(0, places_[i].begin, places_[i].length).view(value.sizes());
  }

  begin_ = part * ranks.rank();
  first_ = at::zeros({part}, options);
  second_ = at::zeros({part}, options);
  if (!alone) slice_gradients_ = at::zeros({part}, options);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    std::int64_t const from = std::max(places_[i].begin, begin_),
                       to = std::min(places_[i].begin + places_[i].length, begin_ + part);
    if (from >= to) continue;
    // Alone, pieces are whole and have the shape of their parameter: torch then sums norms in the order of the twin.
    auto const view = [&](at::Tensor const& flat, std::int64_t at) {
      at::Tensor const one = flat.narrow(0, at, to - from);
      return alone ? one.view(parameters[i].value.sizes()) : one;
    };
    pieces_.push_back({parameters[i].group, view(values_, from),
                       alone ? at::Tensor() : view(slice_gradients_, from - begin_), view(first_, from - begin_),
                       view(second_, from - begin_)});
  }
}

void Optimizer::zero_gradients() {
  at::NoGradGuard const no_graph;
  if (gradients_.defined()) {
    gradients_.zero_();
    return;
  }
  for (std::size_t i = 0; i < parameters_.size(); ++i)  // one piece each
    pieces_[i].gradient = parameters_[i].value.mutable_grad() = at::Tensor();
}

at::Tensor Optimizer::reduce_gradients() {
  at::NoGradGuard const no_graph;
  if (gradients_.defined()) {
    ranks_.reduce_scatter(slice_gradients_, gradients_);
  } else {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      at::Tensor& gradient = parameters_[i].value.mutable_grad();
      if (!gradient.defined()) gradient = at::zeros_like(parameters_[i].value);
      pieces_[i].gradient = gradient;
    }
  }
  std::vector<at::Tensor> gradients;
  for (Piece const& p : pieces_) gradients.push_back(p.gradient);
  at::Tensor norm = gradients.empty() ? at::zeros({}, values_.options()) : total_norm(gradients);
  if (ranks_.size() == 1) return norm;
  norm = norm * norm;
  ranks_.sum(norm);
  return norm.sqrt();
}

void Optimizer::step(double rate, at::Tensor const& norm) {
  at::NoGradGuard const no_graph;
  if (training_.clip > 0) {
    std::vector<at::Tensor> gradients;
    for (Piece const& p : pieces_) gradients.push_back(p.gradient);
    if (!gradients.empty()) clip_by_norm(gradients, norm, training_.clip);
  }
  ++steps_;
  for (Group const group : {Group::decay, Group::no_decay, Group::coefficients}) {
    AdamTensors t;
    for (Piece const& p : pieces_)
      if (p.group == group) {
        t.values.push_back(p.value);
        t.gradients.push_back(p.gradient);
        t.first.push_back(p.first);
        t.second.push_back(p.second);
      }
    if (t.values.empty()) continue;
    fused_adamw(t, steps_,
                {.rate = group == Group::coefficients ? rate * training_.coefficient_rate : rate,
                 .beta1 = training_.beta1,
                 .beta2 = training_.beta2,
                 .eps = training_.eps,
                 .weight_decay = group == Group::decay ? training_.weight_decay : 0},
                norm);
  }
  if (ranks_.size() > 1) ranks_.all_gather(values_, values_.narrow(0, begin_, first_.numel()));
}

Optimizer::Moments Optimizer::moments() {
  at::NoGradGuard const no_graph;
  if (ranks_.size() == 1) return {first_.cpu(), second_.cpu()};
  at::Tensor whole = at::zeros_like(values_);
  ranks_.all_gather(whole, first_);
  at::Tensor const first = ranks_.rank() == 0 ? whole.cpu().clone() : at::Tensor();
  ranks_.all_gather(whole, second_);
  return {first, ranks_.rank() == 0 ? whole.cpu() : at::Tensor()};
}

bool Optimizer::finite() {
  at::NoGradGuard const no_graph;
  at::Tensor bad = at::zeros({}, values_.options());
  for (at::Tensor const& t : {values_, first_, second_}) bad += at::isfinite(t).all().logical_not();
  ranks_.sum(bad);
  return bad.item<double>() == 0;
}

void Optimizer::set_moments(Moments const& all, std::int64_t steps) {
  at::NoGradGuard const no_graph;
  // Padding differs between numbers of ranks; parameters end before it.
  std::int64_t const end = std::min(begin_ + first_.numel(), all.first.numel());
  if (begin_ < end) {
    first_.narrow(0, 0, end - begin_).copy_(all.first.narrow(0, begin_, end - begin_));
    second_.narrow(0, 0, end - begin_).copy_(all.second.narrow(0, begin_, end - begin_));
  }
  steps_ = steps;
}

}  // namespace nwidth::lm
