// SPDX-License-Identifier: Apache-2.0
/// Tensors as safetensors files that say themselves whether they are whole. Needs no torch.
///
/// The metadata hold "digests", a JSON object with the SHA-256 of each tensor's bytes by name, and "digest", the
/// SHA-256 of the header itself with 64 zeros in its place. Other readers of safetensors ignore them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nwidth::lm {

struct TensorBytes {
  std::string name, dtype;  ///< "F32", "I64", "U8", ...: as the format spells them
  std::vector<std::int64_t> shape;
  std::string_view bytes;  ///< row-major, little-endian
};
using Metadata = std::map<std::string, std::string>;

/// Bytes of one element. @throws InvalidInput for a type that is not F64, F32, F16, BF16, I64, I32, U8 or BOOL
std::size_t element_size(std::string const& dtype);

/// Appears whole or not at all, and is on the disk when this returns. @throws record::FileError
void write_tensors(std::filesystem::path const& path, std::vector<TensorBytes> const& tensors, Metadata metadata);

/// A file, mapped into memory and checked: header, bounds and digests. Cost: one pass, some 200 MB/s.
class TensorFile {
 public:
  /// @throws record::FileError, one line that names what is wrong: truncated, no header, a damaged tensor
  explicit TensorFile(std::filesystem::path const& path);
  TensorFile(TensorFile const&) = delete;
  TensorFile& operator=(TensorFile const&) = delete;
  ~TensorFile();

  Metadata const& metadata() const { return metadata_; }
  /// @throws record::FileError if it is not there
  std::string const& metadata(std::string const& key) const;
  std::vector<TensorBytes> const& tensors() const { return tensors_; }
  bool has(std::string const& name) const { return places_.contains(name); }
  /// @throws record::FileError if it is not there
  TensorBytes const& tensor(std::string const& name) const;

 private:
  void check();

  std::filesystem::path path_;
  void* memory_ = nullptr;
  std::size_t size_ = 0;
  Metadata metadata_;
  std::vector<TensorBytes> tensors_;
  std::map<std::string, std::size_t> places_;
};

}  // namespace nwidth::lm
