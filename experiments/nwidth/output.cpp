// SPDX-License-Identifier: Apache-2.0
#include "experiments/nwidth/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "experiments/record/atomic_file.hpp"

namespace nwidth::program {

void print(std::string const& text) {
  if (int const e = record::write_all(STDOUT_FILENO, text))
    throw record::FileError(std::string("cannot write to standard output: ") + std::strerror(e));
}

void print(Json const& object) { print(object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"); }

void put(Json& object, record::Bounds const& bounds) {
  object["lower"] = bounds.lower;
  object["upper"] = bounds.upper;
  object["status"] = bounds.proved ? "proved" : "not_proved";
  if (!bounds.reason.empty()) object["reason"] = bounds.reason;
}

void put(Json& object, record::Counts const& counts) {
  object["size"] = counts.size;
  object["neurons"] = counts.neurons;
  object["depth"] = counts.depth;
  object["width"] = counts.width;
  object["coefficients"] = counts.coefficients;
}

void put_seconds(Json& object, double seconds) { object["seconds"] = std::round(seconds * 1e6) / 1e6; }

Sheet& Sheet::bounds(std::string const& what, record::Bounds const& b) {
  row(what + " >=", b.lower);
  row(what + " <=", b.upper);
  row("status", (b.proved ? "proved" : "not proved") + (b.reason.empty() ? "" : ": " + b.reason));
  return *this;
}

Sheet& Sheet::counts(record::Counts const& c) {
  return row("size", std::to_string(c.size) + " nonzero weights")
      .row("neurons", std::to_string(c.neurons))
      .row("depth", std::to_string(c.depth))
      .row("width", std::to_string(c.width))
      .row("coefficients", std::to_string(c.coefficients));
}

std::string Sheet::text() const {
  std::size_t width = 0;
  for (auto const& [label, value] : rows_) width = std::max(width, label.size());
  std::string out;
  for (auto const& [label, value] : rows_) out += label + std::string(width + 2 - label.size(), ' ') + value + "\n";
  return out;
}

}  // namespace nwidth::program
