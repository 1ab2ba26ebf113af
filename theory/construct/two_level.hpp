// SPDX-License-Identifier: Apache-2.0
/// Sum factorisation: networks whose size, not only their dimension, is asymptotically that of the Kolmogorov width.
#pragma once
#include "theory/construct/two_level_cells.hpp"
#include "theory/network/network.hpp"

namespace nwidth::construct {

/// f ~ sum_i phi_i G_i: in each of N1 overlapping cells (TwoLevelGrid) the optimal spline G_i of dimension N2, joined
/// by a piecewise linear partition of unity, sum_i phi_i = 1. The N1 splines are linear forms of one layer of shared
/// powers, so that they cost a weight for each degree of freedom and no more.
///
/// @theorem{nwidth, Theorem A}  For all f with |f^(n)| <= 1 on [-1, 1], up to rounding (a share of 10^-12):
///   sup |f - net| <= two_level_bound = ((1 + overlap) / (N1 + overlap))^n d_N2(W^n)
/// with N1 N2 + (21 + 2p) N1 + 4 N2 - 16 weights, p = n - 1 (n = 1: p = 1, and 5 more; fewer if coefficients vanish).
/// As N1 -> inf, N1 / N2 -> 0 and overlap -> 0 the error is (1 + o(1)) d_W(W^n) for W the size: no continuous selection
/// of W weights is asymptotically better.
///
/// Layers: relu (where cells begin and end), relu (the two zigzags, x), relu_power p (shared powers, x), relu (G_i + s,
/// ramps), relu_power 2 with phi_i G_i = ((phi_i + G_i)^2 - phi_i^2 - G_i^2) / 2. Depth 5. The zigzags, the carried x
/// and the partition of unity are exact; s >= max_i max |G_i| is proved with the splines, and where phi_i = 0 the three
/// squares cancel whatever G_i is. Weights are dyadic, but for the output's sixths if n = 4 (phi_i is then tripled).
/// @deviation  From the theory's sketch: cells tile [-1, 1] exactly instead of overhanging it, and a zigzag returns
///   on the next cell of its parity instead of in the gap, so that slopes are -1, 0, 1.
/// @throws InvalidInput as TwoLevelGrid, and if f has no finite value at a node
/// Cost: N1 N2 values of f, O(N1 N2 n) operations.
Network two_level_network(target::Target const& f, int n, int N1, int N2, Rational const& overlap = power_of_two(-8));

/// The number of weights above.
long two_level_size(int n, int N1, int N2);

/// N1 and N2 with two_level_size(n, N1, N2) <= size, for which the bound of the error is least.
struct TwoLevelShape {
  int N1 = 0, N2 = 0;
};
/// @throws InvalidInput if no shape is that small, or size > 10^7
TwoLevelShape two_level_shape(int n, long size);

}  // namespace nwidth::construct
