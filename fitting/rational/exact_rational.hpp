// SPDX-License-Identifier: Apache-2.0
/// Rational functions with exact coefficients, as proofs and networks need them.
#pragma once
#include <vector>

#include "fitting/rational/rational_function.hpp"
#include "theory/network/network.hpp"

namespace nwidth::fitting::rational {

/// r(x) = P(u)/Q(u), u = (x - (a + b)/2)/((b - a)/2), with exact coefficients, constant term first.
struct ExactRational {
  Rational a = -1, b = 1;
  std::vector<Rational> numerator{0}, denominator{1};

  Rational variable(Rational const& x) const { return (Rational(2) * x - a - b) / (b - a); }
  Rational numerator_at(Rational const& x) const;
  Rational denominator_at(Rational const& x) const;
  /// -1 for the zero polynomial.
  int numerator_degree() const;
  int denominator_degree() const;
};

/// r with dyadic coefficients, those of Q at most 1 in size. Powers of u in [-1, 1] lose about degree/2 digits of the
/// 100, and as many as |Q| is smaller inside than its coefficients.
/// @param bits  of each coefficient; 0 keeps all of a Real (about 332)
/// @throws InvalidInput if a >= b, bits < 0, r has no denominator, a coefficient is not finite, or r has a symmetry and
///   a != -b
template <class T>
ExactRational exact_rational(RationalFunction<T> const& r, Rational const& a, Rational const& b, int bits = 0);

/// The network of one neuron: the rational activation P/Q of u, then the output 1 times it. Its function is r exactly.
Network to_network(ExactRational const& r);

}  // namespace nwidth::fitting::rational
