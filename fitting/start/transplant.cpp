// SPDX-License-Identifier: Apache-2.0
#include "fitting/start/transplant.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace nwidth::fitting {

double knot_effect(FreeKnotSpline<double> const& s, int k) {
  std::size_t const at = static_cast<std::size_t>(k);
  double const t = s.knots[at], h = std::min(t - s.knots[at - 1], s.knots[at + 1] - t);
  std::vector<double> const left = s.taylor(k - 1, t), right = s.taylor(k, t);
  double effect = 0, power = 1;
  for (int j = 0; j <= s.kind.degree; ++j, power *= h)
    if (j > s.kind.degree - s.kind.multiplicity)
      effect =
          std::max(effect, std::abs(right[static_cast<std::size_t>(j)] - left[static_cast<std::size_t>(j)]) * power);
  return effect;
}

std::vector<double> transplant(FreeKnotSpline<double> const& s, std::vector<double> const& segment_error, int drop,
                               int split) {
  int const n = s.interior_knots();
  if (drop < 0 || drop >= n || split < 0 || split > n || static_cast<int>(segment_error.size()) != n + 1)
    throw InvalidInput("a transplant among " + std::to_string(n) + " knots cannot drop number " + std::to_string(drop) +
                       " and split number " + std::to_string(split));
  std::vector<double> effect;
  for (int k = 1; k <= n; ++k) effect.push_back(knot_effect(s, k));
  std::vector<std::size_t> knot(effect.size()), segment(segment_error.size());
  std::iota(knot.begin(), knot.end(), 0u);
  std::iota(segment.begin(), segment.end(), 0u);
  std::stable_sort(knot.begin(), knot.end(), [&](std::size_t i, std::size_t j) { return effect[i] < effect[j]; });
  std::stable_sort(segment.begin(), segment.end(),
                   [&](std::size_t i, std::size_t j) { return segment_error[i] > segment_error[j]; });
  std::size_t const worst = segment[static_cast<std::size_t>(split)];
  std::vector<double> knots;
  for (std::size_t k = 0; k < effect.size(); ++k)
    if (k != knot[static_cast<std::size_t>(drop)]) knots.push_back(s.knots[k + 1]);
  knots.push_back(s.knots[worst] + (s.knots[worst + 1] - s.knots[worst]) / 2);
  std::sort(knots.begin(), knots.end());
  return knots;
}

}  // namespace nwidth::fitting
