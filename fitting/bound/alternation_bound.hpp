// SPDX-License-Identifier: Apache-2.0
/// Bound B: no spline with simple knots does better than the level at which f - s alternates often enough.
#pragma once
#include <vector>

#include "fitting/bound/lower_bound.hpp"
#include "fitting/problem/function.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::fitting {

/// All that the proof needs: a spline, exact, and points. There may be more points than needed; the best are chosen.
struct AlternationWitness {
  FreeKnotSpline<Rational> spline;
  std::vector<Rational> points;  ///< ascending
  Rational level = 0;            ///< claimed
};

/// Points of an alternating sequence of `count` terms out of e_0, e_1, ..., such that the least |e_i| is largest; empty
/// if there is none. Balls that contain 0 are left out; |e_i| counts by its lower end. Cost: O(n log n) comparisons.
std::vector<std::size_t> best_alternation(std::vector<Ball> const& e, int count);

/// @theorem{nwidth, alternation bound} Let S_{r,k} be the functions on [a,b] that are C^{r-2} and polynomials of degree
///   < r between at most k knots, r >= 2. If s is in S_{r,m} and f - s takes values of alternating signs and of size at
///   least E at r + k + m + 1 points in ascending order, then sup |f - g| >= E for every g in S_{r,k}.
/// Proof. If |f - g| < E at the points, then h = g - s = (f - s) - (f - g) has the signs of f - s there, so it changes
/// sign r + k + m times. Where a continuous h changes sign p times, strictly, between p + 1 points, its differences
/// from point to point alternate, hence its derivative takes p alternating signs: p - 1 changes. After r - 2 steps
/// h^(r-2) is still absolutely continuous, so h^(r-1) changes sign at least k + m + 1 times. But it is constant on the
/// at most k + m + 1 pieces between the knots of g and s, and changes sign at most k + m times.
/// @deviation The known statement is about s with k knots; any number is allowed, and any surplus of alternations.
/// @return proved, with lower = the best level of the points (>= witness.level), or refused: knots not simple, points
///   that do not ascend or leave [a,b], too few alternations, f not finite, or level not reached
/// Cost: values of f in balls at the working precision, at least 192 bits, and exact values of s.
LowerBound prove_alternation_bound(target::Target const& f, Rational const& a, Rational const& b, int k,
                                   AlternationWitness const& witness);

/// Where |f - s| is locally largest: the ends, knots and breaks, and the extrema between them. Rounded, ascending.
template <class T>
std::vector<T> extrema(Function const& f, FreeKnotSpline<T> const& s);

struct AlternationBound {
  LowerBound bound;
  AlternationWitness witness;  ///< with no more points than the proof needs
  int alternations = 0;        ///< of at least half the largest |f - s| seen
};

/// The bound for k knots that s, its coefficients and knots taken exactly, and its extrema give: E itself if s is the
/// best and alternates in full; but any s gives something.
/// @param also  more points that may serve, in any order: a fit's own alternation
template <class T>
AlternationBound alternation_bound(Function const& f, FreeKnotSpline<T> const& s, int k,
                                   std::vector<T> const& also = {});

}  // namespace nwidth::fitting
