// SPDX-License-Identifier: Apache-2.0
/// From checked matrices to a kernel: what the functions for each activation have in common.
#pragma once
#include <array>
#include <string>

#include "kernels/cpu/job.hpp"
#include "kernels/cpu/rows.hpp"
#include "kernels/cpu/threads.hpp"

namespace nwidth::kernels::cpu {

template <class E>
using Arithmetic_of = std::conditional_t<std::is_same_v<E, double>, double, float>;
template <class E>
inline constexpr int element_type = std::is_same_v<E, float>  ? 0
                                    : std::is_same_v<E, bf16> ? 1
                                                              : 2;

/// The place of an op in AllOps.
template <template <class> class Op, template <class> class... All>
consteval int place_of(OpList<All...>) {
  int place = 0;
  bool found = false;
  ((found = found || std::is_same_v<Op<float>, All<float>>, place += found ? 0 : 1), ...);
  return found ? place : throw "the op is not in AllOps";
}

/// A matrix whose type is forgotten.
struct Matrix {
  char const* name;  // what a message calls it
  void* data;
  std::int64_t rows, width, stride;

  template <class E>
  Matrix(char const* called, Rows<E> const& m)
      : name(called),
        data(const_cast<std::remove_const_t<E>*>(m.data)),
        rows(m.rows),
        width(m.width),
        stride(m.stride) {}
};

struct Call {
  int op, element, element_bytes, sums;
  bool normalised;
  void const* parameters;
  Matrix const* in;
  int inputs;
  Matrix const* out;
  int outputs;
  void* statistics;
  double* gradient;  // `sums` of them, in the order of the op's sums, or null where there are none
};

/// Checks the matrices, chooses the kernel, shares the rows out, adds the sums up. @throws as rows.hpp says
void launch(Call const& call, Options const& options);

template <class E, template <class> class Op, std::size_t I, std::size_t O>
void launch(Op<Arithmetic_of<E>> const& op, Matrix const (&in)[I], Matrix const (&out)[O], Options const& options,
            double* gradient = nullptr, void* statistics = nullptr) {
  using Type = Op<Arithmetic_of<E>>;
  static_assert(I == Type::inputs && O == Type::outputs && I <= max_inputs && O <= max_outputs &&
                Type::sums <= max_sums);
  launch({place_of<Op>(AllOps{}), element_type<E>, sizeof(E), Type::sums, requires { Type::moments;
}
, &op, in, static_cast<int>(I), out, static_cast<int>(O), statistics, gradient
}  // namespace nwidth::kernels::cpu
,
         options);
}

}  // namespace nwidth::kernels::cpu
