// SPDX-License-Identifier: Apache-2.0
/// Files mapped into memory, to be read only.
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace nwidth::lm {

/// The bytes of a regular file. It must not be cut while it is mapped: the system ends a process that reads beyond the
/// new end.
class MappedFile {
 public:
  /// @throws record::FileError  if it cannot be opened or mapped, or is not a regular file
  explicit MappedFile(std::filesystem::path path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile(MappedFile const&) = delete;
  MappedFile& operator=(MappedFile const&) = delete;
  ~MappedFile();

  std::filesystem::path const& path() const { return path_; }
  std::string_view bytes() const { return bytes_; }

 private:
  std::filesystem::path path_;
  std::string_view bytes_;
};

/// What tells files from others in a record.
struct Digest {
  std::string sha256;
  bool whole;  ///< of the contents, one after the other, as sha256sum would; false: of a sample
};
/// Above 16 MiB in all: of the sizes as decimals, each with a newline, and of 1024 blocks of 4096 bytes that lie evenly
/// over the contents. An edit of a few bytes may pass a sample unseen. Cost: at most 0.1 s.
Digest digest(std::span<MappedFile const> files);

}  // namespace nwidth::lm
