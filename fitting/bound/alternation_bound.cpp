// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/alternation_bound.hpp"

#include <algorithm>
#include <cmath>

namespace nwidth::fitting {
namespace {

using boost::multiprecision::abs;
using std::abs;

FreeKnotSpline<Rational> exactly(FreeKnotSpline<double> const& s) {
  FreeKnotSpline<Rational> r{s.kind, {}, {}};
  for (double t : s.knots) r.knots.push_back(exact(t));
  for (double c : s.coefficients) r.coefficients.push_back(exact(c));
  return r;
}
FreeKnotSpline<Rational> exactly(FreeKnotSpline<Real> const& s) {
  FreeKnotSpline<Rational> r{s.kind, {}, {}};
  for (Real const& t : s.knots) r.knots.push_back(exact(t));
  for (Real const& c : s.coefficients) r.coefficients.push_back(exact(c));
  return r;
}

/// The longest alternating sequence among the e_i of size at least `level`: the largest of each run of one sign.
std::vector<std::size_t> runs(std::vector<int> const& sign, std::vector<Rational> const& size, Rational const& level) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < sign.size(); ++i) {
    if (sign[i] == 0 || size[i] < level) continue;
    if (chosen.empty() || sign[chosen.back()] != sign[i]) {
      chosen.push_back(i);
    } else if (size[i] > size[chosen.back()]) {
      chosen.back() = i;
    }
  }
  return chosen;
}

/// [0, size) without NaN, infinity or 0 inside.
bool signed_sizes(std::vector<Ball> const& e, std::vector<int>& sign, std::vector<Rational>& size) {
  for (Ball const& x : e) {
    if (!x.is_finite()) return false;
    sign.push_back(x.certainly_positive() ? 1 : x.certainly_negative() ? -1 : 0);
    size.push_back(sign.back() > 0 ? x.lower() : sign.back() < 0 ? Rational(-x.upper()) : Rational(0));
  }
  return true;
}

}  // namespace

std::vector<std::size_t> best_alternation(std::vector<Ball> const& e, int count) {
  std::vector<int> sign;
  std::vector<Rational> size;
  if (count < 1 || !signed_sizes(e, sign, size)) return {};
  std::size_t const n = static_cast<std::size_t>(count);
  std::vector<Rational> levels = size;
  std::sort(levels.begin(), levels.end());
  if (runs(sign, size, 0).size() < n) return {};
  std::size_t lo = 0, hi = levels.size();  // levels[lo] is reached, levels[hi] is not
  while (hi - lo > 1) {
    std::size_t const m = lo + (hi - lo) / 2;
    (runs(sign, size, levels[m]).size() >= n ? lo : hi) = m;
  }
  std::vector<std::size_t> chosen = runs(sign, size, levels[lo]);
  while (chosen.size() > n)  // from either end, whatever is smaller
    chosen.erase(size[chosen.front()] < size[chosen.back()] ? chosen.begin() : chosen.end() - 1);
  return chosen;
}

LowerBound prove_alternation_bound(target::Target const& f, Rational const& a, Rational const& b, int k,
                                   AlternationWitness const& witness) {
  FreeKnotSpline<Rational> const& s = witness.spline;
  int const r = s.kind.order();
  auto const refused = [&](std::string const& why) { return LowerBound::refused(BoundKind::alternation, r, k, why); };
  try {
    s.validate();
  } catch (InvalidInput const& e) {
    return refused(e.what());
  }
  if (s.kind.multiplicity != 1) return refused("the knots of the spline must be simple");
  if (k < 0) return refused("k must not be negative");
  std::vector<Rational> const& x = witness.points;
  int const count = r + k + s.interior_knots() + 1;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] < a || x[i] > b) return refused("a point lies outside the domain");
    if (i > 0 && !(x[i - 1] < x[i])) return refused("the points do not ascend");
  }
  PrecisionScope const precision(std::max(192L, working_precision()));
  std::vector<Ball> e;
  for (Rational const& p : x) e.push_back(f(Ball(p)) - Ball(s(p)));
  std::vector<std::size_t> const chosen = best_alternation(e, count);
  if (chosen.empty())
    return refused(std::to_string(count) + " alternations are needed, which the " + std::to_string(x.size()) +
                   " points do not show");
  Rational least;
  for (std::size_t i : chosen) {
    Rational const size = abs(e[i]).lower();
    if (i == chosen.front() || size < least) least = size;
  }
  if (least < witness.level)
    return refused("the level " + decimal_below(witness.level, 12) + " is not reached, " + decimal_below(least, 12) +
                   " is");
  return {BoundKind::alternation, r, k, least, true, ""};
}

