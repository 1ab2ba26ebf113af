// SPDX-License-Identifier: Apache-2.0
/// Where to put knots before anything is fitted.
#pragma once
#include <vector>

#include "fitting/problem/function.hpp"
#include "fitting/problem/spline.hpp"

namespace nwidth::fitting {

/// n interior knots that equidistribute |f^(r)|^{1/r} + 1e-3 of its mean over the domain: asymptotically optimal in the
/// sup norm. Sampled on a grid that is graded towards the ends and the breaks of f, where f^(r) may be infinite.
/// Uniform if f^(r) vanishes. Strictly ascending. r <= 7.
/// @cite deboor1973
std::vector<double> equidistributed_knots(Function const& f, int r, int n);

/// The breaks of f, and between them the other knots, equidistributed; none if f has no breaks or more than n.
std::vector<double> knots_at_breaks(Function const& f, int r, int n);

/// n interior knots such that the best polynomials of degree r - 1 on the n + 1 segments have nearly equal errors: the
/// longest segments from the left, by bisection on the error. Sampled; a start, not a bound.
std::vector<double> segment_greedy_knots(Function const& f, int r, int n);

/// max over samples of |f - p| for the best polynomial p of degree r - 1 on [a, b], by exchange on 49 samples: a lower
/// bound up to rounding.
double polynomial_error(Function const& f, int r, double a, double b);

/// The knots without the interior one whose removal leaves the segment with the least polynomial_error, and with a new
/// one in the middle of the segment where that error is largest. knots: with both ends.
std::vector<double> transplanted_knots(Function const& f, int r, std::vector<double> const& knots);

}  // namespace nwidth::fitting
