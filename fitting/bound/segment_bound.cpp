// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/segment_bound.hpp"

#include <algorithm>
#include <cmath>

#include "fitting/bound/polynomial_remez.hpp"

namespace nwidth::fitting {
namespace {

Rational exact_of(double x) { return exact(x); }
Rational exact_of(Real const& x) { return exact(x); }

/// The greedy segments of one level E.
template <class T>
struct Segments {
  std::vector<T> ends;  ///< of those that reach E
  double measure = 0;   ///< their number, the unfinished last one or the room left over counted in proportion
};

template <class T>
class Search {
 public:
  Search(Function const& f, int d, int k)
      : f_(f), d_(d), k_(k), a_(scalar_from<T>(f.begin())), b_(scalar_from<T>(f.end())) {}

  /// Best polynomial's level on [from, to] against E, as a length: proportional to to - from for smooth f.
  double reach(T const& from, T const& to, double E) const {
    double const level = static_cast<double>(polynomial_remez<T>(f_, d_, from, to).level);
    return std::pow(level / E, 1.0 / (d_ + 1));
  }

  /// The shortest [from, end] that reaches E, but for about 1e-12 of its length. Returns its reach < 1 if b comes
  /// first.
  double extend(T const& from, T const& guess, double E, T& end) const {
    T lo = from, hi = b_;
    double at_lo = 0, at_hi = 0;
    T x = std::min<T>(b_, from + guess);
    for (int it = 0; it < 60; ++it) {
      if (!(from < x)) return 0;
      double const r = reach(from, x, E);
      if (r >= 1) {
        hi = x;
        at_hi = r;
        break;
      }
      if (!(x < b_)) return r;
      lo = x;
      at_lo = r;
      x = std::min<T>(b_, from + (x - from) * T(std::min(2.0, 1.01 / std::max(r, 0.1))));
    }
    if (!(at_hi >= 1)) return 0;
    int kept = 0;  // Illinois
    for (int it = 0; it < 80 && at_hi > 1 + 1e-12 && hi - lo > (hi - from) * T(1e-14); ++it) {
      T m = lo + (hi - lo) * T((1 - at_lo) / (at_hi - at_lo));
      if (it % 8 == 7 || !(lo < m && m < hi)) m = lo + (hi - lo) / 2;
      double const r = reach(from, m, E);
      if (r >= 1) {
        hi = m;
        at_hi = r;
        if (kept == 1) at_lo = 1 - (1 - at_lo) / 2;
        kept = 1;
      } else {
        lo = m;
        at_lo = r;
        if (kept == -1) at_hi = 1 + (at_hi - 1) / 2;
        kept = -1;
      }
    }
    end = hi;
    return 1;
  }

  Segments<T> segments(double E) const {
    Segments<T> s;
    T from = a_, guess = (b_ - a_) / (k_ + 1);
    while (static_cast<int>(s.ends.size()) <= k_) {
      T end = b_;
      double const r = from < b_ ? extend(from, guess, E, end) : 0;
      if (r < 1) {
        s.measure = static_cast<double>(s.ends.size()) + r;
        return s;
      }
      guess = end - from;
      s.ends.push_back(end);
      from = end;
    }
    s.measure = static_cast<double>(s.ends.size()) + static_cast<double>((b_ - from) / guess);
    return s;
  }

  /// Brackets the E above which k + 1 segments fill [a, b]; lo keeps the ends where they do not.
  void run(double relative, SegmentBound& result) {
    double const whole = static_cast<double>(polynomial_remez<T>(f_, d_, a_, b_).level);
    double lo = 0, hi = whole, at_lo = 0, at_hi = 1.0 / (k_ + 1) - 1;
    Segments<T> below, above;
    double E = k_ == 0 ? whole * (1 - 1e-11) : whole * std::pow(k_ + 1, -(d_ + 1.0));
    int kept = 0;
    floor_ = 1e-300 + f_.scale() * (std::is_same_v<T, double> ? 1e-15 : 1e-30);
    for (int it = 0; it < 100 && E > floor_; ++it) {
      Segments<T> const s = segments(E);
      double const g = std::log(s.measure / (k_ + 1)) * (d_ + 1);
      if (static_cast<int>(s.ends.size()) > k_) {
        lo = E;
        at_lo = g;
        below = s;
        if (kept == 1) at_hi /= 2;
        kept = 1;
      } else {
        hi = E;
        at_hi = std::min(g, -1e-16);
        above = s;
        if (kept == -1) at_lo /= 2;
        kept = -1;
      }
      if (lo > 0 && hi <= lo * (1 + relative)) break;
      double const ratio = lo > 0 ? std::log(hi / lo) : 0;
      if (!(lo > 0)) {
        E = hi * std::exp(std::max((it < 3 ? 1.05 : 1.0 * it) * at_hi, -25.0)) * (1 - 1e-3);
      } else if (above.ends.empty() && hi == whole) {
        E = std::min(lo * std::exp(1.02 * g) * (1 + 1e-6), std::sqrt(lo * hi));
      } else {
        double const share = at_lo > 0 ? at_lo / (at_lo - at_hi) : 0;
        double const margin = 0.3 * relative / ratio;  // step over the root by a little: both ends close in
        E = lo * std::exp(ratio * std::clamp(it % 6 == 5 ? 0.5 : share, margin, 1 - margin));
      }
    }
    result.reachable = hi;
    for (T const& t : above.ends)
      if (t < b_) result.knots.push_back(static_cast<double>(t));
    pad(result.knots);
    result.witness.order = d_ + 1;
    if (!(lo > 0)) {
      result.outcome = {Status::below_precision, "no level above rounding was found"};
      return;
    }
    T from = a_;
    for (std::size_t i = 0; i < below.ends.size(); ++i) {
      bool const last = i + 1 == below.ends.size();
      T const to = last ? b_ : below.ends[i];
      std::vector<Rational> points;
      for (T const& x : polynomial_remez<T>(f_, d_, from, to).points)
        points.push_back(x == a_ ? f_.begin() : x == b_ ? f_.end() : exact_of(x));
      result.witness.points.push_back(std::move(points));
      from = to;
    }
    bool const closed = hi <= lo * (1 + relative);
    result.outcome = {closed ? Status::converged : Status::max_iterations, ""};
  }

