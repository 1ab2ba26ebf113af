// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/knot_starts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "fitting/minimax/error_curve.hpp"

namespace nwidth::fitting {
namespace {

void check(int r, int n) {
  if (r < 1 || r > 7) throw InvalidInput("knots are placed for orders 1 to 7, not " + std::to_string(r));
  if (n < 0) throw InvalidInput("a spline cannot have " + std::to_string(n) + " interior knots");
}

/// The integral of |f^(r)|^{1/r} + 1e-3 of its mean, from the left end.
class Mass {
 public:
  Mass(Function const& f, int r) {
    double const a = to_double(f.begin()), b = to_double(f.end());
    std::vector<double> edges{a};
    edges.insert(edges.end(), f.breaks().begin(), f.breaks().end());
    edges.push_back(b);
    int const panels = std::max(100, 4000 / static_cast<int>(edges.size() - 1));
    x_.push_back(a);
    std::vector<double> weight;
    double total = 0;
    for (std::size_t i = 0; i + 1 < edges.size(); ++i)
      for (int k = 1; k <= panels; ++k) {
        // u^6 / (u^6 + (1-u)^6): steps of 1e-16 at both ends, where an integrable singularity may sit
        double const at = static_cast<double>(k) / panels, u = std::pow(at, 6), v = std::pow(1 - at, 6);
        double const next = k == panels ? edges[i + 1] : edges[i] + (edges[i + 1] - edges[i]) * (u / (u + v));
        if (!(next > x_.back())) continue;
        double const middle = x_.back() + (next - x_.back()) / 2;
        double const density = std::pow(std::abs(f.taylor(middle, r + 1)[static_cast<std::size_t>(r)]), 1.0 / r);
        weight.push_back(std::isfinite(density) ? density * (next - x_.back()) : 0);
        total += weight.back();
        x_.push_back(next);
      }
    double const floor = total > 0 ? 1e-3 * total / (b - a) : 1;
    for (std::size_t i = 0; i < weight.size(); ++i)
      sum_.push_back(sum_.back() + weight[i] + floor * (x_[i + 1] - x_[i]));
  }

  double operator()(double x) const { return interpolated(x_, sum_, x); }

  /// n points that divide (a, b) into parts of equal mass, strictly inside and ascending.
  std::vector<double> divided(double a, double b, int n) const {
    double const from = (*this)(a), to = (*this)(b);
    std::vector<double> points;
    for (int k = 1; k <= n; ++k) {
      double const t = interpolated(sum_, x_, from + (to - from) * k / (n + 1));
      double const before = points.empty() ? a : points.back();
      points.push_back(t > before && t < b ? t : before + (b - before) / (n + 2 - k));
    }
    return points;
  }

