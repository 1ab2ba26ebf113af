// SPDX-License-Identifier: Apache-2.0
/// From an enclosed spline to exact weights: truncated powers, rounded once, with a proved bound on what the rounding
/// does.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "theory/target/target.hpp"
#include "theory/width/spline_space.hpp"

namespace nwidth::construct {

/// Of the n-width, the share that rounding the coefficients of a network may cost: 10^-12.
Rational rounding_share();

/// A lower bound of d_N(W^n) that needs no solver, 1 / (2^(n-1) n! (N - n + 1)^n): a perfect spline with N - n knots
/// has a piece of length at least 2 / (N - n + 1), where it is x^n / n! plus a polynomial of lower degree, and
/// Chebyshev's polynomial is the least of those. Equal to d_N for n = 1 and for N = n.
Rational width_floor(int n, int N);

/// constant + sum_j weights[j] (x - knots[j])_+^p: one hidden layer of relu_power p >= 1 as data.
struct PowerSum {
  int p = 1;
  Rational constant;
  std::vector<Rational> knots, weights;
};

/// The spline s as a PowerSum with dyadic weights on [-1, 1]; its polynomial part stands on p outer knots -2, -3, ...,
/// -1 - p. |s - sum| <= tolerance on [-1, 1], whichever spline in the enclosure s is: the radii of its coefficients and
/// the rounding to multiples of 2^-bits, both times the norms of the truncated powers, are counted in. Nothing if the
/// radii alone exceed half the tolerance: enclose s more tightly and ask again.
/// @param s  of degree p >= 1
std::optional<PowerSum> power_sum(width::Spline const& s, Rational const& tolerance);

/// How a polynomial sum_{e<=p} q_e X^e is written as c + sum_i v_i (X + shifts[i])^p with p distinct shifts: v = W
/// (q_1, ..., q_p), the exact p x p matrix W being returned by rows. (The coefficient of X^e is C(p, e) sum_i v_i
/// shifts[i]^(p-e).)
/// @throws InvalidInput unless there are p distinct shifts
std::vector<std::vector<Rational>> shifted_powers(int p, std::vector<Rational> const& shifts);

/// (c, v_1, ..., v_p) of the polynomial q with p + 1 coefficients, for W = shifted_powers(p, shifts).
std::vector<Ball> shifted_coefficients(std::vector<std::vector<Rational>> const& W, std::vector<Rational> const& shifts,
                                       std::vector<Ball> const& q);

/// The coefficients of a sum, rounded to multiples of one power of 2 such that sum_j |rounded_j - c_j| norms[j] <=
/// tolerance, whatever the c_j in their balls. Nothing if their radii alone take more than half of the tolerance.
/// @param norms  of the functions that the coefficients belong to, > 0
std::optional<std::vector<Rational>> round_together(std::vector<Ball> const& c, std::vector<Rational> const& norms,
                                                    Rational const& tolerance);

/// f at the points, enclosed at the working precision; nothing if some value could not be enclosed.
std::optional<std::vector<Ball>> values_at(target::Target const& f, std::vector<Rational> const& points);

/// Calls attempt(bits) with growing precision until it returns true.
/// @throws InvalidInput "`what` ..." if 2^14 bits do not suffice: f is then infinite or undefined where it is sampled
void raise_precision(long bits, std::string const& what, std::function<bool(long)> const& attempt);

/// The largest radius in a list of balls, exact; the balls must be finite.
Rational largest_radius(std::vector<Ball> const& balls);

/// Least b with 2^-b <= x, for x > 0 (negative if x >= 2).
long bits_below(Rational const& x);

}  // namespace nwidth::construct
