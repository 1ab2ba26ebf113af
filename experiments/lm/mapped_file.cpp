// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "experiments/record/atomic_file.hpp"
#include "experiments/record/sha256.hpp"

namespace nwidth::lm {

MappedFile::MappedFile(std::filesystem::path path) : path_(std::move(path)) {
  // Not blocking: a pipe is refused, and not waited for.
  int const file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) throw record::file_error("read", path_, errno);
  struct stat status {};
  int error = ::fstat(file, &status) == 0 ? 0 : errno;
  if (error == 0 && S_ISDIR(status.st_mode)) error = EISDIR;
  if (error == 0 && !S_ISREG(status.st_mode)) error = ENODEV;
  auto const size = static_cast<std::size_t>(status.st_size);
  if (error == 0 && size > 0) {
    void* const start = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    if (start == MAP_FAILED)
      error = errno;
    else
      bytes_ = {static_cast<char const*>(start), size};
  }
  ::close(file);
  if (error != 0)
    throw record::file_error(error == ENOMEM ? "map (vm.max_map_count limits how many)" : "read", path_, error);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

Digest digest(std::span<MappedFile const> files) {
  constexpr std::size_t most = std::size_t{1} << 24, block = 4096, blocks = 1024;
  std::size_t total = 0;
  for (MappedFile const& f : files) total += f.bytes().size();
  std::string text;
  if (total <= most) {
    for (MappedFile const& f : files) text += f.bytes();
    return {record::sha256(text), true};
  }
  for (MappedFile const& f : files) text += std::to_string(f.bytes().size()) + '\n';
  std::size_t file = 0, before = 0;  // bytes of the files before
  for (std::size_t i = 0; i < blocks; ++i) {
    std::size_t const from = (total - block) * i / (blocks - 1);
    for (std::size_t at = from; at < from + block;) {
      while (at >= before + files[file].bytes().size()) before += files[file++].bytes().size();
      std::string_view const piece = files[file].bytes().substr(at - before, from + block - at);
      text += piece;
      at += piece.size();
    }
  }
  return {record::sha256(text), false};
}

}  // namespace nwidth::lm
