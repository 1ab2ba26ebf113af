// SPDX-License-Identifier: Apache-2.0
#include "fitting/start/segment_costs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
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

/// Merges runs of cells with the cell that follows: the best polynomial on both is the projection of the two.
class Merge {
 public:
  explicit Merge(int d) : d_(d), left_(d), right_(d), joint_(static_cast<std::size_t>(d + 1)) {}

  /// @param run  on [l, m], becomes that on [l, r]
  /// @param more  on [m, r]
  void operator()(Best& run, Best const& more, double l, double m, double r) {
    double const share = (m - l) / (r - l), rest = (r - m) / (r - l);
    left_.set(share - 1, share);
    right_.set(1 - rest, rest);
    for (int k = 0; k <= d_; ++k) {
      double sum = 0;
      for (int j = 0; j <= k; ++j)
        sum += (share * left_.row(k)[j] * run.a[static_cast<std::size_t>(j)] +
                rest * right_.row(k)[j] * more.a[static_cast<std::size_t>(j)]) /
               (2 * j + 1);
      joint_[static_cast<std::size_t>(k)] = sum * (2 * k + 1);
    }
    double excess = 0;
    for (int j = 0; j <= d_; ++j) {
      double gap_left = -run.a[static_cast<std::size_t>(j)], gap_right = -more.a[static_cast<std::size_t>(j)];
      for (int k = j; k <= d_; ++k) {
        gap_left += joint_[static_cast<std::size_t>(k)] * left_.row(k)[j];
        gap_right += joint_[static_cast<std::size_t>(k)] * right_.row(k)[j];
      }
      excess += ((m - l) * gap_left * gap_left + (r - m) * gap_right * gap_right) / (2 * j + 1);
    }
    run.error += more.error + excess;
    run.a = joint_;
  }

 private:
  int d_;
  Restriction left_, right_;
  Vector joint_;
};

/// Cells that begin a segment if knots are moved to the nearest ends of cells that are still free; 0 first.
std::vector<int> snapped(std::vector<double> const& ends, std::vector<double> const& knots) {
  int const cells = static_cast<int>(ends.size()) - 1, n = static_cast<int>(knots.size());
  std::vector<int> at{0};
  for (int k = 0; k < n; ++k) {
    double const x = knots[static_cast<std::size_t>(k)];
    auto const above = std::lower_bound(ends.begin() + 1, ends.end() - 1, x);
    int const nearest = static_cast<int>(above - ends.begin()) - (x - *(above - 1) < *above - x ? 1 : 0);
    at.push_back(std::clamp(nearest, at.back() + 1, cells - (n - k)));
  }
  return at;
}

}  // namespace

SegmentCosts::SegmentCosts(Function const& f, std::vector<double> ends, int d, int window,
                           std::vector<double> const& guess)
    : ends_(std::move(ends)), bound_(std::numeric_limits<double>::infinity()) {
  if (ends_.size() < 2 || d < 0 || d > 16 || window < 1)
    throw InvalidInput("segments need a cell, a degree from 0 to 16 and a window, not " + std::to_string(ends_.size()) +
                       " ends, degree " + std::to_string(d));
  if (guess.size() + 2 > ends_.size())
    throw InvalidInput(std::to_string(guess.size()) + " knots cannot be guessed among " + std::to_string(cells()) +
                       " cells");
  GaussRule<double> const& rule = gauss_rule<double>(d + 6);
  std::vector<Best> cell;
  for (int i = 0; i < cells(); ++i) {
    std::size_t const at = static_cast<std::size_t>(i);
    cell.push_back(best_on_cell(f, ends_[at], ends_[at + 1], d, rule));
    if (!std::isfinite(cell.back().error))
      throw InvalidInput("'" + f.target().name + "' is not finite near x = " + std::to_string(ends_[at]));
  }
  Merge merge(d);
  Best run;
  // use(error) -> whether to go on, of the runs that begin at a cell and end before `most`
  auto const each_run = [&](int from, int most, auto const& use) {
    run = cell[static_cast<std::size_t>(from)];
    for (int to = from + 1; use(run.error) && to < most; ++to) {
      std::size_t const m = static_cast<std::size_t>(to);
      merge(run, cell[m], ends_[static_cast<std::size_t>(from)], ends_[m], ends_[m + 1]);
    }
  };
  if (!guess.empty()) {
    std::vector<int> at = snapped(ends_, guess);
    at.push_back(cells());
    bound_ = 0;
    for (std::size_t k = 0; k + 1 < at.size(); ++k) {
      each_run(at[k], at[k + 1], [](double) { return true; });
      bound_ += run.error;
      window = std::max(window, at[k + 1] - at[k]);  // the guess stays possible
    }
  }
  for (int from = 0; from < cells(); ++from) {
    each_run(from, from + std::min(window, cells() - from), [&](double error) {
      bool const keep = cost_.size() == first_.back() || error <= bound_;  // a single cell is kept in any case
      if (keep) cost_.push_back(error);
      return keep;
    });
    first_.push_back(cost_.size());
  }
}

std::vector<double> graded_cells(Function const& f, int r, int n, int count) {
  double const a = to_double(f.begin()), b = to_double(f.end());
  std::vector<double> ends{a, b};
  for (double x : equidistribution(f, std::min(r, 7), 2, std::max(count / 2, 2 * n), 4)) ends.push_back(x);
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
