// SPDX-License-Identifier: Apache-2.0
// The CUDA kernels behind C names, so that activations.py can call them on torch's tensors.
#include "kernels/cuda/activations.hpp"

using namespace nwidth::kernels::cuda;

namespace {

Coefficients from(float const* c) { return {{c[0], c[1], c[2]}, c[3], c[4]}; }

}  // namespace

#define NWIDTH_C(E, NAME)                                                                                         \
  extern "C" int polyrelu_forward_##NAME(float const* c, void const* x, void* y, std::int64_t rows, int width,    \
                                         void* stream) {                                                          \
    polyrelu_forward<E>(from(c), static_cast<E const*>(x), static_cast<E*>(y), rows * width,                      \
                        static_cast<cudaStream_t>(stream));                                                       \
    return cudaGetLastError();                                                                                    \
  }                                                                                                               \
  extern "C" int polynorm_forward_##NAME(float const* c, void const* x, void* y, std::int64_t rows, int width,    \
                                         void* stream) {                                                          \
    polynorm_forward<E>(from(c), static_cast<E const*>(x), static_cast<E*>(y), rows, width,                       \
                        static_cast<cudaStream_t>(stream));                                                       \
    return cudaGetLastError();                                                                                    \
  }                                                                                                               \
  extern "C" int polyrelu_backward_##NAME(float const* c, void const* x, void const* g, void* dx, void* gradient, \
                                          void* workspace, std::int64_t rows, int width, void* stream) {          \
    polyrelu_backward<E>(from(c), static_cast<E const*>(x), static_cast<E const*>(g), static_cast<E*>(dx),        \
                         static_cast<float*>(gradient), static_cast<float*>(workspace), rows * width,             \
                         static_cast<cudaStream_t>(stream));                                                      \
    return cudaGetLastError();                                                                                    \
  }                                                                                                               \
  extern "C" int polynorm_backward_##NAME(float const* c, void const* x, void const* g, void* dx, void* gradient, \
                                          void* workspace, std::int64_t rows, int width, void* stream) {          \
    polynorm_backward<E>(from(c), static_cast<E const*>(x), static_cast<E const*>(g), static_cast<E*>(dx),        \
                         static_cast<float*>(gradient), static_cast<float*>(workspace), rows, width,              \
                         static_cast<cudaStream_t>(stream));                                                      \
    return cudaGetLastError();                                                                                    \
  }

NWIDTH_C(float, float32)
NWIDTH_C(__nv_bfloat16, bfloat16)

extern "C" std::size_t polyrelu_workspace_floats(std::int64_t rows, int width) {
  return polyrelu_workspace(rows * width);
}
extern "C" std::size_t polynorm_workspace_floats(std::int64_t rows, int) { return polynorm_workspace(rows); }
