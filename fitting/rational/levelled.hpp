// SPDX-License-Identifier: Apache-2.0
/// The rational function whose error is levelled on a reference: one step of the exchange.
#pragma once
#include <vector>

#include "fitting/rational/rational_function.hpp"

namespace nwidth::fitting::rational {

/// A levelled error on a reference.
template <class T>
struct Levelled {
  /// min / max over the reference of q, scaled as in the eigenproblem: <= 0 if every candidate's denominator changes
  /// its sign, and then r and level mean nothing.
  T positivity = T(-1);
  T level = T(0);  ///< signed: f(x_i) - r(x_i) = (-1)^i level
  RationalFunction<T> r;

  bool is_valid() const { return positivity > T(0); }
};

/// r of type (m, n) in t with f(x_i) - r(x_i) = (-1)^i level at m + n + 2 points, t = x or x^2 by the symmetry, and a
/// denominator of one sign on the reference.
///
/// With w_i = 1/prod_{j != i}(t_i - t_j), mu_i = |w_i|/omega_i (omega = x for odd symmetry, else 1) and phi_k
/// orthonormal for mu, orthogonality of divided differences to p turns the conditions into the symmetric
/// eigenproblem of size n + 1
///     sum_l [sum_i (-1)^i mu_i f_i phi_k(t_i) phi_l(t_i)] q_l = level q_k,
/// of which at most one eigenvector is positive on the reference: two would not be orthogonal. n = 0 is the step of the
/// polynomial exchange. Cost: O((m + n)^2 + n^3), up to the iterations of the eigensolver.
///
/// @cite filip2018minimax section 4
/// @param x  m + n + 2 ascending points, positive for odd symmetry, not negative for even
/// @param f  the values there
/// @throws InvalidInput if counts do not fit or x does not ascend
template <class T>
Levelled<T> levelled_reference(std::vector<T> const& x, std::vector<T> const& f, int m, int n,
                               Symmetry symmetry = Symmetry::none);

}  // namespace nwidth::fitting::rational
