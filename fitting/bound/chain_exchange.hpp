// SPDX-License-Identifier: Apache-2.0
/// The points at which the error of a chain of joined pieces with given knots alternates.
#pragma once
#include <vector>

#include "fitting/bound/joined_chain.hpp"
#include "fitting/problem/function.hpp"

namespace nwidth::fitting {

/// Points of one piece among which its extrema are looked for: denser at the ends, with the breaks of f.
struct ChainGrid {
  std::vector<double> x, y;
  std::vector<bool> broken;

  ChainGrid() = default;
  ChainGrid(Function const& f, int d, double from, double to);
};

/// Points of the pieces of a chain, and |Phi|/Lambda of them for the knots given.
struct ExchangedChain {
  std::vector<std::vector<double>> points;  ///< none if no points were found
  double level = 0;
};

/// d + 1 points of the first and of the last piece and d of those between, such that |Phi|/Lambda of chain_form()
/// at the knots is about the largest possible: by exchange of all points at a time, from the extrema of Chebyshev
/// polynomials. Any points would do for a proof; these are good where the best error with these knots alternates at as
/// many points, and what is best of those met elsewhere. Cost: some 8 exchanges, each linear in the grids.
/// @param pieces  q + 1 grids, ascending, between which the q knots lie; q >= 1
ExchangedChain exchanged_chain(Function const& f, int d, std::vector<ChainGrid const*> const& pieces,
                               std::vector<double> const& knots);

}  // namespace nwidth::fitting
