// SPDX-License-Identifier: Apache-2.0
/// What is approximated: a named member of the fair test set, or a user's expression.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "theory/network/network.hpp"
#include "theory/target/expression.hpp"

namespace nwidth::target {

/// ||f||_{W^{n,inf}} = max_{j<=n} ess sup |f^(j)| on [-1, 1], as far as it is known.
struct SobolevNorm {
  int n = 0;
  Rational lower, upper;  ///< lower <= norm <= upper; equal if known exactly
  std::string reason;     ///< why: one clause
};

/// f = expression + network, either of which may be absent. Perfect splines and truncated powers are networks
/// (relu_power, exact weights), so that the certifier subtracts them exactly.
struct Target {
  std::string name;  ///< canonical: "plane-wave:n=2,w=8" or the expression's text; resolve(name) gives the same target
  int inputs = 1;
  std::optional<Expression> expression;
  std::optional<Network> network;
  std::optional<SobolevNorm> norm;  ///< absent for user expressions and for functions outside W^{n,inf}

  double operator()(double x) const;
  Real operator()(Real const& x) const;
  Ball operator()(Ball const& x) const;
  /// f^(j)(x)/j! for j < length at an exact point, right-sided at kinks.
  std::vector<Ball> taylor(Rational const& x, int length) const;
};

/// One family of the test set, for `nwidth targets`.
struct Family {
  std::string name;         ///< "plane-wave"
  std::string parameters;   ///< "n (1..6, default 2), w (0 < w <= 10^6, default 8), phase"
  std::string description;  ///< one line with the formula
  std::string norm;         ///< "exactly 1", "at most 1 (rigorous)", "outside W^{n,inf}"
};
std::vector<Family> const& families();

/// A target from `name`, `name:key=value,key=value` or an expression. A name wins over an expression.
/// @param n  the smoothness a named family gets if the text does not set n (0: the family's own default)
/// @throws InvalidInput naming the unknown name or key and what is allowed
Target resolve(std::string_view text, int inputs = 1, int n = 0);

}  // namespace nwidth::target
