// SPDX-License-Identifier: Apache-2.0
#include "experiments/record/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace nwidth::record {
namespace {

// The temporary names that a signal handler has to remove: fixed slots, filled before the file exists.
struct Slot {
  std::atomic<bool> used{false};
  std::atomic<bool> ready{false};
  char path[4096];
};
std::array<Slot, 8> slots;

void remember(std::string const& path) {
  if (path.size() >= sizeof(Slot::path)) return;
  for (Slot& s : slots)
    if (!s.used.exchange(true)) {
      std::memcpy(s.path, path.c_str(), path.size() + 1);
      s.ready = true;
      return;
    }
}

void forget(std::string const& path) {
  for (Slot& s : slots)
    if (s.ready && path == s.path) {
      s.ready = false;
      s.used = false;
      return;
    }
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  /// 0 or errno: some file systems report a full disk only here.
  int close() {
    int const fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0 ? 0 : errno;
  }

 private:
  int fd_;
};

/// True for what cannot be replaced by a rename: devices, pipes, and the links to open files below /dev and /proc.
bool is_stream(std::filesystem::path const& path) {
  struct stat s;
  if (::stat(path.c_str(), &s) != 0) return false;
  std::string const text = path.string();
  return (!S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode)) || text.starts_with("/dev/") || text.starts_with("/proc/");
}

void sync_folder(std::filesystem::path const& folder) {
  Descriptor const d(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (d.get() >= 0) ::fsync(d.get());  // not every file system can: the rename itself has happened
}

}  // namespace

FileError file_error(std::string const& verb, std::filesystem::path const& path, int error_number) {
  return FileError("cannot " + verb + " '" + path.string() + "': " + std::strerror(error_number));
}

int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t const n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : EIO;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

StagedFile::StagedFile(std::filesystem::path path, std::string_view content)
    : StagedFile(std::move(path), std::span(&content, 1)) {}

StagedFile::StagedFile(std::filesystem::path path, std::span<std::string_view const> pieces) : path_(std::move(path)) {
  if (path_.empty()) throw FileError("cannot write '': the path is empty");
  std::error_code none;
  if (std::filesystem::is_directory(path_, none)) throw file_error("write", path_, EISDIR);
  if (is_stream(path_)) {
    Descriptor d(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
    if (d.get() < 0) throw file_error("write", path_, errno);
    for (std::string_view const piece : pieces)
      if (int const e = write_all(d.get(), piece)) throw file_error("write", path_, e);
    if (int const e = d.close()) throw file_error("write", path_, e);
    return;
  }
  // A link keeps being a link: the file that it names is replaced.
  if (std::filesystem::is_symlink(path_, none)) {
    auto const target = std::filesystem::weakly_canonical(path_, none);
    if (!none) path_ = target;
  }
  auto folder = path_.parent_path();
  if (folder.empty()) folder = ".";
  temporary_ = folder / ("." + path_.filename().string() + "." + std::to_string(::getpid()) + ".tmp");
  remember(temporary_.string());
  auto const abandon = [&](int error_number) {
    ::unlink(temporary_.c_str());
    forget(temporary_.string());
    temporary_.clear();
    throw file_error("write", path_, error_number);
  };
  Descriptor d(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (d.get() < 0) abandon(errno);
  for (std::string_view const piece : pieces)
    if (int const e = write_all(d.get(), piece)) abandon(e);
  if (::fsync(d.get()) != 0) abandon(errno);
  if (int const e = d.close()) abandon(e);
}

StagedFile::~StagedFile() {
  if (temporary_.empty()) return;
  ::unlink(temporary_.c_str());
  forget(temporary_.string());
}

void StagedFile::commit() {
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) throw file_error("write", path_, errno);
  forget(temporary_.string());
  temporary_.clear();
  auto const folder = path_.parent_path();
  sync_folder(folder.empty() ? "." : folder);
}

void write_whole(std::filesystem::path const& path, std::string_view content) {
  StagedFile file(path, content);
  file.commit();
}

std::string read_whole(std::filesystem::path const& path, std::size_t most) {
  Descriptor const d(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (d.get() < 0) throw file_error("read", path, errno);
  std::string all;
  std::array<char, 1 << 16> buffer;
  for (;;) {
    ssize_t const n = ::read(d.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw file_error("read", path, errno);
    if (n == 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(n));
    if (all.size() > most)
      throw FileError("cannot read '" + path.string() + "': it holds more than " + std::to_string(most) + " bytes");
  }
}

void remove_staged_files() noexcept {
  for (Slot& s : slots)
    if (s.ready) ::unlink(s.path);
}

}  // namespace nwidth::record
