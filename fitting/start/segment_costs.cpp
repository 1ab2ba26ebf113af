// SPDX-License-Identifier: Apache-2.0
#include "fitting/start/segment_costs.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "fitting/least_squares/gauss.hpp"
#include "fitting/start/equidistribution.hpp"

namespace nwidth::fitting {
namespace {

using Vector = std::vector<double>;

/// The Legendre polynomials P_0 ... P_d at x.
void legendre(int d, double x, double* p) {
  p[0] = 1;
  if (d > 0) p[1] = x;
  for (int k = 1; k < d; ++k) p[k + 1] = ((2 * k + 1) * x * p[k] - k * p[k - 1]) / (k + 1);
}

/// Restricts sum a_k P_k on [-1, 1] to the part [mid - half, mid + half]: its coefficients there, by recurrence with
/// multiplications by x = mid + half y. R[k] holds P_k(mid + half y) in P_j(y).
struct Restriction {
  int d;
  Vector r;  // (d+1) x (d+1), row k has entries j <= k

  explicit Restriction(int degree) : d(degree), r(static_cast<std::size_t>((d + 1) * (d + 1)), 0.0) {}
  double* row(int k) { return &r[static_cast<std::size_t>(k * (d + 1))]; }
  double const* row(int k) const { return &r[static_cast<std::size_t>(k * (d + 1))]; }

