// SPDX-License-Identifier: Apache-2.0
/// How proved numbers cross into Python: as decimal strings rounded outward; and exact numbers out of it.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <string>
#include <utility>

#include "theory/certify/enclosure.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::python {

/// lower <= truth <= upper with so many significant digits; "inf" where no upper bound was proved.
struct Enclosure {
  std::string lower = "0", upper = "inf";
  bool proved = false;
  std::string reason;  ///< why not, if !proved
  std::string method;
};
Enclosure enclosure_of(certify::Enclosure const& e, int digits);
Enclosure enclosure_of(Ball const& x, int digits);

/// The exact value of a str ("0.1" is one tenth, "1/3", "0x1.8p-1"), an int, a Fraction or Decimal, or a float, whose
/// value is the dyadic number that it holds.
/// @throws InvalidInput that names the argument
Rational exact(char const* argument, nanobind::handle value);
/// The two ends, a < b. @throws InvalidInput
std::pair<Rational, Rational> domain_of(nanobind::handle value);
/// @throws InvalidInput unless least <= value <= most
int in_range(char const* argument, long value, long least, long most);

void bind_theory(nanobind::module_& m);
void bind_fitting(nanobind::module_& m);

}  // namespace nwidth::python
