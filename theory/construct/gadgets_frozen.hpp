// SPDX-License-Identifier: Apache-2.0
/// Gadgets inside one hidden layer whose activation coefficients are given: powers, shifts, carries, squares, products.
///
/// P(t) = a_0 + a_1 t + ... + a_r t^r, PolyReLU_a(t) = P(relu(t)). Each function adds neurons to the open layer of a
/// Wiring, which must have been opened with `activation(a)`, and returns the result as a form of that layer. Every
/// identity is exact where the bounds given hold; the same formulas serve a layer whose coefficients were chosen (model
/// M2).
#pragma once
#include <vector>

#include "theory/construct/gadgets_wiring.hpp"

namespace nwidth::construct {

/// Who chooses the activation coefficients: each neuron (M1), each layer (M2), or nobody: one vector for the whole
/// network (M3), as in a trained language model.
enum class Model { M1, M2, M3 };

/// The coefficients a_0 ... a_r of model M3.
struct Frozen {
  std::vector<Rational> a;

  /// (0, 1/3, 1/3, 1/3), where the PolyReLU layers of the PolyCom code start. @cite zhuo2025polycom
  static Frozen llm() { return {{0, Rational(1, 3), Rational(1, 3), Rational(1, 3)}}; }
  /// t^k, k >= 1: the usual choice of a layer in model M2. @throws InvalidInput unless k >= 1
  static Frozen unit(int k);

  /// r: the last index with a_r != 0; 0 if there is none but a_0
  int degree() const;
  /// a_i, 0 beyond the end
  Rational coefficient(int i) const;
  /// P(t), without the relu
  Rational operator()(Rational const& t) const;
  /// P^(k)(t)/k!
  Rational taylor(Rational const& t, int k) const;
};

Activation activation(Frozen const& a);

/// Lemma (S), scales: relu(t)^k = c + sum_j v_j PolyReLU_a(s_j t) for all real t. One s_j for each nonzero a_i, i >= 1.
/// @theorem{nwidth, Lemma S}
struct Scales {
  std::vector<Rational> s, v;
  Rational constant;
};
/// With s_j = 1, 2, ... @throws InvalidInput unless a_k != 0, k >= 1
Scales scales(Frozen const& a, int k);

/// Lemma (T), shifts: c_0 + c_1 x + ... + c_r x^r = constant + sum_j v_j P(x + b_j) for |x| <= B, b_j = B, 2B, ..., rB.
/// @theorem{nwidth, Lemma T}
struct Shifts {
  std::vector<Rational> b, v;
  Rational constant;
};
/// @param c  the polynomial, constant first, of degree <= r
/// @throws InvalidInput if its degree exceeds that of a, r < 1, or B <= 0
Shifts shifts(Frozen const& a, std::vector<Rational> const& c, Rational const& B);

/// relu(t)^k by Lemma (S): as many neurons as a_1 ... a_r has nonzeros; 1 if only a_k is one.
Form relu_power_in(Wiring& w, Frozen const& a, Form const& t, int k);

/// A polynomial of degree <= r of |x| <= B by Lemma (T): r neurons.
Form polynomial_in(Wiring& w, Frozen const& a, Form const& x, std::vector<Rational> const& c, Rational const& B);

/// x for |x| <= B: 1 neuron if r = 1; 2 if r = 2, or r = 3 and kappa = a_1 - a_2^2/(3 a_3) != 0; else r.
/// 1 neuron is never enough for r >= 2, nor are 2 for r = 3 and kappa = 0.
/// @throws InvalidInput unless r >= 1, B > 0
Form carry_in(Wiring& w, Frozen const& a, Form const& x, Rational const& B);

/// x^2 for |x| <= B: 1 neuron if r = 2 and a_1 a_2 < 0 (the vertex of P lies right of 0); 2 if r = 2 or 3; else r.
/// @throws InvalidInput unless r >= 2, B > 0
Form square_in(Wiring& w, Frozen const& a, Form const& x, Rational const& B);

/// x y for |x| + |y| <= R: 2 neurons if r = 2 and a_1 a_2 < 0; 3 if r = 2; 4 if r = 3; else 2r.
/// @throws InvalidInput unless r >= 2, R > 0
Form product_in(Wiring& w, Frozen const& a, Form const& x, Form const& y, Rational const& R);

/// x y for all x, y >= 0: 3 squares of sums by Lemma (S), 3 neurons for a = e_2.
/// @throws InvalidInput unless a_2 != 0
Form product_nonnegative_in(Wiring& w, Frozen const& a, Form const& x, Form const& y);

}  // namespace nwidth::construct
