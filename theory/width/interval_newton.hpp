// SPDX-License-Identifier: Apache-2.0
/// Proof that an equioscillating perfect spline lies next to an approximate one.
#pragma once
#include <string>

#include "theory/number/ball.hpp"
#include "theory/number/real.hpp"
#include "theory/width/half_spline.hpp"

namespace nwidth::width {

/// Balls that hold one perfect spline P = x_{N-n,n}, or the reason why that is not proved.
struct EnclosedSpline {
  HalfSpline<Ball> spline;
  Ball level;                ///< E = ||P||, the width
  std::vector<Ball> points;  ///< its points of alternation in [0, 1], as in Alternating
  std::vector<Ball> zeros;   ///< its zeros in (0, 1), ascending
  bool proved = false;
  std::string reason;
};

/// One Krawczyk step at `bits` of precision on the system
///   P(points[i]) = sign(i) E  for all i,   P'(points[i]) = 0  inside (0, 1)
/// in the coefficients, knots, E and the points inside, with balls blown up around `near`. If the image lies inside,
/// the system has exactly one solution there. With its knots in order in (0, 1) the solution is a
/// perfect spline with k = N - n sign changes of P^(n), so that P' has at most k + n - 1 zeros by Rolle; these are then
/// the points found, all extrema, and P equioscillates k + n + 1 times: its norm is E and it is the spline of least
/// norm. Cost: O(N^3) operations at that precision. n = 2..6.
/// @cite krawczyk1969  @cite tikhomirov1969
EnclosedSpline interval_newton(Alternating<Real> const& near, long bits);

}  // namespace nwidth::width
