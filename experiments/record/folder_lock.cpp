// SPDX-License-Identifier: Apache-2.0
#include "experiments/record/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "experiments/record/atomic_file.hpp"

namespace nwidth::record {

FolderLock::FolderLock(std::filesystem::path const& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw FileError("cannot make the folder '" + folder.string() + "': " + failed.message());
  auto const path = folder / ".lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) throw file_error("write", path, errno);
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  int const reason = errno;
  ::close(lock_);
  if (reason != EWOULDBLOCK) throw file_error("lock", path, reason);
  throw FileError("'" + folder.string() + "' is in use by another run; wait for it or give another --out");
}

FolderLock::~FolderLock() { ::close(lock_); }  // releases it

}  // namespace nwidth::record
