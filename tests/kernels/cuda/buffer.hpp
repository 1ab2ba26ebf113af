// SPDX-License-Identifier: Apache-2.0
/// What stands for device memory in tests on the host.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "kernels/cuda/activations.hpp"

namespace nwidth::kernels::cuda {

inline float to_float(float v) { return v; }
inline float to_float(__nv_bfloat16 v) { return __bfloat162float(v); }
template <class E>
E from_float(float v) {
  if constexpr (sizeof(E) == 4) {
    return v;
  } else {
    return __float2bfloat16_rn(v);
  }
}

/// Aligned like device memory, and just as long as asked, so that AddressSanitizer sees an overrun.
template <class E>
class Buffer {
 public:
  /// @param offset  by how many bytes the first element misses that alignment
  explicit Buffer(std::size_t n, std::size_t offset = 0) : offset_(offset) {
    if (posix_memalign(&base_, 256, n * sizeof(E) + offset) != 0) throw std::bad_alloc();
    std::memset(base_, 0xff, n * sizeof(E) + offset);  // NaN: what is not written shows
  }
  ~Buffer() { std::free(base_); }
  Buffer(Buffer const&) = delete;
  Buffer& operator=(Buffer const&) = delete;
  E* get() { return reinterpret_cast<E*>(static_cast<char*>(base_) + offset_); }
  E& operator[](std::size_t i) { return get()[i]; }

 private:
  void* base_ = nullptr;
  std::size_t offset_;
};

}  // namespace nwidth::kernels::cuda
