// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "fitting/problem/spline.hpp"

namespace nwidth::fitting {

/// How much interior knot k matters: the largest |jump of s^(j)| h^j/j! at it, h the shorter spacing beside it.
double knot_effect(FreeKnotSpline<double> const& s, int k);

/// New knots from those of a fit: the knot with the (drop+1)-least effect goes, and the segment with the
/// (split+1)-worst error is halved. Leads out of local minima with a crowd of knots in one place and too few in
/// another.
/// @param segment_error  one per segment
/// @throws InvalidInput unless 0 <= drop < n, 0 <= split <= n
std::vector<double> transplant(FreeKnotSpline<double> const& s, std::vector<double> const& segment_error, int drop = 0,
                               int split = 0);

}  // namespace nwidth::fitting
