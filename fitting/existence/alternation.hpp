// SPDX-License-Identifier: Apache-2.0
/// Proof that a spline with free knots that equioscillates lies next to an approximate one, and that it is the best.
#pragma once
#include <string>
#include <vector>

#include "fitting/problem/function.hpp"
#include "fitting/problem/spline.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::fitting {

/// s(x) = sum_j a_j (x - a)^j + sum_q sum_{d-m < i <= d} c_{q,i} (x - t_q)_+^i, whose error alternates at
/// d + 2 + (m + 1) k points.
struct EnclosedMinimax {
  SplineClass kind;
  std::vector<Ball> polynomial;          ///< a_0 ... a_d
  std::vector<std::vector<Ball>> jumps;  ///< c_{q,i} of knot q, i ascending: m of them
  std::vector<Ball> knots;               ///< t_1 ... t_k, in order, in (a, b)
  Ball error;                            ///< E > 0
  std::vector<Ball> points;              ///< where f - s = +-E, in order
  bool proved = false;   ///< exactly one solution of the system lies in the balls, and no spline of the class with k
                         ///< knots is closer to f than E
  bool optimal = false;  ///< moreover `least` holds the least error of the class with k free knots, and sup |f - s|
  Ball least;            ///< E; up to E (1 + 2^(-bits/2)) if a point is a break of f, or if there are more points
  double contraction = 0;
  std::string reason;  ///< why not proved, or not optimal
};

/// Krawczyk's method at `bits` of precision on
///   f(x_i) - s(x_i) = +-E at all points,   f'(x_i) - s'(x_i) = 0 at those inside that are no knots,
/// in a, c, t, E and the points inside. Where m = d, points that are knots in `near` move with them: corners. Points
/// that are breaks of f in `near` stay there, and need no derivative. E is a lower bound by alternation if m = 1
/// (alternation_bound.hpp), else by segments (segment_bound.hpp): each piece then holds d + 2 of the points. That |f -
/// s| <= E is shown by the theorem or by error_level.hpp.
/// @theorem{nwidth, full alternation} If f - s, s in S_{r,k} with knots t_1 < ... < t_k, alternates between E and -E at
///   r + 2k + 1 points, the ends and critical points or corners, and f^(r) has no zero in [a,b], then sup |f - s| = E
///   is the least error of all splines of order r with at most k simple knots.
/// Proof. Let f^(r) > 0 and d = r - 1. e^(d) = f^(d) - s^(d) increases between the knots, so it has at most one sign
/// change in each of the k + 1 pieces and one at each knot. By Rolle e' has at most (2k + 1) + (d - 1) sign changes and
/// as many zeros if d >= 2 [e' is not 0 on any interval, and a double zero counts for two in Rolle's theorem]. The d +
/// 2k points inside are thus all zeros of e', between which e is monotone, and |e| <= E. If d = 1, e is strictly convex
/// in each piece, with one critical point at most: the 2k + 1 points inside are k + 1 of these and all k corners. So e
/// is
/// +-E at the ends of each piece and +-E at its minimum, and |e| <= E. With the alternation bound, E is the least
/// error.
/// @cite krawczyk1969
/// @param near    degree 1 ... 8; simple knots, or m = d odd; on [f.begin(), f.end()]; to some 1e-6 of its spacing
/// @param points  d + 2 + (m + 1) k, ascending: where the error alternates; one next to an end or to a break of f,
///   by 1e-9 of the distance of its neighbours, is meant to be there
/// @throws InvalidInput if their number does not fit, the class is another, or f has a network part
EnclosedMinimax enclose_minimax(Function const& f, FreeKnotSpline<Real> const& near, std::vector<Real> const& points,
                                long bits = 256);

}  // namespace nwidth::fitting
