// SPDX-License-Identifier: Apache-2.0
// The CUDA kernels behind C names, so that activations.py can call them on torch's tensors.
#include "kernels/cuda/activations.hpp"

using namespace nwidth::kernels::cuda;

namespace {

Coefficients from(float const* c) { return {{c[0], c[1], c[2]}, c[3], c[4]}; }

Experts experts(void const* coefficients, void const* offsets, int count) {
  return {static_cast<float const*>(coefficients), static_cast<std::int32_t const*>(offsets), count};
}

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

// learned: 16-byte aligned device memory; offsets: int32, null for one set of coefficients.
#define NWIDTH_C_MORE(E, NAME)                                                                                         \
  extern "C" int activation_forward_##NAME(int f, int power, float slope, void const* learned, void const* x, void* y, \
                                           std::int64_t count, void* stream) {                                         \
    activation_forward<E>(static_cast<Activation>(f), {power, slope, static_cast<float const*>(learned)},              \
                          static_cast<E const*>(x), static_cast<E*>(y), count, static_cast<cudaStream_t>(stream));     \
    return cudaGetLastError();                                                                                         \
  }                                                                                                                    \
  extern "C" int activation_backward_##NAME(int f, int power, float slope, void const* learned, void const* x,         \
                                            void const* g, void* dx, void* gradient, void* workspace,                  \
                                            std::int64_t count, void* stream) {                                        \
    activation_backward<E>(static_cast<Activation>(f), {power, slope, static_cast<float const*>(learned)},             \
                           static_cast<E const*>(x), static_cast<E const*>(g), static_cast<E*>(dx),                    \
                           static_cast<float*>(gradient), static_cast<float*>(workspace), count,                       \
                           static_cast<cudaStream_t>(stream));                                                         \
    return cudaGetLastError();                                                                                         \
  }                                                                                                                    \
  extern "C" int gated_forward_##NAME(int f, void const* learned, void const* gate, void const* up, void* y,           \
                                      std::int64_t count, void* stream) {                                              \
    gated_forward<E>(static_cast<Gate>(f), {2, 0, static_cast<float const*>(learned)}, static_cast<E const*>(gate),    \
                     static_cast<E const*>(up), static_cast<E*>(y), count, static_cast<cudaStream_t>(stream));         \
    return cudaGetLastError();                                                                                         \
  }                                                                                                                    \
  extern "C" int gated_backward_##NAME(int f, void const* learned, void const* gate, void const* up, void const* g,    \
                                       void* dgate, void* dup, void* gradient, void* workspace, std::int64_t count,    \
                                       void* stream) {                                                                 \
    gated_backward<E>(static_cast<Gate>(f), {2, 0, static_cast<float const*>(learned)}, static_cast<E const*>(gate),   \
                      static_cast<E const*>(up), static_cast<E const*>(g), static_cast<E*>(dgate),                     \
                      static_cast<E*>(dup), static_cast<float*>(gradient), static_cast<float*>(workspace), count,      \
                      static_cast<cudaStream_t>(stream));                                                              \
    return cudaGetLastError();                                                                                         \
  }                                                                                                                    \
  extern "C" int polyrelu_experts_forward_##NAME(void const* c, void const* offsets, int count, void const* x,         \
                                                 void* y, std::int64_t rows, int width, void* stream) {                \
    polyrelu_forward<E>(experts(c, offsets, count), static_cast<E const*>(x), static_cast<E*>(y), rows, width,         \
                        static_cast<cudaStream_t>(stream));                                                            \
    return cudaGetLastError();                                                                                         \
  }                                                                                                                    \
  extern "C" int polynorm_experts_forward_##NAME(void const* c, void const* offsets, int count, void const* x,         \
                                                 void* y, std::int64_t rows, int width, void* stream) {                \
    polynorm_forward<E>(experts(c, offsets, count), static_cast<E const*>(x), static_cast<E*>(y), rows, width,         \
                        static_cast<cudaStream_t>(stream));                                                            \
    return cudaGetLastError();                                                                                         \
  }                                                                                                                    \
  extern "C" int polyrelu_experts_backward_##NAME(void const* c, void const* offsets, int count, void const* x,        \
                                                  void const* g, void* dx, void* gradient, void* workspace,            \
                                                  std::int64_t rows, int width, void* stream) {                        \
    polyrelu_backward<E>(experts(c, offsets, count), static_cast<E const*>(x), static_cast<E const*>(g),               \
                         static_cast<E*>(dx), static_cast<float*>(gradient), static_cast<float*>(workspace), rows,     \
                         width, static_cast<cudaStream_t>(stream));                                                    \
    return cudaGetLastError();                                                                                         \
  }                                                                                                                    \
  extern "C" int polynorm_experts_backward_##NAME(void const* c, void const* offsets, int count, void const* x,        \
                                                  void const* g, void* dx, void* gradient, void* workspace,            \
                                                  std::int64_t rows, int width, void* stream) {                        \
    polynorm_backward<E>(experts(c, offsets, count), static_cast<E const*>(x), static_cast<E const*>(g),               \
                         static_cast<E*>(dx), static_cast<float*>(gradient), static_cast<float*>(workspace), rows,     \
                         width, static_cast<cudaStream_t>(stream));                                                    \
    return cudaGetLastError();                                                                                         \
  }                                                                                                                    \
  extern "C" int polynorm_glu_forward_##NAME(void const* c, void const* offsets, int count, float scale,               \
                                             void const* gate, void const* up, void* y, std::int64_t rows, int width,  \
                                             void* stream) {                                                           \
    polynorm_glu_forward<E>(experts(c, offsets, count), scale, static_cast<E const*>(gate), static_cast<E const*>(up), \
                            static_cast<E*>(y), rows, width, static_cast<cudaStream_t>(stream));                       \
    return cudaGetLastError();                                                                                         \
  }                                                                                                                    \
  extern "C" int polynorm_glu_backward_##NAME(                                                                         \
      void const* c, void const* offsets, int count, float scale, void const* gate, void const* up, void const* g,     \
      void* dgate, void* dup, void* gradient, void* workspace, std::int64_t rows, int width, void* stream) {           \
    polynorm_glu_backward<E>(experts(c, offsets, count), scale, static_cast<E const*>(gate),                           \
                             static_cast<E const*>(up), static_cast<E const*>(g), static_cast<E*>(dgate),              \
                             static_cast<E*>(dup), static_cast<float*>(gradient), static_cast<float*>(workspace),      \
                             rows, width, static_cast<cudaStream_t>(stream));                                          \
    return cudaGetLastError();                                                                                         \
  }

NWIDTH_C(float, float32)
NWIDTH_C(__nv_bfloat16, bfloat16)
NWIDTH_C_MORE(float, float32)
NWIDTH_C_MORE(__nv_bfloat16, bfloat16)

extern "C" std::size_t polyrelu_workspace_floats(std::int64_t rows, int width) {
  return polyrelu_workspace(rows * width);
}
extern "C" std::size_t polynorm_workspace_floats(std::int64_t rows, int) { return polynorm_workspace(rows); }

/// Enough for any call with that many elements in rows of that width and that many experts.
extern "C" std::size_t workspace_floats(std::int64_t rows, int width, int experts) {
  std::int32_t const* const somewhere = reinterpret_cast<std::int32_t const*>(16);  // looked at by kernels only
  Experts const c{nullptr, somewhere, experts};
  std::size_t most = polynorm_workspace(c, rows);
  for (std::size_t n : {polyrelu_workspace(c, rows, width), polynorm_workspace(rows), polyrelu_workspace(rows * width)})
    most = n > most ? n : most;
  return most;
}
