// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/blame.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_vector_norm.h>

#include <cstdio>

namespace nwidth::lm {
namespace {

bool finite(at::Tensor const& t) { return at::isfinite(t).all().item<bool>(); }

}  // namespace

std::string blame(Transformer& model, std::function<void()> const& forward) {
  at::NoGradGuard const no_graph;
  auto& parameters = model.parameters();
  for (Parameter const& p : parameters)
    if (!finite(p.value)) return "parameter " + p.name + " is not finite";
  std::string first;
  model.watch([&](std::string const& name, at::Tensor const& value) {
    if (first.empty() && !finite(value)) first = name;
  });
  forward();
  model.watch(nullptr);
  if (!first.empty()) return "the activation behind " + first + " is not finite";
  for (auto p = parameters.rbegin(); p != parameters.rend(); ++p)
    if (p->value.grad().defined() && !finite(p->value.grad())) return "the gradient of " + p->name + " is not finite";
  std::string largest;
  double norm = -1;
  for (Parameter const& p : parameters) {
    if (!p.value.grad().defined()) continue;
    if (double const n = at::linalg_vector_norm(p.value.grad()).item<double>(); n > norm) {
      norm = n;
      largest = p.name;
    }
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", norm);
  return "the largest gradient is that of " + largest + ", of norm " + text;
}

}  // namespace nwidth::lm
