// SPDX-License-Identifier: Apache-2.0
/// torch.ops.nwidth.*: the row kernels of the CPU as operators of PyTorch, on its stable ABI (torch >= 2.11). Fake
/// kernels, derivatives and modules are in python/nwidth/torch.
#include <torch/csrc/stable/library.h>
#include <torch/csrc/stable/ops.h>
#include <torch/csrc/stable/tensor.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <sstream>
#include <stdexcept>
#include <tuple>

#include "kernels/cpu/rows.hpp"
#include "kernels/torch/layout.hpp"

namespace nwidth::kernels::torch {
namespace {

using ::torch::headeronly::ScalarType;

std::string shape_of(Tensor const& t) {
  std::ostringstream s;
  s << '[';
  for (std::int64_t d = 0; d < t.dim(); ++d) s << (d ? ", " : "") << t.size(d);
  s << ']';
  return s.str();
}

template <class... A>
[[noreturn]] void refuse(A const&... message) {
  std::ostringstream s;
  s << "nwidth::";
  (s << ... << message);
  throw std::invalid_argument(s.str());
}

/// Calls f(E{}) for the element type E of x.
template <class F>
void by_type(char const* op, Tensor const& x, F const& f) {
  switch (x.scalar_type()) {
    case ScalarType::Float: return f(float{});
    case ScalarType::BFloat16: return f(cpu::bf16{});
    case ScalarType::Double: return f(double{});
    default: refuse(op, ": x of shape ", shape_of(x), " has a type other than float32, bfloat16 and float64");
  }
}

/// Element i of a vector of coefficients.
double coefficient(char const* op, char const* name, Tensor const& t, std::int64_t i) {
  std::int64_t const at = i * t.stride(0);
  switch (t.scalar_type()) {
    case ScalarType::Float: return static_cast<double>(t.const_data_ptr<float>()[at]);
    case ScalarType::Double: return t.const_data_ptr<double>()[at];
    case ScalarType::BFloat16:
      return static_cast<double>(cpu::to_float(static_cast<cpu::bf16 const*>(t.const_data_ptr())[at]));
    default: refuse(op, ": ", name, " of shape ", shape_of(t), " has a type other than float32, bfloat16 and float64");
  }
}

cpu::Coefficients coefficients_of(char const* op, Tensor const& weight, Tensor const* bias, double eps = 1e-6) {
  if (weight.dim() != 1 || weight.size(0) != 3) refuse(op, ": weight has shape ", shape_of(weight), "; allowed is [3]");
  cpu::Coefficients c{{}, 0, eps};
  for (int i = 0; i < 3; ++i) c.w[i] = coefficient(op, "weight", weight, i);
  if (bias) {
    if (bias->dim() != 1 || bias->size(0) != 1) refuse(op, ": bias has shape ", shape_of(*bias), "; allowed is [1]");
    c.bias = coefficient(op, "bias", *bias, 0);
  }
  return c;
}

void require_like(char const* op, Tensor const& grad, Tensor const& x) {
  bool same = grad.dim() == x.dim() && grad.scalar_type() == x.scalar_type();
  for (std::int64_t d = 0; same && d < x.dim(); ++d) same = grad.size(d) == x.size(d);
  if (!same)
    refuse(op, ": grad of shape ", shape_of(grad), " differs from x of shape ", shape_of(x), " in shape or type");
}

cpu::Options options() { return {static_cast<int>(::torch::stable::get_num_threads()), {}, -1}; }

template <class E>
cpu::Rows<E const> in(Tensor const& t, Layout const& l, std::size_t i) {
  return {static_cast<E const*>(t.const_data_ptr()), l.rows, l.width, l.strides[i]};
}
template <class E>
cpu::Rows<E> out(Tensor const& t, Layout const& l, std::size_t i) {
  return {static_cast<E*>(t.mutable_data_ptr()), l.rows, l.width, l.strides[i]};
}

/// Asks the system for huge pages under a large output before it is first written. Torch gets such memory fresh from
/// the system for every call, and its page faults, 4 KiB each, take several times as long as the kernel.
Tensor with_huge_pages(Tensor t) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t page = std::uintptr_t{2} << 20U;
  auto const first = reinterpret_cast<std::uintptr_t>(t.mutable_data_ptr());
  auto const last = first + static_cast<std::uintptr_t>(t.numel()) * t.element_size();
  auto const begin = (first + page - 1) / page * page, end = last / page * page;
  if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);  // a hint: failure is no error
#endif
  return t;
}

Tensor new_gradient(Tensor const& x) {
  Tensor g = ::torch::stable::new_empty(x, {4}, ScalarType::Double);
  return ::torch::stable::zero_(g);
}

Tensor polyrelu(Tensor const& x, Tensor const& weight, Tensor const& bias) {
  char const* const op = "polyrelu";
  auto const c = coefficients_of(op, weight, &bias);
  Tensor y = with_huge_pages(::torch::stable::empty_like(x));
  by_type(op, x, [&]<class E>(E) {
    if (x.numel() == 0) return;
    std::vector<Tensor> t{y, x};
    Layout const l = layout_of(t, Along::elements);
    cpu::polyrelu_forward<E>(c, in<E>(t[1], l, 1), out<E>(y, l, 0), options());
  });
  return y;
}

