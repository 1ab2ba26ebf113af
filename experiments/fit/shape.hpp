// SPDX-License-Identifier: Apache-2.0
/// The networks of one input that can be fitted, by the name of their activation.
#pragma once
#include <string>

#include "fitting/problem/spline.hpp"

namespace nwidth::fit {

struct Shape {
  fitting::SplineClass kind;
  int always_on;        ///< neurons beside those at the knots
  bool shared = false;  ///< one vector of coefficients for the layer
};

/// @param what  what the name was given for, for the message
/// @param activation  relu, relu2, relu3, polyrelu or, if with_shared, polyrelu-shared
/// @throws InvalidInput that lists them
Shape shape_of(std::string const& what, std::string const& activation, bool with_shared = false);

}  // namespace nwidth::fit
