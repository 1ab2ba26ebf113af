// SPDX-License-Identifier: Apache-2.0
/// How a spline follows its knots: each coefficient stays the value of the same polynomial.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "fitting/problem/spline.hpp"

namespace nwidth::fitting {

/// A number and its derivative in one direction.
template <class T>
struct MovingDual {
  T v{0}, d{0};
  MovingDual() = default;
  explicit MovingDual(int c) : v(c) {}
  MovingDual(T value, T derivative) : v(std::move(value)), d(std::move(derivative)) {}
  friend MovingDual operator+(MovingDual const& a, MovingDual const& b) { return {a.v + b.v, a.d + b.d}; }
  friend MovingDual operator-(MovingDual const& a, MovingDual const& b) { return {a.v - b.v, a.d - b.d}; }
  friend MovingDual operator*(MovingDual const& a, MovingDual const& b) { return {a.v * b.v, a.d * b.v + a.v * b.d}; }
  friend MovingDual operator/(MovingDual const& a, MovingDual const& b) {
    T const q = a.v / b.v;
    return {q, (a.d - q * b.d) / b.v};
  }
};

/// The knot (0 ... n + 1) that stands at place q of the open knot vector: ends d + 1 times, interior ones m times.
inline int knot_at(SplineClass const& kind, int n, int q) {
  if (q <= kind.degree) return 0;
  return std::min(1 + (q - kind.degree - 1) / kind.multiplicity, n + 1);
}

/// The spline on other knots (as many, ascending, close by) whose j-th coefficient is the blossom, at the new knots
/// u_{j+1} ... u_{j+d}, of the polynomial of s on the segment in the middle of the support of the j-th B-spline (of two
/// middle ones: the mean). It differs from s by the jumps at the knots only, O(|f^(d+1)| h^d |shift|), where fixed
/// coefficients would drag the values along, |f'| |shift|: so steps may be long and linear programs are well scaled.
template <class T>
FreeKnotSpline<T> transported(FreeKnotSpline<T> const& s, std::vector<T> const& knots);

/// A spline of `kind` (of the same degree) with these knots, from the polynomials of s in the middle of the supports.
/// It is s itself if the space contains s: if the multiplicity is not less, and s jumps at none of its knots that are
/// left out. @throws InvalidInput if the degree differs or knots do not ascend
template <class T>
FreeKnotSpline<T> carried_over(FreeKnotSpline<T> const& s, SplineClass kind, std::vector<T> const& knots);

/// d c_j / d t_k of that motion: by coefficient, then by knot in [first, first + size).
template <class T>
struct CoefficientMotion {
  int first = 0;
  std::vector<T> by_knot;
};
template <class T>
std::vector<CoefficientMotion<T>> motion(FreeKnotSpline<T> const& s);

}  // namespace nwidth::fitting
