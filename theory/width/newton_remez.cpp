// SPDX-License-Identifier: Apache-2.0
#include "theory/width/newton_remez.hpp"

#include <cmath>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "theory/width/critical_points.hpp"
#include "theory/width/end_pattern.hpp"

namespace nwidth::width {
namespace {

constexpr int longest_chain = 12;  // knots; beyond, the ends are copied and the middle is uniform

/// Solves the square system in place by elimination with row pivoting; false if it is singular.
template <class T>
bool solve(std::vector<std::vector<T>>& A, std::vector<T>& b) {
  using std::abs;
  std::size_t const size = b.size();
  for (std::size_t col = 0; col < size; ++col) {
    std::size_t pivot = col;
    for (std::size_t row = col + 1; row < size; ++row)
      if (abs(A[row][col]) > abs(A[pivot][col])) pivot = row;
    if (!(abs(A[pivot][col]) > 0)) return false;
    std::swap(A[pivot], A[col]);
    std::swap(b[pivot], b[col]);
    for (std::size_t row = col + 1; row < size; ++row) {
      if (A[row][col] == 0) continue;
      T const f = A[row][col] / A[col][col];
      for (std::size_t j = col + 1; j < size; ++j) A[row][j] -= f * A[col][j];
      b[row] -= f * b[col];
    }
  }
  for (std::size_t row = size; row-- > 0;) {
    for (std::size_t j = row + 1; j < size; ++j) b[row] -= A[row][j] * b[j];
    b[row] /= A[row][row];
  }
  return true;
}

/// One step of Newton's method in (c, knots, level) on P(points[i]) = sign(i) level heights[i] at fixed points, which
/// is Newton's method in all unknowns when the points are extrema. False if it moves a knot too far.
template <class T>
bool newton_step(Alternating<T>& s, std::vector<T> const& heights) {
  HalfSpline<T>& p = s.spline;
  Pieces<T> const P(p);
  std::size_t const rows = s.points.size(), poly = p.c.size(), knots = p.knots.size();
  std::vector<std::vector<T>> A(rows, std::vector<T>(rows, T(0)));
  std::vector<T> b(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    T const& x = s.points[i];
    T term = 1;  // x^j / j!
    for (int j = 0; j < p.n; ++j) {
      if (j % 2 == p.N % 2) A[i][static_cast<std::size_t>(j / 2)] = term;
      term = term * x / (j + 1);
    }
    for (std::size_t q = 0; q < knots && p.knots[q] < x; ++q) {
      T const t = x - p.knots[q];
      T v = q % 2 == 0 ? 2 : -2;
      for (int j = 1; j < p.n; ++j) v = v * t / j;
      A[i][poly + q] = v;
    }
    A[i][rows - 1] = s.sign(i) > 0 ? -heights[i] : heights[i];
    b[i] = -P(x);
  }
  if (!solve(A, b)) return false;
  for (std::size_t i = 0; i < poly; ++i) p.c[i] += b[i];
  T before = 0;
  for (std::size_t q = 0; q < knots; ++q) {
    T const after = q + 1 < knots ? p.knots[q + 1] : T(1);
    T const room = std::min<T>(p.knots[q] - before, after - p.knots[q]) * T(0.4);
    before = p.knots[q];
    if (!(b[poly + q] < room && -b[poly + q] < room)) return false;
    b[poly + q] += p.knots[q];
  }
  std::copy(b.begin() + static_cast<std::ptrdiff_t>(poly), b.begin() + static_cast<std::ptrdiff_t>(poly + knots),
            p.knots.begin());
  return true;
}

/// The points of alternation, found anew; false if P does not have its full number of extrema.
bool locate(Alternating<double>& s) {
  Pieces<double> const P(s.spline);
  std::vector<double> x = zeros_of_derivative(P, 1);
  if (s.spline.N % 2 == 0) x.insert(x.begin(), 0.0);
  x.push_back(1.0);
  if (x.size() != s.points.size()) return false;
  s.points = std::move(x);
  for (std::size_t i = 0; i < s.points.size(); ++i)
    if (!(P(s.points[i]) * s.sign(i) > 0)) return false;
  return true;
}

std::vector<double> heights_of(Alternating<double> const& s) {
  Pieces<double> const P(s.spline);
  std::vector<double> h;
  for (double x : s.points) h.push_back(std::fabs(P(x)));
  return h;
}

/// Newton's method towards the given heights (up to a factor); false if it fails.
bool newton(Alternating<double>& s, std::vector<double> const& heights) {
  double best = 1e300;
  for (int it = 0; it < 20; ++it) {
    if (!newton_step(s, heights) || !locate(s)) return false;
    std::vector<double> const h = heights_of(s);
    double lo = 1e300, hi = 0;
    for (std::size_t i = 0; i < h.size(); ++i) {
      lo = std::min(lo, h[i] / heights[i]);
      hi = std::max(hi, h[i] / heights[i]);
    }
    double const off = hi / lo - 1;
    if (off < 1e-9 || (off < 1e-6 && off > 0.5 * best)) return true;  // the second: as good as double gets
    best = std::min(best, off);
  }
  return false;
}

/// Follows the splines whose heights are those of s to the power 1 - theta, theta = 0..1, with as long steps as
/// succeed. A perfect spline with prescribed positive heights is unique up to scale where Newton's matrix is regular,
/// so the path goes on; if it were lost, the answer is false.
bool level_heights(Alternating<double>& s) {
  std::vector<double> const start = heights_of(s);
  double theta = 0, step = 1;
  while (theta < 1) {
    double const next = std::min(1.0, theta + step);
    std::vector<double> target;
    for (double h : start) target.push_back(std::pow(h / start.back(), 1 - next));
    Alternating<double> trial = s;
    if (newton(trial, target)) {
      s = trial;
      theta = next;
      step *= 2;
    } else if ((step /= 2) < 1e-3) {
      return false;
    }
  }
  return true;
}

/// From an equioscillating spline to one with a knot more at each end that has its full number of extrema: beyond a new
/// knot t, at or after the last extremum, P goes on with the other sign of P^(n). There P', ..., P^(n-1) are positive
/// (in the sign of P(1)), so that by Descartes' rule P turns exactly once, at a height that grows with t, and then
/// falls to -E.
Alternating<double> with_knots_at_ends(Alternating<double> const& s) {
  HalfSpline<double> const& p = s.spline;
  Pieces<double> const P(p);
  int const sign = P.last_sign();
  double const E = std::fabs(P(1.0));
  std::vector<double> state(static_cast<std::size_t>(p.n));
  auto beyond = [&](double t, int j) {  // |P| continued, t after the new knot
    double r = -1;
    for (int i = p.n - 1; i >= j; --i) r = state[static_cast<std::size_t>(i)] + t * r / (i - j + 1);
    return r;
  };
  auto root = [&](int j, double level, double lo) {  // beyond(., j) = level, from above to below
    double hi = lo + 1;
    while (beyond(hi, j) > level) hi *= 2;
    for (int it = 0; it < 100; ++it) {
      double const mid = (lo + hi) / 2;
      (beyond(mid, j) > level ? lo : hi) = mid;
    }
    return hi;
  };
  auto turn = [&](double knot) {
    for (int j = 0; j < p.n; ++j) state[static_cast<std::size_t>(j)] = sign * P(knot, j);
    return root(1, 0.0, 0.0);
  };
  double lo = s.points[s.points.size() - 2], hi = 1.0, knot = lo;
  if (beyond(turn(knot), 0) < E) {
    for (int it = 0; it < 40; ++it) {
      knot = (lo + hi) / 2;
      (beyond(turn(knot), 0) < E ? lo : hi) = knot;
    }
    knot = hi;
  }
  double const top = turn(knot), end = knot + root(0, -E, top);
  Alternating<double> r{HalfSpline<double>(p.n, p.N + 2), {}};
  for (std::size_t i = 0; i < p.c.size(); ++i) r.spline.c[i] = p.c[i] * std::pow(end, p.exponent(i) - p.n);
  for (std::size_t q = 0; q < p.knots.size(); ++q) r.spline.knots[q] = p.knots[q] / end;
  r.spline.knots.back() = knot / end;
  r.points.assign(s.points.size() + 1, 0.0);
  return r;
}

/// In double: N = n and n + 1 are a linear problem (Remez), started from the extrema of the Chebyshev polynomial;
/// then two knots more each time.
std::optional<Alternating<double>> chain(int n, int N) {
  Alternating<double> s;
  int const first = n + (N - n) % 2;
  s.spline = HalfSpline<double>(n, first);
  for (int i = first / 2; i >= 0; --i) s.points.push_back(std::cos(3.14159265358979323846 * i / first));
  if (first % 2 == 0) s.points[0] = 0;
  if (!newton(s, std::vector<double>(s.points.size(), 1.0))) return std::nullopt;
  while (s.spline.N < N) {
    s = with_knots_at_ends(s);
    if (!locate(s) || !level_heights(s)) return std::nullopt;
  }
  return s;
}

/// Newton's method in Real from a good start; false if it does not converge.
bool polish(Alternating<Real>& s) {
  std::vector<Real> const ones(s.points.size(), Real(1));
  double before = 1e300;
  for (int it = 0; it < 20; ++it) {
    if (!newton_step(s, ones)) return false;
    Pieces<Real> const P(s.spline);
    for (int inner = 0; inner < 2; ++inner)
      for (std::size_t i = 0; i + 1 < s.points.size(); ++i)
        if (s.points[i] != 0) s.points[i] -= P(s.points[i], 1) / P(s.points[i], 2);
    for (std::size_t i = 0; i + 1 < s.points.size(); ++i)
      if (!(s.points[i] < s.points[i + 1])) return false;
    double const off = imbalance(s);
    if (off < 1e-60 && !(off < 1e-6 * before)) return true;  // no more digits to gain
    if (off < 1e-80) return true;
    before = off;
  }
  return false;
}

Alternating<Real> to_real(Alternating<double> const& s) {
  Alternating<Real> r{HalfSpline<Real>(s.spline.n, s.spline.N), {}};
  std::copy(s.spline.c.begin(), s.spline.c.end(), r.spline.c.begin());
  std::copy(s.spline.knots.begin(), s.spline.knots.end(), r.spline.knots.begin());
  r.points.assign(s.points.begin(), s.points.end());
  return r;
}

}  // namespace

double imbalance(Alternating<Real> const& s) {
  Pieces<Real> const P(s.spline);
  Real lo = 1e300, hi = 0;
  for (std::size_t i = 0; i < s.points.size(); ++i) {
    Real const h = P(s.points[i]) * s.sign(i);
    lo = std::min(lo, h);
    hi = std::max(hi, h);
  }
  return lo > 0 ? static_cast<double>(Real(hi / lo - 1)) : 1e300;
}

Alternating<Real> const& least_norm_spline(int n, int N) {
  static std::recursive_mutex guard;
  static std::map<std::pair<int, int>, Alternating<Real>> known;  // a map, so that references stay valid
  std::lock_guard<std::recursive_mutex> const lock(guard);
  if (auto const it = known.find({n, N}); it != known.end()) return it->second;
  Alternating<Real> s;
  bool good = true;
  if (N - n <= longest_chain) {
    auto const start = chain(n, N);
    good = start.has_value();
    if (good) s = to_real(*start);
  } else {
    s = EndPattern(least_norm_spline(n, n + longest_chain)).extended_to(N);
  }
  if (!good || !polish(s))
    throw std::runtime_error("no equioscillating spline found for n = " + std::to_string(n) +
                             ", N = " + std::to_string(N));
  return known.emplace(std::pair(n, N), std::move(s)).first->second;
}

}  // namespace nwidth::width
