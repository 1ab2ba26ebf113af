// SPDX-License-Identifier: Apache-2.0
/// Branch and bound over the knots of a block of joined pieces, rounded: finds what joined_bound.hpp proves.
#pragma once
#include <vector>

#include "fitting/problem/function.hpp"

namespace nwidth::fitting {

/// A node of a tree of boxes of knots, in double. A leaf has the points of its chain.
struct SearchedBox {
  int knot = -1;  ///< the knot that is divided, 0 ... p - 1, or -1: a leaf
  double at = 0;
  int below = 0, above = 0;                 ///< the children, by index
  int first = 0;                            ///< leaf: the first piece of its chain
  std::vector<std::vector<double>> points;  ///< leaf: by piece of the chain; empty if no knots in order are in the box
  double level = 0;                         ///< what the chain gives for the box
};

struct JoinedSearch {
  std::vector<SearchedBox> boxes;  ///< from the root; children come after their parents
  double level = 0;                ///< the least over the leaves
  std::vector<double> worst;  ///< p knots, ascending, about the middle of the least leaf with room for them: where a
                              ///< better fit may be if level < target
  bool closed = false;        ///< level >= target
};

/// Divides the box of all p knots in [from, to], the worst part first, until all parts are worth `target` or `most` of
/// them were looked at. The chains of a part: single pieces between its knots, by their best polynomials; longer ones
/// by exchange with the knots in the middle of the part.
/// @param knots  p of them, ascending: about the best; they only set scales
/// Cost: some 50 to 500 us a part.
JoinedSearch search_joined(Function const& f, int degree, double from, double to, std::vector<double> const& knots,
                           double target, int most);

}  // namespace nwidth::fitting
