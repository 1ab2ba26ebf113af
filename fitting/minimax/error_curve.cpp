// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/error_curve.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace nwidth::fitting {
namespace {

template <class T>
bool is_finite(T const& x) {
  using std::isfinite;
  return isfinite(x);
}

template <class T>
T as(Rational const& q) {
  if constexpr (std::is_same_v<T, double>)
    return to_double(q);
  else
    return T(q);
}

template <class T>
int sign_of(T const& x) {
  return x > 0 ? 1 : x < 0 ? -1 : 0;
}

}  // namespace

template <class T>
ErrorCurve<T>::ErrorCurve(Function const& f, FreeKnotSpline<T> const& s) : f_(f), s_(s) {
  for (Rational const& q : f.exact_breaks()) cuts_.push_back(as<T>(q));
  for (int i = 0; i < s.segments(); ++i) {
    std::size_t const at = static_cast<std::size_t>(i);
    center_.push_back((s.knots[at] + s.knots[at + 1]) / 2);
    taylor_.push_back(s.taylor(i, center_.back()));
  }
}

template <class T>
T ErrorCurve<T>::spline(int i, T const& x, int order) const {
  std::vector<T> const& c = taylor_[static_cast<std::size_t>(i)];
  T const y = x - center_[static_cast<std::size_t>(i)];
  T sum(0);
  for (int k = static_cast<int>(c.size()) - 1; k >= order; --k) {
    int factor = 1;
    for (int j = 0; j < order; ++j) factor *= k - j;
    sum = sum * y + c[static_cast<std::size_t>(k)] * T(factor);
  }
  return sum;
}

template <class T>
typename ErrorCurve<T>::Slope ErrorCurve<T>::slope(int i, T const& x) const {
  std::vector<T> const c = f_.taylor(x, 3);
  return {c[1] - spline(i, x, 1), 2 * c[2] - spline(i, x, 2)};
}

template <class T>
T ErrorCurve<T>::refine(int i, T a, T b, T x, int sign) const {
  using std::abs;
  T const start = x;
  // e is flat at the extremum: a place known to half of the digits gives all digits of e there
  T const enough = (b - a) * T(std::is_same_v<T, double> ? 1e-9 : 1e-42);
  for (int step = 0; step < 200; ++step) {
    Slope const e = slope(i, x);
    if (!is_finite(e.first)) return start;
    if (e.first == 0) break;
    (sign_of(e.first) == sign ? a : b) = x;  // |e| grows to the right: the extremum lies there
    T const newton = x - e.first / e.second;
    T const next = is_finite(newton) && a < newton && newton < b ? newton : T((a + b) / 2);
    T const moved = abs(next - x);
    x = next;
    if (!(moved > enough)) break;
  }
  return x;
}

template <class T>
void ErrorCurve<T>::search(int i, T const& a, T const& b, bool left_smooth, ErrorSurvey<T>& to) const {
  using std::abs, std::cos;
  using Kind = typename ErrorPoint<T>::Kind;
  double const share = static_cast<double>((b - a) / (s_.end() - s_.begin()));
  if (!(share > 1e-13)) return;  // two cuts around one irrational place
  int const count = std::max(16, static_cast<int>(std::ceil(survey_samples * share)));
  std::size_t const last = static_cast<std::size_t>(count);
  std::vector<T> x, e;
  for (int k = 0; k <= count; ++k) {
    x.push_back(k == count ? b : T(a + (b - a) * T((1 - std::cos(M_PI * k / count)) / 2)));
    e.push_back((*this)(i, x.back()));
  }
  for (std::size_t k = 0; k <= last; ++k) {
    int const sign = sign_of(e[k]);
    bool const up = k == 0 || abs(e[k]) >= abs(e[k - 1]) || sign_of(e[k - 1]) != sign;
    bool const down = k == last || abs(e[k]) >= abs(e[k + 1]) || sign_of(e[k + 1]) != sign;
    bool largest = up && down && sign != 0;
    if (largest && k == 0) largest = left_smooth && sign_of(slope(i, x[0]).first) == sign;
    if (largest && k == last) largest = sign_of(slope(i, x[last]).first) == -sign;
    if (largest) {
      T const at = refine(i, x[k == 0 ? 0 : k - 1], x[std::min(k + 1, last)], x[k], sign);
      T const value = (*this)(i, at);
      if (a < at && at < b && sign_of(value) == sign && abs(value) >= abs(e[k]))
        to.points.push_back({at, value, i, Kind::inside});
      else if (0 < k && k < last)
        to.points.push_back({x[k], e[k], i, Kind::sample});
    }
    if (0 < k && k < last) to.samples.push_back({x[k], e[k], i, Kind::sample});
  }
}

