// SPDX-License-Identifier: Apache-2.0
/// Best rational approximation in the sup norm, what rational networks of one neuron can do at most; type (m, 0) is the
/// best polynomial.
#pragma once
#include <string>
#include <vector>

#include "fitting/problem/function.hpp"
#include "fitting/problem/status.hpp"
#include "fitting/rational/rational_function.hpp"

namespace nwidth::fitting::rational {

struct MinimaxOptions {
  double levelling = 0;      ///< largest/level - 1 to reach; 0: 1e-30 in Real, 1e-9 in double
  int most_iterations = 40;  ///< of the exchange, for each start
  int samples = 8;           ///< points looked at in each gap of the reference
};

/// What minimax found. Rounded throughout: a proof is alternation_bound's and the certifier's.
template <class T>
struct Minimax {
  int m = 0, n = 0;            ///< the type asked for
  RationalFunction<T> r;       ///< of its own, effective type: effective_m <= m, effective_n <= n
  T level = T(0);              ///< |f - r| on the levelled reference: a lower bound of the best error, up to rounding
  T largest = T(0);            ///< max |f - r| over the points looked at
  std::vector<T> alternation;  ///< of f - r, ascending, in [a, b] (both halves under a symmetry)
  int needed = 0;              ///< alternations that prove r best of type (m, n): max(m + nu, n + mu) + 2
  std::string
      start;  ///< "Chebyshev", "AAA-Lawson" or "continuation from (k, l)", a type in x^2 under a symmetry, or "0"
  int iterations = 0;  ///< of the exchange, all starts together
  Outcome outcome;

  int effective_m() const { return r.numerator_degree(); }    ///< mu
  int effective_n() const { return r.denominator_degree(); }  ///< nu
  bool is_degenerate() const { return effective_m() < m && effective_n() < n; }
  /// largest/level - 1.
  T levelling() const { return largest / level - T(1); }
};

/// The best approximation of f on [a, b] by p/q, deg p <= m, deg q <= n, q without a zero in [a, b].
///
/// Multi-point exchange; each step is the symmetric eigenproblem of levelled_reference. It converges quadratically from
/// a reference on which a positive denominator exists. Those are tried in turn: Chebyshev points (smooth f,
/// polynomials); for Real, what doubles find; continuation along (m - k, n - k), each type from the reference of the
/// one before, transplanted or with two points more in one gap, and in doubles along two other paths of types; the
/// extrema of AAA-Lawson's error (m = n). Even and odd f on [-b, b] are reduced to s(x^2) and x s(x^2), as best
/// approximations are. Cost: for relu of type (n, n) about 3 n exchanges in doubles and 4 in Real, of O(n^3) each.
///
/// Status converged: levelled to the tolerance (or to rounding level) with as many alternations as optimality of type
/// (m, n) needs; if the type is degenerate the detail says which type the best approximation has. below_precision:
/// |f - r| < 10 eps max|f|, or so little that its alternation is lost in rounding. no_alternation, max_iterations: no
/// start led to a levelled error with enough alternations and a positive denominator; the detail says how far the last
/// one came, and r is the best that was met, 0 at worst.
///
/// @cite trefethen2019 chapters 10 and 24 for existence and characterisation
/// @param m,n  0 <= m, n <= 200
/// @throws InvalidInput if they are not
template <class T>
Minimax<T> minimax(Function const& f, int m, int n, MinimaxOptions const& options = {});

}  // namespace nwidth::fitting::rational
