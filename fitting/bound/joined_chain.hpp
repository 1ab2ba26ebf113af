// SPDX-License-Identifier: Apache-2.0
/// A chain of pieces that join continuously: how near to f it can come at all while the knots between are anywhere in a
/// box.
#pragma once
#include <vector>

#include "theory/number/ball.hpp"

namespace nwidth::fitting {

/// Points of each of the q + 1 pieces of a chain, from left to right, and values of f there: d + 1 points of the first
/// and of the last piece, d of those between.
template <class T>
struct ChainPoints {
  std::vector<std::vector<T>> x, y;
};

/// Bernstein coefficients of Phi and Lambda over a box of q knots, degree d in each: (d + 1)^q, the last knot fastest.
template <class T>
struct ChainForm {
  std::vector<T> phi, lambda;
};

/// @theorem{nwidth, joined chain} Let g be continuous on [x_first, x_last] and a polynomial of degree <= d between
///   knots t_1 <= ... <= t_q, q >= 1, where the points of a chain lie piece by piece, in ascending order, d + 1 or d
///   of them:
///   x_{0,*} <= t_1 <= x_{1,*} <= t_2 <= ... <= t_q <= x_{q,*}. Then there are polynomials Phi and Lambda of degree <=
///   d in each of t_1 ... t_q, written down in the proof, with Lambda >= 0 and
///   |Phi(t)| <= max |f - g|(x_{j,i}) Lambda(t).
/// Proof. Let y = f - e be the values of g at the points. The first piece gives g(t_1) = sum l_i(t_1) y_i by Lagrange's
/// formula. An inner piece between u and v, with points z_1 < ... < z_d, gives g(v) = m_0 g(u) + sum m_j y_j, where
///   m_0 = prod_i (v - z_i)/(u - z_i),  m_j = (v - u)/(z_j - u) prod_{i != j} (v - z_i)/(z_j - z_i).
/// Multiplied by D = prod (z_i - u) >= 0, D m_0 and D m_j are polynomials of degree d in u and in v. For any polynomial
/// of degree <= d in place of g both sides are polynomials in u and v, so the formula remains true where D = 0. The
/// last piece gives g(t_q) in its own points. Equating both, and multiplying by all D, gives Phi(t) = sum of weights
/// times e, where Phi is the same expression in f. Lambda is the sum of the |weights|: their signs do not depend on t,
/// because l_i, m_0 and m_j have the signs (-1)^{d-i}, (-1)^d and (-1)^{d-j}; the last piece's have (-1)^i. Each e
/// stands in one term only, as g(t_j) is carried on as one number. So |f - g| >= |Phi|/Lambda at one of the points (de
/// la Vallee-Poussin's principle); and E Lambda <= +-Phi on the box if that holds for their Bernstein coefficients, as
/// those of +-Phi - E Lambda are then not negative. Rounded in double; encloses in Ball. Cost: O(q (d + 1)^q).
/// @param lo,hi  the box of the q knots
template <class T>
ChainForm<T> chain_form(int d, ChainPoints<T> const& p, std::vector<T> const& lo, std::vector<T> const& hi);

/// A lower bound of |Phi|/Lambda over the box, from the coefficients: if those of Lambda are positive and those of Phi
/// of one sign, their least quotient; else 0. Rounded in double.
double chain_level(ChainForm<double> const& form);
/// The same, proved: a rational below it, or 0. Not less than 0.
Rational chain_level(ChainForm<Ball> const& form);

extern template ChainForm<double> chain_form(int, ChainPoints<double> const&, std::vector<double> const&,
                                             std::vector<double> const&);
extern template ChainForm<Ball> chain_form(int, ChainPoints<Ball> const&, std::vector<Ball> const&,
                                           std::vector<Ball> const&);

}  // namespace nwidth::fitting
