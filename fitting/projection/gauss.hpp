// SPDX-License-Identifier: Apache-2.0
/// Gauss-Legendre rules, and composite ones whose pieces move with knots.
#pragma once
#include <vector>

namespace nwidth::fitting {

/// q Gauss nodes on each piece between neighbours of a, the union of knots and fixed points, b: as many nodes wherever
/// the knots lie, the fixed points staying where they are. Pieces of length 0 have weights 0.
struct CompositeRule {
  std::vector<double> node, weight;
};
/// @param knots, fixed  each sorted, inside [a, b]
CompositeRule composite_gauss(int q, double a, double b, std::vector<double> const& knots,
                              std::vector<double> const& fixed);

/// Fixed points for composite_gauss: an even grid of `panels`, the breaks, and points at distances (b-a) 4^-k, k = 1
/// ... `grades`, on both sides of each break, where integrands may be singular.
std::vector<double> graded_points(double a, double b, int panels, std::vector<double> const& breaks, int grades);

}  // namespace nwidth::fitting
