// SPDX-License-Identifier: Apache-2.0
/// Matrices whose surroundings are watched.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

#include "kernels/cpu/rows.hpp"

namespace nwidth::kernels::cpu {

/// Memory whose last byte lies before a page that may not be touched, filled with a pattern.
class Guarded {
 public:
  explicit Guarded(std::size_t bytes) : bytes_(bytes) {
    auto const page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    room_ = (bytes + page - 1) / page * page;
    map_ = static_cast<unsigned char*>(mmap(nullptr, room_ + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (map_ == MAP_FAILED) throw std::bad_alloc();
    mprotect(map_ + page, room_, PROT_READ | PROT_WRITE);
    begin = map_ + page + room_ - bytes;
    total_ = room_ + 2 * page;
    std::memset(map_ + page, 0xa5, room_);
    first_ = map_ + page;
  }
  ~Guarded() { munmap(map_, total_); }
  Guarded(Guarded const&) = delete;
  Guarded& operator=(Guarded const&) = delete;

  unsigned char* begin;
  /// Whether all bytes but those of the rows still hold the pattern.
  bool untouched(std::size_t rows, std::size_t width_bytes, std::size_t stride_bytes, std::size_t offset) const {
    for (unsigned char const* p = first_; p < begin + bytes_; ++p) {
      if (p >= begin + offset) {
        auto const at = static_cast<std::size_t>(p - begin - offset);
        if (at / stride_bytes < rows && at % stride_bytes < width_bytes) continue;
      }
      if (*p != 0xa5) return false;
    }
    return true;
  }

 private:
  std::size_t bytes_, room_ = 0, total_ = 0;
  unsigned char *map_ = nullptr, *first_ = nullptr;
};

/// A matrix with gaps between rows, after `offset` elements; its last row ends where the memory ends.
template <class E>
struct Strided {
  std::int64_t rows, width, stride, offset;
  Guarded memory;
  Strided(std::int64_t r, std::int64_t w, std::int64_t gap, std::int64_t o)
      : rows(r),
        width(w),
        stride(w + gap),
        offset(o),
        memory(static_cast<std::size_t>(o + (r - 1) * (w + gap) + w) * sizeof(E)) {}
  E* data() const { return reinterpret_cast<E*>(memory.begin) + offset; }
  Rows<E> view() const { return {data(), rows, width, stride}; }
  void fill(std::vector<E> const& from) {
    for (std::int64_t r = 0; r < rows; ++r) std::copy_n(from.data() + r * width, width, data() + r * stride);
  }
  bool holds(std::vector<E> const& from) const {
    for (std::int64_t r = 0; r < rows; ++r) {
      if (std::memcmp(from.data() + r * width, data() + r * stride, static_cast<std::size_t>(width) * sizeof(E)) != 0) {
        return false;
      }
    }
    return memory.untouched(static_cast<std::size_t>(rows), static_cast<std::size_t>(width) * sizeof(E),
                            static_cast<std::size_t>(stride) * sizeof(E), static_cast<std::size_t>(offset) * sizeof(E));
  }
};

}  // namespace nwidth::kernels::cpu
