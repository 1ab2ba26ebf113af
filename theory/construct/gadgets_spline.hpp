// SPDX-License-Identifier: Apache-2.0
/// Exact splines as gadgets: the folded B-spline, and every continuous piecewise polynomial by one frozen layer.
#pragma once
#include <vector>

#include "theory/construct/gadgets_frozen.hpp"

namespace nwidth::construct {

/// The cardinal B-spline of degree p with knots center + h (j - (p+1)/2), j = 0 ... p+1: integral h, support (p+1) h.
/// Two layers that cancel nothing beyond its support: |x - center|/h by two neurons (a = e_1), then a = e_p with
///   B_p(x) = (1/p!) sum_{0 <= j < (p+1)/2} (-1)^j C(p+1, j) relu((p+1)/2 - j - |x|)^p.
/// Neurons 2 + floor((p+2)/2) (p even) or 2 + (p+1)/2 (p odd): 3, 4, 4, 5 for p = 1, 2, 3, 4.
/// @throws InvalidInput unless 1 <= p <= 32 and h > 0
Network folded_bspline(int p, Rational const& center = 0, Rational const& h = 1);

/// A function on [breaks.front(), breaks.back()]: on [breaks[i], breaks[i+1]] it is sum_k pieces[i][k] (x -
/// breaks[i])^k.
struct PiecewisePolynomial {
  std::vector<Rational> breaks;               ///< N + 1, ascending
  std::vector<std::vector<Rational>> pieces;  ///< N

  Rational operator()(Rational const& x) const;  // x in the interval
};

/// f on its interval by one layer with frozen coefficients: at each left end of a piece the jump in the coefficients, a
/// sum of powers relu(x - t)^k, by Lemma (S). At most r N neurons and size 3 r N + 1; the space of such f has dimension
/// r N + 1, so nothing is wasted. ReLU^r alone only gives C^{r-1} splines.
/// @theorem{nwidth, frozen piecewise polynomial}
/// @param a  a_1, ..., a_r all nonzero
/// @throws InvalidInput if f is not continuous or of degree > r, breaks do not ascend, or some a_i = 0, 1 <= i <= r
Network frozen_piecewise_polynomial(PiecewisePolynomial const& f, Frozen const& a);

}  // namespace nwidth::construct
