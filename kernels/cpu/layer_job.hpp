// SPDX-License-Identifier: Apache-2.0
/// What layer.cpp asks of the files layer_*.cpp, one for each instruction set.
#pragma once
#include <cstdint>

namespace nwidth::kernels::cpu {

/// One call of add_rms_norm_forward or _backward. Work is counted in items of rows_an_item rows.
struct NormJob {
  std::int64_t rows, width, rows_an_item;
  double eps;
  void const *a, *delta, *weight, *g, *later;
  void *x, *y, *dx, *ddelta, *statistics;
  void* sums;       // of floats or doubles: width an item, zeros; for short sums of the weight's gradient
  double* dweight;  // width an item, zeros
};

/// One call of split_heads_forward or _backward. An item is a token.
struct HeadsJob {
  std::int64_t tokens, heads, size;
  void const *qkv, *cosines, *sines;
  void* part[3];               // q, k, v; or, read, their gradients
  std::int64_t strides[3][3];  // of part: sequence, head, token
  void* dqkv;
};

/// One call of cross_entropy. An item is a row.
struct EntropyJob {
  std::int64_t width;
  double scale;
  void const* logits;
  std::int64_t const* targets;
  void* gradient;
  double* loss;
};

inline constexpr int norm_types = 4, head_types = 3;

/// Kernels of one instruction set by types: {float, float}, {float, bf16}, {bf16, bf16}, {double, double}; float, bf16,
/// double.
struct LayerTable {
  void (*norm_forward[norm_types])(NormJob const&, std::int64_t first, std::int64_t last);
  void (*norm_backward[norm_types])(NormJob const&, std::int64_t first, std::int64_t last);
  void (*heads_forward[head_types])(HeadsJob const&, std::int64_t first, std::int64_t last);
  void (*heads_backward[head_types])(HeadsJob const&, std::int64_t first, std::int64_t last);
  void (*cross_entropy[head_types])(EntropyJob const&, std::int64_t first, std::int64_t last);
};
extern LayerTable const layer_baseline, layer_avx2, layer_avx512;

}  // namespace nwidth::kernels::cpu
