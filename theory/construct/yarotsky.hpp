// SPDX-License-Identifier: Apache-2.0
/// The local Taylor construction by ReLU networks alone: every product approximated by sawtooths. What it costs is the
/// reference that better constructions are measured against.
#pragma once
#include "theory/construct/local_taylor.hpp"

namespace nwidth::construct {

/// The network of local_taylor_network(f, n, N) with each exact product replaced by relu_product of m levels.
///
/// @theorem{yarotsky2017error, Theorem 1}   for f in the unit ball of W^{n,inf}
///   |f - network| <= local_taylor_error(n, N) + yarotsky_product_error(n, N, m);
/// with m = O(log(1/eps)) that is O(eps^(-1/n) log(1/eps)) weights.
/// @deviation  phi_i (x - x_i)^j is made from phi_i (x - x_i)^(j-1), so that there are n - 1 products per node, not
/// one chain for each j.
/// Depth 1 + (n - 1)(m + 1). Size (n - 1)(N + 1)(16m + O(1)) + 4N.
/// @param m  1 ... 10^4, of no effect if n = 1   @throws InvalidInput outside, or as local_taylor()
Network yarotsky_relu_network(LocalTaylor const& data, int m);
inline Network yarotsky_relu_network(target::Target const& f, int n, int N, int m) {
  return yarotsky_relu_network(local_taylor(f, n, N), m);
}

/// A bound of |yarotsky_relu_network - f_1| on [-1, 1], f_1 the function of local_taylor_network for the same data:
///   2 sum_{j=1}^{n-1} 2^j c_j sum_{i<j} (H/2)^i 4^(-m-1),   c_j >= max_i |f^(j)(x_i)|/j!, H = 4/(3N).
/// Proof: t_j = phi ((x - x_i)/2)^j is replaced by relu_product of its predecessor and (x - x_i)/2, both in [-1, 1],
/// which errs by e_j <= 4^(-m-1) + |x - x_i|/2 e_{j-1}, and by nothing where phi_i = 0; elsewhere |x - x_i| <= H, and
/// at most two phi_i are not 0.
Rational yarotsky_product_error(LocalTaylor const& data, int m);
/// The same for every f with |f^(j)| <= 1 for 1 <= j < n: c_j = 1/j!. At most (e^2 - 1)/2 4^(-m)/(1 - H/2).
Rational yarotsky_product_error(int n, int N, int m);

/// The least m with yarotsky_product_error(n, N, m) <= share local_taylor_error(n, N): products that add at most this
/// share to the error bound of the method. @throws InvalidInput unless share > 0
int yarotsky_levels(int n, int N, Rational const& share = Rational(1, 8));

}  // namespace nwidth::construct
