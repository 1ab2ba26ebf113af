// SPDX-License-Identifier: Apache-2.0
/// Plain text as tokens: its bytes.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/lm/mapped_file.hpp"
#include "experiments/lm/windows.hpp"

namespace nwidth::lm {

/// The files of a list in its order, each folder replaced by the regular files below it whose names end in one of the
/// suffixes, sorted by the bytes of their paths; links to folders are not followed. Files named in the list need no
/// suffix.
/// @throws record::FileError  for what is missing or not readable
/// @throws InvalidInput  for an empty list, a folder without such a file
std::vector<std::filesystem::path> files_of(std::vector<std::string> const& list,
                                            std::vector<std::string> const& suffixes);

/// "'a', 'b'", for messages.
std::string quoted(std::vector<std::string> const& all);

/// Files as one text. Where there are several, each is followed by one byte 0, which text does not hold, so that a
/// model sees where a file ends; empty files are left out.
class ByteFiles : public TokenArray {
 public:
  /// @throws as files_of, and InvalidInput if all files are empty
  ByteFiles(std::vector<std::string> const& list, std::vector<std::string> const& suffixes);

  std::int64_t vocabulary() const override { return 256; }
  std::int64_t size() const override { return starts_.back(); }
  void read(std::int64_t first, std::span<std::int32_t> tokens) const override;
  std::string describe() const override;
  std::string name() const override;

  /// Bytes first ... last - 1, for programs that compress them.
  std::string text(std::int64_t first, std::int64_t last) const;
  std::size_t files() const { return files_.size(); }

 private:
  template <class Take>
  void pieces(std::int64_t first, std::int64_t size, Take&& take) const;

  std::vector<std::string> list_, suffixes_;
  std::vector<MappedFile> files_;
  std::vector<std::int64_t> starts_;  ///< of the files and, last, the size
};

/// The text of a split: bytes [part.first, part.last) of files.
struct ByteText {
  std::shared_ptr<ByteFiles const> files;
  Part part;
  std::string text() const { return files->text(part.first, part.last); }
};
/// @throws as ByteFiles, and InvalidInput for a validation of which nothing is held out
ByteText open_bytes(Data const& data, Split split);

}  // namespace nwidth::lm
