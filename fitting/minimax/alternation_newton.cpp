// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/alternation_newton.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nwidth::fitting {
namespace {

template <class T>
using Matrix = std::vector<std::vector<T>>;

/// x with A x = b, by elimination with row pivoting that skips zeros; empty if a pivot is zero.
template <class T>
std::vector<T> solved(Matrix<T> A, std::vector<T> b) {
  using std::abs;
  std::size_t const n = b.size();
  for (std::size_t c = 0; c < n; ++c) {
    std::size_t pivot = c;
    for (std::size_t r = c + 1; r < n; ++r)
      if (abs(A[r][c]) > abs(A[pivot][c])) pivot = r;
    if (!(abs(A[pivot][c]) > 0)) return {};
    std::swap(A[pivot], A[c]);
    std::swap(b[pivot], b[c]);
    std::vector<std::size_t> filled;
    for (std::size_t j = c + 1; j < n; ++j)
      if (A[c][j] != 0) filled.push_back(j);
    for (std::size_t r = c + 1; r < n; ++r) {
      if (A[r][c] == 0) continue;
      T const factor = A[r][c] / A[c][c];
      for (std::size_t j : filled) A[r][j] -= factor * A[c][j];
      b[r] -= factor * b[c];
    }
  }
  for (std::size_t c = n; c-- > 0;) {
    for (std::size_t j = c + 1; j < n; ++j)
      if (A[c][j] != 0) b[c] -= A[c][j] * b[j];
    b[c] /= A[c][c];
  }
  return b;
}

/// Columns along the line, so that the matrix is nearly banded: d + 1 coefficients, then each knot before the m
/// coefficients that it brings.
struct Columns {
  std::vector<std::size_t> coefficient, knot;  // knot: by 1 ... n, none for those that stay
  std::size_t count = 0;
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  Columns(SplineClass const& kind, int n, KnotMask const& free) {
    for (int j = 0; j <= kind.degree; ++j) coefficient.push_back(count++);
    knot.push_back(none);
    for (int k = 1; k <= n; ++k) {
      bool const moves = free.empty() || free[static_cast<std::size_t>(k - 1)];
      knot.push_back(moves ? count++ : none);
      for (int j = 0; j < kind.multiplicity; ++j) coefficient.push_back(count++);
    }
  }
};

template <class T>
struct State {
  FreeKnotSpline<T> spline;
  ErrorSurvey<T> survey;
  std::vector<ErrorPoint<T>> alternation;
  T least = 0, largest = 0;
  bool complete = false;

  State(Function const& f, FreeKnotSpline<T> s, int needed) : spline(std::move(s)) {
    using std::abs;
    ErrorCurve<T> const e(f, spline);
    survey = e.survey();
    alternation = fitting::alternation(survey.points, T(survey.sup / 2), needed);
    complete = static_cast<int>(alternation.size()) == needed;
    if (alternation.empty()) return;
    least = largest = abs(alternation[0].error);
    for (ErrorPoint<T> const& p : alternation) {
      least = std::min(least, T(abs(p.error)));
      largest = std::max(largest, T(abs(p.error)));
    }
  }
  T levelling() const { return largest / least - 1; }
};

}  // namespace

int alternation_needed(SplineClass const& kind, int n, KnotMask const& free) {
  int const moving = free.empty() ? n : static_cast<int>(std::count(free.begin(), free.end(), true));
  return kind.dimension(n) + moving + 1;
}

