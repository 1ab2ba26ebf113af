// SPDX-License-Identifier: Apache-2.0
/// Local refinement of the weights of any network, such as a deep one from a theorem: never worse than it was.
#pragma once
#include "fitting/problem/function.hpp"
#include "fitting/problem/status.hpp"
#include "fitting/projection/nodes.hpp"
#include "theory/network/network.hpp"

namespace nwidth::fitting {

struct PolishOptions {
  int max_iterations = 100;
  bool coefficients = false;  ///< refine the coefficients of polyrelu too
};

struct PolishResult {
  Network network;
  double l2_before = 0, l2_after = 0;  ///< on the nodes, networks evaluated with 100 digits
  bool improved = false;               ///< if not, network is the one that was given, weights untouched
  int iterations = 0, parameters = 0;
  Outcome outcome;
};

/// Levenberg-Marquardt on the nonzero weights and biases in double, from their nearest doubles, against the values y at
/// the nodes; zeros stay zero, so the size does not grow. The result has double (dyadic) weights and replaces the given
/// network only if its error on the nodes, evaluated with 100 digits, is smaller: networks with large cancellations may
/// lose more by rounding their weights than the descent gains. Cost: O(nodes parameters^2) for each iteration.
/// @throws InvalidInput if the network has several outputs or an activation that is not piecewise polynomial, if inputs
///   do not fit, a weight is beyond double, values are not finite, or nodes times parameters exceed 5 10^7
PolishResult polish(Network const& net, Nodes const& nodes, Eigen::VectorXd const& y,
                    PolishOptions const& options = {});
/// Against f on its domain, at q Gauss nodes on each of `panels` panels.
PolishResult polish(Network const& net, Function const& f, int panels = 128, int q = 8,
                    PolishOptions const& options = {});

}  // namespace nwidth::fitting
