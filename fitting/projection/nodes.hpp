// SPDX-License-Identifier: Apache-2.0
/// Weighted points in one or several variables: what fits with fixed nodes see of a function.
#pragma once
#include <Eigen/Core>

#include "fitting/problem/function.hpp"

namespace nwidth::fitting {

struct Nodes {
  Eigen::MatrixXd x;       ///< points x inputs
  Eigen::VectorXd weight;  ///< at least 0
};

/// The tensor Gauss rule of q nodes on each axis of [-1, 1]^d: q^d points, at most 10^6.
/// @throws InvalidInput unless d >= 1, 1 <= q <= 200 and q^d <= 10^6
Nodes tensor_gauss(int d, int q);
/// The midpoints of m^d equal cells of [-1, 1]^d: independent of the points above, for validation.
Nodes midpoints(int d, int m);

/// q Gauss nodes on each of `panels` even panels of the domain of f, cut at its breaks.
Nodes panel_gauss(Function const& f, int panels, int q);

/// f at each point, points in one column.
Eigen::VectorXd sample(Function const& f, Nodes const& nodes);
/// f at each point. @throws InvalidInput if f has another number of inputs or is not finite there: names the point
Eigen::VectorXd sample(target::Target const& f, Nodes const& nodes);

}  // namespace nwidth::fitting
