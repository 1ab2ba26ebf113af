// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "fitting/start/segment_costs.hpp"

namespace nwidth::fitting {

/// The best knots among the ends of cells for piecewise polynomials that may jump.
struct GridKnots {
  std::vector<double> knots;  ///< n of them, ascending
  double error = 0;           ///< L2 distance of f to discontinuous piecewise polynomials with these knots
};

/// Exact minimum over all choices of n interior cell ends as knots, with segments among the runs that costs keeps. If
/// these were left out by a guess of n knots only, it is the minimum over all segments.
/// Cost: O(n) times the runs kept, 4 bytes each for cells and knots.
/// @throws InvalidInput unless 0 <= n < cells, or if the runs kept cannot cover the domain
GridKnots best_grid_knots(SegmentCosts const& costs, int n);

/// Knots for splines of degree d by dynamic programming on graded cells: needs no asymptotics, so it beats
/// equidistribution where f^(r) varies within a segment. Smoothness is ignored: continuity costs nothing for even order
/// asymptotically. Falls back to coarser cells a segment as n grows: 300 (n + 1) for small n, at least 16 (n + 1).
/// Segments that cost more than all of those between equidistributed knots are not looked at: for n >= 16 that is
/// a tenth of the work, and nothing is lost. Cost: 6 to 12 ms for n = 16 or 64, 0.1 to 0.5 s for n = 512.
std::vector<double> dynamic_programming_knots(Function const& f, int degree, int n);

}  // namespace nwidth::fitting
