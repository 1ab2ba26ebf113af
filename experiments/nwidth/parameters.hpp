// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "experiments/methods/method.hpp"
#include "experiments/nwidth/commands.hpp"

namespace nwidth::program {

/// The method's parameters from the command line.
/// @throws InvalidInput if one is missing, out of range or not the method's
methods::Parameters parse_parameters(methods::Method const& method, int n, ParameterOptions const& o);
/// The overlap alone: what --eps needs. @throws InvalidInput if another parameter was given
Rational parse_overlap_only(methods::Method const& method, ParameterOptions const& o);
/// --n within the method's range.
int parse_smoothness(methods::Method const& method, std::string const& text);

}  // namespace nwidth::program
