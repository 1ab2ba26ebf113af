// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/scaling_law.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "theory/number/error.hpp"

namespace nwidth::fitting::population {

PredictedExponents predicted_exponents(int d, double s, Unit const& unit) {
  if (d < 1 || d > 3) throw InvalidInput("exponents in " + std::to_string(d) + " dimensions: 1, 2, 3 are possible");
  if (!(s > 0 && std::isfinite(s))) throw InvalidInput("smoothness " + std::to_string(s) + ": it must be positive");
  PredictedExponents e;
  e.smoothness = 2 * s / d;
  e.mesh = 4.0 / d;
  e.shallow = unit.smooth() ? e.smoothness : std::min(2 * s, 2.0 * unit.degree + d + 1) / d;
  return e;
}

MeasuredExponents measured_exponents(std::vector<double> const& sizes, std::vector<double> const& losses) {
  if (sizes.size() != losses.size() || sizes.size() < 2)
    throw InvalidInput(std::to_string(losses.size()) + " losses at " + std::to_string(sizes.size()) +
                       " sizes: a slope needs as many of either, at least two");
  double mean_x = 0, mean_y = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (!(sizes[i] > (i == 0 ? 0 : sizes[i - 1]) && std::isfinite(sizes[i])))
      throw InvalidInput("the size " + std::to_string(sizes[i]) + ": sizes must be positive and ascend");
    if (!(losses[i] > 0 && std::isfinite(losses[i])))
      throw InvalidInput("the loss " + std::to_string(losses[i]) + ": losses must be positive and finite");
    mean_x += std::log(sizes[i]) / static_cast<double>(sizes.size());
    mean_y += std::log(losses[i]) / static_cast<double>(sizes.size());
  }
  MeasuredExponents e;
  double xx = 0, xy = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    double const x = std::log(sizes[i]) - mean_x, y = std::log(losses[i]) - mean_y;
    xx += x * x;
    xy += x * y;
    if (i > 0) e.local.push_back(std::log(losses[i - 1] / losses[i]) / std::log(sizes[i] / sizes[i - 1]));
  }
  e.ols = -xy / xx;
  return e;
}

}  // namespace nwidth::fitting::population
