// SPDX-License-Identifier: Apache-2.0
/// Exact polynomials: by one PolyReLU neuron, by two, by frozen coefficients, and by trees of products of low degree.
#pragma once
#include <vector>

#include "theory/construct/gadgets_frozen.hpp"

namespace nwidth::construct {

/// p(x) = c_0 + c_1 x + ... + c_r x^r for |x| <= B by one neuron: PolyReLU_a(x + B), a_i = p^(i)(-B)/i!. Size 3.
/// @theorem{zhuo2025polycom, Lemma 1}   polynomial activations are PolyReLU, on bounded arguments
/// @throws InvalidInput unless B > 0
Network polynomial_neuron(std::vector<Rational> const& c, Rational const& B);

/// p(x) for every real x by two neurons with coefficients of their own (model M1): PolyReLU_c(x) + PolyReLU_c'(-x) -
/// c_0,
/// c'_i = (-1)^i c_i. @theorem{zhuo2025polycom, Lemma 1}   the same without a bound: no single neuron does it
Network polynomial_pair(std::vector<Rational> const& c);

/// p(x) for |x| <= B by r neurons with the frozen coefficients a, r the degree of a: Lemma (T).
/// @throws InvalidInput if the degree of p exceeds r, or unless B > 0
Network polynomial_frozen(std::vector<Rational> const& c, Rational const& B, Frozen const& a);

/// relu(u)^(2^j) by a chain of squares: j layers a = e_2 of one neuron without bias, j >= 1. Size j + 1.
Network power_chain(int j);
/// The same with frozen coefficients: each square costs a Lemma (S). @throws InvalidInput if j < 1 or a_2 = 0
Network power_chain(int j, Frozen const& a);

/// relu(u)^3 for all u by quadratic neurons: u^3 = (u^2 + u)^2 - (3/4) (u^2)^2 - (1/4) (u^2 + 2u)^2 of nonnegative
/// terms. Depth 2, 5 neurons, size 9: one layer a = (0, 2, 1) that gives u^2 + 2u and 4u^2 + 4u, one a = e_2.
Network cube_by_squares();
/// The same with frozen quadratic coefficients, a_1 a_2 != 0: depth 2, 8 neurons.
Network cube_by_squares(Frozen const& a);

/// Chebyshev coefficients of a polynomial given by powers of x, constant first; exact.
std::vector<Rational> chebyshev_coefficients(std::vector<Rational> const& c);

/// sum_j c_j T_j(x) on [-1, 1], by the tree T_{2k} = 2 T_k^2 - 1, T_{2k+1} = 2 T_k T_{k+1} - x of quadratic layers a =
/// (0, -4, 1) (model M2). Depth ceil(log2 p) for degree p >= 2 (0 for p <= 1), one neuron per square, two per product
/// or carried term, at most 2p + O(log p) neurons; weights before the output are at most 4 in absolute value: stable,
/// unlike shifted powers.
/// @param c  c_0 ... c_p, at least one
/// @throws InvalidInput if c is empty
Network chebyshev_polynomial(std::vector<Rational> const& c);

}  // namespace nwidth::construct
