// SPDX-License-Identifier: Apache-2.0
/// Taylor polynomials on a uniform grid, joined by a partition of unity: the construction behind the Sobolev rates of
/// ReLU and PolyReLU networks in the literature, in one variable, with exact products.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "theory/construct/gadgets_wiring.hpp"
#include "theory/target/target.hpp"

namespace nwidth::construct {

/// f at the nodes x_i = -1 + i h, h = 2/N, i = 0 ... N: coefficients[i][j] is f^(j)(x_i)/j!, j < n, up to rounding.
struct LocalTaylor {
  int n = 0, N = 0;
  std::vector<std::vector<Rational>> coefficients;

  Rational node(int i) const { return Rational(2 * i) / N - 1; }
  /// H = 2h/3: phi_i is 0 where |x - x_i| >= H and 1 where |x - x_i| <= H/2
  Rational reach() const { return Rational(4) / (3 * N); }
  /// max over the nodes of |coefficients[i][j]|
  Rational largest(int j) const;
  /// @throws InvalidInput unless the sizes fit, 1 <= n <= 32 and 1 <= N <= 10^6
  void check() const;
};

/// Enclosures of f^(j)(x)/j!, j < length, at the working precision.
using TaylorSource = std::function<std::vector<Ball>(Rational const& x, int length)>;

/// The data of f, each number a dyadic within 2^-60 local_taylor_error(n, N) of the true one.
/// @param n  1 ... 32   @param N  1 ... 10^6
/// @throws InvalidInput outside, or if f has no finite derivative of an order < n at a node, or none that can be
/// enclosed so tightly
/// Cost: N + 1 Taylor expansions
LocalTaylor local_taylor(TaylorSource const& f, int n, int N);
/// @throws InvalidInput also if f has more than one input
inline LocalTaylor local_taylor(target::Target const& f, int n, int N) {
  if (f.inputs != 1) throw InvalidInput("a function of one variable is needed, not of " + std::to_string(f.inputs));
  return local_taylor([&f](Rational const& x, int length) { return f.taylor(x, length); }, n, N);
}

/// How the network computes f_1(x) = sum_i phi_i(x) sum_{j<n} c_ij (x - x_i)^j, phi_i(x) = psi(3 (x - x_i)/h). Both
/// compute the same function on [-1, 1], exactly.
enum class LocalTaylorLayout {
  /// As in the literature: phi_i (x - x_i)^j is the product of phi_i (x - x_i)^(j-1) and x - x_i, a pair of neurons for
  /// each i, j. Depth n. Size (14n - 6) N + O(n), for n = 1 at most 6N + 3.
  terms,
  /// f_1 = sum_k C_k(x) x^k with n piecewise linear functions C_k, and so n - 1 products in all (Horner's rule).
  /// Depth n + 1. Size (2n + 4) N + O(n^2).
  factored,
};

/// f_1 by PolyReLU layers: a = e_1, then quadratic ones a = (0, -4, 1) (model M2).
///
/// @theorem{zhuo2025polycom, Theorem 3}   |f - f_1| <= H^n/n! = (4/(3N))^n/n! for |f^(n)| <= 1 (and so O(eps^(-1/n))
/// weights): see local_taylor_error().
/// @deviation  products are exact, not approximated; neighbours phi_i, phi_{i+1} share a ramp, two neurons instead of
/// four; and phi_i (x - x_i)^j is made from its predecessor, not from nothing.
/// Outside [-1, 1] the network is another function.
/// @throws InvalidInput as local_taylor()
Network local_taylor_network(LocalTaylor const& data, LocalTaylorLayout layout = LocalTaylorLayout::terms);
inline Network local_taylor_network(target::Target const& f, int n, int N,
                                    LocalTaylorLayout layout = LocalTaylorLayout::terms) {
  return local_taylor_network(local_taylor(f, n, N), layout);
}

/// (4/(3N))^n/n!: a bound of sup |f - f_1| on [-1, 1] for every f with |f^(n)| <= 1. Each Taylor polynomial errs by
/// |x - x_i|^n/n! at most, and a convex combination of them does not err more.
/// @throws InvalidInput unless 1 <= n <= 32 and 1 <= N <= 10^6
Rational local_taylor_error(int n, int N);

/// The partition of unity phi_0 ... phi_N on [-1, 1] as forms of one layer of relu neurons.
struct PartitionOfUnity {
  std::vector<Form> ramps;  ///< N of them: ramps[i] = phi_{i+1} + ... + phi_N, 0 up to x_i + h/3, 1 from x_i + 2h/3
  Form x;                   ///< the input, where x >= -1

  /// In the open layer, which applies relu (or a = e_1): 2N + 1 neurons.
  static PartitionOfUnity in(Wiring& w, int N);

  Form phi(int i) const;
  /// sum_i values[i] phi_i, by the jumps between neighbours
  Form combine(std::vector<Rational> const& values) const;
};

}  // namespace nwidth::construct
