// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/polynomial_remez.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <type_traits>

#include "fitting/bound/exchange.hpp"

namespace nwidth::fitting {
namespace {

using boost::multiprecision::abs;
using std::abs;

constexpr int most_exchanges = 20;

template <class T>
std::vector<T> breaks_of(Function const& f) {
  if constexpr (std::is_same_v<T, double>) {
    return f.breaks();
  } else {
    std::vector<T> b;
    for (Rational const& q : f.exact_breaks()) b.push_back(T(q));
    return b;
  }
}

/// u, f(x) - f(centre) and whether the point is a break.
template <class T>
struct Sample {
  T u, y;
  bool broken = false;
};

/// Fits q and level to the reference: divided differences of y - sign level vanish to order d + 1.
template <class T>
void level(std::vector<Sample<T>> const& reference, BestPolynomial<T>& q) {
  std::size_t const n = reference.size();
  T top = 0, bottom = 0;
  for (std::size_t i = 0; i < n; ++i) {
    T w = 1;
    for (std::size_t j = 0; j < n; ++j)
      if (j != i) w /= reference[i].u - reference[j].u;
    top += w * reference[i].y;
    bottom += abs(w);
  }
  T const e = top / bottom;  // w_{n-1} > 0: the sign of the error at the last point
  q.nodes.clear();
  q.coefficients.clear();
  for (std::size_t i = 0; i + 1 < n; ++i) {
    q.nodes.push_back(reference[i].u);
    q.coefficients.push_back(reference[i].y - ((n - 1 - i) % 2 == 0 ? e : T(-e)));
  }
  for (std::size_t k = 1; k + 1 < n; ++k)
    for (std::size_t i = n - 2; i >= k; --i)
      q.coefficients[i] = (q.coefficients[i] - q.coefficients[i - 1]) / (q.nodes[i] - q.nodes[i - k]);
  q.nodes.pop_back();
  q.level = abs(e);
}

/// q, q', q''/2 in u.
template <class T>
void horner(BestPolynomial<T> const& q, T const& u, T c[3]) {
  c[0] = q.coefficients.back();
  c[1] = c[2] = 0;
  for (std::size_t i = q.nodes.size(); i-- > 0;) {
    T const t = u - q.nodes[i];
    c[2] = c[2] * t + c[1];
    c[1] = c[1] * t + c[0];
    c[0] = c[0] * t + q.coefficients[i];
  }
}

template <class T>
T value(BestPolynomial<T> const& q, T const& u) {
  T r = q.coefficients.back();
  for (std::size_t i = q.nodes.size(); i-- > 0;) r = r * (u - q.nodes[i]) + q.coefficients[i];
  return r;
}

template <class T>
class Exchange {
 public:
  Exchange(Function const& f, int d, T const& a, T const& b) : f_(f), d_(d), a_(a), b_(b) {
    q_.centre = (a + b) / 2;
    q_.half = (b - a) / 2;
    middle_ = f(q_.centre);
    int const n = 24 * (d + 2);
    for (int i = 0; i <= n; ++i) {
      bool const end = i == 0 || i == n;
      T const u = end ? T(i == 0 ? -1 : 1) : T(-std::cos(std::acos(-1.0) * i / n));
      grid_.push_back({u, f(x_at(u)) - middle_, false});
    }
    for (T const& t : breaks_of<T>(f))
      if (a < t && t < b) {
        T const u = (t - q_.centre) / q_.half;
        if (T(-1) < u && u < T(1)) grid_.push_back({u, f(t) - middle_, true});
      }
    std::sort(grid_.begin(), grid_.end(), [](auto const& l, auto const& r) { return l.u < r.u; });
    grid_.erase(std::unique(grid_.begin(), grid_.end(), [](auto const& l, auto const& r) { return l.u == r.u; }),
                grid_.end());
  }

  BestPolynomial<T> run() {
    start();
    BestPolynomial<T> best = q_;
    std::vector<Sample<T>> best_reference = reference_;
    double const tolerance = std::is_same_v<T, double> ? 1e-11 : 1e-4;
    for (int it = 0; it < most_exchanges; ++it) {
      level(reference_, q_);
      std::vector<T> e;
      q_.sup = 0;
      for (Sample<T> const& s : grid_) {
        e.push_back(s.y - value(q_, s.u));
        q_.sup = std::max(q_.sup, T(abs(e.back())));
      }
      std::vector<Sample<T>> const fitted = reference_;
      bool const more = exchange(e);  // also raises sup to the refined extrema
      if (q_.level > best.level || it == 0) {
        best = q_;
        best_reference = fitted;
      }
      if (!more || !(q_.sup > q_.level * (1 + tolerance))) break;
    }
    q_ = best;
    reference_ = best_reference;
    if constexpr (!std::is_same_v<T, double>) polish();
    for (Sample<T> const& s : reference_) q_.points.push_back(x_at(s.u));
    bool const done = q_.sup <= q_.level * (1 + T(std::is_same_v<T, double> ? 1e-7 : 1e-40));
    q_.outcome = {done ? Status::converged : Status::max_iterations, ""};
    q_.coefficients[0] += middle_;
    return q_;
  }

 private:
  T x_at(T const& u) const { return u == -1 ? a_ : u == 1 ? b_ : T(q_.centre + q_.half * u); }