template <class T>
Levelled<T> level(Function const& f, FreeKnotSpline<T> start, KnotMask const& free, LevelOptions const& options) {
  using std::abs;
  int const n = start.interior_knots(), needed = alternation_needed(start.kind, n, free);
  Columns const columns(start.kind, n, free);
  std::size_t const size = columns.count + 1;
  T const eps = std::numeric_limits<T>::epsilon(), width = start.end() - start.begin();
  Levelled<T> best;
  auto const keep = [&](State<T> const& s) {
    best.spline = s.spline;
    best.survey = s.survey;
    best.alternation = s.alternation;
    best.levelling = s.complete ? s.levelling() : T(1);
  };
  State<T> state(f, std::move(start), needed);
  keep(state);
  bool known = state.complete;
  int without_gain = 0;
  for (; state.complete && best.iterations < options.max_iterations; ++best.iterations) {
    T const rounding = 10 * eps * T(f.scale()) / state.least;
    if (state.levelling() <= T(options.goal) || state.levelling() <= rounding) break;
    T E(0);
    for (ErrorPoint<T> const& p : state.alternation) E += abs(p.error) / T(needed);
    Matrix<T> A(size, std::vector<T>(size, T(0)));
    std::vector<T> rhs(size);
    ErrorCurve<T> const e(f, state.spline);
    for (std::size_t i = 0; i < size; ++i) {
      ErrorPoint<T> const& p = state.alternation[i];
      ErrorRow<T> const row = e.row(p);
      for (std::size_t j = 0; j < row.coefficients.size(); ++j)
        A[i][columns.coefficient[static_cast<std::size_t>(row.first_coefficient) + j]] = row.coefficients[j];
      for (std::size_t j = 0; j < row.knots.size(); ++j) {
        std::size_t const c = columns.knot[static_cast<std::size_t>(row.first_knot) + j];
        if (c != Columns::none) A[i][c] = row.knots[j];
      }
      A[i][size - 1] = T(p.error > 0 ? -1 : 1);
      rhs[i] = (p.error > 0 ? E : T(-E)) - p.error;
    }
    std::vector<T> const step = solved(std::move(A), std::move(rhs));
    if (step.empty()) break;
    std::vector<T> knots = state.spline.knots;
    T fraction(1), spacing = width;
    for (int k = 1; k <= n; ++k) {
      std::size_t const at = static_cast<std::size_t>(k);
      if (columns.knot[at] == Columns::none) continue;
      T const h = std::min(T(knots[at] - knots[at - 1]), T(knots[at + 1] - knots[at]));
      T const move = abs(step[columns.knot[at]]);
      if (!(fraction * move <= h * T(0.45))) fraction = h * T(0.45) / move;
    }
    if (!(fraction > 1e-6)) break;
    for (int k = 1; k <= n; ++k)
      if (std::size_t const c = columns.knot[static_cast<std::size_t>(k)]; c != Columns::none)
        knots[static_cast<std::size_t>(k)] += fraction * step[c];
    FreeKnotSpline<T> next = transported(state.spline, knots);
    for (std::size_t j = 0; j < next.coefficients.size(); ++j)
      next.coefficients[j] += fraction * step[columns.coefficient[j]];
    for (std::size_t k = 1; k < knots.size(); ++k) spacing = std::min(spacing, T(knots[k] - knots[k - 1]));
    if (!(spacing > width * T(options.min_spacing))) {
      best.collapsed = true;
      break;
    }
    state = State<T>(f, std::move(next), needed);
    if (!state.complete) break;
    if (!known || state.levelling() < best.levelling) {
      without_gain = known && !(state.levelling() < best.levelling / 2) ? without_gain + 1 : 0;
      keep(state);
      known = true;
    } else {
      ++without_gain;
    }
    if (without_gain > 6) break;
  }
  if (known) {
    T least = abs(best.alternation[0].error);
    for (ErrorPoint<T> const& p : best.alternation) least = std::min(least, T(abs(p.error)));
    T const goal = std::max(T(options.goal), T(10000 * eps * T(f.scale()) / least));
    best.converged = best.levelling <= goal && best.survey.sup <= least * (1 + 2 * goal);
  }
  return best;
}

template Levelled<double> level(Function const&, FreeKnotSpline<double>, KnotMask const&, LevelOptions const&);
template Levelled<Real> level(Function const&, FreeKnotSpline<Real>, KnotMask const&, LevelOptions const&);

}  // namespace nwidth::fitting
