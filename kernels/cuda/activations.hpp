// SPDX-License-Identifier: Apache-2.0
/// PolyReLU and PolyNorm on a GPU, forward and backward, in float and bf16 (arithmetic in float, rounded once).
///
/// Every function starts kernels on the stream and returns; none allocates, waits, or reads the device back. Pointers
/// are device memory. Rows are contiguous. Coefficient gradients are sums in an order that the shape alone decides:
/// equal bits whatever the device's size. Workspaces and the four floats of a gradient are 16-byte aligned. E is float
/// or __nv_bfloat16.
#pragma once
#include <cuda_bf16.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace nwidth::kernels::cuda {

/// In the order of PolyCom's checkpoints: w[0] cubic, w[1] quadratic, w[2] linear, and the bias. eps is PolyNorm's.
struct Coefficients {
  float w[3], bias, eps = 1e-6F;
};

/// y = w_0 u^3 + w_1 u^2 + w_2 u + b, u = relu(x), for `count` elements. Moves 2 count sizeof(E) bytes.
template <class E>
void polyrelu_forward(Coefficients const& c, E const* x, E* y, std::int64_t count, cudaStream_t stream);

/// Floats of workspace that polyrelu_backward needs.
std::size_t polyrelu_workspace(std::int64_t count);

/// dx = g P'(x) (0 at x = 0), gradient = {dw_0, dw_1, dw_2, db}. Moves 3 count sizeof(E) bytes.
template <class E>
void polyrelu_backward(Coefficients const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t count, cudaStream_t stream);

/// PolyNorm over each of `rows` rows of `width` elements, 1 <= width <= 2^24. Reads x once where a row fits the block's
/// shared memory (width <= 2^15 for bf16 and float), else twice.
template <class E>
void polynorm_forward(Coefficients const& c, E const* x, E* y, std::int64_t rows, int width, cudaStream_t stream);

/// Floats of workspace that polynorm_backward needs: little more than four a row.
std::size_t polynorm_workspace(std::int64_t rows);

/// Row statistics are computed again from x, which is read anyway: x is all that a forward pass must keep.
template <class E>
void polynorm_backward(Coefficients const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t rows, int width, cudaStream_t stream);

}  // namespace nwidth::kernels::cuda