 private:
  /// Halves the longest segments until there are k knots.
  void pad(std::vector<double>& knots) const {
    while (static_cast<int>(knots.size()) < k_) {
      std::vector<double> t{static_cast<double>(a_)};
      t.insert(t.end(), knots.begin(), knots.end());
      t.push_back(static_cast<double>(b_));
      std::size_t widest = 1;
      for (std::size_t i = 2; i < t.size(); ++i)
        if (t[i] - t[i - 1] > t[widest] - t[widest - 1]) widest = i;
      knots.insert(knots.begin() + static_cast<std::ptrdiff_t>(widest) - 1, (t[widest - 1] + t[widest]) / 2);
    }
  }

  Function const& f_;
  int d_, k_;
  T a_, b_;
  double floor_ = 0;
};

}  // namespace

Ball distance_from_polynomials(target::Target const& f, std::vector<Rational> const& x) {
  Ball top(0);
  Rational bottom = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    Rational w = 1;
    for (std::size_t j = 0; j < x.size(); ++j)
      if (j != i) w /= x[i] - x[j];
    top += Ball(w) * f(Ball(x[i]));
    bottom += w < 0 ? Rational(-w) : w;
  }
  return abs(top) / Ball(bottom);
}

LowerBound prove_segment_bound(target::Target const& f, Rational const& a, Rational const& b, int k,
                               SegmentWitness const& witness) {
  auto const refused = [&](std::string const& why) {
    return LowerBound::refused(BoundKind::segments, witness.order, k, why);
  };
  if (witness.order < 1 || k < 0) return refused("the order must be positive and k not negative");
  if (witness.points.size() != static_cast<std::size_t>(k) + 1)
    return refused(std::to_string(k + 1) + " intervals are needed, not " + std::to_string(witness.points.size()));
  PrecisionScope const precision(std::max(192L, working_precision()));
  Rational before = a, least = 0;
  for (std::size_t i = 0; i < witness.points.size(); ++i) {
    std::vector<Rational> const& x = witness.points[i];
    if (x.size() != static_cast<std::size_t>(witness.order) + 1)
      return refused(std::to_string(witness.order + 1) + " points an interval are needed, not " +
                     std::to_string(x.size()));
    if (x.front() < before || x.back() > b) return refused("the intervals overlap or leave the domain");
    for (std::size_t j = 1; j < x.size(); ++j)
      if (!(x[j - 1] < x[j])) return refused("the points of an interval do not ascend");
    before = x.back();
    Ball const distance = distance_from_polynomials(f, x);
    if (!distance.is_finite()) return refused("the function could not be enclosed at a point");
    Rational const lower = distance.lower();
    if (i == 0 || lower < least) least = lower;
  }
  if (least < witness.level)
    return refused("the level " + decimal_below(witness.level, 12) + " is not reached, " + decimal_below(least, 12) +
                   " is");
  if (least < 0) least = 0;
  return {BoundKind::segments, witness.order, k, least, true, ""};
}

SegmentBound segment_bound(Function const& f, int degree, int k, double relative) {
  if (degree < 1 || degree > 20)
    throw InvalidInput("the degree of segments must be 1..20, not " + std::to_string(degree));
  if (k < 0) throw InvalidInput("the number of knots must not be negative, not " + std::to_string(k));
  if (!(relative > 0 && relative < 1))
    throw InvalidInput("the relative width must be in (0, 1), not " + std::to_string(relative));
  SegmentBound r;
  r.bound = LowerBound::refused(BoundKind::segments, degree + 1, k, "no level above rounding was found");
  Search<double>(f, degree, k).run(relative, r);
  if (!(r.reachable > 1e-12 * f.scale())) {
    r = SegmentBound{r.bound, {}, {}, 0, {}};
    Search<Real>(f, degree, k).run(std::max(relative, 1e-4), r);
  }
  if (r.witness.points.empty()) return r;
  r.bound = prove_segment_bound(f.target(), f.begin(), f.end(), k, r.witness);
  r.witness.level = r.bound.lower;
  return r;
}

}  // namespace nwidth::fitting
