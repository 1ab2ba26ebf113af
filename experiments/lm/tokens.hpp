// SPDX-License-Identifier: Apache-2.0
/// Where tokens come from. A sequence is a function of its place in the order alone, so a run resumes exactly, and any
/// number of processes and of micro batches reads the same.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "experiments/lm/config.hpp"

namespace nwidth::lm {

class TokenSource {
 public:
  virtual ~TokenSource() = default;

  /// Tokens are 0 ... vocabulary() - 1.
  virtual std::int64_t vocabulary() const = 0;
  /// Sequences that can be asked for: 0 ... count() - 1; where data end, an epoch in another order follows, so that it
  /// is 2^62 for training. Validation ends.
  virtual std::int64_t count() const = 0;
  /// Sequence `index`: inputs are tokens[0, T), targets tokens[1, T], T + 1 = tokens.size() = context + 1.
  /// Thread-safe. Cost: T.
  virtual void sequence(std::int64_t index, std::span<std::int32_t> tokens) const = 0;
  /// Positions of targets that count in the loss; empty: all. The IFS stream scores emitted symbols only.
  virtual std::span<std::uint8_t const> scored() const { return {}; }
  /// For the record: kind, files with sizes and hashes, seed.
  virtual std::string describe() const = 0;
};

enum class Split { train, validation };

/// Training and validation of the same process share files and tables. An IFS stream's law is
/// dynamic_cast<IfsStream const&>(source).law().
/// @throws InvalidInput or record::FileError, one line: a missing or empty file, a shard with a wrong magic number,
/// version or length, a token beyond the vocabulary that the model has
std::unique_ptr<TokenSource> open_tokens(Data const& data, Model const& model, Split split, std::uint64_t seed);

}  // namespace nwidth::lm