template <class T>
ErrorSurvey<T> ErrorCurve<T>::survey() const {
  using std::abs;
  using Kind = typename ErrorPoint<T>::Kind;
  ErrorSurvey<T> result;
  auto cut = cuts_.begin();
  int const segments = s_.segments();
  for (int i = 0; i < segments; ++i) {
    T const &l = s_.knots[static_cast<std::size_t>(i)], &r = s_.knots[static_cast<std::size_t>(i) + 1];
    result.points.push_back({l, (*this)(i, l), i, i == 0 ? Kind::end : Kind::knot});
    T a = l;
    bool smooth = i > 0;
    for (; cut != cuts_.end() && *cut < r; ++cut) {
      if (!(*cut > a)) {
        smooth = smooth && *cut < a;
        continue;
      }
      search(i, a, *cut, smooth, result);
      result.points.push_back({*cut, (*this)(i, *cut), i, Kind::cut});
      a = *cut;
      smooth = false;
    }
    search(i, a, r, smooth, result);
  }
  result.points.push_back({s_.end(), (*this)(segments - 1, s_.end()), segments - 1, Kind::end});
  for (auto const* list : {&result.points, &result.samples})
    for (ErrorPoint<T> const& p : *list)
      if (abs(p.error) > result.sup) result.sup = abs(p.error);
  for (auto const* list : {&result.points, &result.samples})
    for (ErrorPoint<T> const& p : *list)
      if (!is_finite(p.error)) result.sup = p.error - p.error;  // NaN
  return result;
}

template <class T>
ErrorRow<T> ErrorCurve<T>::row(ErrorPoint<T> const& p, bool with_knots) const {
  using Kind = typename ErrorPoint<T>::Kind;
  int const d = s_.kind.degree, m = s_.kind.multiplicity, n = s_.interior_knots(), i = p.segment;
  ErrorRow<T> result;
  result.first_coefficient = s_.first_coefficient(i);
  std::vector<T> const u = s_.local_knots(i);
  for (T const& b : bspline_values(d, u.data(), p.x)) result.coefficients.push_back(-b);
  if (!with_knots) return result;
  if (motion_.empty()) motion_ = motion(s_);

  T const &l = s_.knots[static_cast<std::size_t>(i)], &r = s_.knots[static_cast<std::size_t>(i) + 1];
  T const theta = (p.x - l) / (r - l);
  T derivative(0);
  bool carried = p.kind == Kind::knot || p.kind == Kind::sample;
  if (carried) {
    derivative = f_.taylor(p.x, 2)[1];
    carried = is_finite(derivative);
  }
  int const first = std::max(1, i - (d - 1) / m), last = std::min(n, i + 1 + (d - 1) / m);
  result.first_knot = first;
  for (int k = first; k <= last; ++k) {
    T const velocity = !carried ? T(0) : k == i ? T(1 - theta) : k == i + 1 ? theta : T(0);
    std::vector<MovingDual<T>> moving;
    for (int j = 0; j < 2 * d; ++j) {  // as in local_knots
      int const knot = j < d ? i - (d - 1 - j) / m : i + 1 + (j - d) / m;
      moving.emplace_back(u[static_cast<std::size_t>(j)], T(knot == k ? 1 : 0));
    }
    std::vector<MovingDual<T>> const b = bspline_values(d, moving.data(), MovingDual<T>(p.x, velocity));
    T sum = carried ? T(derivative * velocity) : T(0);
    for (int j = 0; j <= d; ++j) {
      std::size_t const at = static_cast<std::size_t>(result.first_coefficient + j);
      sum -= b[static_cast<std::size_t>(j)].d * s_.coefficients[at];
      int const own = k - motion_[at].first;
      if (0 <= own && own < static_cast<int>(motion_[at].by_knot.size()))
        sum -= b[static_cast<std::size_t>(j)].v * motion_[at].by_knot[static_cast<std::size_t>(own)];
    }
    result.knots.push_back(sum);
  }
  return result;
}

template class ErrorCurve<double>;
template class ErrorCurve<Real>;

template <class T>
std::vector<ErrorPoint<T>> alternation(std::vector<ErrorPoint<T>> const& points, T const& threshold, int needed) {
  using std::abs;
  std::vector<ErrorPoint<T>> chosen;
  for (ErrorPoint<T> const& p : points) {
    if (!(abs(p.error) >= threshold) || p.error == 0) continue;
    if (chosen.empty() || sign_of(chosen.back().error) != sign_of(p.error))
      chosen.push_back(p);
    else if (abs(p.error) > abs(chosen.back().error))
      chosen.back() = p;
  }
  while (needed >= 0 && static_cast<int>(chosen.size()) > needed) {
    auto const weaker = [](ErrorPoint<T> const& a, ErrorPoint<T> const& b) { return abs(a.error) < abs(b.error); };
    if (static_cast<int>(chosen.size()) == needed + 1) {
      chosen.erase(weaker(chosen.front(), chosen.back()) ? chosen.begin() : chosen.end() - 1);
      continue;
    }
    auto const least = std::min_element(chosen.begin(), chosen.end(), weaker);
    if (least == chosen.begin() || least == chosen.end() - 1) {
      chosen.erase(least);
    } else {  // with its weaker neighbour
      auto const from = weaker(*(least - 1), *(least + 1)) ? least - 1 : least;
      chosen.erase(from, from + 2);
    }
  }
  return chosen;
}

template std::vector<ErrorPoint<double>> alternation(std::vector<ErrorPoint<double>> const&, double const&, int);
template std::vector<ErrorPoint<Real>> alternation(std::vector<ErrorPoint<Real>> const&, Real const&, int);

}  // namespace nwidth::fitting
