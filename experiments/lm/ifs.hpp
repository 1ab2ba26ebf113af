// SPDX-License-Identifier: Apache-2.0
/// The IFS stream as sequences of tokens u_1 y_1 u_2 y_2 ..., and the excess loss of a model over all its states.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "experiments/lm/ifs_law.hpp"
#include "experiments/lm/tokens.hpp"

namespace nwidth::lm {

/// Sequences are stretches of the stationary stream, drawn from the seed, the index and the place alone, and
/// independent. Symbols before the first token count for y_1 ... y_(m-1) and are not seen, so these are not scored; the
/// law of each scored y_t given all tokens before it is that of the state which the m last address symbols spell,
/// exactly. Validation draws other sequences, the same for every seed of training.
class IfsStream : public TokenSource {
 public:
  /// @throws InvalidInput  if context < 2 m - 1: nothing would be scored
  IfsStream(std::shared_ptr<IfsLaw const> law, std::int64_t context, Split split, std::uint64_t seed);

  IfsLaw const& law() const { return *law_; }
  std::int64_t vocabulary() const override { return law_->vocabulary(); }
  std::int64_t count() const override;  ///< 2^62, validation 2^20
  void sequence(std::int64_t index, std::span<std::int32_t> tokens) const override;
  /// True at the targets y_m, y_(m+1), ...: positions 2 m - 2, 2 m, ...
  std::span<std::uint8_t const> scored() const override { return scored_; }
  std::string describe() const override;

 private:
  std::shared_ptr<IfsLaw const> law_;
  std::int64_t context_;
  Split split_;
  std::uint64_t seed_, key_;
  std::vector<std::uint8_t> scored_;
};

/// Tokens u y u y ... u of which the m last address symbols spell a state: what a model sees before the output of that
/// state. Earlier symbols, and all outputs, are drawn from `draw` by the stream's law; the output's law ignores them.
/// @param tokens  an odd number of at least 2 m - 1
void context_of(IfsLaw const& law, std::int64_t state, std::uint64_t draw, std::span<std::int32_t> tokens);

/// What a model says after contexts [rows, length]: natural logarithms of the probabilities of outputs [rows, outputs].
/// They are those within its whole vocabulary: what it gives to address symbols is lost.
using OutputModel = std::function<void(std::span<std::int32_t const> contexts, std::span<double> log_q)>;

/// KL(p || q) in nats.
double divergence(std::span<double const> p, std::span<double const> log_q);

/// The mean over all states of KL(p_state || q) in nats of an emitted symbol, in double with compensated sums: what the
/// model's scored loss exceeds the entropy of emission by. There is no sampling error over states or outputs; where the
/// model depends on symbols that do not count, it is that of the contexts drawn.
/// @param length  of contexts, odd, at least 2 m - 1  @param batch  rows of a call at most
double mean_divergence(IfsLaw const& law, std::int64_t length, std::int64_t batch, std::uint64_t draw,
                       OutputModel const& model);

}  // namespace nwidth::lm
