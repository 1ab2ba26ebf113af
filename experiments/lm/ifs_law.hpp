// SPDX-License-Identifier: Apache-2.0
/// The law of the IFS stream: a chain on cells of [0, 1]^d, symbols emitted in each, and the exact entropy of both.
///
/// Address symbols u_t are uniform in {0 .. K-1}^d and independent; z_(t+1) = (z_t + u_t) / K keeps Lebesgue measure.
/// Of z only the last m symbols count: a state is a cell of the K^m to the d-th, uniform, and the newest symbol is the
/// leading digit of its index along each axis. In a state y is emitted by the softmax of (0, g_1(z), ..., g_(V-1)(z))
/// at the midpoint z of the cell, with g_i independent fields: for V = 2, g is the logit. y does not feed back.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "experiments/lm/config.hpp"

namespace nwidth::lm {

/// Enclosures, as decimals that are rounded outward, in nats.
struct IfsEntropy {
  std::string emission_lower, emission_upper;  ///< H(y | state): of an emitted symbol, the floor of the scored loss
  std::string rate_lower, rate_upper;          ///< (d ln K + H(y | state)) / 2: of a token
  double law_error;  ///< bound of |probability - softmax of the fields' exact values| over all states and outputs
};

class IfsLaw {
 public:
  /// Draws the fields and tabulates the law. Probabilities are multiples of 2^-53, at least one, and sum to 1: they are
  /// exactly the law of the stream, and the same on every machine.
  /// @throws InvalidInput  if states (outputs - 1) exceeds 2^26, and as the fields do
  explicit IfsLaw(Ifs const& ifs);

  Ifs const& parameters() const { return ifs_; }
  std::int64_t states() const { return states_; }        ///< K^(m d)
  std::int64_t addresses() const { return addresses_; }  ///< K^d, tokens 0 ... K^d - 1, the first axis slowest
  std::int64_t outputs() const { return ifs_.outputs; }
  std::int64_t vocabulary() const { return addresses_ + outputs(); }  ///< output y is token K^d + y

  /// The state after one more address symbol.
  std::int64_t next(std::int64_t state, std::int64_t address) const;
  /// The address symbol that came `age` steps ago, 0: last; age < m.
  std::int64_t address(std::int64_t state, int age) const;
  /// The probabilities of a state, exact. @param p  outputs()
  void probabilities(std::int64_t state, std::span<double> p) const;
  /// The output of a uniform number in 0 ... 2^53 - 1.
  std::int64_t output(std::int64_t state, std::uint64_t number) const;

  /// Sums over all states in ball arithmetic. Cost: 3 us a probability.
  IfsEntropy entropy() const;
  /// SHA-256 of the table, for the record; empty above 16 MiB.
  std::string sha256() const;

 private:
  Ifs ifs_;
  std::int64_t cells_, states_, addresses_;
  std::vector<std::uint64_t> thresholds_;  ///< [states, outputs - 1], cumulative, in units of 2^-53
};

}  // namespace nwidth::lm
