// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>
#include <string>

namespace nwidth {

/// Bad input from the caller or the user: one line that names the value got and what is allowed.
/// Programs print it and exit with code 2. Numerical non-success is a value (an infinite enclosure), never this.
class InvalidInput : public std::invalid_argument {
 public:
  explicit InvalidInput(std::string const& what) : std::invalid_argument(what) {}
};

}  // namespace nwidth
