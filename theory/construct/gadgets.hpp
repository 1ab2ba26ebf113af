// SPDX-License-Identifier: Apache-2.0
/// Exact gadgets: small networks of PolyReLU neurons that carry, multiply, compare.
///
/// The first form of each is for model M2 (and so M1): the layer's coefficients are chosen. The second is for model M3:
/// one frozen vector a for every layer. All weights are rational and every identity is exact in the range given: tested
/// in rational arithmetic on each linear region at more points than the degree. Neurons by model:
///
///     gadget               M2                M3, r = 2             M3, r = 3
///     x                    1                 2                     2; 3 if kappa = a_1 - a_2^2/(3 a_3) = 0
///     x^2                  1                 2; 1 if a_1 a_2 < 0   2
///     x^3                  1                 5, depth 2            3
///     x y                  2                 3; 2 if a_1 a_2 < 0   4
///     x y, x, y >= 0       3                 6                     9
///     x y z                4
///     relu(t)^k            1                 2                     3
///     |x|                  2                 4                     5
///     max(x, y)            2; 3 unbounded    4                     5
///     trapezoid            4                 8                     12
///
/// A neuron that reads k numbers costs k weights, a bias unless that is 0, and one weight where it is read.
/// @theorem{nwidth, exact gadgets}
#pragma once
#include <optional>

#include "theory/construct/gadgets_frozen.hpp"

namespace nwidth::construct {

/// x for |x| <= B: relu(x + B) - B. @throws InvalidInput unless B > 0 (also below)
Network carry(Rational const& B);
/// x for |x| <= B: two shifts (r = 2), the cubes of x + c and 2x + 2c (r = 3), r shifts else.
/// @throws InvalidInput if r < 1
Network carry(Rational const& B, Frozen const& a);

/// x^2 for |x| <= B: a = (0, -2B, 1), P(x + B) + B^2.
Network square(Rational const& B);
/// x^2 for |x| <= B: [P(b + x) + P(b - x) - 2 P(b)]/(2 sigma), sigma = P''(b)/2. @throws InvalidInput if r < 2
Network square(Rational const& B, Frozen const& a);

/// x^3 for |x| <= B: a = coefficients of (t - B)^3.
Network cube(Rational const& B);
/// x^3 for |x| <= B: r shifts if r >= 3; if r = 2 two shifts give x and x^2, and a second layer multiplies them.
/// @throws InvalidInput if r < 2
Network cube(Rational const& B, Frozen const& a);

/// x y for |x|, |y| <= B: a = (0, -4B, 1), [P(x + y + 2B) - P(x - y + 2B)]/4.
Network product(Rational const& B);
/// x y for |x|, |y| <= B. @throws InvalidInput if r < 2
Network product(Rational const& B, Frozen const& a);

/// x y for all x, y >= 0: a = e_2, [(x + y)^2 - x^2 - y^2]/2, no bias.
Network product_nonnegative();
/// The same by Lemma (S). @throws InvalidInput if a_2 = 0
Network product_nonnegative(Frozen const& a);

/// x y z for |x|, |y|, |z| <= B: 24xyz = (x+y+z)^3 - (x+y-z)^3 - (x-y+z)^3 + (x-y-z)^3, a = coefficients of (t - 3B)^3.
Network triple_product(Rational const& B);

/// relu(t)^k for all t: a = e_k. @throws InvalidInput unless k >= 1
/// @theorem{zhuo2025polycom, Lemma 1}   ReLU and ReLU^k are PolyReLU
Network relu_power(int k);
/// relu(t)^k for all t by Lemma (S): as many neurons as a_1 ... a_r has nonzeros. @throws InvalidInput if a_k = 0
Network relu_power(int k, Frozen const& a);

/// |x| for all x: relu(x) + relu(-x).
Network absolute_value();
/// |x| for |x| <= B: 2 relu(x) - x, or relu(x) + relu(-x) where that costs no more. @throws InvalidInput if a_1 = 0
Network absolute_value(Rational const& B, Frozen const& a);

/// max(x, y) for all x, y: y + relu(x - y) with y = relu(y) - relu(-y).
Network maximum();
/// max(x, y) for all x and |y| <= B: y is carried by one neuron.
Network maximum(Rational const& B);
/// max(x, y) for all x and |y| <= B. @throws InvalidInput if a_1 = 0
Network maximum(Rational const& B, Frozen const& a);

/// relu(x + 2) - relu(x + 1) - relu(x - 1) + relu(x - 2): 1 on |x| <= 1, 0 for |x| >= 2, linear between.
Network trapezoid();
Network trapezoid(Frozen const& a);

/// sum_j |v_j h_j| / |sum_j v_j h_j + c| at x, over the neurons h_j that the (first) output reads: by how much rounding
/// errors are amplified there, at least. Nothing if the output is 0 at x. Evaluated exactly.
std::optional<Rational> cancellation(Network const& net, std::vector<Rational> const& x);

}  // namespace nwidth::construct
