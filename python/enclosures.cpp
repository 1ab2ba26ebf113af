// SPDX-License-Identifier: Apache-2.0
#include "python/enclosures.hpp"

#include "theory/number/error.hpp"

namespace nwidth::python {
namespace nb = nanobind;

Enclosure enclosure_of(certify::Enclosure const& e, int digits) {
  Enclosure r;
  r.lower = decimal_below(e.lower, digits);
  if (e.bounded) r.upper = decimal_above(e.upper, digits);
  r.proved = e.proved && e.bounded;
  r.reason = r.proved || !e.reason.empty() ? e.reason : "the tolerance was not reached";
  r.method = e.method;
  return r;
}

Enclosure enclosure_of(Ball const& x, int digits) {
  Enclosure r;
  r.proved = x.is_finite();
  if (r.proved) {
    r.lower = decimal_below(x.lower(), digits);
    r.upper = decimal_above(x.upper(), digits);
  } else {
    r.reason = "no finite enclosure was found";
  }
  return r;
}

Rational exact(char const* argument, nb::handle value) {
  std::string text;
  if (nb::isinstance<nb::float_>(value))
    text = nb::cast<std::string>(value.attr("hex")());
  else
    text = nb::cast<std::string>(nb::str(value));
  try {
    return parse_rational(text);
  } catch (InvalidInput const& e) {
    throw InvalidInput(std::string(argument) + ": " + e.what());
  }
}

std::pair<Rational, Rational> domain_of(nb::handle value) {
  if (!nb::isinstance<nb::sequence>(value) || nb::isinstance<nb::str>(value) || nb::len(value) != 2)
    throw InvalidInput("domain = " + nb::cast<std::string>(nb::repr(value)) + ": allowed is a pair of numbers a < b");
  Rational const a = exact("domain", value[0]), b = exact("domain", value[1]);
  Rational const most = 1000000;
  if (!(a < b) || a < -most || b > most)
    throw InvalidInput("domain = " + nb::cast<std::string>(nb::repr(value)) +
                       ": allowed is a < b, both between -1000000 and 1000000");
  return {a, b};
}

int in_range(char const* argument, long value, long least, long most) {
  if (value < least || value > most)
    throw InvalidInput(std::string(argument) + " = " + std::to_string(value) + ": allowed is an integer from " +
                       std::to_string(least) + " to " + std::to_string(most));
  return static_cast<int>(value);
}

}  // namespace nwidth::python
