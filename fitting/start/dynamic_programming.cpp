// SPDX-License-Identifier: Apache-2.0
#include "fitting/start/dynamic_programming.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "fitting/start/equidistribution.hpp"

namespace nwidth::fitting {

GridKnots best_grid_knots(SegmentCosts const& costs, int n) {
  int const cells = costs.cells();
  if (n < 0 || n >= cells)
    throw InvalidInput(std::to_string(n) + " knots cannot be chosen from " + std::to_string(cells) + " cells");
  double const none = std::numeric_limits<double>::infinity();
  std::size_t const width = static_cast<std::size_t>(cells) + 1;
  std::vector<double> best(width, none), next(width);
  std::vector<int> from(width * static_cast<std::size_t>(n + 1), -1);
  best[0] = 0;
  for (int piece = 0; piece <= n; ++piece) {
    std::fill(next.begin(), next.end(), none);
    int* const back = &from[width * static_cast<std::size_t>(piece)];
    for (int i = piece; i < cells; ++i) {
      if (!(best[static_cast<std::size_t>(i)] < none && best[static_cast<std::size_t>(i)] <= costs.bound())) continue;
      for (int j = i + 1; j <= std::min(cells - (n - piece), costs.reach(i)); ++j) {
        double const sum = best[static_cast<std::size_t>(i)] + costs(i, j);
        if (sum < next[static_cast<std::size_t>(j)]) {
          next[static_cast<std::size_t>(j)] = sum;
          back[j] = i;
        }
      }
    }
    std::swap(best, next);
  }
  if (!(best[static_cast<std::size_t>(cells)] < none))
    throw InvalidInput("no choice of " + std::to_string(n) + " knots covers the domain with the segments kept");
  GridKnots result{{}, std::sqrt(best[static_cast<std::size_t>(cells)])};
  int end = cells;
  for (int piece = n; piece > 0; --piece) {
    end = from[width * static_cast<std::size_t>(piece) + static_cast<std::size_t>(end)];
    result.knots.push_back(costs.ends()[static_cast<std::size_t>(end)]);
  }
  std::reverse(result.knots.begin(), result.knots.end());
  return result;
}

std::vector<double> dynamic_programming_knots(Function const& f, int degree, int n) {
  if (n == 0) return {};
  int const count = std::clamp(300 * (n + 1), 16 * (n + 1), std::max(800, 16 * (n + 1)));
  std::vector<double> ends = graded_cells(f, degree + 1, n, count);
  int const cells = static_cast<int>(ends.size()) - 1;
  // for few knots any segment may be long; for many, six times the mean is enough on cells that are graded
  int const window = cells <= 1200 ? cells : std::max(6 * (cells / (n + 1) + 1), 128);
  std::vector<double> const guess = equidistribution(f, std::min(degree + 1, 7), 2, n, 4);
  return best_grid_knots(SegmentCosts(f, std::move(ends), degree, window, guess), n).knots;
}

}  // namespace nwidth::fitting
