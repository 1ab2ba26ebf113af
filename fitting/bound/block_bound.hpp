// SPDX-License-Identifier: Apache-2.0
/// Bound C: segments and alternations mixed, for errors that do not alternate in full on the whole interval.
#pragma once
#include <vector>

#include "fitting/bound/alternation_bound.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// An interval that bears p knots at the level claimed.
struct Block {
  Rational left, right;
  int knots = 0;                    ///< p
  std::vector<Rational> points;     ///< in [left, right]: r + 1 of them if p = 0, else r + p + m + 1 or more
  FreeKnotSpline<Rational> spline;  ///< with m simple knots; not looked at if p = 0
};

struct BlockWitness {
  int order = 3;
  std::vector<Block> blocks;  ///< from left to right
  Rational level = 0;         ///< claimed
};

/// @theorem{nwidth, block bound} Let intervals I_j in [a,b] have disjoint interiors, let no spline of order r with at
///   most p_j simple knots be closer to f than E on I_j, and let sum (p_j + 1) >= k + 1. Then no spline of order r with
///   at most k simple knots is closer to f than E on [a,b].
/// Proof. If each I_j had more than p_j knots of the spline in its interior, there would be at least sum (p_j + 1) > k.
/// So one has at most p_j, and on it the spline is one of those that miss f by E.
/// @return proved, with lower = the least level of the blocks (by the segment bound for p = 0, by the alternation bound
///   for p > 0), or refused: blocks that overlap or leave [a,b], too few knots borne, a block's witness refused, or
///   level not reached
LowerBound prove_block_bound(target::Target const& f, Rational const& a, Rational const& b, int k,
                             BlockWitness const& witness);

struct BlockOptions {
  int most_inner = 2;      ///< the largest p of a block, 0 ... 4
  double relative = 1e-5;  ///< to which E is sought
};

struct BlockBound {
  LowerBound bound;
  BlockWitness witness;
  Outcome outcome;
};

/// Searches the largest E for which blocks, each as short as reaches E, fit into [a,b]:
///   R[0] = a,   R[i + p + 1] = min over p of the end of the shortest block of p knots from R[i],   R[k+1] <= b.
/// Levelled splines for p > 0 come from Newton's method (free_knot_remez.hpp) along the solutions for nearby blocks; a
/// block for which none is found is not used, so that the bound found is at least the segment bound.
/// @param degree  1 ... 7
/// Cost: about 20 (k + 1) (most_inner + 1) blocks of some milliseconds.
BlockBound block_bound(Function const& f, int degree, int k, BlockOptions const& options = {});

}  // namespace nwidth::fitting
