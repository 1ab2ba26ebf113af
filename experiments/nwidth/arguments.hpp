// SPDX-License-Identifier: Apache-2.0
/// Option values as the user typed them, read exactly and checked against their range.
#pragma once
#include <string>
#include <utility>

#include "theory/number/rational.hpp"

namespace nwidth::program {

/// @throws InvalidInput "--N = 10x: allowed is an integer from 2 to 128"
long parse_integer(std::string const& option, std::string const& text, long least, long most);
/// An exact number in [least, most].
Rational parse_number(std::string const& option, std::string const& text, Rational const& least, Rational const& most);
/// "a,b" with a < b and |a|, |b| <= 10^6.
std::pair<Rational, Rational> parse_domain(std::string const& text);

}  // namespace nwidth::program
