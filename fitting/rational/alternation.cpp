// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/alternation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace nwidth::fitting::rational {
namespace {

template <class T>
T size(T const& x) {
  return x < 0 ? T(-x) : x;
}

template <class T>
bool finite(T const& x) {
  return size(x) <= T(1e300);  // false for NaN
}

/// Points of (l, r), ascending, and r: geometric where the gap is long compared with its distance to u or to v.
template <class T>
void subdivide(std::vector<T>& grid, T const& u, T const& v, T const& l, T const& r, int samples) {
  using std::exp;
  using std::log;
  T const width = r - l;
  for (int i = 1; i <= samples; ++i) {
    T const theta = T(i) / T(samples + 1);
    if (l == u && r == v)
      grid.push_back(l + width * theta * theta * (T(3) - T(2) * theta));
    else if (l == u)
      grid.push_back(l + width * theta * theta * theta);
    else if (r == v)
      grid.push_back(r - width * (T(1) - theta) * (T(1) - theta) * (T(1) - theta));
    else if (r - u > T(4) * (l - u))
      grid.push_back(u + (l - u) * T(exp(T(theta * log(T((r - u) / (l - u)))))));
    else if (v - l > T(4) * (v - r))
      grid.push_back(v - (v - l) * T(exp(T(theta * log(T((v - r) / (v - l)))))));
    else
      grid.push_back(l + width * theta);
  }
  grid.push_back(r);
}

template <class T>
class Search {
 public:
  Search(SupProblem<T> const& problem, RationalFunction<T> const& r, T const& tolerance)
      : problem_(problem), r_(r), tolerance_(tolerance) {}

  T error(T const& x) const { return problem_.f(x) - r_(x); }

  /// The extremum in [lo, hi] from x, where |error| is larger than at the ends.
  Extremum<T> refine(T lo, T hi, Extremum<T> const& start) const {
    T const sign = start.error < 0 ? T(-1) : T(1), width = hi - lo;
    T x = start.x;
    for (int step = 0; step < 60; ++step) {
      std::vector<T> const c = problem_.f.taylor(x, 3);
      std::array<T, 3> const j = r_.jet(x);
      T const d1 = sign * (c[1] - j[1]), d2 = sign * (T(2) * c[2] - j[2]);
      if (!finite(d1) || !finite(d2)) break;
      (d1 > 0 ? lo : hi) = x;
      T next = x - d1 / d2;
      bool const newton = d2 < 0 && next > lo && next < hi;
      if (!newton) next = (lo + hi) / T(2);
      T const move = size(T(next - x));
      x = next;
      if (move <= tolerance_ * width) break;
    }
    Extremum<T> const found{x, error(x)};
    return sign * found.error > sign * start.error ? found : start;
  }

 private:
  SupProblem<T> const& problem_;
  RationalFunction<T> const& r_;
  T tolerance_;
};

}  // namespace

template <class T>
SupProblem<T>::SupProblem(Function const& function, Symmetry s)
    : f(function), symmetry(s), a(s == Symmetry::none ? T(function.begin()) : T(0)), b(T(function.end())) {
  auto irregular = [&](T const& x) {
    for (T const& c : f.taylor(x, 3))
      if (!finite(c)) return true;
    return false;
  };
  if (s == Symmetry::none && irregular(a)) singular.push_back(a);
  std::vector<T> kinks;
  for (Rational const& q : f.exact_breaks()) {  // those that are not dyadic come as two neighbours
    T const x(q);
    if (x < a) continue;
    if (!kinks.empty() && x - kinks.back() < T(1e-30) * (b - a))
      kinks.back() = (kinks.back() + x) / T(2);
    else
      kinks.push_back(x);
  }
  for (T const& x : kinks) {
    singular.push_back(x);
    if (x > a) breaks.push_back(x);
  }
  if (irregular(b)) singular.push_back(b);
}

template <>
SupProblem<double>::SupProblem(Function const& function, Symmetry s)
    : f(function), symmetry(s), a(s == Symmetry::none ? to_double(function.begin()) : 0), b(to_double(function.end())) {
  SupProblem<Real> const fine(function, s);
  for (Real const& x : fine.breaks) breaks.push_back(static_cast<double>(x));
  for (Real const& x : fine.singular) singular.push_back(static_cast<double>(x));
}

template <class T>
T ErrorExtrema<T>::largest() const {
  T most(0);
  for (Extremum<T> const& e : points) most = std::max(most, size(e.error));
  return most;
}

