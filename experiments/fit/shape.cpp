// SPDX-License-Identifier: Apache-2.0
#include "experiments/fit/shape.hpp"

#include <map>

namespace nwidth::fit {

using fitting::SplineClass;

Shape shape_of(std::string const& what, std::string const& activation, bool with_shared) {
  static std::map<std::string, Shape> const shapes = {{"relu", {SplineClass::relu(), 1}},
                                                      {"relu2", {SplineClass::relu_power(2), 2}},
                                                      {"relu3", {SplineClass::relu_power(3), 3}},
                                                      {"polyrelu", {SplineClass::polyrelu(3), 1}},
                                                      {"polyrelu-shared", {SplineClass::polyrelu(3), 3, true}}};
  auto const found = shapes.find(activation);
  if (found == shapes.end() || (found->second.shared && !with_shared))
    throw InvalidInput(what + " = '" + activation + "': allowed are relu, relu2, relu3" +
                       (with_shared ? ", polyrelu and polyrelu-shared" : " and polyrelu"));
  return found->second;
}

}  // namespace nwidth::fit
