// SPDX-License-Identifier: Apache-2.0
/// e = f - s for a spline s: where |e| is largest, and how e changes with coefficients and knots.
#pragma once
#include <vector>

#include "fitting/minimax/knot_motion.hpp"
#include "fitting/problem/function.hpp"
#include "fitting/problem/spline.hpp"

namespace nwidth::fitting {

/// A point where |e| may be largest, or a sample between such points.
template <class T>
struct ErrorPoint {
  enum class Kind {
    end,     ///< of the domain: stays
    knot,    ///< interior knot: moves with it; belongs to the segment on its right
    cut,     ///< a break of f: stays
    inside,  ///< e' = 0: to first order e does not notice that the point moves (envelope theorem)
    sample,  ///< carried by its segment: x = (1 - theta) t_i + theta t_{i+1} with theta fixed
  };
  T x;
  T error;
  int segment = 0;
  Kind kind = Kind::sample;
};

/// The derivative of e at an ErrorPoint that moves as its kind says: a row of the moving frame.
template <class T>
struct ErrorRow {
  int first_coefficient = 0;
  std::vector<T> coefficients;  ///< d + 1 entries, from first_coefficient on
  int first_knot = 1;
  std::vector<T> knots;  ///< of the interior knots from first_knot on
};

/// What a search over all segments found. All sampled: `sup` is a lower bound of the norm, up to rounding.
template <class T>
struct ErrorSurvey {
  std::vector<ErrorPoint<T>> points;   ///< ends, knots, cuts and local extrema of e, ascending
  std::vector<ErrorPoint<T>> samples;  ///< points between them
  T sup = 0;                           ///< the largest |error| among them; NaN if one is not finite
};

/// The largest distance of the samples, relative to the domain; a segment has at least 16.
inline constexpr int survey_samples = 256;

/// f - s, T = double or Real. Keeps references: f and s must outlive it.
template <class T>
class ErrorCurve {
 public:
  ErrorCurve(Function const& f, FreeKnotSpline<T> const& s);

  /// e by the polynomial of segment i. Rounding: a few ulps of max(|f|, |s|).
  T operator()(int i, T const& x) const { return f_(x) - spline(i, x, 0); }
  /// Looks at each segment between its cuts at 16 or more points, denser at the ends, and refines what is largest among
  /// its neighbours by Newton's method on e', kept in brackets. May miss extrema narrower than the samples.
  ErrorSurvey<T> survey() const;
  /// The derivative at p in coefficients, and in knots where the spline is transported with them (knot_motion.hpp):
  /// through the recurrence of the B-splines, so multiple knots move as one. Where f' is not finite at a knot, the
  /// point stays.
  /// @param with_knots  false: coefficients only
  ErrorRow<T> row(ErrorPoint<T> const& p, bool with_knots = true) const;

 private:
  /// The derivative of order 0, 1 or 2 of the polynomial of segment i.
  T spline(int i, T const& x, int order) const;
  /// e' and e'' at x.
  struct Slope {
    T first, second;
  };
  Slope slope(int i, T const& x) const;
  /// The zero of e' in [a, b], where sign e' grows towards it from both sides; x if derivatives are not finite.
  T refine(int i, T a, T b, T x, int sign) const;
  void search(int i, T const& a, T const& b, bool left_smooth, ErrorSurvey<T>& to) const;

  Function const& f_;
  FreeKnotSpline<T> const& s_;
  std::vector<T> cuts_;
  std::vector<T> center_;                             // of each segment
  std::vector<std::vector<T>> taylor_;                // of s there
  mutable std::vector<CoefficientMotion<T>> motion_;  // made by the first row()
};

extern template class ErrorCurve<double>;
extern template class ErrorCurve<Real>;

/// The points with |error| >= threshold, of each run of one sign the largest; if these are more than `needed`, the
/// weakest are left out in such a way that signs still alternate (needed < 0: keep all).
template <class T>
std::vector<ErrorPoint<T>> alternation(std::vector<ErrorPoint<T>> const& points, T const& threshold, int needed);

extern template std::vector<ErrorPoint<double>> alternation(std::vector<ErrorPoint<double>> const&, double const&, int);
extern template std::vector<ErrorPoint<Real>> alternation(std::vector<ErrorPoint<Real>> const&, Real const&, int);

/// Where f - s alternates, whatever the size of |f - s| there: `count` points chosen as above, or all there are if
/// these are fewer. For lower bounds from splines that are not level; r + 2k + 1 points for m = 1.
template <class T>
std::vector<ErrorPoint<T>> alternation(Function const& f, FreeKnotSpline<T> const& s, int count) {
  return alternation(ErrorCurve<T>(f, s).survey().points, T(0), count);
}

}  // namespace nwidth::fitting
