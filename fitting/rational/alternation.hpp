// SPDX-License-Identifier: Apache-2.0
/// Where the error of a rational function alternates: local extrema between the points of a reference.
#pragma once
#include <string>
#include <vector>

#include "fitting/problem/function.hpp"
#include "fitting/rational/rational_function.hpp"

namespace nwidth::fitting::rational {

/// f on [a, b], or on [0, b] where a symmetry stands for the other half.
template <class T>
struct SupProblem {
  SupProblem(Function const& function, Symmetry s);

  Function const& f;
  Symmetry symmetry;
  T a, b;
  std::vector<T> breaks;    ///< inside (a, b); to 2^-120 if not dyadic, so that the level at a kink has 36 digits then
  std::vector<T> singular;  ///< breaks, and ends at which f or a derivative jumps or is infinite: where extrema cluster
};

template <class T>
struct Extremum {
  T x, error;  ///< f(x) - r(x)
};

/// The largest |error| in each interval in which f - r keeps its sign, ascending in x.
template <class T>
struct ErrorExtrema {
  std::vector<Extremum<T>> points;  ///< signs alternate
  bool pole = false;                ///< the denominator is not positive at a point looked at: `points` is then empty
  T pole_at = T(0);

  /// max |error|, which as a sampled value is a lower bound of the norm.
  T largest() const;
};

/// Extrema of f - r by sampling and Newton steps on the derivative. Each gap of the reference is sampled at `samples`
/// points, graded towards ends and breaks; an extremum between that no sample shows is missed.
/// @param tolerance  of the abscissae, relative to the gap; the values are accurate to its square
template <class T>
ErrorExtrema<T> error_extrema(SupProblem<T> const& problem, RationalFunction<T> const& r,
                              std::vector<T> const& reference, int samples, T const& tolerance);

/// `count` of the points such that signs alternate, the largest is kept, and small ones go first.
/// Empty if there are fewer.
template <class T>
std::vector<Extremum<T>> alternating(std::vector<Extremum<T>> points, std::size_t count);

}  // namespace nwidth::fitting::rational
