// SPDX-License-Identifier: Apache-2.0
/// Least-norm perfect splines x_{k,n} and the n-widths that they are.
#pragma once
#include <string>
#include <vector>

#include "theory/number/ball.hpp"

namespace nwidth::width {

/// Kolmogorov (= linear) width of W^n = {|f^(n)| <= 1} in C[-1,1], for N >= n:
/// @theorem{tikhomirov1969, Theorem}  d_N(W^n) = ||x_{N-n,n}||, the least norm of a perfect spline with <= N - n knots.
struct Width {
  int n = 0, N = 0;
  Ball value;                 ///< encloses d_N; infinite radius if not proved
  std::vector<Ball> knots;    ///< the N - n knots of x_{N-n,n}
  std::vector<Ball> zeros;    ///< its N zeros
  std::vector<Ball> extrema;  ///< its N + 1 points of equioscillation, -1 and 1 included
  bool proved = false;
  std::string method;  ///< "closed form", "interval Newton", "two-sided bound"
  std::string reason;  ///< why not, if !proved
};

/// Enclosure of the width with its spline; value, knots, zeros and extrema each to at least `digits` significant
/// digits. n <= 3: closed form (see closed_form.hpp for its proof). n >= 4: an interval Newton (Krawczyk) step on the
/// equioscillation system. If that fails the value is infinite, the lists are empty and `reason` says why.
/// @param n 1..6  @param N n..128  @param digits 1..60  @throws InvalidInput outside these ranges
/// Cost: O(N^3) operations at that precision, measured 0.1 s at N = 64 and 0.5 s at N = 128.
Width kolmogorov_width(int n, int N, int digits = 30);

/// Enclosure of d_N(W^n) for any N >= n, n = 1..6, at a cost that does not grow with N. n <= 3: closed form; N <= 64:
/// kolmogorov_width, kept; beyond: the two-sided bound (see two_sided_bound.hpp for its statement and proof).
/// Its relative width is below 3e-30, but 1e-14 for N = 65..128 (tested). Infinite if not proved.
/// @throws InvalidInput outside these ranges
Ball width_value(int n, int N);

/// Lower limit for every method whose W weights depend continuously on f in the unit ball of W^{n,inf}: ||x_{W,n}|| =
/// d_{W+n}(W^n), for any decoder. n = 1..6, W >= 0. @theorem{nwidth, continuous selection} Proof: to xi on the unit
/// sphere of R^{W+1} belongs f_xi with f_xi^(n) = sign xi_i on intervals of length 2 |xi_i| / sum |xi_j| and
/// f_xi^(j)(0) = 0, j < n, which is in the ball, odd and continuous in xi; by Borsuk and Ulam some f_xi and f_{-xi} =
/// -f_xi get the same weights, so the error is at least ||f_xi||, the norm of a perfect spline with at most W knots.
/// @throws InvalidInput outside these ranges
Ball continuous_selection_limit(int n, int W);

/// Knots and nodes of the optimal interpolation operator: those of x_{N-n,n}, rounded to dyadics, so that a network is
/// exact. They satisfy zeros[i] < knots[i] < zeros[i+n] (Schoenberg-Whitney), checked exactly.
struct OptimalSpace {
  int n = 0, N = 0;
  std::vector<Rational> knots;  ///< N - n of them, ascending, inside (-1, 1)
  std::vector<Rational> nodes;  ///< N of them, ascending, inside (-1, 1)
};
/// Measured: knots and nodes before rounding are good to 1e-35 or better. n = 1: knots -1 + 2i/N, nodes midway between.
/// @param n 1..6  @param N n..10^6; time linear in N beyond N = 64, at once for n <= 3
/// @param bits 8..256: the dyadics are multiples of 2^-bits
/// @throws InvalidInput outside these ranges, or if rounding to so few bits breaks the order
OptimalSpace optimal_space(int n, int N, long bits = 96);

}  // namespace nwidth::width
