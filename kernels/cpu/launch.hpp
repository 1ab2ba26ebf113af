// SPDX-License-Identifier: Apache-2.0
/// From checked matrices to a kernel: what the functions for each activation have in common.
#pragma once
#include <limits>
#include <string>

#include "kernels/cpu/job.hpp"
#include "kernels/cpu/rows.hpp"
#include "kernels/cpu/threads.hpp"

namespace nwidth::kernels::cpu {

template <class E>
inline constexpr int element_type = std::is_same_v<E, float>  ? 0
                                    : std::is_same_v<E, bf16> ? 1
                                                              : 2;

/// A NaN of the caller's may have a payload, which would not survive rounding to bf16.
template <class C>
C canonical(double x) {
  return x == x ? static_cast<C>(x) : std::numeric_limits<C>::quiet_NaN();
}
/// An op that consists of a_0 ... a_3.
template <template <class> class Op, class C>
Op<C> by_power(Coefficients const& c) {
  return {{canonical<C>(c.bias), canonical<C>(c.w[2]), canonical<C>(c.w[1]), canonical<C>(c.w[0])}};
}
/// scale times PolyNorm. @throws std::invalid_argument  for an eps that is negative or NaN
activation::PolyNorm<double> polynorm(Coefficients const& c, double scale = 1);

/// @throws std::invalid_argument  with "nwidth: " before it
[[noreturn]] void refuse(std::string const& what);
/// The instruction set that is asked for, else the best. @throws std::invalid_argument  unless it is available and
/// threads >= 0
Isa isa_of(Options const& options);
/// As many threads as `bytes` are worth, at most those that the options allow.
int threads_for(std::int64_t bytes, Options const& options);
/// f(job, first, last) for all items.
template <class Job>
void share_out(void (*f)(Job const&, std::int64_t, std::int64_t), Job const& job, std::int64_t items,
               std::int64_t grain, int threads) {
  struct Share {
    void (*f)(Job const&, std::int64_t, std::int64_t);
    Job const* job;
  } whole{f, &job};
  parallel(
      items, grain, threads,
      [](void* context, std::int64_t first, std::int64_t last) {
        auto const* const s = static_cast<Share const*>(context);
        s->f(*s->job, first, last);
      },
      &whole);
}

/// The place of an op in a list, or -1.
template <template <class> class Op, template <class> class... All>
consteval int place_in(OpList<All...>) {
  int place = 0;
  bool found = false;
  ((found = found || std::is_same_v<Op<float>, All<float>>, place += found ? 0 : 1), ...);
  return found ? place : -1;
}

/// An op among those of all instruction sets.
struct Kernel {
  enum class Family { rows, elementwise, gated } family;
  int place;
};
template <template <class> class Op>
consteval Kernel kernel_of() {
  if (int const i = place_in<Op>(AllOps{}); i >= 0) return {Kernel::Family::rows, i};
  if (int const i = place_in<Op>(ElementwiseOps{}); i >= 0) return {Kernel::Family::elementwise, i};
  if (int const i = place_in<Op>(GatedOps{}); i >= 0) return {Kernel::Family::gated, i};
  throw "the op is in no list";
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
  Kernel op;
  int element, element_bytes, sums;
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
void launch(Op<Arithmetic<E>> const& op, Matrix const (&in)[I], Matrix const (&out)[O], Options const& options,
            double* gradient = nullptr, void* statistics = nullptr) {
  using Type = Op<Arithmetic<E>>;
  static_assert(I == Type::inputs && O == Type::outputs && I <= max_inputs && O <= max_outputs &&
                Type::sums <= max_sums);
  constexpr bool normalised = requires { Type::moments; };
  launch({kernel_of<Op>(), element_type<E>, sizeof(E), Type::sums, normalised, &op, in, static_cast<int>(I), out,
          static_cast<int>(O), statistics, gradient},
         options);
}

}  // namespace nwidth::kernels::cpu
