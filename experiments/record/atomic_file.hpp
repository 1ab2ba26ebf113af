// SPDX-License-Identifier: Apache-2.0
/// Files that appear whole or not at all.
#pragma once
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace nwidth::record {

/// A file that cannot be read or written: one line with the path and the system's reason. Programs exit with code 2.
class FileError : public std::runtime_error {
 public:
  explicit FileError(std::string const& what) : std::runtime_error(what) {}
};

/// "cannot VERB PATH: REASON" with the reason of errno.
[[nodiscard]] FileError file_error(std::string const& verb, std::filesystem::path const& path, int error_number);

/// The new content of a file, complete on disk under a temporary name in the same folder until commit() renames it. A
/// process that dies before leaves the old file as it was. Devices and pipes (/dev/stdout) are written at once.
class StagedFile {
 public:
  /// @throws FileError if the folder is missing or not writable, the disk is full or `path` is a folder
  StagedFile(std::filesystem::path path, std::string_view content);
  /// The pieces one after another, without a copy of them all.
  StagedFile(std::filesystem::path path, std::span<std::string_view const> pieces);
  StagedFile(StagedFile const&) = delete;
  StagedFile& operator=(StagedFile const&) = delete;
  /// Removes the temporary file if commit() was not reached.
  ~StagedFile();

  void commit();

 private:
  std::filesystem::path path_, temporary_;
};

/// StagedFile and commit() in one.
void write_whole(std::filesystem::path const& path, std::string_view content);

/// The whole of a file, a pipe included. @throws FileError if it cannot be read or holds more than `most` bytes
std::string read_whole(std::filesystem::path const& path, std::size_t most = std::size_t{1} << 28);

/// Writes all bytes; interrupted and partial writes go on. @returns 0 or errno
int write_all(int descriptor, std::string_view bytes);

/// Forgets every StagedFile that is not committed, for a handler of SIGINT: only async-signal-safe calls.
void remove_staged_files() noexcept;

}  // namespace nwidth::record
