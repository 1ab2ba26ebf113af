// SPDX-License-Identifier: Apache-2.0
/// Bernstein forms in outward-rounded double intervals: range bounds of polynomials on an interval.
#pragma once
#include <vector>

#include "theory/number/interval.hpp"

namespace nwidth::certify {

inline constexpr int largest_bernstein_degree = 48;

/// Bernstein coefficients on u in [0, 1] of sum_j c_j u^j. The range lies in their hull; first and last are the end
/// values. Degrees up to largest_bernstein_degree; above, the tail is added to every coefficient as an interval.
std::vector<Interval> bernstein_from_unit_powers(std::vector<Interval> const& c);

/// The same on u in [-1, 1], where |u^j| <= 1 keeps the conversion well conditioned.
std::vector<Interval> bernstein_from_symmetric_powers(std::vector<Interval> const& c);

/// de Casteljau at the middle: b becomes the left half, the return value is the right half.
std::vector<Interval> split_half(std::vector<Interval>& b);

/// max |b_i|: an upper bound of |p|.
double largest_magnitude(std::vector<Interval> const& b);

}  // namespace nwidth::certify
