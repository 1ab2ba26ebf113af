// SPDX-License-Identifier: Apache-2.0
/// What the commands print: one JSON object or a table on stdout, and nothing there unless all of it arrives.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "experiments/record/record.hpp"

namespace nwidth::program {

using record::Json;

enum ExitCode : int { done = 0, bad_input = 2, not_proved = 3 };

/// Writes to stdout. @throws record::FileError if it is closed or full
void print(std::string const& text);
/// One line.
void print(Json const& object);

/// "lower", "upper", "status", and "reason" if there is one.
void put(Json& object, record::Bounds const& bounds);
/// "size", "neurons", "depth", "width", "coefficients".
void put(Json& object, record::Counts const& counts);
/// "seconds", to the microsecond.
void put_seconds(Json& object, double seconds);

/// Lines of "label  value", the labels padded to one width.
class Sheet {
 public:
  Sheet& row(std::string label, std::string value) {
    rows_.emplace_back(std::move(label), std::move(value));
    return *this;
  }
  Sheet& bounds(std::string const& what, record::Bounds const& b);
  Sheet& counts(record::Counts const& c);
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

}  // namespace nwidth::program
