// SPDX-License-Identifier: Apache-2.0
/// References to start the exchange from.
#pragma once
#include <vector>

namespace nwidth::fitting::rational {

/// `count` Chebyshev extremal points of [a, b], ends included, a little skew: a symmetric reference levels even
/// functions at 0.
std::vector<double> chebyshev_reference(double a, double b, int count);

/// A reference of `count` points with the distribution of another one: linear interpolation of its quantiles, in a
/// coordinate that is logarithmic in the distance to each singular point, whose logarithms are then multiplied by
/// `stretch`. For algebraic singularities the distances go like exp(-c sqrt(n)), so stretch = sqrt((n+1)/n).
/// @cite stahl1993 for the distribution
std::vector<double> transplanted(std::vector<double> const& reference, double a, double b,
                                 std::vector<double> const& singular, int count, double stretch);

}  // namespace nwidth::fitting::rational
