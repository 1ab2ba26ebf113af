// SPDX-License-Identifier: Apache-2.0
/// What every operator does with tensors of a device: the checks, coefficients and workspaces in the device's memory,
/// and inputs without gaps. Nothing here waits for the device or reads it back.
#pragma once
#include <torch/csrc/stable/ops.h>

#include <initializer_list>

#include "kernels/cuda/activations.hpp"
#include "kernels/torch/cuda/device.hpp"
#include "kernels/torch/tensors.hpp"

namespace nwidth::kernels::torch {

struct Named {
  char const* name;
  Tensor const& tensor;
};

/// A coefficient that is a tensor of `count` numbers.
struct Learned {
  char const* name;
  Tensor const& tensor;
  int count;
};

/// Tensors of one shape and type, in one order in memory and without gaps.
class Dense {
 public:
  /// @param outputs  dense, of equal strides; Along::rows: contiguous  @param inputs  copied where they differ
  Dense(Along along, std::vector<Tensor> outputs, std::vector<Tensor> const& inputs);

  template <class E>
  E* out(std::size_t i) const {
    return static_cast<E*>(tensors_[i].mutable_data_ptr());
  }
  template <class E>
  E const* in(std::size_t i) const {
    return static_cast<E const*>(tensors_[outputs_ + i].const_data_ptr());
  }
  std::int64_t rows() const { return layout_.rows; }
  int width() const { return static_cast<int>(layout_.width); }  // Along::rows; see require_width
  std::int64_t count() const { return layout_.rows * layout_.width; }

 private:
  std::vector<Tensor> tensors_;
  std::size_t outputs_;
  Layout layout_;
};

/// One call of an operator. While it lives, the device of its tensors is the current one.
class Call {
 public:
  /// @throws std::runtime_error  if the first tensor is not on a device, or another one elsewhere
  /// @throws std::invalid_argument  if the first is neither float32 nor bfloat16
  Call(char const* op, std::initializer_list<Named> tensors);

  char const* op() const { return op_; }
  cudaStream_t stream() const { return device_.stream(); }

  /// Four floats on the device: the numbers of a, those of b, zeros.
  /// @throws std::invalid_argument  for another shape than [count] or a type that no coefficient has
  Tensor pack(Learned const& a) const;
  Tensor pack(Learned const& a, Learned const& b) const;

  /// Calls f(E{}) for the type E of the first tensor, if that has elements.
  template <class F>
  void run(F const& f) const {
    if (x_.numel() == 0) return;
    x_.scalar_type() == ScalarType::Float ? f(float{}) : f(__nv_bfloat16{});
    device_.check();
  }

  /// Calls f(E{}, sums, workspace) with 4 and `floats` floats, and returns the first `count` sums in double, as the
  /// operators of the CPU do; zeros if there are no elements.
  template <class F>
  Tensor gradient(int count, std::size_t floats, F const& f) const {
    if (x_.numel() == 0) return new_gradient(x_, count);
    Tensor const sums = new_floats(4), workspace = new_floats(floats);
    run([&](auto e) { f(e, sums.mutable_data_ptr<float>(), workspace.mutable_data_ptr<float>()); });
    return widened(sums, count);
  }

 private:
  Tensor new_floats(std::size_t count) const;
  Tensor widened(Tensor sums, int count) const;
  Tensor pack(cuda::Numbers const& a, cuda::Numbers const& b) const;

  char const* op_;
  Tensor x_;
  Device device_;
};

/// @throws std::invalid_argument  for rows that the kernels do not take: wider than 2^24 elements
void require_width(char const* op, char const* name, Tensor const& x);

}  // namespace nwidth::kernels::torch
