// SPDX-License-Identifier: Apache-2.0
/// What a run of rates computes, as a TOML file says it.
#pragma once
#include <optional>
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

/// Networks of one hidden layer with fitted weights, and what the usual ways of fitting make of them.
struct Fits {
  struct Sized {
    std::string activation;   ///< relu, relu2, relu3 or polyrelu
    std::vector<long> sizes;  ///< ascending
  };
  std::vector<Sized> activations;       ///< sizes: segments of the splines that they are, one more than knots
  std::vector<std::string> targets;     ///< on [-1, 1]
  bool contrast = true;                 ///< relu by Adam and by Levenberg-Marquardt in the raw weights, too
  std::vector<long> contrast_segments;  ///< for these
  std::vector<Sized> ridge;             ///< for Franke's function in two variables; sizes: neurons
};

struct Config {
  std::vector<int> n;
  long seed = 1;
  Rational relative;
  Sizes limits;  ///< grid of the limit lines: that of the file
  std::vector<Series> series;
  std::optional<Fits> fits;
};

/// @param name  of the file, for messages
/// @throws InvalidInput with name:line for bad syntax, unknown keys, wrong types and values out of range
Config parse_config(std::string_view toml, std::string const& name);

}  // namespace nwidth::rates
