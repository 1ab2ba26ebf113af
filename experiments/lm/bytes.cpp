// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/bytes.hpp"

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "experiments/lm/shared.hpp"
#include "experiments/record/atomic_file.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_below(fs::path const& folder, std::vector<std::string> const& suffixes) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code none;  // a link that leads nowhere is no regular file
    if (!at->is_regular_file(none)) continue;
    std::string const& name = at->path().native();
    if (suffixes.empty() ||
        std::any_of(suffixes.begin(), suffixes.end(), [&](auto const& s) { return name.ends_with(s); }))
      found.push_back(at->path());
  }
  if (error) throw record::file_error("read", folder, error.value());
  if (found.empty())
    throw InvalidInput("folder '" + folder.string() + "' holds no file" +
                       (suffixes.empty() ? "" : " that ends in " + quoted(suffixes)) + ": allowed is at least one");
  std::sort(found.begin(), found.end(), [](fs::path const& a, fs::path const& b) { return a.native() < b.native(); });
  return found;
}

}  // namespace

std::string quoted(std::vector<std::string> const& all) {
  std::string text;
  for (std::string const& s : all) text += (text.empty() ? "'" : ", '") + s + "'";
  return text;
}

std::vector<fs::path> files_of(std::vector<std::string> const& list, std::vector<std::string> const& suffixes) {
  if (list.empty()) throw InvalidInput("[data] names no file: allowed is a list of files or folders");
  std::vector<fs::path> all;
  for (std::string const& name : list) {
    std::error_code error;
    fs::file_status const status = fs::status(name, error);
    if (!fs::exists(status)) throw record::file_error("read", name, error ? error.value() : ENOENT);
    if (fs::is_directory(status)) {
      auto const below = files_below(name, suffixes);
      all.insert(all.end(), below.begin(), below.end());
    } else {
      all.emplace_back(name);
    }
  }
  return all;
}

ByteFiles::ByteFiles(std::vector<std::string> const& list, std::vector<std::string> const& suffixes)
    : list_(list), suffixes_(suffixes) {
  for (fs::path const& path : files_of(list, suffixes)) {
    MappedFile file(path);
    if (!file.bytes().empty()) files_.push_back(std::move(file));
  }
  if (files_.empty()) throw InvalidInput(name() + ": every file is empty: allowed is at least one byte");
  starts_.push_back(0);
  for (MappedFile const& f : files_)
    starts_.push_back(starts_.back() + static_cast<std::int64_t>(f.bytes().size()) + (files_.size() > 1 ? 1 : 0));
}

template <class Take>
void ByteFiles::pieces(std::int64_t first, std::int64_t size, Take&& take) const {
  auto file = static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), first) - starts_.begin()) - 1;
  for (; size > 0; ++file) {
    std::string_view const bytes = files_[file].bytes();
    std::string_view const piece =
        bytes.substr(static_cast<std::size_t>(first - starts_[file]), static_cast<std::size_t>(size));
    take(piece);
    first += static_cast<std::int64_t>(piece.size());
    size -= static_cast<std::int64_t>(piece.size());
    if (size > 0 && first < starts_[file + 1]) {
      take(std::string_view("\0", 1));
      ++first;
      --size;
    }
  }
}

void ByteFiles::read(std::int64_t first, std::span<std::int32_t> tokens) const {
  auto out = tokens.begin();
  pieces(first, static_cast<std::int64_t>(tokens.size()), [&](std::string_view piece) {
    out = std::transform(piece.begin(), piece.end(), out, [](char c) { return static_cast<unsigned char>(c); });
  });
}

std::string ByteFiles::text(std::int64_t first, std::int64_t last) const {
  std::string all;
  all.reserve(static_cast<std::size_t>(last - first));
  pieces(first, last - first, [&](std::string_view piece) { all += piece; });
  return all;
}

std::string ByteFiles::name() const { return quoted(list_); }

std::string ByteFiles::describe() const {
  std::int64_t bytes = 0;
  for (MappedFile const& f : files_) bytes += static_cast<std::int64_t>(f.bytes().size());
  Digest const d = digest(files_);
  nlohmann::ordered_json const all{{"kind", "bytes"},
                                   {"paths", list_},
                                   {"suffixes", suffixes_},
                                   {"files", files_.size()},
                                   {"bytes", bytes},
                                   {"sha256", d.sha256},
                                   {"sha256_of", d.whole ? "contents" : "sample"}};
  return all.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

ByteText open_bytes(Data const& data, Split split) {
  bool const own = !data.validation.empty();
  auto const& list = split == Split::validation && own ? data.validation : data.train;
  auto const files = shared<ByteFiles>(quoted(list) + " of " + quoted(data.suffixes),
                                       [&] { return std::make_shared<ByteFiles const>(list, data.suffixes); });
  Part const part = own ? Part{0, files->size()} : part_of(files->size(), data.held_out, split);
  if (part.first == part.last)
    throw InvalidInput(files->name() + ": held_out = " + std::to_string(data.held_out) + " leaves nothing to " +
                       (split == Split::train ? "training" : "validation"));
  return {files, part};
}

}  // namespace nwidth::lm
