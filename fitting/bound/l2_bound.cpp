// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/l2_bound.hpp"

#include <algorithm>
#include <cmath>

#include "fitting/bound/segment_bound.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::fitting {
namespace {

double add_down(double a, double b) { return round_down(a + b); }

/// Coefficients in powers of x - from of the polynomial of degree d that is f at Chebyshev's points of [from, to]:
/// rounded.
std::vector<double> interpolant(Function const& f, int d, double from, double to) {
  std::size_t const n = static_cast<std::size_t>(d) + 1;
  std::vector<double> x, y;
  for (std::size_t i = 0; i < n; ++i) {
    x.push_back((to - from) / 2 * (1 - std::cos(std::acos(-1.0) * (static_cast<double>(i) + 0.5) / (d + 1))));
    y.push_back(f(from + x.back()));
  }
  for (std::size_t k = 1; k < n; ++k)
    for (std::size_t i = n - 1; i >= k; --i) y[i] = (y[i] - y[i - 1]) / (x[i] - x[i - k]);
  std::vector<double> c(n, 0.0);
  for (std::size_t i = n; i-- > 0;) {  // c := c (x - x_i) + y_i
    for (std::size_t j = n - 1; j > 0; --j) c[j] = c[j - 1] - x[i] * c[j];
    c[0] = y[i] - x[i] * c[0];
  }
  for (double& v : c)
    if (!std::isfinite(v)) v = 0;
  return c;
}

/// g = f - pi on one cell, pi a polynomial: integrals of g (x - mid)^a and of g^2 over the cell.
class CellIntegrals {
 public:
  explicit CellIntegrals(CellModel const& cell) : cell_(cell), m_(cell.c.size() - 1) {
    Interval const half(cell.half);
    Interval power = half;
    for (std::size_t n = 0; n <= 2 * m_ + 8; ++n) {
      h_.push_back(power / Interval(static_cast<double>(n + 1)));
      power = power * half;
    }
  }

  /// pi by its Taylor coefficients at mid. Fills moments[a], a < moments.size() <= 9, and returns the integral of g^2.
  Interval operator()(std::vector<Interval> const& pi, std::vector<Interval>& moments) {
    g_.assign(std::max(m_, pi.size()), Interval(0));
    for (std::size_t l = 0; l < m_; ++l) g_[l] = cell_.c[l];
    for (std::size_t l = 0; l < pi.size(); ++l) g_[l] = g_[l] - pi[l];
    Interval const rest = cell_.c[m_];
    for (std::size_t a = 0; a < moments.size(); ++a) {
      Interval sum(0);
      for (std::size_t l = a % 2; l < g_.size(); l += 2) sum = sum + g_[l] * h(l + a);
      moments[a] = sum + sum + both_halves(rest, m_ + a);
    }
    Interval square(0), cross(0);
    for (std::size_t n = 0; n + 2 <= 2 * g_.size(); n += 2) {
      Interval sum(0);
      for (std::size_t l = n < g_.size() ? 0 : n + 1 - g_.size(); 2 * l < n; ++l) sum = sum + g_[l] * g_[n - l];
      sum = sum + sum + g_[n / 2] * g_[n / 2];
      square = square + sum * h(n);
    }
    for (std::size_t l = 0; l < g_.size(); ++l) cross = cross + g_[l] * both_halves(rest, m_ + l);
    double const r = rest.magnitude();
    return square + square + cross + cross + Interval(2) * Interval(0, r) * Interval(r) * h(2 * m_);
  }

 private:
  /// half^{n+1}/(n+1): the integral of s^n over half the cell.
  Interval h(std::size_t n) {
    while (h_.size() <= n) {
      double const k = static_cast<double>(h_.size());
      h_.push_back(h_.back() * Interval(cell_.half) * Interval(k) / Interval(k + 1));
    }
    return h_[n];
  }
  /// The integral of c(x) s^n over the cell, c(x) in c, which may differ from one half to the other.
  Interval both_halves(Interval c, std::size_t n) {
    Interval const half = c * h(n);
    return n % 2 == 0 ? half + half : half - half;
  }

