// SPDX-License-Identifier: Apache-2.0
// PolyNorm on the gate.
#include "kernels/activation/polynorm_glu.hpp"
#include "kernels/cuda/rowwise.hpp"

namespace nwidth::kernels::cuda {
namespace {

using Glu = activation::PolyNormGLU<float>;

/// Of gate and up.
struct Forward {
  static constexpr int inputs = 2, outputs = 1, sums = 3;
  static constexpr bool gradients = false;
  NormSource source;
  float scale;
  struct Row {
    Glu f;
    Norm::Forward<float> forward;
  };
  __device__ __forceinline__ void add(float const (&v)[2], float (&m)[3]) const { Norm::moments(v[0], m); }
  __device__ __forceinline__ Row row(Norm const& f, float const (&m)[3], Width n) const {
    return {{f, scale}, f.forward(m, n, ReciprocalRoot{})};
  }
  __device__ __forceinline__ void element(float const (&v)[2], Row const& r, float (&y)[1]) const {
    y[0] = r.f.value(v[0], v[1], r.forward);
  }
};

/// Of gate, up and g.
struct Backward {
  static constexpr int inputs = 3, outputs = 2, sums = 7;
  static constexpr bool gradients = true;
  NormSource source;
  float scale;
  struct Row {
    Glu f;
    Norm::Forward<float> forward;
    Norm::Backward<float> backward;
  };
  __device__ __forceinline__ void add(float const (&v)[3], float (&m)[7]) const {
    Norm::moments(v[0], Glu{{}, scale}.arriving(v[1], v[2]), m);
  }
  __device__ __forceinline__ Row row(Norm const& f, float const (&m)[7], Width n) const {
    return {{f, scale}, f.forward(m, n, ReciprocalRoot{}), f.backward(m, n, ReciprocalRoot{})};
  }
  __device__ __forceinline__ static float const (&share(Row const& r))[4] { return r.backward.d; }
  __device__ __forceinline__ void element(float const (&v)[3], Row const& r, float (&d)[2]) const {
    auto const both = r.f.gradient(v[0], v[1], v[2], r.forward, r.backward);
    d[0] = both.gate;
    d[1] = both.up;
  }
};

}  // namespace

template <class E>
void polynorm_glu_forward(Experts const& c, float scale, E const* gate, E const* up, E* y, std::int64_t rows, int width,
                          cudaStream_t stream, std::int64_t stride) {
  if (stride == 0) stride = width;
  if (c.count > 0)
    run_rows<E>(Forward{c, scale}, {{gate, up}, {stride, stride}}, {{y}, {width}}, nullptr, rows, width, stream);
}

template <class E>
void polynorm_glu_backward(Experts const& c, float scale, E const* gate, E const* up, E const* g, E* dgate, E* dup,
                           float* gradient, float* workspace, std::int64_t rows, int width, cudaStream_t stream,
                           std::int64_t stride) {
  if (c.count <= 0) return;
  if (width <= 0 || rows < 0) rows = 0;
  if (stride == 0) stride = width;
  run_rows<E>(Backward{c, scale}, {{gate, up, g}, {stride, stride, width}}, {{dgate, dup}, {stride, stride}}, workspace,
              rows, width, stream);
  if (c.offsets.data == nullptr) return sum_partials(workspace, gradient, rows, stream);
  sum_partials_of_experts({c.offsets, c.count, 1, 1}, workspace, gradient, rows, stream);
}

#define NWIDTH_INSTANTIATE(E)                                                                                         \
  template void polynorm_glu_forward<E>(Experts const&, float, E const*, E const*, E*, std::int64_t, int,             \
                                        cudaStream_t, std::int64_t);                                                  \
  template void polynorm_glu_backward<E>(Experts const&, float, E const*, E const*, E const*, E*, E*, float*, float*, \
                                         std::int64_t, int, cudaStream_t, std::int64_t);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(__nv_bfloat16)

}  // namespace nwidth::kernels::cuda
