// SPDX-License-Identifier: Apache-2.0
/// Tensors of one shape as the matrices that a row kernel walks over, copied only where their strides allow no such
/// matrix.
#pragma once
#include <torch/csrc/stable/tensor.h>

#include <cstdint>
#include <vector>

namespace nwidth::kernels::torch {

using Tensor = ::torch::stable::Tensor;

/// What is computed: single elements, in any order; or rows along the last dimension.
enum class Along { elements, rows };

struct Layout {
  std::int64_t rows = 0, width = 0;
  std::vector<std::int64_t> strides;  ///< from row to row, in elements: one a tensor
};

/// A layout that all tensors share. Element (r, j) of each is data[r * stride + j]. The first ones are outputs, dense
/// and of equal strides; another tensor for which there is no layout is replaced by a copy of such strides.
/// Along::rows: width is the size of the last dimension, and the outputs are contiguous. Cost: without copies some
/// hundred nanoseconds.
Layout layout_of(std::vector<Tensor>& tensors, std::size_t outputs, Along along);

/// The same without gaps between rows, for kernels that know no strides: every stride is the width, or there is but one
/// row. Inputs with gaps are copied.
Layout dense_layout_of(std::vector<Tensor>& tensors, std::size_t outputs, Along along);

}  // namespace nwidth::kernels::torch
