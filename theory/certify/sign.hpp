// SPDX-License-Identifier: Apache-2.0
/// The sign of a polynomial to the right of a point, and up to where it lasts: the only decision the sweep makes.
#pragma once
#include "theory/number/polynomial.hpp"

namespace nwidth::certify {

/// On [x, until]: z >= 0 if sign > 0, z <= 0 if sign < 0, except on [x, settled] (settled >= x), where either may hold;
/// sign == 0: undecided on all of [x, until], where |z| is negligible at the working precision.
struct SignRun {
  int sign = 0;
  Point settled;
  Point until;
};

/// +1 if z >= 0 on [l, r], -1 if z <= 0 there, 0 if neither was shown (Bernstein coefficients). l < r.
int sign_on(Polynomial const& z, Point const& l, Point const& r);

/// The run that starts at x, x < end. until > x always, until <= end.
/// @param soon  a point in (x, end] at which the caller is likely to ask again; runs need not be followed far beyond it
SignRun sign_run(Polynomial const& z, Point const& x, Point const& soon, Point const& end);

}  // namespace nwidth::certify
