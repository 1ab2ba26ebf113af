// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "fitting/problem/function.hpp"

namespace nwidth::fitting {

/// n random interior knots: nine tenths of sorted random points and one tenth of equal spacing, so that no two are
/// close. Even trials draw the points uniformly, odd ones from the density of equidistribution() for order r in L^2.
/// Deterministic: the same for the same seed and trial on every machine.
std::vector<double> random_knots(Function const& f, int r, int n, std::uint64_t seed, int trial);

}  // namespace nwidth::fitting
