// SPDX-License-Identifier: Apache-2.0
#include "experiments/nwidth/arguments.hpp"

#include <charconv>

#include "theory/number/ball.hpp"
#include "theory/number/error.hpp"

namespace nwidth::program {
namespace {

/// The start of a long text: messages stay one readable line.
std::string shown(std::string const& text) { return text.size() <= 60 ? text : text.substr(0, 57) + "..."; }

std::string shown(Rational const& x) {
  std::string const text = x.str();
  return text.size() <= 24 ? text : decimal_below(x, 6);
}

}  // namespace

long parse_integer(std::string const& option, std::string const& text, long least, long most) {
  long value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool const whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || value < least || value > most)
    throw InvalidInput(option + " = '" + shown(text) + "': allowed is an integer from " + std::to_string(least) +
                       " to " + std::to_string(most));
  return value;
}

Rational parse_number(std::string const& option, std::string const& text, Rational const& least, Rational const& most) {
  Rational value;
  try {
    value = parse_rational(text);
  } catch (InvalidInput const& e) {
    throw InvalidInput(option + ": " + e.what());
  }
  if (value < least || value > most)
    throw InvalidInput(option + " = '" + shown(text) + "': allowed is a number from " + shown(least) + " to " +
                       shown(most));
  return value;
}

std::pair<Rational, Rational> parse_domain(std::string const& text) {
  std::string const allowed = "': allowed is a,b with a < b and both between -1000000 and 1000000, like -1,1";
  auto const comma = text.find(',');
  if (comma == std::string::npos || text.find(',', comma + 1) != std::string::npos)
    throw InvalidInput("--domain = '" + shown(text) + allowed);
  Rational const most = 1000000;
  auto const a = parse_number("--domain", text.substr(0, comma), -most, most);
  auto const b = parse_number("--domain", text.substr(comma + 1), -most, most);
  if (a >= b) throw InvalidInput("--domain = '" + shown(text) + allowed);
  return {a, b};
}

}  // namespace nwidth::program
