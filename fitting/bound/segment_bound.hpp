// SPDX-License-Identifier: Apache-2.0
/// Bound A: no function with at most k breakpoints does better, since one of k + 1 intervals has no breakpoint inside.
#pragma once
#include <vector>

#include "fitting/bound/lower_bound.hpp"
#include "fitting/problem/function.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// All that the proof needs: r + 1 points of each interval, and the level that is claimed.
struct SegmentWitness {
  int order = 2;
  std::vector<std::vector<Rational>> points;  ///< of k + 1 intervals from left to right, ascending
  Rational level = 0;
};

/// The least |f - q| can be at r + 1 points x_0 < ... < x_r, over all polynomials q of degree < r, in the largest of
/// them: |sum_i w_i f(x_i)| / sum_i |w_i|, w_i = 1/prod_{j != i} (x_i - x_j), since sum w_i q(x_i) = 0. Exact but for
/// the balls of f(x_i). Not finite where f is not.
/// @pre the points ascend, r >= 1
Ball distance_from_polynomials(target::Target const& f, std::vector<Rational> const& x);

/// @theorem{nwidth, segment bound} Let k + 1 intervals in [a,b] have disjoint interiors, and let no polynomial of
///   degree < r be closer to f than E on any of them, f continuous. Then ess sup_{[a,b]} |f - g| >= E for every g that
///   is a polynomial of degree < r between at most k breakpoints, continuous or not.
/// Proof. Each breakpoint is inside at most one of the intervals, so one has none inside. There g is a polynomial, and
/// by continuity |f - g| >= E somewhere in the closed interval, hence >= E - eps on a set of positive measure.
/// @return proved, with lower = the least of the k + 1 distances (>= witness.level); or refused: points that do not
///   ascend or leave [a,b], a wrong number of them, intervals that overlap, f not finite, or level not reached
/// Cost: (k + 1)(r + 1) values of f in balls at the working precision, at least 192 bits.
LowerBound prove_segment_bound(target::Target const& f, Rational const& a, Rational const& b, int k,
                               SegmentWitness const& witness);

struct SegmentBound {
  LowerBound bound;
  SegmentWitness witness;
  /// Where the longest segments with a slightly larger error end: k of them at most.
  std::vector<double> knots;
  double reachable = 0;  ///< the error of piecewise polynomials with these knots, rounded: lower <= best <= about this
  Outcome outcome;

  /// The start for minimax fits with k knots: these, or none if they are too few or meet.
  std::vector<double> start_knots() const {
    bool const good = static_cast<int>(knots.size()) == bound.knots && ascend(knots);
    return good ? knots : std::vector<double>();
  }
};

/// Finds E by a bracketed secant method: with the longest segments of error <= E from the left, k + 1 of them must not
/// fill [a,b], and with a relative E larger by `relative` they must. Then proves what was found.
/// If E is below 1e-12 max|f|, the search is done in Real, some 300 times as slow.
/// @param degree  of the pieces, 1 <= degree <= 20
/// @param k       >= 0
/// Cost: about 100 (k + 1) best polynomials.
SegmentBound segment_bound(Function const& f, int degree, int k, double relative = 1e-10);

}  // namespace nwidth::fitting
