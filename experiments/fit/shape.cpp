// SPDX-License-Identifier: Apache-2.0
#include "experiments/fit/shape.hpp"

#include <map>

namespace nwidth::fit {

using fitting::SplineClass;

Shape shape_of(std::string const& what, std::string const& activation) {
  static std::map<std::string, Shape> const shapes = {{"relu", {SplineClass::relu(), 1}},
                                                      {"relu2", {SplineClass::relu_power(2), 2}},
                                                      {"relu3", {SplineClass::relu_power(3), 3}},
                                                      {"polyrelu", {SplineClass::polyrelu(3), 1}}};
  auto const found = shapes.find(activation);
  if (found == shapes.end())
    throw InvalidInput(what + " = '" + activation + "': allowed are relu, relu2, relu3 and polyrelu");
  return found->second;
}

}  // namespace nwidth::fit