  CellModel const& cell_;
  std::size_t m_;
  std::vector<Interval> h_, g_;
};

}  // namespace

SegmentErrors::SegmentErrors(Function const& f, std::vector<CellModel> const& cells, int degree, double cap)
    : cap_(cap) {
  std::size_t const M = cells.size(), d = static_cast<std::size_t>(degree);
  std::vector<std::vector<double>> choose(d + 1), legendre(d + 1);
  for (int n = 0; n <= degree; ++n)
    for (int p = 0; p <= n; ++p) {
      choose[static_cast<std::size_t>(n)].push_back(static_cast<double>(binomial(n, p)));
      legendre[static_cast<std::size_t>(n)].push_back(((n + p) % 2 == 0 ? 1 : -1) *
                                                      static_cast<double>(binomial(n, p) * binomial(n + p, p)));
    }
  std::vector<CellIntegrals> integrals(cells.begin(), cells.end());
  rows_.resize(M + 1);
  std::vector<Interval> pi(d + 1), local(d + 1), moment(d + 1), power(d + 1), scale(d + 1);
  power[0] = scale[0] = Interval(1);
  double until = M > 0 ? cells.back().right : 0;                        // how far the row before went
  for (std::size_t i = 0, pass = 0; i < M; pass == 0 ? ++pass : ++i) {  // the first row twice
    rows_[i].clear();
    double const from = cells[i].left;
    // dist^2(f) = dist^2(f - pi) for any polynomial pi: one near f keeps the squares small
    std::vector<double> const near = interpolant(f, degree, from, std::max(until, cells[i].right));
    std::fill(moment.begin(), moment.end(), Interval(0));
    Interval square(0);
    double before = 0;
    for (std::size_t j = i; j < M; ++j) {
      Interval const Y = Interval(cells[j].mid) - Interval(from), H = Interval(cells[j].right) - Interval(from);
      for (std::size_t l = 0; l <= d; ++l) pi[l] = Interval(near[l]);
      for (std::size_t l = 0; l < d; ++l)  // shifted to mid by Horner's scheme
        for (std::size_t q = d; q-- > l;) pi[q] = pi[q] + Y * pi[q + 1];
      square = square + integrals[j](pi, local);
      for (std::size_t p = 1; p <= d; ++p) {
        power[p] = power[p - 1] * Y;
        scale[p] = scale[p - 1] / H;
      }
      for (std::size_t p = 0; p <= d; ++p)  // of g (x - from)^p
        for (std::size_t a = 0; a <= p; ++a) moment[p] = moment[p] + Interval(choose[p][a]) * power[p - a] * local[a];
      Interval left = square;
      for (std::size_t n = 0; n <= d; ++n) {  // less the squares of the Legendre coefficients
        Interval sum(0);
        for (std::size_t p = 0; p <= n; ++p) sum = sum + Interval(legendre[n][p]) * moment[p] * scale[p];
        double const least = sum.mignitude(), most = sum.magnitude();
        left = left - Interval(least, most) * Interval(least, most) * Interval(static_cast<double>(2 * n + 1)) / H;
      }
      until = cells[j].right;
      if (left.lo > before) before = left.lo;  // the distance grows with the interval
      if (!(before < cap_)) break;
      rows_[i].push_back(before);
    }
  }
}

