// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/knot_motion.hpp"

#include <algorithm>

#include "theory/number/real.hpp"

namespace nwidth::fitting {
namespace {

/// The polynomial of one segment, as what its blossom is computed from.
template <class T>
struct Piece {
  std::vector<T> knots, coefficients;

  Piece(FreeKnotSpline<T> const& s, int segment) : knots(s.local_knots(segment)) {
    auto const first = s.coefficients.begin() + s.first_coefficient(segment);
    coefficients.assign(first, first + s.kind.degree + 1);
  }
  /// At d arguments of any type that multiplies with T by `lift`.
  template <class X, class Lift>
  X blossom(std::vector<X> const& at, Lift const& lift) const {
    int const d = static_cast<int>(at.size());
    std::vector<X> c;
    for (T const& v : coefficients) c.push_back(lift(v));
    for (int level = 1; level <= d; ++level) {
      X const& x = at[static_cast<std::size_t>(level - 1)];
      for (int j = d; j >= level; --j) {
        X const left = lift(knots[static_cast<std::size_t>(j - 1)]),
                right = lift(knots[static_cast<std::size_t>(j + d - level)]);
        std::size_t const k = static_cast<std::size_t>(j);
        c[k] = ((right - x) * c[k - 1] + (x - left) * c[k]) / (right - left);
      }
    }
    return c.back();
  }
};

/// The one or two segments in the middle of the support of the j-th B-spline.
std::pair<int, int> middle(SplineClass const& kind, int n, int j) {
  int const sum = knot_at(kind, n, j) + knot_at(kind, n, j + kind.degree + 1) - 1;
  return {sum / 2, (sum + 1) / 2};
}

}  // namespace

template <class T>
FreeKnotSpline<T> transported(FreeKnotSpline<T> const& s, std::vector<T> const& knots) {
  int const d = s.kind.degree, n = s.interior_knots();
  std::vector<Piece<T>> pieces;
  for (int i = 0; i <= n; ++i) pieces.emplace_back(s, i);
  FreeKnotSpline<T> result{s.kind, knots, {}};
  auto const same = [](T const& v) { return v; };
  for (int j = 0; j < static_cast<int>(s.coefficients.size()); ++j) {
    std::vector<T> at;
    for (int q = 1; q <= d; ++q) at.push_back(knots[static_cast<std::size_t>(knot_at(s.kind, n, j + q))]);
    auto const [a, b] = middle(s.kind, n, j);
    T c = pieces[static_cast<std::size_t>(a)].blossom(at, same);
    if (b != a) c = (c + pieces[static_cast<std::size_t>(b)].blossom(at, same)) / 2;
    result.coefficients.push_back(c);
  }
  return result;
}

template <class T>
FreeKnotSpline<T> carried_over(FreeKnotSpline<T> const& s, SplineClass kind, std::vector<T> const& knots) {
  if (kind.degree != s.kind.degree || knots.size() < 2)
    throw InvalidInput("a spline of degree " + std::to_string(s.kind.degree) + " cannot be carried to degree " +
                       std::to_string(kind.degree) + " and " + std::to_string(knots.size()) + " knots");
  int const d = kind.degree, n = static_cast<int>(knots.size()) - 2;
  FreeKnotSpline<T> result{kind, knots, {}};
  for (int j = 0; j < kind.dimension(n); ++j) {
    std::vector<T> at;
    for (int q = 1; q <= d; ++q) at.push_back(knots[static_cast<std::size_t>(knot_at(kind, n, j + q))]);
    std::size_t const segment = static_cast<std::size_t>(middle(kind, n, j).first);
    Piece<T> const piece(s, s.segment_of((knots[segment] + knots[segment + 1]) / 2));
    result.coefficients.push_back(piece.blossom(at, [](T const& v) { return v; }));
  }
  result.validate();
  return result;
}

template <class T>
std::vector<CoefficientMotion<T>> motion(FreeKnotSpline<T> const& s) {
  int const d = s.kind.degree, n = s.interior_knots();
  std::vector<Piece<T>> pieces;
  for (int i = 0; i <= n; ++i) pieces.emplace_back(s, i);
  std::vector<CoefficientMotion<T>> result;
  auto const lift = [](T const& v) { return MovingDual<T>(v, T(0)); };
  for (int j = 0; j < static_cast<int>(s.coefficients.size()); ++j) {
    CoefficientMotion<T> m;
    m.first = knot_at(s.kind, n, j + 1);
    auto const [a, b] = middle(s.kind, n, j);
    for (int k = m.first; k <= knot_at(s.kind, n, j + d); ++k) {
      std::vector<MovingDual<T>> at;
      for (int q = 1; q <= d; ++q) {
        int const knot = knot_at(s.kind, n, j + q);
        at.emplace_back(s.knots[static_cast<std::size_t>(knot)], T(knot == k ? 1 : 0));
      }
      T derivative = pieces[static_cast<std::size_t>(a)].blossom(at, lift).d;
      if (b != a) derivative = (derivative + pieces[static_cast<std::size_t>(b)].blossom(at, lift).d) / 2;
      m.by_knot.push_back(derivative);
    }
    result.push_back(std::move(m));
  }
  return result;
}

template FreeKnotSpline<double> transported(FreeKnotSpline<double> const&, std::vector<double> const&);
template FreeKnotSpline<Real> transported(FreeKnotSpline<Real> const&, std::vector<Real> const&);
template FreeKnotSpline<double> carried_over(FreeKnotSpline<double> const&, SplineClass, std::vector<double> const&);
template FreeKnotSpline<Real> carried_over(FreeKnotSpline<Real> const&, SplineClass, std::vector<Real> const&);
template std::vector<CoefficientMotion<double>> motion(FreeKnotSpline<double> const&);
template std::vector<CoefficientMotion<Real>> motion(FreeKnotSpline<Real> const&);

}  // namespace nwidth::fitting
