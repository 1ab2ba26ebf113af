// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/rowwise.hpp"

namespace nwidth::kernels::cuda {
namespace {

struct Forward {
  static constexpr int inputs = 1, outputs = 1, sums = 3;
  static constexpr bool gradients = false;
  NormSource source;
  using Row = Norm::Forward<float>;
  __device__ __forceinline__ void add(float const (&v)[1], float (&m)[3]) const { Norm::moments(v[0], m); }
  __device__ __forceinline__ Row row(Norm const& f, float const (&m)[3], Width n) const {
    return f.forward(m, n, ReciprocalRoot{});
  }
  __device__ __forceinline__ void element(float const (&v)[1], Row const& r, float (&y)[1]) const {
    y[0] = Norm::value(v[0], r);
  }
};

/// Of x and g.
struct Backward {
  static constexpr int inputs = 2, outputs = 1, sums = 7;
  static constexpr bool gradients = true;
  NormSource source;
  using Row = Norm::Backward<float>;
  __device__ __forceinline__ void add(float const (&v)[2], float (&m)[7]) const { Norm::moments(v[0], v[1], m); }
  __device__ __forceinline__ Row row(Norm const& f, float const (&m)[7], Width n) const {
    return f.backward(m, n, ReciprocalRoot{});
  }
  __device__ __forceinline__ static float const (&share(Row const& r))[4] { return r.d; }
  __device__ __forceinline__ void element(float const (&v)[2], Row const& r, float (&dx)[1]) const {
    dx[0] = Norm::gradient(v[0], v[1], r);
  }
};

std::int64_t rows_of(std::int64_t rows, int width) { return width > 0 && rows > 0 ? rows : 0; }
Shares shares_of(Experts const& c) { return {c.offsets, c.count, 1, 1}; }

}  // namespace

template <class E>
void polynorm_forward(Coefficients const& c, E const* x, E* y, std::int64_t rows, int width, cudaStream_t stream) {
  run_rows<E>(Forward{c}, {{x}, {width}}, {{y}, {width}}, nullptr, rows, width, stream);
}
template <class E>
void polynorm_forward(Experts const& c, E const* x, E* y, std::int64_t rows, int width, cudaStream_t stream) {
  if (c.count > 0) run_rows<E>(Forward{c}, {{x}, {width}}, {{y}, {width}}, nullptr, rows, width, stream);
}

std::size_t polynorm_workspace(std::int64_t rows) { return partials_workspace(rows); }
std::size_t polynorm_workspace(Experts const& c, std::int64_t rows) {
  if (c.offsets.data == nullptr) return partials_workspace(rows);
  return experts_workspace(shares_of(c), std::max<std::int64_t>(rows, 0));
}

template <class E>
void polynorm_backward(Coefficients const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t rows, int width, cudaStream_t stream) {
  run_rows<E>(Backward{c}, {{x, g}, {width, width}}, {{dx}, {width}}, workspace, rows, width, stream);
  sum_partials(workspace, gradient, rows_of(rows, width), stream);
}
template <class E>
void polynorm_backward(Experts const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t rows, int width, cudaStream_t stream) {
  if (c.count <= 0) return;
  run_rows<E>(Backward{c}, {{x, g}, {width, width}}, {{dx}, {width}}, workspace, rows, width, stream);
  if (c.offsets.data == nullptr) return sum_partials(workspace, gradient, rows_of(rows, width), stream);
  sum_partials_of_experts(shares_of(c), workspace, gradient, rows_of(rows, width), stream);
}

#define NWIDTH_INSTANTIATE(E)                                                                                        \
  template void polynorm_forward<E>(Coefficients const&, E const*, E*, std::int64_t, int, cudaStream_t);             \
  template void polynorm_forward<E>(Experts const&, E const*, E*, std::int64_t, int, cudaStream_t);                  \
  template void polynorm_backward<E>(Coefficients const&, E const*, E const*, E*, float*, float*, std::int64_t, int, \
                                     cudaStream_t);                                                                  \
  template void polynorm_backward<E>(Experts const&, E const*, E const*, E*, float*, float*, std::int64_t, int,      \
                                     cudaStream_t);
NWIDTH_INSTANTIATE(float)
NWIDTH_INSTANTIATE(__nv_bfloat16)

}  // namespace nwidth::kernels::cuda
