// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/activations.hpp"
#include "kernels/cuda/block.hpp"

namespace nwidth::kernels::cuda {
namespace {

__device__ __forceinline__ float number(Numbers const& n, int i) {
  std::int64_t const at = i * n.stride;
  switch (n.type) {
    case Numbers::Type::f32: return static_cast<float const*>(n.data)[at];
    case Numbers::Type::bf16: return widen(static_cast<__nv_bfloat16 const*>(n.data)[at]);
    case Numbers::Type::f64: return static_cast<float>(static_cast<double const*>(n.data)[at]);
  }
  return 0;
}

__global__ void pack(Numbers a, Numbers b, float* packed) {
  int const i = static_cast<int>(threadIdx.x);
  if (i < 4) packed[i] = i < a.count ? number(a, i) : i < a.count + b.count ? number(b, i - a.count) : 0.F;
}

}  // namespace

void pack_coefficients(Numbers const& a, Numbers const& b, float* packed, cudaStream_t stream) {
  launch(pack, dim3(1), dim3(32), 0, stream, a, b, packed);
}

}  // namespace nwidth::kernels::cuda
