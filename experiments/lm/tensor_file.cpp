// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/tensor_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "experiments/record/atomic_file.hpp"
#include "experiments/record/sha256.hpp"
#include "theory/number/error.hpp"
#include "theory/number/safetensors_header.hpp"

namespace nwidth::lm {
namespace {

static_assert(std::endian::native == std::endian::little);
using Json = nlohmann::ordered_json;
std::string const no_digest(64, '0');
constexpr std::size_t largest_header = 100'000'000;  // of the format

/// The product of the shape and the element's size; -1 where that is negative or does not fit.
std::int64_t byte_count(std::vector<std::int64_t> const& shape, std::size_t element) {
  std::int64_t n = static_cast<std::int64_t>(element);
  for (std::int64_t const s : shape)
    if (s < 0 || __builtin_mul_overflow(n, s, &n)) return -1;
  return n;
}

}  // namespace

std::size_t element_size(std::string const& dtype) {
  static std::map<std::string, std::size_t> const sizes{{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2},
                                                        {"I64", 8}, {"I32", 4}, {"U8", 1},  {"BOOL", 1}};
  auto const found = sizes.find(dtype);
  if (found == sizes.end())
    throw InvalidInput("dtype = '" + dtype + "': allowed are F64, F32, F16, BF16, I64, I32, U8, BOOL");
  return found->second;
}

void write_tensors(std::filesystem::path const& path, std::vector<TensorBytes> const& tensors, Metadata metadata) {
  Json digests = Json::object();
  std::vector<TensorEntry> entries;
  for (TensorBytes const& t : tensors) {
    digests[t.name] = record::sha256(t.bytes);
    entries.push_back({t.name, t.dtype, t.shape, t.bytes.size()});
  }
  metadata["digests"] = digests.dump();
  auto const head = [&](std::string const& digest) {
    metadata["digest"] = digest;
    return safetensors_head(entries, {metadata.begin(), metadata.end()}, 64);
  };
  std::string const text = head(record::sha256(std::string_view(head(no_digest)).substr(8)));
  std::vector<std::string_view> pieces{text};
  for (TensorBytes const& t : tensors) pieces.push_back(t.bytes);
  record::StagedFile file(path, std::span<std::string_view const>(pieces));
  file.commit();
}

TensorFile::TensorFile(std::filesystem::path const& path) : path_(path) {
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw record::file_error("read", path, errno);
  struct stat s;
  int error = ::fstat(fd, &s) != 0 ? errno : S_ISREG(s.st_mode) ? 0 : EINVAL;
  if (error == 0 && s.st_size > 0) {
    size_ = static_cast<std::size_t>(s.st_size);
    memory_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (memory_ == MAP_FAILED) {
      error = errno;
      memory_ = nullptr;
    }
  }
  ::close(fd);
  if (error != 0) throw record::file_error("read", path, error);
  try {
    check();
  } catch (std::exception const& e) {
    if (memory_ != nullptr) ::munmap(memory_, size_);
    throw record::FileError("cannot use '" + path.string() + "': " + e.what());
  }
}

TensorFile::~TensorFile() {
  if (memory_ != nullptr) ::munmap(memory_, size_);
}

void TensorFile::check() {
  auto const bad = [](std::string const& what) { return InvalidInput(what); };
  std::string_view const all(static_cast<char const*>(memory_), size_);
  std::uint64_t length = 0;
  if (size_ < 8) throw bad("truncated: " + std::to_string(size_) + " bytes");
  std::memcpy(&length, all.data(), 8);
  if (length > largest_header) throw bad("no safetensors file: a header of " + std::to_string(length) + " bytes");
  if (length > size_ - 8) throw bad("truncated in its header");
  std::string text(all.substr(8, length));
  Json const header = Json::parse(text, nullptr, false);
  if (!header.is_object() || !header.contains("__metadata__")) throw bad("damaged: its header is no JSON object");
  std::string_view const data = all.substr(8 + length);
  std::size_t offset = 0;
  Json digests;
  try {
    metadata_ = header["__metadata__"].get<Metadata>();
    std::string const digest = metadata_.at("digest");
    std::size_t const place = text.find(digest);
    if (digest.size() != 64 || place == std::string::npos) throw bad("damaged: its header has no digest");
    text.replace(place, 64, no_digest);
    if (record::sha256(text) != digest) throw bad("damaged: the header is not the one that was written");
    digests = Json::parse(metadata_.at("digests"));
    for (auto const& [name, entry] : header.items()) {
      if (name == "__metadata__") continue;
      TensorBytes t{name, entry.at("dtype"), entry.at("shape"), {}};
      std::size_t const begin = entry.at("data_offsets").at(0), end = entry.at("data_offsets").at(1);
      if (begin != offset || end < begin ||
          byte_count(t.shape, element_size(t.dtype)) != static_cast<std::int64_t>(end - begin))
        throw bad("damaged: tensor '" + name + "' has wrong offsets");
      if (end > data.size())
        throw bad("truncated: " + std::to_string(size_) + " bytes, and tensor '" + name + "' ends at " +
                  std::to_string(8 + length + end));
      t.bytes = data.substr(begin, end - begin);
      offset = end;
      places_[name] = tensors_.size();
      tensors_.push_back(std::move(t));
    }
  } catch (nlohmann::json::exception const&) {
    throw bad("damaged: its header is not one of ours");
  } catch (std::out_of_range const&) {
    throw bad("its header has no digests: not a file of nwidth-lm");
  }
  if (offset != data.size()) throw bad("damaged: " + std::to_string(data.size() - offset) + " bytes after its data");
  for (TensorBytes const& t : tensors_)
    if (!digests.contains(t.name) || record::sha256(t.bytes) != digests[t.name])
      throw bad("damaged: tensor '" + t.name + "' is not the one that was written");
}

std::string const& TensorFile::metadata(std::string const& key) const {
  auto const found = metadata_.find(key);
  if (found == metadata_.end()) throw record::FileError("cannot use '" + path_.string() + "': it has no " + key);
  return found->second;
}

TensorBytes const& TensorFile::tensor(std::string const& name) const {
  auto const found = places_.find(name);
  if (found == places_.end())
    throw record::FileError("cannot use '" + path_.string() + "': it has no tensor '" + name + "'");
  return tensors_[found->second];
}

}  // namespace nwidth::lm
