// SPDX-License-Identifier: Apache-2.0
/// Tokens in the files of llm.c: 256 int32 of header (magic number, version, count of tokens, zeros), then the tokens,
/// all little-endian. Magic number 20240520 with version 1 (GPT-2) has uint16 tokens, 20240801 with version 7 (Llama 3)
/// uint32.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/lm/mapped_file.hpp"
#include "experiments/lm/windows.hpp"

namespace nwidth::lm {

/// Shards, one after the other. Nothing is put between them: documents in them begin with a token of their own.
class Shards : public TokenArray {
 public:
  /// @param list, suffixes  as for ByteFiles; in folders, ".bin" where no suffix is given
  /// @param vocabulary  that of the model
  /// @throws record::FileError  for what cannot be read
  /// @throws InvalidInput  naming the file and the value: too short for a header, an unknown magic number or version, a
  ///   count that is not that of the file's length
  Shards(std::vector<std::string> const& list, std::vector<std::string> const& suffixes, std::int64_t vocabulary);

  std::int64_t vocabulary() const override { return vocabulary_; }
  std::int64_t size() const override { return starts_.back(); }
  /// @throws InvalidInput  naming the file, the place and the token where one is not below vocabulary()
  void read(std::int64_t first, std::span<std::int32_t> tokens) const override;
  std::string describe() const override;
  std::string name() const override;

 private:
  std::vector<std::string> list_;
  std::int64_t vocabulary_;
  std::vector<MappedFile> files_;
  std::vector<std::size_t> widths_;   ///< bytes of a token, by file
  std::vector<std::int64_t> starts_;  ///< of the files and, last, the size
};

}  // namespace nwidth::lm