std::tuple<Tensor, Tensor> polyrelu_backward(Tensor const& grad, Tensor const& x, Tensor const& weight) {
  char const* const op = "polyrelu_backward";
  require_like(op, grad, x);
  auto const c = coefficients_of(op, weight, nullptr);
  Tensor dx = with_huge_pages(::torch::stable::empty_like(x)), gradient = new_gradient(x);
  by_type(op, x, [&]<class E>(E) {
    if (x.numel() == 0) return;
    std::vector<Tensor> t{dx, x, grad};
    Layout const l = layout_of(t, Along::elements);
    cpu::polyrelu_backward<E>(c, in<E>(t[1], l, 1), in<E>(t[2], l, 2), out<E>(dx, l, 0),
                              gradient.mutable_data_ptr<double>(), options());
  });
  return {dx, gradient};
}

/// Not initialised, contiguous, of the shape of x, with 3 for the last size if `statistics`.
Tensor contiguous_like(Tensor const& x, bool statistics = false) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t d = 0; d < x.dim(); ++d) sizes.push_back(x.size(d));
  if (!statistics) return with_huge_pages(::torch::stable::new_empty(x, sizes));
  sizes.back() = 3;
  Tensor s = ::torch::stable::new_empty(x, sizes,
                                        x.scalar_type() == ScalarType::Double ? ScalarType::Double : ScalarType::Float);
  return x.numel() == 0 ? ::torch::stable::zero_(s) : s;
}

void require_rows(char const* op, Tensor const& x) {
  if (x.dim() == 0) refuse(op, ": x of shape [] has no rows; allowed is one dimension or more");
}

std::tuple<Tensor, Tensor> polynorm(Tensor const& x, Tensor const& weight, Tensor const& bias, double eps) {
  char const* const op = "polynorm";
  require_rows(op, x);
  auto const c = coefficients_of(op, weight, &bias, eps);
  Tensor y = contiguous_like(x), rstd;
  by_type(op, x, [&]<class E>(E) {
    rstd = contiguous_like(x, true);
    if (x.numel() == 0) return;
    std::vector<Tensor> t{y, x};
    Layout const l = layout_of(t, Along::rows);
    cpu::polynorm_forward<E>(c, in<E>(t[1], l, 1), out<E>(y, l, 0),
                             static_cast<cpu::Statistic<E>*>(rstd.mutable_data_ptr()), options());
  });
  return {y, rstd};
}

std::tuple<Tensor, Tensor> polynorm_backward(Tensor const& grad, Tensor const& x, Tensor const& rstd,
                                             Tensor const& weight, double eps) {
  char const* const op = "polynorm_backward";
  require_rows(op, x);
  require_like(op, grad, x);
  auto const c = coefficients_of(op, weight, nullptr, eps);
  Tensor dx = contiguous_like(x), gradient = new_gradient(x);
  by_type(op, x, [&]<class E>(E) {
    if (x.numel() == 0) return;
    constexpr auto kind = std::is_same_v<E, double> ? ScalarType::Double : ScalarType::Float;
    if (!rstd.is_contiguous() || rstd.numel() != x.numel() / x.size(x.dim() - 1) * 3 || rstd.scalar_type() != kind)
      refuse(op, ": rstd of shape ", shape_of(rstd), " is not what polynorm gave for x of shape ", shape_of(x));
    std::vector<Tensor> t{dx, x, grad};
    Layout const l = layout_of(t, Along::rows);
    cpu::polynorm_backward<E>(c, in<E>(t[1], l, 1), in<E>(t[2], l, 2), out<E>(dx, l, 0),
                              gradient.mutable_data_ptr<double>(),
                              static_cast<cpu::Statistic<E> const*>(rstd.const_data_ptr()), options());
  });
  return {dx, gradient};
}

void no_cuda(StableIValue*, std::uint64_t, std::uint64_t) {
  throw std::runtime_error(
      "nwidth: the operators were built without CUDA and take tensors on the CPU only; move x with x.cpu()");
}

}  // namespace
}  // namespace nwidth::kernels::torch

STABLE_TORCH_LIBRARY(nwidth, m) {
  m.def("polyrelu(Tensor x, Tensor weight, Tensor bias) -> Tensor");
  m.def("polyrelu_backward(Tensor grad, Tensor x, Tensor weight) -> (Tensor, Tensor)");
  m.def("polynorm(Tensor x, Tensor weight, Tensor bias, float eps) -> (Tensor, Tensor)");
  m.def("polynorm_backward(Tensor grad, Tensor x, Tensor rstd, Tensor weight, float eps) -> (Tensor, Tensor)");
}

STABLE_TORCH_LIBRARY_IMPL(nwidth, CPU, m) {
  m.impl("polyrelu", TORCH_BOX(&nwidth::kernels::torch::polyrelu));
  m.impl("polyrelu_backward", TORCH_BOX(&nwidth::kernels::torch::polyrelu_backward));
  m.impl("polynorm", TORCH_BOX(&nwidth::kernels::torch::polynorm));
  m.impl("polynorm_backward", TORCH_BOX(&nwidth::kernels::torch::polynorm_backward));
}

STABLE_TORCH_LIBRARY_IMPL(nwidth, CUDA, m) {
  for (char const* op : {"polyrelu", "polyrelu_backward", "polynorm", "polynorm_backward"})
    m.impl(op, &nwidth::kernels::torch::no_cuda);
}
