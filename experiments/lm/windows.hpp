// SPDX-License-Identifier: Apache-2.0
/// The order in which windows of a long text are read, without any state: a sequence follows from its index.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "experiments/lm/tokens.hpp"

namespace nwidth::lm {

/// A pseudo-random permutation of 0 ... size - 1: a Feistel network of eight half rounds on the smallest power of two
/// that holds size; results beyond size are encrypted again until they are within (cycle walking), twice on average at
/// most. Cost: O(1), no memory. @cite black2002ciphers
class Permutation {
 public:
  /// @throws InvalidInput  if size = 0
  Permutation(std::uint64_t size, std::uint64_t key);
  /// @param i  less than size
  std::uint64_t operator()(std::uint64_t i) const;

 private:
  std::uint64_t size_, key_;
  int low_, high_;  ///< bits of the halves
};

/// Tokens in a row that can be read anywhere. Thread-safe.
class TokenArray {
 public:
  virtual ~TokenArray() = default;
  virtual std::int64_t vocabulary() const = 0;
  virtual std::int64_t size() const = 0;
  /// Tokens first ... first + tokens.size() - 1, all within size().
  virtual void read(std::int64_t first, std::span<std::int32_t> tokens) const = 0;
  /// A JSON object: kind, files, their sizes and hash.
  virtual std::string describe() const = 0;
  /// What messages call it: its paths.
  virtual std::string name() const = 0;
};

/// Windows of context + 1 tokens of a part [first, last) of an array.
///
/// Training: the part, N tokens, is closed to a ring and cut into floor(N / context) windows from a place that is drawn
/// for each epoch, so borders move; an epoch reads each once, in an order of its own. Each token is a target once an
/// epoch but for N mod context of them, other ones each time. One window an epoch joins the end to the beginning.
///
/// Validation: floor((N - 1) / context) windows from the first token on, each once, in an order that is the same for
/// every seed, so that the first ones are a fair sample and losses of several runs compare.
class Windows : public TokenSource {
 public:
  /// @throws InvalidInput  if the part holds less than context + 1 tokens
  Windows(std::shared_ptr<TokenArray const> array, std::int64_t first, std::int64_t last, std::int64_t context,
          Split split, std::uint64_t seed);

  std::int64_t vocabulary() const override { return array_->vocabulary(); }
  std::int64_t count() const override;
  void sequence(std::int64_t index, std::span<std::int32_t> tokens) const override;
  std::string describe() const override;
  /// Windows of an epoch.
  std::int64_t windows() const { return windows_; }

 private:
  std::shared_ptr<TokenArray const> array_;
  std::int64_t first_, size_, context_, windows_;
  Split split_;
  std::uint64_t seed_, key_;
};

/// The part of an array of `size` tokens that a split reads when validation has no files of its own: the last
/// round(held_out size) are held out.
struct Part {
  std::int64_t first, last;
};
Part part_of(std::int64_t size, double held_out, Split split);

}  // namespace nwidth::lm
