// SPDX-License-Identifier: Apache-2.0
/// Which parameters to give a construction for a wanted size or error. Nothing is claimed here: the sizes are counted
/// and the errors proved afterwards.
#pragma once
#include "experiments/methods/method.hpp"

namespace nwidth::methods {

/// An estimate of the error over {|f^(n)| <= 1}: for optimal-spline the n-width, for two-level the n-width of a cell
/// scaled, for the others the Taylor or spline part plus 4^-levels for the products.
double estimated_error(Method const& method, int n, Parameters const& p);

/// The parameters with the least estimated error among those of at most about `size` nonzero weights.
/// The size as a function of the parameters is multilinear: it is interpolated from a few small networks.
std::optional<Parameters> plan_for_size(Method const& method, int n, long size, Rational const& overlap);

/// The smallest parameters whose estimated error is at most eps. For the linear methods the class certificate then
/// confirms
/// it or asks for more. @throws InvalidInput if eps is not positive or out of reach within the ranges of check()
Parameters plan_for_error(Method const& method, int n, Rational const& eps, Rational const& overlap);

}  // namespace nwidth::methods
