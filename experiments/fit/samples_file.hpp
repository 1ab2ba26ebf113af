// SPDX-License-Identifier: Apache-2.0
/// Samples of a function of one variable from a text file.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "fitting/samples/samples.hpp"

namespace nwidth::fit {

inline constexpr std::size_t most_samples = 200'000;

/// What the file holds, in its order.
struct SamplesFile {
  fitting::Samples samples;
  std::vector<long> line;      ///< of each sample, from 1
  double least = 0, most = 0;  ///< of x
};

/// Lines "x,y" or all "x,y,weight", decimal numbers; spaces and tabs around them, empty lines, what follows a # and one
/// line of names before the first sample are left out. A weight w means a variance of sigma^2/w.
/// @param path  for messages
/// @throws InvalidInput "samples 'data.csv', line 7: ..." on anything else: a number that is malformed, infinite or
///   NaN, a negative weight, a different number of columns; or if there is no sample, or more than most_samples
SamplesFile read_samples(std::string_view text, std::string const& path);

}  // namespace nwidth::fit
