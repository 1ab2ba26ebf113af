// SPDX-License-Identifier: Apache-2.0
/// The networks of one input that can be fitted, by the name of their activation.
#pragma once
#include <string>

#include "fitting/problem/spline.hpp"

namespace nwidth::fit {

struct Shape {
  fitting::SplineClass kind;
  int always_on;  ///< neurons beside those at the knots
};

/// @param what  what the name was given for, for the message
/// @param activation  relu, relu2, relu3 or polyrelu
/// @throws InvalidInput that lists them
Shape shape_of(std::string const& what, std::string const& activation);

}  // namespace nwidth::fit
