// SPDX-License-Identifier: Apache-2.0
/// The perfect spline of least norm, to the precision of Real: nothing is proved here.
#pragma once
#include "theory/number/real.hpp"
#include "theory/width/half_spline.hpp"

namespace nwidth::width {

/// The N up to which x_{N-n,n} is solved for; beyond, it is known from its ends (EndPattern).
inline constexpr int largest_solved = 128;

/// x_{N-n,n} on [0,1], n = 2..6, N = n..largest_solved, by Newton's method on P(points[i]) = sign(i) E, relative
/// accuracy about 1e-60 or better. Solutions are kept; safe to call from several threads.
/// @cite tikhomirov1969 (existence, equioscillation)
/// @throws std::runtime_error if the iteration does not converge, which has not been seen
Alternating<Real> const& least_norm_spline(int n, int N);

/// max|P(points)| / min|P(points)| - 1: zero for the spline of least norm.
double imbalance(Alternating<Real> const& s);

}  // namespace nwidth::width
