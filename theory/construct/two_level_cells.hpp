// SPDX-License-Identifier: Apache-2.0
/// The cells of the two-level constructions: [-1, 1] as N1 overlapping intervals, in each the optimal spline of
/// dimension N2.
#pragma once
#include <utility>
#include <vector>

#include "theory/construct/spline_basis.hpp"
#include "theory/target/target.hpp"
#include "theory/width/spline_space.hpp"

namespace nwidth::construct {

/// Cell i is [-1 + i H, -1 + (i + 1 + overlap) H], i = 0 ... N1 - 1, with the pitch H = 2 / (N1 + overlap): the cells
/// tile [-1, 1] exactly, so that f is never asked for values outside. Neighbours share overlap H. In the coordinate
/// u = (x + 1) / H everything is dyadic if the overlap is: cell i is [i, i + 1 + overlap].
///
/// A cell sees x as y in [0, 1 + overlap]: the distance in units of H from its left end, or, if it is reflected, from
/// its right end. So one continuous zigzag of slopes -1, 0 and 1 serves every second cell.
struct TwoLevelGrid {
  int n = 0, N1 = 0, N2 = 0;
  Rational overlap;

  /// @throws InvalidInput unless n = 1 ... 4, N1 >= 2, N2 >= max(n, 2), N1 N2 <= 10^7 and overlap is dyadic in (0, 1/2]
  TwoLevelGrid(int n, int N1, int N2, Rational overlap);

  Rational pitch() const { return 2 / (N1 + overlap); }
  bool reflected(int cell) const { return cell % 4 >= 2; }
  /// x of the local coordinate y of a cell.
  Rational point(int cell, Rational const& y) const {
    return pitch() * (reflected(cell) ? Rational(cell + 1 + overlap - y) : Rational(cell + y)) - 1;
  }
  /// Where y is followed: [0, 1 + overlap]. For n = 1 it stays at the outer midpoints beyond them, as does the spline.
  std::pair<Rational, Rational> range() const;
  /// n = 1: midpoint k = 0 ... N2 - 1 between which f is interpolated: (1 + overlap) (2k + 1) / (2 N2), up to 2^-64 /
  /// N2.
  Rational midpoint(int k) const;
  /// A lower bound of the error over W^n of the optimal spline in one cell, without a solver: width_floor, scaled.
  Rational floor() const;
};

/// ((1 + overlap) / (N1 + overlap))^n d_N2(W^n): the error over W^n of any convex combination of the cells' optimal
/// splines, by scaling a cell of half length (1 + overlap) / (N1 + overlap) to [-1, 1].
Ball two_level_bound(int n, int N1, int N2, Rational const& overlap);

/// What the hidden layer of powers computes in each cell, with z = y - range().first:
///   G_i = constant[i] + sum_k weights[i][k] relu(scales[k] (z - knots[k]))^p.
/// n >= 2: p = n - 1; N2 - 1 knots: 0, -1, ..., 2 - n, and the N2 - n inner ones in (0, 1 + overlap).
/// n = 1: p = 1; N2 - 1 knots at the midpoints but the last, from 0.
struct CellPowers {
  int p = 1;
  std::vector<Rational> knots, scales;
  std::vector<Rational> constant;              ///< dyadic, one for each cell
  std::vector<std::vector<Rational>> weights;  ///< dyadic, one row for each cell
  Rational bound;     ///< |G_i| <= bound for all cells and all y in range(), proved: B-splines combine convexly
  Rational rounding;  ///< |G_i - (the interpolating spline)| <= rounding there, proved: rounding_share() grid.floor()
};

/// @param unit_scale  scales[k] is a short dyadic with scales[k] (1 + overlap - knots[k]) in [127/128, 1], so that each
///   power runs in [0, 1]; else, and for n = 1, it is 1
/// @throws InvalidInput if f has no finite value at a node
CellPowers cell_powers(target::Target const& f, TwoLevelGrid const& grid, bool unit_scale);

/// A dyadic of at most 8 significant bits that is >= x, x >= 0; 1 if x = 0.
Rational dyadic_above(Rational const& x);

}  // namespace nwidth::construct
