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

}  // namespace nwidth::fitting
