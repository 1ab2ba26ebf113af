// SPDX-License-Identifier: Apache-2.0
/// Bound E: continuous piecewise polynomials, also where the ends of the best pieces do not meet.
#pragma once
#include <vector>

#include "fitting/bound/lower_bound.hpp"
#include "fitting/problem/function.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// A box of knots is divided, or bounded by a chain of pieces.
struct JoinedNode {
  int knot = -1;                              ///< the knot, 0 ... p - 1, that is divided; -1: a leaf
  Rational at = 0;                            ///< where: below first, then above
  int first = 0;                              ///< leaf: the first piece of the chain, 0 ... p
  std::vector<std::vector<Rational>> points;  ///< leaf: by piece, as chain_form() wants them, or r + 1 of one piece;
                                              ///< none where the box has no knots in ascending order
};

/// An interval that bears p knots at the level claimed.
struct JoinedBlock {
  Rational left, right;
  int knots = 0;                 ///< p
  std::vector<JoinedNode> tree;  ///< of the box [left, right]^p: a node, then all below it, then all above
};

/// All that the proof needs.
struct JoinedWitness {
  int order = 2;
  std::vector<JoinedBlock> blocks;  ///< from left to right
  Rational level = 0;               ///< claimed
};

/// @theorem{nwidth, joined bound} Let intervals I_j in [a,b] have disjoint interiors and let sum (p_j + 1) >= k + 1.
///   Let boxes cover all t_1 <= ... <= t_{p_j} in I_j, and let each box have a chain of neighbouring pieces, with
///   points that lie in them wherever in the box the knots are, for which |Phi| >= E Lambda on the box (joined chain),
///   or one piece with r + 1 points where no polynomial of degree < r is closer to f than E. Then sup |f - g| >= E for
///   every continuous g that is a polynomial of degree < r between at most k knots.
/// Proof. If each I_j had more than p_j knots in its interior there would be at least sum (p_j + 1) > k. So one I_j has
/// at most p_j; add any points of it to have p_j, in order. They are in one of the boxes. The points of the chain of
/// this box are between the right end of a knot's side and the left end of the next one's, hence in one piece of g
/// each; so max |f - g| over them is at least |Phi|/Lambda >= E, or E by the segment bound.
/// @return proved, with lower = the least level of the boxes of all blocks (>= witness.level), or refused: blocks that
///   overlap or leave [a,b], too few knots borne, a tree that is not one, points not in their pieces, f not finite, or
///   level not reached
/// Cost: for each leaf (r - 1)(p + 1) + 2 values of f in balls, at least 192 bits, and O(p r^p) operations.
LowerBound prove_joined_bound(target::Target const& f, Rational const& a, Rational const& b, int k,
                              JoinedWitness const& witness);

struct JoinedOptions {
  int most_inner = 6;      ///< the largest p of a block, 0 ... 6
  double relative = 1e-6;  ///< how far below the level of the fit the bound may be
  int boxes = 3000;        ///< parts of a block that are looked at, at most
};

struct JoinedBound {
  LowerBound bound;
  JoinedWitness witness;
  /// If a block could not be closed: k knots of which those in this block may be better ones than the fit's.
  std::vector<double> knots;
  Outcome outcome;  ///< converged: within `relative` of the fit
};

/// The bound for the knots of a fit that is a local minimum: its error is extremal where two pieces end alike, and
/// these knots cut [a,b] into blocks. At a knot inside a block the values of two neighbouring pieces are forced against
/// each other, and the error alternates on the block at r + p (r - 1) + 1 points. Branch and bound over the p knots
/// shows that none is better on the block by more than `relative`, or where one may be. Costs milliseconds in the first
/// case; the proof as much.
/// @throws InvalidInput if the fit is not a spline on f's domain, or options are out of range
JoinedBound joined_bound(Function const& f, FreeKnotSpline<double> const& fit, JoinedOptions const& options = {});

}  // namespace nwidth::fitting
