// SPDX-License-Identifier: Apache-2.0
/// The operators' schemas, and what a CUDA tensor meets where they were built without CUDA.
#include "kernels/torch/operators.hpp"

namespace nwidth::kernels::torch {
namespace {

constexpr char const* schemas[] = {
    "polyrelu(Tensor x, Tensor weight, Tensor bias) -> Tensor",
    "polyrelu_backward(Tensor grad, Tensor x, Tensor weight) -> (Tensor, Tensor)",
    "polynorm(Tensor x, Tensor weight, Tensor bias, float eps) -> (Tensor, Tensor)",
    "polynorm_backward(Tensor grad, Tensor x, Tensor rstd, Tensor weight, float eps) -> (Tensor, Tensor)",
    "polyrelu_glu(Tensor gate, Tensor up, Tensor weight, Tensor bias) -> Tensor",
    "polyrelu_glu_backward(Tensor grad, Tensor gate, Tensor up, Tensor weight, Tensor bias) -> (Tensor, "
    "Tensor, Tensor)",
    "polynorm_glu(Tensor gate, Tensor up, Tensor weight, Tensor bias, float eps, float scale) -> (Tensor, Tensor)",
    "polynorm_glu_backward(Tensor grad, Tensor gate, Tensor up, Tensor rstd, Tensor weight, Tensor bias, float eps, "
    "float scale) -> (Tensor, Tensor, Tensor)",
    "relu(Tensor x) -> Tensor",
    "relu_backward(Tensor grad, Tensor x) -> Tensor",
    "gelu(Tensor x) -> Tensor",
    "gelu_backward(Tensor grad, Tensor x) -> Tensor",
    "gelu_tanh(Tensor x) -> Tensor",
    "gelu_tanh_backward(Tensor grad, Tensor x) -> Tensor",
    "silu(Tensor x) -> Tensor",
    "silu_backward(Tensor grad, Tensor x) -> Tensor",
    "relu_power(Tensor x, int k) -> Tensor",
    "relu_power_backward(Tensor grad, Tensor x, int k) -> Tensor",
    "leaky_relu(Tensor x, float slope) -> Tensor",
    "leaky_relu_backward(Tensor grad, Tensor x, float slope) -> Tensor",
    "prelu(Tensor x, Tensor weight) -> Tensor",
    "prelu_backward(Tensor grad, Tensor x, Tensor weight) -> (Tensor, Tensor)",
    "xielu(Tensor x, Tensor alpha_p, Tensor alpha_n, float beta, float eps) -> Tensor",
    "xielu_backward(Tensor grad, Tensor x, Tensor alpha_p, Tensor alpha_n, float beta, float eps) -> (Tensor, "
    "Tensor)",
    "swiglu(Tensor gate, Tensor up) -> Tensor",
    "swiglu_backward(Tensor grad, Tensor gate, Tensor up) -> (Tensor, Tensor)",
    "geglu(Tensor gate, Tensor up) -> Tensor",
    "geglu_backward(Tensor grad, Tensor gate, Tensor up) -> (Tensor, Tensor)",
    "geglu_tanh(Tensor gate, Tensor up) -> Tensor",
    "geglu_tanh_backward(Tensor grad, Tensor gate, Tensor up) -> (Tensor, Tensor)",
    "reglu(Tensor gate, Tensor up) -> Tensor",
    "reglu_backward(Tensor grad, Tensor gate, Tensor up) -> (Tensor, Tensor)",
};

#if !defined(NWIDTH_TORCH_CUDA)
void no_cuda(StableIValue*, std::uint64_t, std::uint64_t) {
  throw std::runtime_error(
      "nwidth: the operators were built without CUDA and take tensors on the CPU only; move x with x.cpu()");
}
#endif

}  // namespace
}  // namespace nwidth::kernels::torch

STABLE_TORCH_LIBRARY(nwidth, m) {
  for (char const* schema : nwidth::kernels::torch::schemas) m.def(schema);
}

#if !defined(NWIDTH_TORCH_CUDA)
STABLE_TORCH_LIBRARY_IMPL(nwidth, CUDA, m) {
  using namespace nwidth::kernels::torch;
  for (std::string const schema : schemas) m.impl(schema.substr(0, schema.find('(')).c_str(), &no_cuda);
}
#endif
