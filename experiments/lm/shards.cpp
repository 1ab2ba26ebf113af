// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/shards.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "experiments/lm/bytes.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

constexpr std::size_t header_bytes = 1024;

/// A little-endian integer of `width` bytes.
std::uint32_t word(std::string_view bytes, std::size_t at, std::size_t width) {
  std::uint32_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

struct Header {
  std::size_t width;
  std::int64_t count;
};

Header header_of(MappedFile const& file) {
  std::string_view const bytes = file.bytes();
  auto const fail = [&](std::string const& got, std::string const& allowed) {
    throw InvalidInput("shard '" + file.path().string() + "': " + got + ": allowed " + allowed);
  };
  if (bytes.size() < header_bytes)
    fail(std::to_string(bytes.size()) + " bytes",
         "are at least the " + std::to_string(header_bytes) + " of the header");
  auto const field = [&](std::size_t i) { return static_cast<std::int32_t>(word(bytes, 4 * i, 4)); };
  std::int32_t const magic = field(0), version = field(1), count = field(2);
  if (magic != 20240520 && magic != 20240801)
    fail("magic number " + std::to_string(magic), "are 20240520 (uint16 tokens) and 20240801 (uint32 tokens)");
  std::int32_t const known = magic == 20240520 ? 1 : 7;
  if (version != known)
    fail("version " + std::to_string(version),
         "is " + std::to_string(known) + " with magic number " + std::to_string(magic));
  if (count < 1) fail(std::to_string(count) + " tokens in the header", "are 1 to 2147483647");
  std::size_t const width = magic == 20240520 ? 2 : 4, length = header_bytes + width * static_cast<std::size_t>(count);
  if (bytes.size() != length)
    fail(std::to_string(bytes.size()) + " bytes", "are " + std::to_string(length) + ", for the " +
                                                      std::to_string(count) + " tokens of " + std::to_string(width) +
                                                      " bytes in its header");
  return {width, count};
}

}  // namespace

Shards::Shards(std::vector<std::string> const& list, std::vector<std::string> const& suffixes, std::int64_t vocabulary)
    : list_(list), vocabulary_(vocabulary), starts_{0} {
  for (auto const& path : files_of(list, suffixes.empty() ? std::vector<std::string>{".bin"} : suffixes)) {
    files_.emplace_back(path);
    Header const h = header_of(files_.back());
    widths_.push_back(h.width);
    starts_.push_back(starts_.back() + h.count);
  }
}

void Shards::read(std::int64_t first, std::span<std::int32_t> tokens) const {
  auto file = static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), first) - starts_.begin()) - 1;
  for (std::int32_t& token : tokens) {
    while (first >= starts_[file + 1]) ++file;
    std::size_t const place = static_cast<std::size_t>(first++ - starts_[file]), width = widths_[file];
    std::uint32_t const value = word(files_[file].bytes(), header_bytes + width * place, width);
    if (value >= vocabulary_)
      throw InvalidInput("shard '" + files_[file].path().string() + "': token " + std::to_string(value) + " at place " +
                         std::to_string(place) + ": allowed are 0 to " + std::to_string(vocabulary_ - 1) +
                         ", the vocabulary of the model");
    token = static_cast<std::int32_t>(value);
  }
}

std::string Shards::name() const { return quoted(list_); }

std::string Shards::describe() const {
  Digest const d = digest(files_);
  nlohmann::ordered_json const all{{"kind", "shards"},
                                   {"paths", list_},
                                   {"files", files_.size()},
                                   {"size", size()},
                                   {"vocabulary", vocabulary_},
                                   {"sha256", d.sha256},
                                   {"sha256_of", d.whole ? "contents" : "sample"}};
  return all.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace nwidth::lm
