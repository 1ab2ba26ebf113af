// SPDX-License-Identifier: Apache-2.0
/// Least-norm perfect splines x_{k,n} and the n-widths that they are.
#pragma once
#include <string>
#include <vector>

#include "theory/number/ball.hpp"

namespace nwidth::width {

/// Kolmogorov (= linear) width of W^n = {|f^(n)| <= 1} in C[-1,1], for N >= n:
/// @theorem{tikhomirov1969, Theorem}  d_N(W^n) = ||x_{N-n,n}||, the least sup norm of a perfect spline with N - n knots.
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

/// Enclosure of the width to `digits` significant digits with its spline, proved by an interval Newton (Krawczyk) step
/// on the equioscillation system. @param n 1..6  @param N n..128  @param digits 1..60
/// @throws InvalidInput outside these ranges
Width kolmogorov_width(int n, int N, int digits = 30);

/// Enclosure of d_N(W^n) for any N >= n (relative width <= 1e-9 where proved), in time linear in N: the lower end is
/// the least local extremum of a perfect spline with N - n knots (no perfect spline with as few knots has a smaller
/// norm), the upper its norm. n = 1..6, N <= 10^6.
Ball width_value(int n, int N);

/// Lower limit for every method whose W weights depend continuously on f in the unit ball of W^{n,inf}: ||x_{W,n}|| =
/// d_{W+n}(W^n), for any decoder. @theorem{nwidth, continuous selection} (Borsuk-Ulam on perfect splines)
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
