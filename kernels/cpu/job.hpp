// SPDX-License-Identifier: Apache-2.0
/// What rows.cpp asks of the files isa_*.cpp, one for each instruction set.
#pragma once
#include <cstdint>

#include "kernels/cpu/elementwise_ops.hpp"
#include "kernels/cpu/gated_ops.hpp"
#include "kernels/cpu/ops.hpp"

namespace nwidth::kernels::cpu {

inline constexpr int max_inputs = 4, max_outputs = 3, element_types = 3;

/// One call. Work is counted in items: `rows_an_item` rows of a narrow matrix, or `piece` elements of a row of a wide
/// one. Items depend on the op and on the width alone, so that sums do not depend on who computes what.
struct Job {
  void const* op = nullptr;  // an op of float or double, as the elements demand
  std::int64_t rows = 0, width = 0;
  std::int64_t rows_an_item = 1, piece = 0, pieces = 1;  // pieces a row, 1 where piece >= width
  void const* in[max_inputs] = {};
  std::int64_t in_stride[max_inputs] = {};
  void* out[max_outputs] = {};
  std::int64_t out_stride[max_outputs] = {};
  void* statistics = nullptr;
  double* sums = nullptr;  // max_sums an item, written
  bool stream = false;

  [[gnu::always_inline]] std::int64_t items() const {
    return pieces > 1 ? rows * pieces : (rows + rows_an_item - 1) / rows_an_item;
  }
};

/// Does the items first <= i < last.
using Run = void (*)(Job const& job, std::int64_t first, std::int64_t last);

template <class List>
inline constexpr int list_size = 0;
template <template <class> class... Op>
inline constexpr int list_size<OpList<Op...>> = static_cast<int>(sizeof...(Op));

/// Kernels of one instruction set by op (its place in the list) and element type (float, bf16, double).
template <class List>
struct Table {
  Run run[list_size<List>][element_types];
};
extern Table<AllOps> const table_baseline, table_avx2, table_avx512, table_avx512bf16;
extern Table<ElementwiseOps> const elementwise_baseline, elementwise_avx2, elementwise_avx512;
extern Table<GatedOps> const gated_baseline, gated_avx2, gated_avx512;

}  // namespace nwidth::kernels::cpu
