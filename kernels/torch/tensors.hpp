// SPDX-License-Identifier: Apache-2.0
/// What every operator does with tensors: the checks, whose errors name the operator and the shape; outputs; and the
/// walk of a row kernel over tensors of any strides.
#pragma once
#include <torch/csrc/stable/tensor.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cpu/rows.hpp"
#include "kernels/torch/layout.hpp"

namespace nwidth::kernels::torch {

using ::torch::headeronly::ScalarType;

std::string shape_of(Tensor const& t);

/// @throws std::invalid_argument  nwidth::op: message
template <class... A>
[[noreturn]] void refuse(char const* op, A const&... message) {
  std::ostringstream s;
  s << "nwidth::" << op << ": ";
  (s << ... << message);
  throw std::invalid_argument(s.str());
}

/// Element i of a vector of coefficients: an exact double.
double coefficient(char const* op, char const* name, Tensor const& t, std::int64_t i);
/// The only element of a tensor of shape [1].
double only_coefficient(char const* op, char const* name, Tensor const& t);
/// k of relu_power, 1 to 64.
int power_of(std::int64_t k);
/// weight [3], cubic first, and bias [1] if there is one.
cpu::Coefficients coefficients_of(char const* op, Tensor const& weight, Tensor const* bias, double eps = 1e-6);

void require_like(char const* op, char const* name, Tensor const& t, char const* as, Tensor const& x);
void require_rows(char const* op, char const* name, Tensor const& x);
/// That rstd is what a forward pass over x gives, by its shape and type: `count` numbers a row.
void require_statistics(char const* op, Tensor const& rstd, char const* name, Tensor const& x, std::int64_t count = 3);

/// At most as many threads as torch was told to take.
cpu::Options options();

/// Not initialised, dense, in the order of x's strides as far as torch.empty_like keeps it.
Tensor output_like(Tensor const& x);
/// Not initialised, contiguous, of the shape of x.
Tensor contiguous_like(Tensor const& x);
/// Not initialised (zeros if x is empty), contiguous: `count` numbers a row of x, of the type of its arithmetic.
Tensor statistics_like(Tensor const& x, std::int64_t count = 3);
/// count zeros in double: gradients of coefficients.
Tensor new_gradient(Tensor const& x, std::int64_t count);

/// Tensors of one shape and type as matrices. Inputs are copied where their strides do not allow that.
class Matrices {
 public:
  /// @param outputs  dense, of equal strides; Along::rows: contiguous  @param inputs  of any strides
  Matrices(Along along, std::vector<Tensor> outputs, std::vector<Tensor> const& inputs);

  template <class E>
  cpu::Rows<E> out(std::size_t i) const {
    return {static_cast<E*>(outputs_[i].mutable_data_ptr()), layout_.rows, layout_.width, layout_.strides[i]};
  }
  template <class E>
  cpu::Rows<E const> in(std::size_t i) const {
    return {static_cast<E const*>(inputs_[i].const_data_ptr()), layout_.rows, layout_.width,
            layout_.strides[outputs_.size() + i]};
  }

 private:
  std::vector<Tensor> outputs_, inputs_;
  Layout layout_;
};

/// Calls f(E{}) for the element type E of x, where there are elements.
template <class F>
void by_type(char const* op, char const* name, Tensor const& x, F const& f) {
  bool const any = x.numel() > 0;
  switch (x.scalar_type()) {
    case ScalarType::Float: return any ? f(float{}) : void();
    case ScalarType::BFloat16: return any ? f(cpu::bf16{}) : void();
    case ScalarType::Double: return any ? f(double{}) : void();
    default: refuse(op, name, " of shape ", shape_of(x), " has a type other than float32, bfloat16 and float64");
  }
}

}  // namespace nwidth::kernels::torch