template <class T>
ErrorExtrema<T> error_extrema(SupProblem<T> const& problem, RationalFunction<T> const& r,
                              std::vector<T> const& reference, int samples, T const& tolerance) {
  Search<T> const search(problem, r, tolerance);
  std::vector<T> ends{problem.a};
  for (T const& x : problem.breaks) ends.push_back(x);
  ends.push_back(problem.b);
  std::vector<T> grid{problem.a};
  for (std::size_t k = 0; k + 1 < ends.size(); ++k) {
    T const &u = ends[k], &v = ends[k + 1];
    std::vector<T> anchors{T((u + v) / T(2)), v};
    for (T const& x : reference)
      if (u < x && x < v) anchors.push_back(x);
    std::sort(anchors.begin(), anchors.end());
    T left = u;
    for (T const& x : anchors)
      if (left < x) {
        subdivide(grid, u, v, left, x, samples);
        left = x;
      }
  }
  ErrorExtrema<T> result;
  std::vector<Extremum<T>> at;
  for (T const& x : grid) {
    if (!at.empty() && !(at.back().x < x)) continue;  // rounding of a crowded gap
    if (!(r.denominator(x) > 0)) {
      result.pole = true;
      result.pole_at = x;
      return result;
    }
    at.push_back({x, search.error(x)});
    if (!finite(at.back().error)) at.pop_back();
  }
  for (std::size_t first = 0; first < at.size();) {
    bool const negative = at[first].error < 0;
    std::size_t last = first, best = first;
    while (last < at.size() && (at[last].error < 0) == negative) {
      if (size(at[last].error) > size(at[best].error)) best = last;
      ++last;
    }
    Extremum<T> found = at[best];
    bool const corner = std::find(ends.begin(), ends.end(), found.x) != ends.end();
    if (!corner && best > 0 && best + 1 < at.size()) {
      found = search.refine(at[best - 1].x, at[best + 1].x, found);
    } else {  // is there more beside the corner?
      for (int side : {-1, 1}) {
        if ((side < 0 && best == 0) || (side > 0 && best + 1 == at.size())) continue;
        T const beside = at[side < 0 ? best - 1 : best + 1].x, corner_x = at[best].x;
        Extremum<T> probe{T(corner_x + (beside - corner_x) / T(16)), T(0)};
        probe.error = search.error(probe.x);
        if (size(probe.error) > size(found.error) && (probe.error < 0) == negative)
          found = search.refine(std::min(beside, corner_x), std::max(beside, corner_x), probe);
      }
    }
    result.points.push_back(found);
    first = last;
  }
  return result;
}

template <class T>
std::vector<Extremum<T>> alternating(std::vector<Extremum<T>> points, std::size_t count) {
  if (points.size() < count) return {};
  auto less = [](Extremum<T> const& p, Extremum<T> const& q) { return size(p.error) < size(q.error); };
  auto drop = [&points](std::size_t i) { points.erase(points.begin() + static_cast<std::ptrdiff_t>(i)); };
  while (points.size() > count) {
    std::size_t const last = points.size() - 1;
    std::size_t const i =
        static_cast<std::size_t>(std::min_element(points.begin(), points.end(), less) - points.begin());
    std::size_t const top =
        static_cast<std::size_t>(std::max_element(points.begin(), points.end(), less) - points.begin());
    bool const first_is_less = less(points.front(), points.back());
    if (i == 0 || i == last) {
      drop(i);
    } else if (points.size() == count + 1) {
      drop((first_is_less && top != 0) || top == last ? 0 : last);
    } else {  // with the smaller neighbour, so that signs still alternate
      std::size_t neighbour = less(points[i - 1], points[i + 1]) ? i - 1 : i + 1;
      if (neighbour == top) neighbour = i - 1 == neighbour ? i + 1 : i - 1;
      drop(std::max(i, neighbour));
      drop(std::min(i, neighbour));
    }
  }
  return points;
}

template struct SupProblem<Real>;
template struct ErrorExtrema<double>;
template struct ErrorExtrema<Real>;
template ErrorExtrema<double> error_extrema(SupProblem<double> const&, RationalFunction<double> const&,
                                            std::vector<double> const&, int, double const&);
template ErrorExtrema<Real> error_extrema(SupProblem<Real> const&, RationalFunction<Real> const&,
                                          std::vector<Real> const&, int, Real const&);
template std::vector<Extremum<double>> alternating(std::vector<Extremum<double>>, std::size_t);
template std::vector<Extremum<Real>> alternating(std::vector<Extremum<Real>>, std::size_t);

}  // namespace nwidth::fitting::rational
