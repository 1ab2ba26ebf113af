// SPDX-License-Identifier: Apache-2.0
/// What bounds by blocks have in common: one of the blocks has no more knots than it bears.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "fitting/bound/lower_bound.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::fitting {

/// If blocks in [a,b] with disjoint interiors bear p_j knots each at some level, and sum (p_j + 1) >= k + 1, then the
/// least of the levels bounds what k knots can do, since they cannot be more than p_j in every block.
/// @param blocks  have left, right and knots, p_j
/// @param level   claimed
/// @param prove   (block, why) -> the level that the block is proved to have, or a reason in `why`; runs at 192 bits at
///   least
/// @return proved with the least of the levels, or refused
template <class Block, class Prove>
LowerBound prove_by_blocks(BoundKind kind, int order, Rational const& a, Rational const& b, int k,
                           std::vector<Block> const& blocks, Rational const& level, Prove const& prove) {
  auto const refused = [&](std::string const& why) { return LowerBound::refused(kind, order, k, why); };
  if (order < 2 || k < 0) return refused("the order must be at least 2 and k not negative");
  PrecisionScope const precision(std::max(192L, working_precision()));
  Rational before = a, least = 0;
  long borne = 0;
  for (Block const& block : blocks) {
    if (block.left < before || !(block.left < block.right) || block.right > b)
      return refused("the blocks overlap or leave the domain");
    before = block.right;
    if (block.knots < 0 || block.knots > k) return refused("a block bears a number of knots outside 0..k");
    std::string why;
    Rational const reached = prove(block, why);
    if (!why.empty()) return refused(why);
    if (borne == 0 || reached < least) least = reached;
    borne += block.knots + 1;
  }
  if (borne < k + 1)
    return refused("the blocks bear " + std::to_string(borne) + " of " + std::to_string(k + 1) + " pieces");
  if (least < level)
    return refused("the level " + decimal_below(level, 12) + " is not reached, " + decimal_below(least, 12) + " is");
  return {kind, order, k, least, true, ""};
}

}  // namespace nwidth::fitting