  void start() {
    int const n = d_ + 2;
    for (int i = 0; i < n; ++i) {  // not symmetric: on an even f that would level to 0
      double u = -std::cos(std::acos(-1.0) * i / (n - 1));
      if (i > 0 && i + 1 < n) u += 0.03 * std::sin(1.0 + i);
      reference_.push_back({T(u), f_(x_at(T(u))) - middle_, false});
    }
  }

  /// The largest error of each run of one sign, refined. False if there are too few runs.
  bool exchange(std::vector<T> const& e) {
    std::vector<std::size_t> points{0};
    for (std::size_t i = 1; i < e.size(); ++i) {
      if ((e[i] < 0) != (e[points.back()] < 0)) {
        points.push_back(i);
      } else if (abs(e[i]) > abs(e[points.back()])) {
        points.back() = i;
      }
    }
    std::size_t const count = static_cast<std::size_t>(d_) + 2;
    std::vector<Sample<T>> tops;
    std::vector<T> errors;
    std::vector<std::size_t> kept;
    for (std::size_t p : points) {
      kept.push_back(tops.size());
      tops.push_back(refined(p, e));
      errors.push_back(error(tops.back()));
      q_.sup = std::max(q_.sup, T(abs(errors.back())));
    }
    if (points.size() < count) return false;
    prune_alternation(kept, count, [&](std::size_t i) { return T(abs(errors[i])); });
    reference_.clear();
    for (std::size_t i : kept) reference_.push_back(tops[i]);
    for (std::size_t i = 1; i < reference_.size(); ++i)
      if (!(reference_[i - 1].u < reference_[i].u)) return false;
    return true;
  }

  Sample<T> at(T const& u) const { return {u, f_(x_at(u)) - middle_, false}; }
  T error(Sample<T> const& s) const { return s.y - value(q_, s.u); }

  /// The larger of s and the golden section's maximum of |f - q| in (l, r).
  Sample<T> searched(T l, T r, Sample<T> s) const {
    T const ratio(0.381966011250105);
    Sample<T> m = at(l + (r - l) * ratio), n = at(r - (r - l) * ratio);
    for (int i = 0; i < (std::is_same_v<T, double> ? 40 : 20); ++i) {
      if (abs(error(m)) > abs(error(n))) {
        r = n.u;
        n = m;
        m = at(l + (r - l) * ratio);
      } else {
        l = m.u;
        m = n;
        n = at(r - (r - l) * ratio);
      }
    }
    return abs(error(m)) > abs(error(s)) ? m : s;
  }

  /// The largest error near the p-th point: by parabolas through the grid and then through points closer by, or beside
  /// a break by golden sections.
  Sample<T> refined(std::size_t p, std::vector<T> const& e) const {
    Sample<T> const& s = grid_[p];
    if (p == 0 || p + 1 == grid_.size()) return s;
    if (s.broken || grid_[p - 1].broken || grid_[p + 1].broken)
      return searched(s.u, grid_[p + 1].u, searched(grid_[p - 1].u, s.u, s));
    T const l = s.u - grid_[p - 1].u, r = grid_[p + 1].u - s.u;
    Sample<T> const first = at(s.u + parabola_top(l, r, e[p - 1], e[p], e[p + 1]));
    if (!(abs(error(first)) >= abs(e[p]))) return s;
    T const h = std::min(l, r) / 16;
    Sample<T> const left = at(first.u - h), right = at(first.u + h);
    Sample<T> const second = at(first.u + parabola_top(h, h, error(left), error(first), error(right)));
    return abs(error(second)) >= abs(error(first)) ? second : first;
  }

  void polish() {
    for (int it = 0; it < 8; ++it) {
      T moved = 0;
      for (std::size_t i = 1; i + 1 < reference_.size(); ++i) {
        Sample<T>& s = reference_[i];
        if (s.broken) continue;
        std::vector<T> const c = f_.taylor(x_at(s.u), 3);
        T p[3];
        horner(q_, s.u, p);
        T const slope = c[1] * q_.half - p[1], curvature = 2 * (c[2] * q_.half * q_.half - p[2]);
        T const step = -slope / curvature;
        T const u = s.u + step;
        if (!(reference_[i - 1].u < u && u < reference_[i + 1].u)) continue;
        moved = std::max(moved, T(abs(step)));
        s = {u, f_(x_at(u)) - middle_, false};
      }
      level(reference_, q_);
      if (moved < T(1e-45)) break;
    }
    q_.sup = 0;
    for (Sample<T> const& s : grid_) q_.sup = std::max(q_.sup, T(abs(s.y - value(q_, s.u))));
  }

  Function const& f_;
  int d_;
  T a_, b_;
  T middle_;
  BestPolynomial<T> q_;
  std::vector<Sample<T>> grid_, reference_;
};

}  // namespace

template <class T>
T BestPolynomial<T>::operator()(T const& x) const {
  return value(*this, T((x - centre) / half));
}

template <class T>
BestPolynomial<T> polynomial_remez(Function const& f, int degree, T const& a, T const& b) {
  if (degree < 0 || degree > 20)
    throw InvalidInput("the degree of a best polynomial must be 0..20, not " + std::to_string(degree));
  if (!(a < b)) throw InvalidInput("the interval of a best polynomial must have its ends in ascending order");
  return Exchange<T>(f, degree, a, b).run();
}

template struct BestPolynomial<double>;
template struct BestPolynomial<Real>;
template BestPolynomial<double> polynomial_remez(Function const&, int, double const&, double const&);
template BestPolynomial<Real> polynomial_remez(Function const&, int, Real const&, Real const&);

}  // namespace nwidth::fitting