namespace {

using Table = std::vector<std::vector<double>>;

/// forward[s][c]: the least sum of the segments before knot s + 1, which lies in cell c.
Table forward(SegmentErrors const& e, int k) {
  int const M = e.size() - 1;
  Table F(static_cast<std::size_t>(k), std::vector<double>(static_cast<std::size_t>(M), e.cap()));
  for (int c = 0; c < M && k > 0; ++c) F[0][static_cast<std::size_t>(c)] = e(0, c);
  for (std::size_t s = 1; s < static_cast<std::size_t>(k); ++s) {
    for (int c = 0; c < M; ++c) {
      double const v = F[s - 1][static_cast<std::size_t>(c)];
      if (!(v < e.cap())) continue;
      int const last = std::min(M - 1, c + 1 + e.reach(c + 1));
      for (int to = c; to <= last; ++to) {
        double& w = F[s][static_cast<std::size_t>(to)];
        w = std::min(w, add_down(v, e(c + 1, to)));
      }
    }
  }
  return F;
}

/// backward[s][c]: the least sum of the segments after knot s + 1, which lies in cell c.
Table backward(SegmentErrors const& e, int k) {
  int const M = e.size() - 1;
  Table B(static_cast<std::size_t>(k), std::vector<double>(static_cast<std::size_t>(M), e.cap()));
  if (k == 0) return B;
  for (int c = 0; c < M; ++c) B.back()[static_cast<std::size_t>(c)] = e(c + 1, M);
  for (std::size_t s = static_cast<std::size_t>(k) - 1; s-- > 0;)
    for (int c = 0; c < M; ++c) {
      int const last = std::min(M - 1, c + 1 + e.reach(c + 1));
      double& w = B[s][static_cast<std::size_t>(c)];
      for (int to = c; to <= last; ++to)
        w = std::min(w, add_down(B[s + 1][static_cast<std::size_t>(to)], e(c + 1, to)));
    }
  return B;
}

/// The best k knots on grid points: rounded.
double best_on_grid(SegmentErrors const& e, int k, std::vector<int>& knots) {
  int const M = e.size() - 1;
  std::vector<double> V(static_cast<std::size_t>(M) + 1, HUGE_VAL);
  std::vector<std::vector<int>> from;
  for (int j = 0; j <= std::min(M, e.reach(0)); ++j) V[static_cast<std::size_t>(j)] = e(0, j);
  for (int s = 0; s < k; ++s) {
    std::vector<double> W(V.size(), HUGE_VAL);
    from.emplace_back(V.size(), 0);
    for (int i = 0; i <= M; ++i)
      for (int j = i; j <= std::min(M, i + e.reach(i)); ++j) {
        double const v = V[static_cast<std::size_t>(i)] + e(i, j);
        if (v < W[static_cast<std::size_t>(j)]) {
          W[static_cast<std::size_t>(j)] = v;
          from.back()[static_cast<std::size_t>(j)] = i;
        }
      }
    V = std::move(W);
  }
  knots.clear();
  int j = M;
  for (int s = k; s-- > 0;) {
    j = from[static_cast<std::size_t>(s)][static_cast<std::size_t>(j)];
    knots.push_back(j);
  }
  std::reverse(knots.begin(), knots.end());
  return V.back();
}

/// Cells in [left, right] whose models leave less than 1e-6 of an error of `size`, as far as that is possible.
void add_cells(target::Target const& f, double left, double right, int order, double size, double quantum,
               std::vector<CellModel>& cells) {
  CellModel cell = cell_model(f, left, right, order);
  if (!(cell.remainder() > 1e-6 * size) || cell.half < quantum) {
    cells.push_back(std::move(cell));
    return;
  }
  add_cells(f, left, cell.mid, order, size, quantum, cells);
  add_cells(f, cell.mid, right, order, size, quantum, cells);
}

double least(SegmentErrors const& e, Table const& F) {
  int const M = e.size() - 1;
  if (F.empty()) return std::min(e.cap(), e(0, M));
  double r = e.cap();
  for (int c = 0; c < M; ++c) r = std::min(r, add_down(F.back()[static_cast<std::size_t>(c)], e(c + 1, M)));
  return r;
}

}  // namespace

double least_over_cells(SegmentErrors const& errors, int k) { return least(errors, forward(errors, k)); }

