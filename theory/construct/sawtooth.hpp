// SPDX-License-Identifier: Apache-2.0
/// Squares and products by ReLU networks: composed tent maps, with optimal constants.
#pragma once
#include "theory/construct/gadgets_wiring.hpp"

namespace nwidth::construct {

/// The piecewise linear interpolant F_m of x^2 on [0, 1] at the 2^m + 1 points j 2^-m, by m hidden layers of at most 3
/// ReLU neurons.
///
/// @theorem{yarotsky2017error, Proposition 2}   with the exact error: 0 <= F_m(x) - x^2 <= 2^(-2m-2), attained in the
/// middle of each piece. Shifted by -2^(-2m-3), the error is 2^(-2m-3): no piecewise linear function of 2^m pieces,
/// continuous or not, does better. F_m(0) = 0 without the shift.
///
/// The tooth of layer s is g_s = 2 h_1 - 4 h_2 with h_1 = relu(g_{s-1}), h_2 = relu(g_{s-1} - 1/2), g_0 = x, and
/// A_s = A_{s-1} - g_s/4^s >= 0, A_0 = x, is carried by one neuron; F_m = A_m.
/// Neurons 3m - 1, size 8m - 3, and 8m - 2 if shifted.
/// @param m  1 ... 10^4   @throws InvalidInput outside
Network sawtooth_square(int m, bool shifted);

/// The interpolant of x^2 at the points j q^-m, with q-fold teeth: m layers of q neurons and one accumulator. On each
/// cell of the mesh 1/q, t^2 - t is its interpolant plus q^-2 (s^2 - s) for the local coordinate s.
/// Error exactly q^(-2m)/4, one-sided; q^(-2m)/8 if shifted. Neurons m (q + 1) - 1: fewest per halving of the mesh for
/// q = 4 (2.5; q = 2, 3, 5: 3, 2.52, 2.58). Size 3q - 1 for m = 1, else q^2 + 5q - 1 + (m - 2)(q^2 + 2q), plus 1 if
/// shifted: least for q = 2.
/// @param q  2 ... 1000   @param m  1 ... 10^4   @throws InvalidInput outside
Network sawtooth_square_teeth(int m, int q, bool shifted);

/// x y for |x|, |y| <= M: M^2 [F_m(|x + y|/(2M)) - F_m(|x - y|/(2M))], F_m the unshifted sawtooth_square.
/// @theorem{yarotsky2017error, Proposition 3}   |relu_product - x y| <= M^2 4^(-m-1), as F_m errs to one side only; it
/// is 0 exactly where x = 0 or y = 0, and its values lie in [-M^2, M^2].
/// Depth m + 1, neurons 6m + 2, size 16m + 6.
/// @param m  1 ... 10^4   @param M  > 0   @throws InvalidInput outside
Network relu_product(int m, Rational const& M);

/// F_m within a larger network, one call a layer of relu: layer s = 1 with t in [0, 1], then s = 2, 3, ...; value() is
/// F_s(t).
class SquareInProgress {
 public:
  void begin(Wiring& w, Form const& t);
  void advance(Wiring& w);
  Form const& value() const { return value_; }

 private:
  Form tooth_, value_;
  int layer_ = 0;
};

/// x y for |x|, |y| <= 1 within a larger network: begin() and then m times advance(), each in a relu layer of its own;
/// the value is that of relu_product(m, 1).
class ProductInProgress {
 public:
  /// The folds |x + y|/2 and |x - y|/2.
  void begin(Wiring& w, Form const& x, Form const& y);
  void advance(Wiring& w);
  Form value() const { return sum_.value() - difference_.value(); }

 private:
  Form x_plus_y_, x_minus_y_;
  SquareInProgress sum_, difference_;
  int layer_ = 0;
};

}  // namespace nwidth::construct
