// SPDX-License-Identifier: Apache-2.0
/// What x_{k,n} looks like near an end, whatever k is.
#pragma once
#include "theory/number/real.hpp"
#include "theory/width/half_spline.hpp"

namespace nwidth::width {

/// Knots, extrema and zeros of x_{N-n,n}, measured from the end 1 in units of the spacing of its knots in the middle.
/// As N grows they converge exponentially, and away from the end they become uniform with spacing 1 (the Euler spline):
/// each knot further in, the deviation falls by a factor 0.046, 0.101, 0.163 for n = 4, 5, 6 (measured); there is none
/// beyond the first knot for n <= 3. So the splines for all larger N are known from one, up to an exponentially small
/// error.
class EndPattern {
 public:
  /// The pattern of a given spline, n = 2..6.
  explicit EndPattern(Alternating<Real> const& s);
  /// The pattern for n = 1..6 to about 40 digits: exact up to rounding for n <= 3, else that of N = 128. Kept.
  static EndPattern const& of_degree(int n);

  /// c: the spacing for N is 2 / (N - c).
  Real const& offset() const { return offset_; }
  /// The j-th knot, point of alternation (the end itself is the 0-th) or zero, counted from the end and from 0.
  Real knot(std::size_t j) const { return at(knots_, j); }
  Real point(std::size_t j) const { return at(points_, j); }
  Real zero(std::size_t j) const { return at(zeros_, j); }

  /// A start for Newton's method with a larger N; its polynomial part is left 0, since the first step finds it.
  Alternating<Real> extended_to(int N) const;

 private:
  EndPattern() = default;
  static EndPattern closed_form(int n);
  static Real at(std::vector<Real> const& v, std::size_t j) {
    return j < v.size() ? v[j] : Real(v.back() + (j + 1 - v.size()));
  }
  int n_ = 0;
  Real offset_;
  std::vector<Real> knots_, points_, zeros_;
};

}  // namespace nwidth::width
