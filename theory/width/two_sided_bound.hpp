// SPDX-License-Identifier: Apache-2.0
/// Both bounds of the width from any one alternating perfect spline, and one such spline for all large N at once.
#pragma once
#include <string>

#include "theory/number/rational.hpp"

namespace nwidth::width {

/// For every N >= from: lower h^n <= d_N(W^n) <= upper h^n with h = 2 / (N - offset).
///
/// @theorem{nwidth, two-sided bound} Let P be a perfect spline of degree n on [-1,1] with k = N - n knots, and
/// x_0 < ... < x_{k+n} points where the signs of P alternate. Then min|P(x_i)| <= d_N(W^n) <= max|P|.
/// Proof. d_N is the least norm of a perfect spline with at most k knots [Tikhomirov 1969], hence the upper bound. For
/// the lower, let Q be one with ||Q|| < min|P(x_i)|, theta = +1 or -1 and R = P - (1 + delta) theta Q, delta > 0 so
/// small that R has the signs of P at the x_i. By Rolle's theorem, n times, R^(n) takes k + 1 alternating signs (on
/// sets of positive measure), the last that of P(x_{k+n}). But R^(n) has the sign of -theta Q^(n) everywhere, which
/// changes at most k times; so its sign on the last piece is that of P(x_{k+n}), for theta = 1 and for theta = -1: a
/// contradiction.
///
/// The spline: in the middle the Euler spline with spacing h, whose extrema are known exactly; near either end m knots
/// from EndPattern, rounded to dyadics. In units of h an end does not depend on N. There everything is exact rational
/// arithmetic: P' changes sign in as many disjoint tiny brackets as it can have zeros (k + n - 1 in all), so no other
/// extremum exists.
struct TwoSidedBound {
  Rational lower, upper, offset;
  int from = 0;
  bool proved = false;
  std::string reason;
};

/// n = 4..6, N > 64: with 28 knots at either end up to N = 128, with 56 beyond. Computed once and kept, safe to call
/// from several threads. upper / lower - 1 is below 1e-14 up to N = 128, below 1e-30 beyond (tested).
TwoSidedBound const& two_sided_bound(int n, int N);

/// With m knots at either end, 2 <= m <= 60: from = 2 m + n; the fewer, the wider. Not proved if m is too small.
/// @throws InvalidInput if n is not 4..6 or m not 2..60
TwoSidedBound two_sided_bound_with(int n, int m);

}  // namespace nwidth::width
