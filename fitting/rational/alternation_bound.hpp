// SPDX-License-Identifier: Apache-2.0
/// A proved lower bound of the error of best rational approximation, from finitely many values.
#pragma once
#include <string>
#include <vector>

#include "fitting/problem/function.hpp"
#include "fitting/rational/exact_rational.hpp"
#include "fitting/rational/minimax.hpp"

namespace nwidth::fitting::rational {

struct AlternationBound {
  Rational lower = 0;  ///< <= dist(f, R_{m,n}) on [a, b] in the sup norm, if proved; else 0, which is true but idle
  bool proved = false;
  std::string reason;  ///< why not, if !proved: one clause
  int alternations = 0, needed = 0;
};

/// @theorem{nwidth, rational alternation bound} Let R_{m,n} be the quotients p/q with deg p <= m, deg q <= n and q
/// without a zero on [a, b]. Let P and Q be polynomials of degrees mu and nu and x_0 < ... < x_k points of [a, b] with
/// Q(x_i) > 0 for all i (or < 0 for all i) where f - P/Q alternates in sign, k + 1 >= max(mu + n, m + nu) + 2; for
/// P = 0 it is enough that k + 1 >= m + 2. Then dist(f, R_{m,n}) >= min |f(x_i) - P(x_i)/Q(x_i)|.
/// Proof. Suppose that r = p/q in R_{m,n} has |f - r| < min |f - P/Q| on all x_i. Then r - P/Q = (f - P/Q) - (f - r)
/// has the alternating signs of f - P/Q. As q and Q each have one sign on the x_i, so does pQ - Pq, up to one common
/// sign; it has a zero between any two neighbours, k in all, and is not 0; but its degree is at most max(m + nu, mu +
/// n) < k, and if P = 0 then already p has k > m zeros.
///
/// mu and nu may be smaller than m and n: every pair of degrees that both lack (the defect) spares an alternation. The
/// roots of Q elsewhere do not matter. For mu = m, nu = n: @cite trefethen2019 chapter 24.
///
/// P, Q and x_i are exact; f(x_i) is enclosed in balls, whose precision is doubled up to 1024 bits while signs are
/// open. Cost: one value of f and two Horner schemes in rationals for each point.
/// @param points  any order; those given twice count once
/// @throws InvalidInput if m or n is negative, or a point is outside [a, b]
AlternationBound alternation_bound(Function const& f, ExactRational const& r, int m, int n,
                                   std::vector<Rational> points);

/// The bound from what minimax found: exact_rational of its r, at its alternation points.
template <class T>
AlternationBound alternation_bound(Function const& f, Minimax<T> const& best);

}  // namespace nwidth::fitting::rational
