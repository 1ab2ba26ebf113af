// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/windows.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/lm/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

constexpr std::uint64_t training_key = 0x747261696e, validation_key = 0x76616c6964;

}  // namespace

Permutation::Permutation(std::uint64_t size, std::uint64_t key) : size_(size), key_(key) {
  if (size == 0) throw InvalidInput("a permutation of 0 elements: allowed is at least 1");
  auto const bits = static_cast<int>(std::bit_width(size - 1));
  high_ = bits / 2;
  low_ = bits - high_;
}

std::uint64_t Permutation::operator()(std::uint64_t i) const {
  std::uint64_t const low_mask = (std::uint64_t{1} << low_) - 1, high_mask = (std::uint64_t{1} << high_) - 1;
  do {
    std::uint64_t low = i & low_mask, high = i >> low_;
    for (std::uint64_t round = 0; round < 4; ++round) {
      high ^= (bits_at(key_, (low << 4) + 2 * round) >> 16) & high_mask;
      low ^= (bits_at(key_, (high << 4) + 2 * round + 1) >> 16) & low_mask;
    }
    i = high << low_ | low;
  } while (i >= size_);
  return i;
}

Windows::Windows(std::shared_ptr<TokenArray const> array, std::int64_t first, std::int64_t last, std::int64_t context,
                 Split split, std::uint64_t seed)
    : array_(std::move(array)), first_(first), size_(last - first), context_(context), split_(split), seed_(seed) {
  char const* const part = split == Split::train ? "training" : "validation";
  if (context < 1 || first < 0 || last > array_->size() || size_ < context + 1)
    throw InvalidInput(array_->name() + ": " + std::to_string(size_) + " tokens for " + part +
                       ": allowed are at least context + 1 = " + std::to_string(context + 1));
  windows_ = split == Split::train ? size_ / context : (size_ - 1) / context;
  key_ = split == Split::train ? key_of(training_key, seed) : validation_key;
}

std::int64_t Windows::count() const { return split_ == Split::train ? std::int64_t{1} << 62 : windows_; }

void Windows::sequence(std::int64_t index, std::span<std::int32_t> tokens) const {
  if (index < 0 || index >= count())
    throw InvalidInput("sequence " + std::to_string(index) + ": allowed are 0 to " + std::to_string(count() - 1));
  if (static_cast<std::int64_t>(tokens.size()) != context_ + 1)
    throw InvalidInput("a sequence of " + std::to_string(tokens.size()) +
                       " tokens: allowed are context + 1 = " + std::to_string(context_ + 1));
  auto const windows = static_cast<std::uint64_t>(windows_), place = static_cast<std::uint64_t>(index);
  std::uint64_t const epoch = key_of(key_, place / windows);
  auto const window = static_cast<std::int64_t>(Permutation(windows, epoch)(place % windows));
  if (split_ == Split::validation) return array_->read(first_ + window * context_, tokens);
  auto const shift = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(size_), key_of(epoch, 0), 0));
  std::int64_t const start = (shift + window * context_) % size_;  // both below 2^62
  std::int64_t const before = std::min(context_ + 1, size_ - start);
  array_->read(first_ + start, tokens.first(static_cast<std::size_t>(before)));
  if (before <= context_) array_->read(first_, tokens.subspan(static_cast<std::size_t>(before)));
}

std::string Windows::describe() const {
  nlohmann::ordered_json all = nlohmann::ordered_json::parse(array_->describe());
  all["split"] = split_ == Split::train ? "train" : "validation";
  all["first"] = first_;
  all["tokens"] = size_;
  all["context"] = context_;
  all["windows"] = windows_;
  if (split_ == Split::train) all["seed"] = seed_;
  return all.dump();
}

Part part_of(std::int64_t size, double held_out, Split split) {
  if (!(held_out >= 0 && held_out < 1))
    throw InvalidInput("held_out = " + std::to_string(held_out) + ": allowed is 0 to 0.9");
  std::int64_t const train = size - std::llround(held_out * static_cast<double>(size));
  return split == Split::train ? Part{0, train} : Part{train, size};
}

}  // namespace nwidth::lm
