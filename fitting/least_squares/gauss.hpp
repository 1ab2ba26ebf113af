// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

namespace nwidth::fitting {

/// Gauss and Legendre's quadrature on [0, 1]: sum_i weight_i g(node_i) is the integral of g, exactly for polynomials of
/// degree below 2 q. Nodes ascend and are symmetric; weights are positive and sum to 1.
template <class T>
struct GaussRule {
  std::vector<T> node, weight;
};

/// The rule of q nodes, rounded once to T (double or Real) from 100 digits; made at the first call, then kept.
/// @throws InvalidInput unless 1 <= q <= 128
template <class T>
GaussRule<T> const& gauss_rule(int q);

}  // namespace nwidth::fitting
