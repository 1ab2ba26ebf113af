// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "fitting/problem/function.hpp"

namespace nwidth::fitting {

/// n interior knots that halve, third, ... the integral of |f^(r)|^{1/(r + 1/p)}, of which best knots for splines of
/// order r in L^p take equal shares as n grows. A thousandth of its mean is added, so that knots stand everywhere.
/// By the midpoint rule on 2000 + fineness n cells that end at the breaks of f. A jump of f^(r-1) is not seen.
/// @param p  infinity for the sup norm
/// @throws InvalidInput unless n >= 0, 1 <= r <= 7, p >= 1, or if f^(r) is not finite at a midpoint
/// @cite deboor2001 XII (good approximation by splines with variable knots)
std::vector<double> equidistribution(Function const& f, int r, double p, int n, int fineness = 40);

/// Changes of sign of f^(r) over the same cells, jumps through a break included: where below twice as many knots as
/// these are free, starts matter and many are tried.
int sign_changes(Function const& f, int r, int n);

}  // namespace nwidth::fitting
