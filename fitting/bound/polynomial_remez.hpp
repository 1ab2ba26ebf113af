// SPDX-License-Identifier: Apache-2.0
/// The best polynomial on an interval, with the points at which its error alternates.
#pragma once
#include <vector>

#include "fitting/problem/function.hpp"
#include "fitting/problem/status.hpp"

namespace nwidth::fitting {

/// A polynomial of degree d in the Newton form, u = (x - centre)/half, and how f - q alternates. Rounded: bounds come
/// from the points alone (segment_bound.hpp).
template <class T>
struct BestPolynomial {
  T centre = 0, half = 1;
  std::vector<T> nodes;         ///< u_0 ... u_{d-1}
  std::vector<T> coefficients;  ///< q = c_0 + (u - u_0) (c_1 + (u - u_1) (c_2 + ...))
  std::vector<T> points;        ///< d + 2, ascending: f - q is +-level there, with alternating signs
  T level = 0;                  ///< >= 0: no polynomial of degree d comes closer to f on the points
  T sup = 0;                    ///< the largest |f - q| seen: no bound
  Outcome outcome;              ///< converged: sup <= level (1 + 1e-7), or 1e-40 for Real

  T operator()(T const& x) const;
};

/// The best polynomial of degree d to f on [a, b] by multi-point exchange over 24 (d + 2) + 1 points, the ends and the
/// breaks of f, with extrema refined between them: by parabolas in double, moreover by Newton's method in Real. An f
/// that oscillates faster than these points show gets a level that is too small, never one that is too large.
/// Cost: 24 d + 49 values of f and some 5 (d + 2) more; in Real also 6 (d + 2) Taylor series.
/// @param degree  0 <= d <= 20
/// @throws InvalidInput if not, or if not a < b
template <class T>
BestPolynomial<T> polynomial_remez(Function const& f, int degree, T const& a, T const& b);

}  // namespace nwidth::fitting
