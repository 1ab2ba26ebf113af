// SPDX-License-Identifier: Apache-2.0
/// One process at a time in a folder of results.
#pragma once
#include <filesystem>

namespace nwidth::record {

/// Holds FOLDER/.lock until it is destroyed or the process ends, however it ends.
class FolderLock {
 public:
  /// Makes the folder if it is missing. @throws FileError if it cannot be made or written, or another process holds it
  explicit FolderLock(std::filesystem::path const& folder);
  FolderLock(FolderLock const&) = delete;
  FolderLock& operator=(FolderLock const&) = delete;
  ~FolderLock();

 private:
  int lock_ = -1;
};

}  // namespace nwidth::record