 private:
  static double interpolated(std::vector<double> const& x, std::vector<double> const& y, double at) {
    std::size_t const i = static_cast<std::size_t>(std::upper_bound(x.begin() + 1, x.end() - 1, at) - x.begin());
    return y[i - 1] + (y[i] - y[i - 1]) * ((at - x[i - 1]) / (x[i] - x[i - 1]));
  }
  std::vector<double> x_, sum_{0};
};

/// The end of the longest segment from a whose polynomial error is at most `level`, to 1e-4 of its length.
double longest_segment(Function const& f, int r, double a, double b, double level, double guess) {
  if (polynomial_error(f, r, a, b) <= level) return b;
  double low = a, high = std::min(b, a + guess);
  while (high < b && polynomial_error(f, r, a, high) <= level) {
    low = high;
    high = std::min(b, a + 2 * (high - a));
  }
  while (high - low > 1e-4 * (high - a) && high - a > 1e-12 * (b - a)) {
    double const middle = low + (high - low) / 2;
    (polynomial_error(f, r, a, middle) <= level ? low : high) = middle;
  }
  return low > a ? low : high;
}

/// At most n + 1 segments from the left; the last is short, or ends before b.
std::vector<double> greedy(Function const& f, int r, int n, double level) {
  double const a = to_double(f.begin()), b = to_double(f.end());
  std::vector<double> ends{a};
  double guess = (b - a) / (n + 1);
  for (int i = 0; i <= n && ends.back() < b; ++i) {
    ends.push_back(longest_segment(f, r, ends.back(), b, level, guess));
    guess = (ends.back() - ends[ends.size() - 2]) / 2;
  }
  return ends;
}

}  // namespace

std::vector<double> equidistributed_knots(Function const& f, int r, int n) {
  check(r, n);
  return Mass(f, r).divided(to_double(f.begin()), to_double(f.end()), n);
}

std::vector<double> knots_at_breaks(Function const& f, int r, int n) {
  check(r, n);
  std::vector<double> edges{to_double(f.begin())};
  edges.insert(edges.end(), f.breaks().begin(), f.breaks().end());
  edges.push_back(to_double(f.end()));
  std::size_t const pieces = edges.size() - 1;
  if (pieces == 1 || static_cast<int>(pieces) - 1 > n) return {};
  Mass const mass(f, r);
  std::vector<int> inside(pieces, 0);
  auto const share = [&](std::size_t i) { return (mass(edges[i + 1]) - mass(edges[i])) / (inside[i] + 1); };
  for (int left = n - static_cast<int>(pieces) + 1; left > 0; --left) {
    std::size_t heaviest = 0;
    for (std::size_t i = 1; i < pieces; ++i)
      if (share(i) > share(heaviest)) heaviest = i;
    ++inside[heaviest];
  }
  std::vector<double> knots;
  for (std::size_t i = 0; i < pieces; ++i) {
    if (i > 0) knots.push_back(edges[i]);
    std::vector<double> const more = mass.divided(edges[i], edges[i + 1], inside[i]);
    knots.insert(knots.end(), more.begin(), more.end());
  }
  return knots;
}

double polynomial_error(Function const& f, int r, double a, double b) {
  constexpr int samples = 48;
  std::vector<ErrorPoint<double>> e;
  std::vector<double> y;
  double least_y = std::numeric_limits<double>::infinity(), largest_y = -least_y;
  for (int k = 0; k <= samples; ++k) {
    double const x = k == samples ? b : a + (b - a) * (1 - std::cos(M_PI * k / samples)) / 2;
    y.push_back(f(x));
    e.push_back({x, 0, k});
    least_y = std::min(least_y, y.back());
    largest_y = std::max(largest_y, y.back());
  }
  if (!(b > a)) return 0;
  std::vector<std::size_t> reference;
  // not symmetric: on an even function a symmetric reference levels to 0 and stays there
  for (int k = 0; k <= r; ++k)
    reference.push_back(k == 0   ? 0
                        : k == r ? std::size_t(samples)
                                 : static_cast<std::size_t>((samples * k + samples / 8) / r));
  double level = 0;
  for (int pass = 0; pass < 12; ++pass) {
    // Newton's divided differences of the values, and of the signs
    std::vector<double> values, signs;
    for (std::size_t k = 0; k < reference.size(); ++k) {
      values.push_back(y[reference[k]] - y[reference[0]]);
      signs.push_back(k % 2 == 0 ? 1 : -1);
    }
    for (std::size_t order = 1; order < reference.size(); ++order)
      for (std::size_t k = reference.size() - 1; k >= order; --k) {
        double const h = e[reference[k]].x - e[reference[k - order]].x;
        values[k] = (values[k] - values[k - 1]) / h;
        signs[k] = (signs[k] - signs[k - 1]) / h;
      }
    double const E = values.back() / signs.back();
    if (!(std::abs(E) > level)) break;
    level = std::abs(E);
    double sup = 0;
    for (std::size_t i = 0; i < e.size(); ++i) {
      double p = 0;
      for (std::size_t k = reference.size() - 1; k-- > 0;)
        p = p * (e[i].x - e[reference[k]].x) + (values[k] - E * signs[k]);
      e[i].error = y[i] - y[reference[0]] - p;
      sup = std::max(sup, std::abs(e[i].error));
    }
    if (!(sup > level * 1.0001)) break;
    std::vector<ErrorPoint<double>> const next = alternation(e, 0.0, r + 1);
    if (static_cast<int>(next.size()) < r + 1) break;
    for (std::size_t k = 0; k < next.size(); ++k) reference[k] = static_cast<std::size_t>(next[k].segment);
  }
  double const rounding = 4 * std::numeric_limits<double>::epsilon() * std::max(std::abs(least_y), std::abs(largest_y));
  return level > rounding ? level : 0;
}

std::vector<double> segment_greedy_knots(Function const& f, int r, int n) {
  check(r, n);
  double const a = to_double(f.begin()), b = to_double(f.end());
  double high = polynomial_error(f, r, a, b), low = 0;
  std::vector<double> best;
  for (int step = 0; step < 60 && high > low * 1.001 && high > 0; ++step) {
    double const middle = low > 0 ? std::sqrt(low * high) : high / 8;
    std::vector<double> ends = greedy(f, r, n, middle);
    if (ends.back() < b) {
      low = middle;
    } else {
      high = middle;
      best = std::move(ends);
    }
    if (!(middle > 1e-15 * f.scale())) break;
  }
  std::vector<double> knots;
  for (std::size_t k = 1; k + 1 < best.size(); ++k) knots.push_back(best[k]);
  std::vector<double> all{a};
  all.insert(all.end(), knots.begin(), knots.end());
  all.push_back(b);
  while (static_cast<int>(all.size()) < n + 2) {  // fewer are enough: halve the longest segments
    std::size_t longest = 1;
    for (std::size_t k = 2; k < all.size(); ++k)
      if (all[k] - all[k - 1] > all[longest] - all[longest - 1]) longest = k;
    all.insert(all.begin() + static_cast<std::ptrdiff_t>(longest),
               all[longest - 1] + (all[longest] - all[longest - 1]) / 2);
  }
  return {all.begin() + 1, all.end() - 1};
}

std::vector<double> transplanted_knots(Function const& f, int r, std::vector<double> const& knots) {
  std::size_t const last = knots.size() - 1;
  if (last < 2) return {};
  std::size_t drop = 1, split = 1;
  double least = std::numeric_limits<double>::infinity(), largest = -1;
  for (std::size_t k = 1; k < last; ++k)
    if (double const e = polynomial_error(f, r, knots[k - 1], knots[k + 1]); e < least) {
      least = e;
      drop = k;
    }
  for (std::size_t k = 1; k <= last; ++k)
    if (double const e = polynomial_error(f, r, knots[k - 1], knots[k]); e > largest && k != drop && k != drop + 1) {
      largest = e;
      split = k;
    }
  std::vector<double> result;
  for (std::size_t k = 1; k <= last; ++k) {
    if (k == split) result.push_back(knots[k - 1] + (knots[k] - knots[k - 1]) / 2);
    if (k != drop && k != last) result.push_back(knots[k]);
  }
  return result;
}

}  // namespace nwidth::fitting
