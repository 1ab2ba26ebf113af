// SPDX-License-Identifier: Apache-2.0
/// Knots through the logarithms of their spacings: ordered whatever the parameters are.
#pragma once
#include <Eigen/Core>
#include <vector>

#include "fitting/problem/function.hpp"

namespace nwidth::fitting {

/// t_j = a + (b - a) (e^{u_0} + ... + e^{u_{j-1}}) / (e^{u_0} + ... + e^{u_n}), j = 1 ... n: n knots from n + 1
/// numbers. Knots that run together need steps of infinite length, which cures the spurious minima there.
/// @cite jupp1978
struct Spacings {
  std::vector<double> knots;   ///< the n interior ones
  Eigen::MatrixXd derivative;  ///< n x (n + 1): dt/du
  double least = 0;            ///< the smallest spacing
};
Spacings spacings(double a, double b, Eigen::Ref<Eigen::VectorXd const> u);

/// u of the given interior knots. @throws InvalidInput if a, knots, b do not ascend
Eigen::VectorXd log_spacings(double a, double b, std::vector<double> const& knots);

/// n knots that equidistribute |f^(r)|^{1/(r+1/2)} plus a thousandth of its mean: nearly the best ones for splines of
/// order r in L2. Sampled at 4096 midpoints; values that are not finite count as 0.
/// @cite deboor2001 XII
/// @throws InvalidInput unless n >= 0 and 1 <= r <= 7
std::vector<double> equidistributed_knots(Function const& f, int n, int r);

}  // namespace nwidth::fitting
