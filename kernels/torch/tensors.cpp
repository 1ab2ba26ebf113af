// SPDX-License-Identifier: Apache-2.0
#include "kernels/torch/tensors.hpp"

#include <torch/csrc/stable/ops.h>

#include <optional>

#include "kernels/torch/memory.hpp"

namespace nwidth::kernels::torch {
namespace {

std::vector<std::int64_t> sizes_of(Tensor const& t) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t d = 0; d < t.dim(); ++d) sizes.push_back(t.size(d));
  return sizes;
}

/// Of the shape and type of x, which is on the CPU; nothing where it is small or there is no memory.
std::optional<Tensor> large_like(Tensor const& x, std::vector<std::int64_t> const& strides) {
  std::size_t const bytes = static_cast<std::size_t>(x.numel()) * static_cast<std::size_t>(x.element_size());
  if (!x.is_cpu() || bytes < large_bytes) return {};
  void* const block = take_block(bytes);
  if (block == nullptr) return {};
  return ::torch::stable::from_blob(block, sizes_of(x), strides, x.device(), x.scalar_type(),
                                    [bytes](void* p) { give_back(p, bytes); });
}

}  // namespace

std::string shape_of(Tensor const& t) {
  std::ostringstream s;
  s << '[';
  for (std::int64_t d = 0; d < t.dim(); ++d) s << (d ? ", " : "") << t.size(d);
  s << ']';
  return s.str();
}

double coefficient(char const* op, char const* name, Tensor const& t, std::int64_t i) {
  std::int64_t const at = t.dim() == 0 ? 0 : i * t.stride(0);
  switch (t.scalar_type()) {
    case ScalarType::Float: return static_cast<double>(t.const_data_ptr<float>()[at]);
    case ScalarType::Double: return t.const_data_ptr<double>()[at];
    case ScalarType::BFloat16:
      return static_cast<double>(cpu::to_float(static_cast<cpu::bf16 const*>(t.const_data_ptr())[at]));
    default: refuse(op, name, " of shape ", shape_of(t), " has a type other than float32, bfloat16 and float64");
  }
}

double only_coefficient(char const* op, char const* name, Tensor const& t) {
  if (t.dim() != 1 || t.size(0) != 1) refuse(op, name, " has shape ", shape_of(t), "; allowed is [1]");
  return coefficient(op, name, t, 0);
}

int power_of(std::int64_t k) {
  if (k < 1 || k > 64) refuse("relu_power", "k = ", k, "; allowed is 1 to 64");
  return static_cast<int>(k);
}

cpu::Coefficients coefficients_of(char const* op, Tensor const& weight, Tensor const* bias, double eps) {
  if (weight.dim() != 1 || weight.size(0) != 3) refuse(op, "weight has shape ", shape_of(weight), "; allowed is [3]");
  cpu::Coefficients c{{}, 0, eps};
  for (int i = 0; i < 3; ++i) c.w[i] = coefficient(op, "weight", weight, i);
  if (bias) c.bias = only_coefficient(op, "bias", *bias);
  return c;
}

void require_like(char const* op, char const* name, Tensor const& t, char const* as, Tensor const& x) {
  if (sizes_of(t) != sizes_of(x) || t.scalar_type() != x.scalar_type())
    refuse(op, name, " of shape ", shape_of(t), " differs from ", as, " of shape ", shape_of(x), " in shape or type");
}

void require_rows(char const* op, char const* name, Tensor const& x) {
  if (x.dim() == 0) refuse(op, name, " of shape [] has no rows; allowed is one dimension or more");
}

void require_statistics(char const* op, Tensor const& rstd, char const* name, Tensor const& x, std::int64_t count) {
  auto const kind = x.scalar_type() == ScalarType::Double ? ScalarType::Double : ScalarType::Float;
  auto sizes = sizes_of(x);
  sizes.back() = count;
  if (!rstd.is_contiguous() || rstd.scalar_type() != kind || sizes_of(rstd) != sizes)
    refuse(op, "rstd of shape ", shape_of(rstd), " is not what the forward pass gave for ", name, " of shape ",
           shape_of(x));
}

cpu::Options options() { return {static_cast<int>(::torch::stable::get_num_threads()), {}, -1}; }

Tensor output_like(Tensor const& x) {
  std::vector<std::int64_t> strides;
  for (std::int64_t d = 0; d < x.dim(); ++d) strides.push_back(x.stride(d));
  std::optional<Tensor> const large = x.is_contiguous() ? large_like(x, strides) : std::nullopt;
  return large ? *large : ::torch::stable::empty_like(x);
}

Tensor contiguous_like(Tensor const& x) {
  std::vector<std::int64_t> const sizes = sizes_of(x);
  std::vector<std::int64_t> strides(sizes.size(), 1);
  for (std::size_t d = sizes.size(); d-- > 1;) strides[d - 1] = strides[d] * sizes[d];
  std::optional<Tensor> const large = large_like(x, strides);
  return large ? *large : ::torch::stable::new_empty(x, sizes);
}

Tensor statistics_like(Tensor const& x, std::int64_t count) {
  std::vector<std::int64_t> sizes = sizes_of(x);
  sizes.back() = count;
  Tensor s = ::torch::stable::new_empty(x, sizes,
                                        x.scalar_type() == ScalarType::Double ? ScalarType::Double : ScalarType::Float);
  return x.numel() == 0 ? ::torch::stable::zero_(s) : s;
}

Tensor new_gradient(Tensor const& x, std::int64_t count) {
  Tensor g = ::torch::stable::new_empty(x, {count}, ScalarType::Double);
  return ::torch::stable::zero_(g);
}

Matrices::Matrices(Along along, std::vector<Tensor> outputs, std::vector<Tensor> const& inputs)
    : outputs_(std::move(outputs)) {
  std::vector<Tensor> all = outputs_;
  all.insert(all.end(), inputs.begin(), inputs.end());
  layout_ = layout_of(all, outputs_.size(), along);
  inputs_.assign(all.begin() + static_cast<std::ptrdiff_t>(outputs_.size()), all.end());
}

}  // namespace nwidth::kernels::torch