template <class T>
std::vector<T> extrema(Function const& f, FreeKnotSpline<T> const& s) {
  constexpr int parts = 24;
  std::vector<T> ends = s.knots;
  for (Rational const& t : f.exact_breaks()) {
    T const x = scalar_from<T>(t);
    if (s.begin() < x && x < s.end()) ends.push_back(x);
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  auto const error = [&](T const& x) { return T(abs(f(x) - s(x))); };
  std::vector<T> points{ends.front()};
  for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
    T const h = (ends[i + 1] - ends[i]) / parts;
    std::vector<T> e;
    for (int j = 0; j <= parts; ++j) e.push_back(error(j == parts ? ends[i + 1] : T(ends[i] + h * j)));
    for (int j = 1; j < parts; ++j) {
      T const &left = e[static_cast<std::size_t>(j) - 1], &mid = e[static_cast<std::size_t>(j)],
              &right = e[static_cast<std::size_t>(j) + 1];
      if (!(mid >= left && mid >= right)) continue;
      T x = ends[i] + h * j, best = mid, step = h, l = left, r = right;
      for (int it = 0; it < 2; ++it) {  // parabolas, the second with closer points
        T const curvature = l - 2 * best + r;
        if (!(curvature < 0)) break;
        T const y = x + step * (l - r) / (2 * curvature), at = error(y);
        if (!(at >= best)) break;
        x = y;
        best = at;
        step = h / 16;
        l = error(x - step);
        r = error(x + step);
      }
      if (points.back() < x && x < ends[i + 1]) points.push_back(x);
    }
    points.push_back(ends[i + 1]);
  }
  return points;
}

template <class T>
AlternationBound alternation_bound(Function const& f, FreeKnotSpline<T> const& s, int k, std::vector<T> const& also) {
  s.validate();
  AlternationBound r;
  r.witness.spline = exactly(s);
  std::vector<T> candidates = extrema(f, s);
  candidates.insert(candidates.end(), also.begin(), also.end());
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  for (T const& x : candidates) {
    Rational const p = exact(x);
    if (f.begin() <= p && p <= f.end()) r.witness.points.push_back(p);
  }
  PrecisionScope const precision(std::max(192L, working_precision()));
  std::vector<Ball> e;
  for (Rational const& p : r.witness.points) e.push_back(f(Ball(p)) - Ball(r.witness.spline(p)));
  std::vector<int> sign;
  std::vector<Rational> size;
  if (signed_sizes(e, sign, size) && !size.empty())
    r.alternations = static_cast<int>(runs(sign, size, *std::max_element(size.begin(), size.end()) / 2).size());
  std::vector<std::size_t> const chosen = best_alternation(e, s.kind.order() + k + s.interior_knots() + 1);
  if (!chosen.empty()) {
    std::vector<Rational> points;
    for (std::size_t i : chosen) points.push_back(r.witness.points[i]);
    r.witness.points = std::move(points);
  }
  r.bound = prove_alternation_bound(f.target(), f.begin(), f.end(), k, r.witness);
  r.witness.level = r.bound.lower;
  return r;
}

template std::vector<double> extrema(Function const&, FreeKnotSpline<double> const&);
template std::vector<Real> extrema(Function const&, FreeKnotSpline<Real> const&);
template AlternationBound alternation_bound(Function const&, FreeKnotSpline<double> const&, int,
                                            std::vector<double> const&);
template AlternationBound alternation_bound(Function const&, FreeKnotSpline<Real> const&, int,
                                            std::vector<Real> const&);

}  // namespace nwidth::fitting
