// SPDX-License-Identifier: Apache-2.0
/// The `key=value,key=value` part of a named target.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "theory/number/rational.hpp"

namespace nwidth::target {

class Parameters {
 public:
  /// @throws InvalidInput on a key that is not allowed, given twice or without a value
  Parameters(std::string family, std::string_view text, std::vector<std::string> const& allowed);

  bool has(std::string const& key) const { return values_.contains(key); }
  /// @throws InvalidInput if it is no integer in lo..hi
  long integer(std::string const& key, long otherwise, long lo, long hi) const;
  /// @throws InvalidInput if it is no exact number
  Rational rational(std::string const& key, Rational const& otherwise) const;
  /// @throws InvalidInput always: "target kink: c = 3 must be ..."
  [[noreturn]] void refuse(std::string const& key, Rational const& value, std::string const& allowed) const;

 private:
  std::string family_;
  std::map<std::string, Rational> values_;
};

/// p/q or an integer, which parse_rational and Expression::parse read back exactly.
std::string fraction(Rational const& q);

}  // namespace nwidth::target