  void set(double mid, double half) {
    std::fill(r.begin(), r.end(), 0.0);
    row(0)[0] = 1;
    for (int k = 0; k < d; ++k) {
      double* const next = row(k + 1);
      double const *const here = row(k), *const before = k > 0 ? row(k - 1) : here;
      for (int j = 0; j <= k; ++j) {
        next[j] += mid * here[j];
        next[j + 1] += half * here[j] * (j + 1) / (2 * j + 1);  // y P_j = ((j+1) P_{j+1} + j P_{j-1})/(2j+1)
        if (j > 0) next[j - 1] += half * here[j] * j / (2 * j + 1);
      }
      for (int j = 0; j <= k + 1; ++j) next[j] = ((2 * k + 1) * next[j] - (k > 0 ? k * before[j] : 0.0)) / (k + 1);
    }
  }
};

/// The best polynomial on a run of cells: Legendre coefficients, and the squared error.
struct Best {
  Vector a;
  double error = 0;
};

Best best_on_cell(Function const& f, double l, double r, int d, GaussRule<double> const& rule) {
  std::size_t const q = rule.node.size();
  Vector y(q), p(static_cast<std::size_t>(d + 1));
  Best best{Vector(static_cast<std::size_t>(d + 1), 0.0), 0};
  for (std::size_t i = 0; i < q; ++i) {
    y[i] = f(l + rule.node[i] * (r - l));
    legendre(d, 2 * rule.node[i] - 1, p.data());
    for (std::size_t k = 0; k < p.size(); ++k)
      best.a[k] += rule.weight[i] * y[i] * p[k] * (2 * static_cast<double>(k) + 1);
  }
  for (std::size_t i = 0; i < q; ++i) {
    legendre(d, 2 * rule.node[i] - 1, p.data());
    double e = y[i];
    for (std::size_t k = 0; k < p.size(); ++k) e -= best.a[k] * p[k];
    best.error += rule.weight[i] * e * e * (r - l);
  }
  return best;
}

}  // namespace

SegmentCosts::SegmentCosts(Function const& f, std::vector<double> ends, int d, int window)
    : ends_(std::move(ends)), window_(window) {
  if (ends_.size() < 2 || d < 0 || d > 16 || window < 1)
    throw InvalidInput("segments need a cell, a degree from 0 to 16 and a window, not " + std::to_string(ends_.size()) +
                       " ends, degree " + std::to_string(d));
  window_ = std::min(window_, cells());
  cost_.assign(static_cast<std::size_t>(cells()) * static_cast<std::size_t>(window_), 0.0);
  GaussRule<double> const& rule = gauss_rule<double>(d + 6);
  std::vector<Best> cell;
  for (int i = 0; i < cells(); ++i) {
    std::size_t const at = static_cast<std::size_t>(i);
    cell.push_back(best_on_cell(f, ends_[at], ends_[at + 1], d, rule));
    if (!std::isfinite(cell.back().error))
      throw InvalidInput("'" + f.target().name + "' is not finite near x = " + std::to_string(ends_[at]));
  }
  std::size_t const width = static_cast<std::size_t>(d + 1);
  Restriction left(d), right(d);
  Vector joint(width);
  for (int from = 0; from < cells(); ++from) {
    Best run = cell[static_cast<std::size_t>(from)];
    double const l = ends_[static_cast<std::size_t>(from)];
    std::size_t const base = static_cast<std::size_t>(from) * static_cast<std::size_t>(window_);
    cost_[base] = run.error;
    for (int to = from + 2; to <= std::min(cells(), from + window_); ++to) {
      // [l, m] with `run` and [m, r] with a cell: their projection on all of [l, r], and what it costs either
      Best const& more = cell[static_cast<std::size_t>(to) - 1];
      double const m = ends_[static_cast<std::size_t>(to) - 1], r = ends_[static_cast<std::size_t>(to)];
      double const share = (m - l) / (r - l), rest = (r - m) / (r - l);
      left.set(share - 1, share);
      right.set(1 - rest, rest);
      for (int k = 0; k <= d; ++k) {
        double sum = 0;
        for (int j = 0; j <= k; ++j)
          sum += (share * left.row(k)[j] * run.a[static_cast<std::size_t>(j)] +
                  rest * right.row(k)[j] * more.a[static_cast<std::size_t>(j)]) /
                 (2 * j + 1);
        joint[static_cast<std::size_t>(k)] = sum * (2 * k + 1);
      }
      double excess = 0;
      for (int j = 0; j <= d; ++j) {
        double gap_left = -run.a[static_cast<std::size_t>(j)], gap_right = -more.a[static_cast<std::size_t>(j)];
        for (int k = j; k <= d; ++k) {
          gap_left += joint[static_cast<std::size_t>(k)] * left.row(k)[j];
          gap_right += joint[static_cast<std::size_t>(k)] * right.row(k)[j];
        }
        excess += ((m - l) * gap_left * gap_left + (r - m) * gap_right * gap_right) / (2 * j + 1);
      }
      run.error += more.error + excess;
      run.a = joint;
      cost_[base + static_cast<std::size_t>(to - from - 1)] = run.error;
    }
  }
}

std::vector<double> graded_cells(Function const& f, int r, int n, int count) {
  double const a = to_double(f.begin()), b = to_double(f.end());
  std::vector<double> ends{a, b};
  for (double x : equidistribution(f, std::min(r, 7), 2, std::max(count / 2, 2 * n))) ends.push_back(x);
  for (int i = 1; i < count / 2; ++i) ends.push_back(a + (b - a) * i / (count / 2));
  std::vector<double> const& breaks = f.breaks();
  for (double x : breaks) {
    ends.push_back(x);
    for (double step = (b - a) / count; breaks.size() < 8 && step > (b - a) * 1e-5; step /= 2)
      for (double y : {x - step, x + step})
        if (y > a && y < b) ends.push_back(y);
  }
  std::sort(ends.begin(), ends.end());
  double const least = (b - a) / count * 1e-4;  // nearer ends are one: a break wins
  std::vector<double> apart;
  for (double x : ends) {
    bool const is_break = std::binary_search(breaks.begin(), breaks.end(), x);
    if (apart.empty() || x - apart.back() > least)
      apart.push_back(x);
    else if ((is_break || x == b) && apart.back() != a)
      apart.back() = x;
  }
  return apart;
}

}  // namespace nwidth::fitting
