// SPDX-License-Identifier: Apache-2.0
/// What functions of autograd that call kernels/cpu have in common.
#pragma once
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include "kernels/cpu/rows.hpp"

namespace nwidth::lm {

/// As many threads as torch takes.
inline kernels::cpu::Options kernel_options() { return {.threads = at::get_num_threads()}; }

/// f(E{}) for the type of elements. @param what  for the message
template <class F>
void by_element_type(at::ScalarType type, char const* what, F const& f) {
  switch (type) {
    case at::kFloat: return f(float{});
    case at::kBFloat16: return f(kernels::cpu::bf16{});
    case at::kDouble: return f(double{});
    default: TORCH_CHECK(false, "nwidth-lm: ", what, " of ", type, "; allowed are Float, BFloat16 and Double");
  }
}

/// In a backward pass, which has none of its own. @param whose  for the message
inline void require_first_derivatives(char const* whose) {
  TORCH_CHECK(!at::GradMode::is_enabled(), "nwidth-lm: the derivative of ", whose, " backward pass");
}

}  // namespace nwidth::lm
