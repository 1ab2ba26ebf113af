// SPDX-License-Identifier: Apache-2.0
/// By how many rows the loss goes over logits.
#pragma once
#include <algorithm>
#include <cstdint>

namespace nwidth::lm {

/// Vocabularies of so many tokens or more go by chunks.
inline constexpr std::int64_t chunked_vocabulary = 4096;

/// Rows a chunk: 128 MiB of float logits, at least 16 rows.
constexpr std::int64_t chunk_rows(std::int64_t vocabulary) {
  return std::max<std::int64_t>(16, (std::int64_t{1} << 25) / vocabulary);
}

}  // namespace nwidth::lm
