// SPDX-License-Identifier: Apache-2.0
/// The head of a safetensors file, for whoever writes one.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace nwidth {

struct TensorEntry {
  std::string name, dtype;  ///< "F32", "F64", "U8", ...: as the format spells them
  std::vector<std::int64_t> shape;
  std::size_t bytes = 0;
};

/// The length of the header in 8 bytes, little-endian, and the header: texts under "__metadata__" first, then dtype,
/// shape and data_offsets of each tensor, in the given orders; then spaces, so that data begin at a multiple of
/// `alignment`. Data follow in the order of tensors without gaps.
std::string safetensors_head(std::vector<TensorEntry> const& tensors,
                             std::vector<std::pair<std::string, std::string>> const& metadata, std::size_t alignment);

}  // namespace nwidth
