// SPDX-License-Identifier: Apache-2.0
/// From text to Program.
#pragma once
#include <string_view>

#include "theory/target/program.hpp"

namespace nwidth::target {

inline constexpr std::size_t longest_expression = 20000;  // characters
inline constexpr int deepest_expression = 200;            // open parentheses, calls and exponents

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// sum     = product (("+" | "-") product)*
/// product = signed (("*" | "/") signed)*
/// signed  = ("+" | "-")* power
/// power   = atom ["^" signed]            the exponent must be a rational constant: x^2, x^-1, x^(5/2), x^2.5
/// atom    = number | "pi" | variable | function "(" sum ("," sum)* ")" | "(" sum ")"
/// Spaces are free between these. 2^3^2 = 2^9, -x^2 = -(x^2), x^5/2 = (x^5)/2.
/// @throws InvalidInput with the 1-based position and what was expected there
Program parse_program(std::string_view text, int inputs);

}  // namespace nwidth::target
