// SPDX-License-Identifier: Apache-2.0
#include "kernels/torch/cuda/call.hpp"

namespace nwidth::kernels::torch {
namespace {

/// The first of the tensors, once all are found to be where it is.
Tensor checked(char const* op, std::initializer_list<Named> tensors) {
  auto const& [name, x] = *tensors.begin();
  auto const elsewhere = [op](char const* which, Tensor const& t, std::string const& where) {
    throw std::runtime_error(std::string("nwidth::") + op + ": " + which + " of shape " + shape_of(t) + " is not on " +
                             where);
  };
  if (!on_device(x)) elsewhere(name, x, "a CUDA device");
  for (auto const& [other, t] : tensors)
    if (!on_device(t) || t.get_device_index() != x.get_device_index())
      elsewhere(other, t, std::string("the device of ") + name);
  switch (x.scalar_type()) {
    case ScalarType::Float:
    case ScalarType::BFloat16: return x;
    case ScalarType::Double:
      refuse(op, name, " of shape ", shape_of(x), " is float64; allowed on CUDA are float32 and bfloat16");
    default: refuse(op, name, " of shape ", shape_of(x), " has a type other than float32, bfloat16 and float64");
  }
}

cuda::Numbers numbers_of(char const* op, Learned const& c) {
  Tensor const& t = c.tensor;
  if (t.dim() != 1 || t.size(0) != c.count)
    refuse(op, c.name, " has shape ", shape_of(t), "; allowed is [", c.count, "]");
  auto const of = [&](cuda::Numbers::Type type) {
    return cuda::Numbers{type, t.const_data_ptr(), c.count, t.stride(0)};
  };
  switch (t.scalar_type()) {
    case ScalarType::Float: return of(cuda::Numbers::Type::f32);
    case ScalarType::BFloat16: return of(cuda::Numbers::Type::bf16);
    case ScalarType::Double: return of(cuda::Numbers::Type::f64);
    default: refuse(op, c.name, " of shape ", shape_of(t), " has a type other than float32, bfloat16 and float64");
  }
}

}  // namespace

Dense::Dense(Along along, std::vector<Tensor> outputs, std::vector<Tensor> const& inputs)
    : tensors_(std::move(outputs)), outputs_(tensors_.size()) {
  tensors_.insert(tensors_.end(), inputs.begin(), inputs.end());
  layout_ = dense_layout_of(tensors_, outputs_, along);
}

Call::Call(char const* op, std::initializer_list<Named> tensors) : op_(op), x_(checked(op, tensors)), device_(op, x_) {}

Tensor Call::pack(Learned const& a) const { return pack(numbers_of(op_, a), {}); }
Tensor Call::pack(Learned const& a, Learned const& b) const { return pack(numbers_of(op_, a), numbers_of(op_, b)); }
Tensor Call::pack(cuda::Numbers const& a, cuda::Numbers const& b) const {
  Tensor const packed = new_floats(4);
  cuda::pack_coefficients(a, b, packed.mutable_data_ptr<float>(), stream());
  device_.check();
  return packed;
}

Tensor Call::new_floats(std::size_t count) const {
  return ::torch::stable::new_empty(x_, {static_cast<std::int64_t>(count)}, ScalarType::Float);
}

Tensor Call::widened(Tensor sums, int count) const {
  Tensor result = ::torch::stable::new_empty(x_, {count}, ScalarType::Double);
  return ::torch::stable::copy_(result, ::torch::stable::narrow(sums, 0, 0, count));
}

void require_width(char const* op, char const* name, Tensor const& x) {
  constexpr std::int64_t widest = std::int64_t{1} << 24;
  if (x.size(x.dim() - 1) > widest)
    refuse(op, name, " of shape ", shape_of(x), " has rows of more than ", widest, " elements, the most on CUDA");
}

}  // namespace nwidth::kernels::torch
