// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "fitting/least_squares/bernstein_map.hpp"
#include "fitting/least_squares/segment.hpp"
#include "fitting/problem/spline.hpp"

namespace nwidth::fitting {

/// The knots and coefficients that segment i of a spline depends on.
struct Support {
  int first_knot = 0, knots = 0;  ///< indices into spline.knots, ends included
  int slot = 0;                   ///< of first_knot among the K knots around the segment
  int first_coefficient = 0;
};
Support support(SplineClass const& kind, int interior_knots, int segment);

/// M(t) of segment i of a spline.
template <class T>
BernsteinMap<T> bernstein_map(FreeKnotSpline<T> const& s, int i);

/// Best coefficients for given knots in L2, or in the weighted norm of derivatives, by banded orthogonal
/// transformations. @return false if the basis is rank deficient in T; s.coefficients are then unchanged
/// @param condition  if not null, receives that of the basis functions, each of unit norm
/// @throws InvalidInput if f is not finite at a node
template <class T>
bool fit_coefficients(Function const& f, MovingNodes<T> const& nodes, std::vector<double> const& weights,
                      FreeKnotSpline<T>& s, T* condition = nullptr);

/// sum_k weights[k] int |(f^(k) - s^(k))/scale|^p over each segment.
/// @throws InvalidInput if f is not finite at a node
template <class T>
std::vector<T> segment_values(Function const& f, MovingNodes<T> const& nodes, Objective const& objective,
                              FreeKnotSpline<T> const& s, T const& scale);

/// The objective with its gradient and Hessian by interior knots and coefficients, in the order of variable_of_*.
template <class T>
struct SecondOrder {
  T value;
  std::vector<T> gradient;
  BandedSymmetric<T> hessian;
};
template <class T>
SecondOrder<T> second_order(Function const& f, MovingNodes<T> const& nodes, Objective const& objective,
                            FreeKnotSpline<T> const& s, T const& scale);

/// Knots between the coefficients, so that the Hessian has a narrow band: its position among the variables.
inline int variable_of_knot(SplineClass const& kind, int knot) { return knot * (kind.multiplicity + 1) - 1; }
inline int variable_of_coefficient(SplineClass const& kind, int interior_knots, int j) {
  int const block = std::min(j / kind.multiplicity, interior_knots);
  return block * (kind.multiplicity + 1) + j - block * kind.multiplicity;
}

/// @throws InvalidInput naming what is wrong: p, the weights, or derivatives that the class does not have in L2
void check(Objective const& objective, SplineClass const& kind);

}  // namespace nwidth::fitting