L2Bound l2_bound(Function const& f, int degree, int k, L2Options const& options) {
  if (degree < 1 || degree > 8)
    throw InvalidInput("the degree of the pieces must be 1..8, not " + std::to_string(degree));
  if (k < 0) throw InvalidInput("the number of knots must not be negative, not " + std::to_string(k));
  if (!(options.relative > 0 && options.relative < 1))
    throw InvalidInput("the relative gap must be in (0, 1), not " + std::to_string(options.relative));
  PrecisionScope const precision(std::max(128L, working_precision()));
  L2Bound r;
  r.bound = LowerBound::refused(BoundKind::l2_cells, degree + 1, k, "no level above rounding was found");
  SegmentBound const start = segment_bound(f, degree, k, 1e-3);
  if (!(start.reachable > 1e-12 * f.scale())) {
    r.outcome = {Status::below_precision, "the error is below 1e-12 max|f|"};
    return r;
  }
  // the grid lies on multiples of `quantum`, so that middles are exact; what it leaves out of [a, b] only lowers norms
  double const a = to_double(f.begin()), b = to_double(f.end());
  double const quantum = std::ldexp(1.0, std::ilogb(b - a) - 36);
  if (std::max(std::abs(a), std::abs(b)) > quantum * 0x1p50)
    throw InvalidInput("the domain is too far from 0 for its length");
  auto const rounded = [&](double x) { return std::round(x / quantum) * quantum; };
  double left = std::ceil(a / quantum) * quantum, right = std::floor(b / quantum) * quantum;
  if (exact(left) < f.begin()) left += quantum;
  if (exact(right) > f.end()) right -= quantum;
  std::vector<double> grid{left, right};
  std::vector<double> coarse{left};
  coarse.insert(coarse.end(), start.knots.begin(), start.knots.end());
  coarse.push_back(right);
  for (std::size_t i = 1; i < coarse.size(); ++i)
    for (int j = 1; j <= 16; ++j) grid.push_back(rounded(coarse[i - 1] + (coarse[i] - coarse[i - 1]) * j / 16));
  for (double x : f.breaks())
    for (double step : {-quantum, 0.0, quantum}) grid.push_back(rounded(x) + step);
  std::sort(grid.begin(), grid.end());
  grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
  std::erase_if(grid, [&](double x) { return x < left || x > right; });

  int const order = degree + 4;
  std::vector<CellModel> cells;
  for (std::size_t i = 1; i < grid.size(); ++i)
    add_cells(f.target(), grid[i - 1], grid[i], order, start.reachable, quantum, cells);
  double cap = start.reachable * start.reachable * (b - a) * 1.01;
  r.outcome = {Status::max_iterations, "the cells ran out"};
  double best = 0;
  for (int level = 0; level < 40; ++level) {
    SegmentErrors const errors(f, cells, degree, cap);
    std::vector<int> knots;
    double const reachable = best_on_grid(errors, k, knots);
    Table const F = forward(errors, k);
    best = std::max(best, least(errors, F));
    r.cells = static_cast<int>(cells.size());
    if (reachable < cap || r.knots.empty()) {
      r.knots.clear();
      for (int j : knots) r.knots.push_back(j < r.cells ? cells[static_cast<std::size_t>(j)].left : right);
    }
    cap = std::min(cap, reachable * (1 + 1e-9));
    double const wanted = cap * (1 - options.relative) * (1 - options.relative);
    if (best >= wanted) {
      r.outcome = {Status::converged, ""};
      break;
    }
    Table const B = backward(errors, k);
    std::vector<CellModel> finer;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      double through = cap;
      for (std::size_t s = 0; s < F.size(); ++s) through = std::min(through, F[s][c] + B[s][c]);
      if (!(through < wanted) || cells[c].half < quantum) {
        finer.push_back(cells[c]);
        continue;
      }
      finer.push_back(cell_model(f.target(), cells[c].left, cells[c].mid, order));
      finer.push_back(cell_model(f.target(), cells[c].mid, cells[c].right, order));
    }
    if (finer.size() == cells.size() || static_cast<int>(finer.size()) > options.most_cells) break;
    cells = std::move(finer);
  }
  r.reachable = std::sqrt(cap);
  if (best > 0) r.bound = {BoundKind::l2_cells, degree + 1, k, sqrt(Ball(best)).lower(), true, ""};
  return r;
}

}  // namespace nwidth::fitting
