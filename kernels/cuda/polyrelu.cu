// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation/polyrelu.hpp"
#include "kernels/cuda/activations.hpp"
#include "kernels/cuda/elementwise.hpp"

namespace nwidth::kernels::cuda {
namespace {

struct Cubic {
  static constexpr int sums = 4;
  static constexpr bool smooth = false;
  float a[4];

  __device__ __forceinline__ float value(float x) const { return activation::polyrelu(x, a); }
  __device__ __forceinline__ float backward(float x, float g, float (&s)[4]) const {
    return activation::polyrelu_backward(x, g, a, s);
  }
  /// From a_0 ... a_3 to the stored order: cubic, quadratic, linear, bias.
  __device__ __forceinline__ Quad<float> stored(float const (&s)[4]) const { return {{s[3], s[2], s[1], s[0]}}; }
};

Fixed<Cubic> cubic(Coefficients const& c) { return {{{c.bias, c.w[2], c.w[1], c.w[0]}}}; }

struct CubicOfExpert {
  Experts x;
  __device__ __forceinline__ Cubic load(int e) const {
    Quad<float> const w = coefficients_of(x, e);
    return {{w.v[3], w.v[2], w.v[1], w.v[0]}};
  }
};

Shares shares_of(Experts const& c, int width) { return {c.offsets, c.count, std::max(width, 0), elements_per_block}; }

bool anything(Experts const& c, std::int64_t rows, int width) { return rows > 0 && width > 0 && c.count > 0; }

}  // namespace

template <class E>
void polyrelu_forward(Coefficients const& c, E const* x, E* y, std::int64_t count, cudaStream_t stream) {
  launch_forward(cubic(c), x, y, count, stream);
}

template <class E>
void polyrelu_forward(Experts const& c, E const* x, E* y, std::int64_t rows, int width, cudaStream_t stream) {
  CubicOfExpert const source{c};
  if (!anything(c, rows, width)) return;
  if (c.offsets.data == nullptr) return launch_forward(source, x, y, rows * width, stream);
  Shares const shares = shares_of(c, width);
  auto const kernel = aligned<E>(width, {x, y}) ? forward_experts<full_pack<E>, CubicOfExpert, E>
                                                : forward_experts<1, CubicOfExpert, E>;
  launch(kernel, dim3(static_cast<unsigned>(shares.end(rows))), dim3(element_threads), 0, stream, source, shares, x, y);
}

std::size_t polyrelu_workspace(std::int64_t count) { return partials_workspace(element_blocks(count)); }

std::size_t polyrelu_workspace(Experts const& c, std::int64_t rows, int width) {
  if (!anything(c, rows, width)) return 0;
  if (c.offsets.data == nullptr) return polyrelu_workspace(rows * width);
  return experts_workspace(shares_of(c, width), rows);
}

template <class E>
void polyrelu_backward(Coefficients const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t count, cudaStream_t stream) {
  launch_backward(cubic(c), x, g, dx, workspace, count, stream);
  sum_partials(workspace, gradient, element_blocks(count), stream);
}

template <class E>
void polyrelu_backward(Experts const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t rows, int width, cudaStream_t stream) {
  CubicOfExpert const source{c};
  if (!anything(c, rows, width)) rows = 0;
  if (c.offsets.data == nullptr) {
    launch_backward(source, x, g, dx, workspace, rows * width, stream);
    return sum_partials(workspace, gradient, element_blocks(rows * width), stream);
  }
  Shares const shares = shares_of(c, width);
  auto const kernel = aligned<E>(width, {x, g, dx}) ? backward_experts<full_pack<E>, CubicOfExpert, E>
                                                    : backward_experts<1, CubicOfExpert, E>;
  if (rows > 0)
    launch(kernel, dim3(static_cast<unsigned>(shares.end(rows))), dim3(element_threads), 0, stream, source, shares, x,
           g, dx, workspace);
  sum_partials_of_experts(shares, workspace, gradient, rows, stream);
}

#define NWIDTH_INSTANTIATE(E)                                                                                   \
  template void polyrelu_forward<E>(Coefficients const&, E const*, E*, std::int64_t, cudaStream_t);             \
  template void polyrelu_forward<E>(Experts const&, E const*, E*, std::int64_t, int, cudaStream_t);             \
  template void polyrelu_backward<E>(Coefficients const&, E const*, E const*, E*, float*, float*, std::int64_t, \
                                     cudaStream_t);                                                             \
  template void polyrelu_backward<E>(Experts const&, E const*, E const*, E*, float*, float*, std::int64_t, int, \
                                     cudaStream_t);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(__nv_bfloat16)

}  // namespace nwidth::kernels::cuda
