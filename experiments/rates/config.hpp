// SPDX-License-Identifier: Apache-2.0
/// What a run of rates computes, as a TOML file says it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "theory/number/rational.hpp"

namespace nwidth::rates {

struct Sizes {
  long smallest = 10, largest = 10000, per_decade = 5;
  /// The geometric grid, both ends included, without repetitions.
  std::vector<long> grid() const;
};

struct Series {
  std::string method;
  std::vector<int> n;                ///< those of the file unless the series gives its own
  Rational overlap;                  ///< of two-level constructions
  Sizes sizes;                       ///< those of the file unless the series gives its own
  Sizes target_sizes;                ///< for single targets; `sizes` unless given: class certificates are cheaper
  std::vector<std::string> targets;  ///< those of the file unless the series gives its own
};

struct Config {
  std::vector<int> n;
  long seed = 1;
  Rational relative;
  Sizes limits;  ///< grid of the limit lines: that of the file
  std::vector<Series> series;
};

/// @param name  of the file, for messages
/// @throws InvalidInput with name:line for bad syntax, unknown keys, wrong types and values out of range
Config parse_config(std::string_view toml, std::string const& name);

}  // namespace nwidth::rates
