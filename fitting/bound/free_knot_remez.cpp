// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/free_knot_remez.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "fitting/bound/alternation_bound.hpp"

namespace nwidth::fitting {
namespace {

using boost::multiprecision::abs;
using std::abs;

/// s(x) = sum_j a_j y^j + sum_q c_q (y - t_q)_+^d, y = (x - begin)/width.
template <class T>
struct TruncatedPowers {
  int d;
  T begin, width;
  std::vector<T> a, c, t;

  static TruncatedPowers of(FreeKnotSpline<T> const& s) {
    TruncatedPowers r{s.kind.degree, s.begin(), s.end() - s.begin(), s.taylor(0, s.begin()), {}, {}};
    T scale = 1;
    for (T& v : r.a) {
      v *= scale;
      scale *= r.width;
    }
    scale /= r.width;
    for (int i = 1; i <= s.interior_knots(); ++i) {
      T const& knot = s.knots[static_cast<std::size_t>(i)];
      r.t.push_back((knot - r.begin) / r.width);
      r.c.push_back((s.taylor(i, knot).back() - s.taylor(i - 1, knot).back()) * scale);
    }
    return r;
  }

  /// The B-spline coefficients are blossoms of the pieces at d successive knots.
  FreeKnotSpline<T> spline() const {
    std::size_t const p = t.size(), n = static_cast<std::size_t>(d);
    std::vector<T> u(n, T(0)), piece = a;  // knots from u_1 on; the piece as a polynomial in y
    u.insert(u.end(), t.begin(), t.end());
    u.insert(u.end(), n, T(1));
    FreeKnotSpline<T> s{SplineClass::relu_power(d), {}, {}};
    s.knots.push_back(begin);
    for (T const& v : t) s.knots.push_back(begin + width * v);
    s.knots.push_back(begin + width);
    for (std::size_t i = 0; i <= n + p; ++i) {  // the piece between u_i and u_{i+1} or the first or last
      if (i > n) {                              // cross the knot t[i - n - 1]
        T const& knot = t[i - n - 1];
        T term = c[i - n - 1];
        for (std::size_t j = n + 1; j-- > 0;) {
          piece[j] += term;
          term = -term * knot * T(static_cast<int>(j)) / T(static_cast<int>(n - j + 1));
        }
      }
      std::vector<T> e(n + 1, T(0));  // elementary symmetric functions of u_{i+1..i+d}
      e[0] = 1;
      for (std::size_t q = 0; q < n; ++q)
        for (std::size_t j = q + 1; j > 0; --j) e[j] += e[j - 1] * u[i + q];
      T sum = 0, binomial = 1;
      for (std::size_t j = 0; j <= n; ++j) {
        sum += piece[j] * e[j] / binomial;
        binomial = binomial * T(static_cast<int>(n - j)) / T(static_cast<int>(j + 1));
      }
      s.coefficients.push_back(sum);
    }
    return s;
  }
};

/// Solves A x = b in place by elimination with partial pivoting; false if singular.
template <class T>
bool solve(std::vector<std::vector<T>>& A, std::vector<T>& b) {
  std::size_t const n = b.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (abs(A[i][k]) > abs(A[pivot][k])) pivot = i;
    if (!(abs(A[pivot][k]) > 0)) return false;
    std::swap(A[k], A[pivot]);
    std::swap(b[k], b[pivot]);
    for (std::size_t i = k + 1; i < n; ++i) {
      T const m = A[i][k] / A[k][k];
      if (m == 0) continue;
      for (std::size_t j = k + 1; j < n; ++j) A[i][j] -= m * A[k][j];
      b[i] -= m * b[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) b[k] -= A[k][j] * b[j];
    b[k] /= A[k][k];
  }
  return true;
}

/// The shortest least-squares solution of A x = b: double only.
bool solve_least_squares(std::vector<std::vector<double>> const& A, std::vector<double>& b, std::size_t n) {
  Eigen::MatrixXd M(static_cast<Eigen::Index>(b.size()), static_cast<Eigen::Index>(n));
  Eigen::VectorXd y(M.rows());
  for (Eigen::Index i = 0; i < M.rows(); ++i) {
    y(i) = b[static_cast<std::size_t>(i)];
    for (Eigen::Index j = 0; j < M.cols(); ++j) M(i, j) = A[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
  }
  Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd> decomposition(M.rows(), M.cols());
  decomposition.setThreshold(1e-10);
  decomposition.compute(M);
  Eigen::VectorXd const x = decomposition.solve(y);
  b.assign(x.data(), x.data() + x.size());
  return x.allFinite();
}
bool solve_least_squares(std::vector<std::vector<Real>> const&, std::vector<Real>&, std::size_t) { return false; }

template <class T>
class FreeKnots {
 public:
  FreeKnots(Function const& f, FreeKnotSpline<T> const& start, bool all = false)
      : f_(f), s_(TruncatedPowers<T>::of(start)), all_(all) {}

  LevelledSpline<T> run() {
    LevelledSpline<T> best;
    best.imbalance = HUGE_VAL;
    best.outcome = {Status::no_alternation, ""};
    bool const fine = !std::is_same_v<T, double>;
    int worse = 0;
    for (int it = 0; it < 40; ++it) {
      LevelledSpline<T> now;
      now.spline = s_.spline();
      if (!choose_points(now)) {
        if (best.points.empty()) best.spline = now.spline;
        return best;
      }
      worse = now.imbalance < best.imbalance ? 0 : worse + 1;
      if (now.imbalance < best.imbalance) best = now;
      double const rounding = (fine ? 1e-95 : 1e-15) * f_.scale() / std::max(1e-300, static_cast<double>(now.level));
      if (best.imbalance < 100 * rounding || (best.imbalance < 1e-6 && worse >= 2)) {
        best.outcome = {Status::converged, ""};
        return best;
      }
      if (worse > (fine ? 12 : 6)) break;
      if (!step(now)) {
        best.outcome = {Status::knot_collapse, "two knots met"};
        return best;
      }
    }
    best.outcome = {Status::max_iterations, ""};
    return best;
  }

 private:
  bool choose_points(LevelledSpline<T>& now) const {
    std::vector<T> const x = extrema(f_, now.spline);
    int const count = s_.d + 2 + 2 * static_cast<int>(s_.t.size());
    std::vector<Ball> e;
    for (T const& p : x) e.emplace_back(T(f_(p) - now.spline(p)));
    T lo = 0, hi = 0;
    std::vector<std::size_t> chosen;
    if (all_) {  // every alternation that there is
      for (int n = count + 8; n > 1 && chosen.empty(); --n) chosen = best_alternation(e, n);
    } else {
      chosen = best_alternation(e, count);
    }
    for (std::size_t i : chosen) {
      T const p = polished(now.spline, x[i]);
      now.points.push_back(p);
      T const size = abs(T(f_(p) - now.spline(p)));
      lo = now.points.size() == 1 || size < lo ? size : lo;
      hi = std::max(hi, size);
      now.level += size;
    }
    for (std::size_t i = 1; i < now.points.size(); ++i)
      if (!(now.points[i - 1] < now.points[i])) return false;
    if (now.points.size() < 2 || !(lo > 0)) return false;
    now.level /= static_cast<int>(now.points.size());
    now.imbalance = static_cast<double>(T(hi / lo - 1));
    if (static_cast<int>(now.points.size()) < count)
      now.imbalance += 1e3 * (count - static_cast<int>(now.points.size()));
    return true;
  }

  /// In Real, Newton's method for the extremum; ends and corners stay.
  T polished(FreeKnotSpline<T> const& s, T x) const {
    if constexpr (!std::is_same_v<T, double>) {
      if (x == s.begin() || x == s.end()) return x;
      for (T const& t : s.knots)
        if (s.kind.degree == 1 && x == t) return x;
      for (int it = 0; it < 8; ++it) {
        std::vector<T> const y = f_.taylor(x, 3), z = s.taylor(s.segment_of(x), x);
        T const second = 2 * (y[2] - (z.size() > 2 ? z[2] : T(0))), dx = (y[1] - z[1]) / second;
        if (!(abs(dx) < s_.width)) break;
        x -= dx;
        if (abs(dx) < T(1e-60)) break;
      }
    }
    return x;
  }

  bool step(LevelledSpline<T> const& now) {
    std::size_t const p = s_.t.size(), d = static_cast<std::size_t>(s_.d), n = d + 2 + 2 * p, rows = now.points.size();
    std::vector<std::vector<T>> A(rows, std::vector<T>(n, T(0)));
    std::vector<T> b(rows);
    T const first = f_(now.points[0]) - now.spline(now.points[0]);
    for (std::size_t i = 0; i < rows; ++i) {
      T const &x = now.points[i], y = (x - s_.begin) / s_.width;
      T power = 1;
      for (std::size_t j = 0; j <= d; ++j) {
        A[i][j] = power;
        power *= y;
      }
      for (std::size_t q = 0; q < p; ++q) {
        T const z = y - s_.t[q];
        bool const attached = d == 1 && x == now.spline.knots[q + 1];
        if (attached) {  // the point moves with its knot: d/dt (s - f) = s'(t-) - f'(t)
          int const left = static_cast<int>(q);
          A[i][d + 1 + p + q] = (now.spline.taylor(left, x)[1] - f_.taylor(x, 2)[1]) * s_.width;
        } else if (z > 0) {
          T lower = 1;
          for (std::size_t j = 1; j < d; ++j) lower *= z;
          A[i][d + 1 + q] = lower * z;
          A[i][d + 1 + p + q] = -T(s_.d) * s_.c[q] * lower;
        }
      }
      bool const positive = (i % 2 == 0) == (first > 0);
      A[i][n - 1] = positive ? 1 : -1;
      b[i] = f_(x) - now.spline(x);
    }
    if (all_ ? !solve_least_squares(A, b, n) : !solve(A, b)) return false;
    T share = 1;  // no knot moves by more than a third of the way to its neighbour
    for (std::size_t q = 0; q < p; ++q) {
      T const& move = b[d + 1 + p + q];
      T const room =
          move > 0 ? T((q + 1 < p ? s_.t[q + 1] : T(1)) - s_.t[q]) : T(s_.t[q] - (q > 0 ? s_.t[q - 1] : T(0)));
      if (!(abs(move) < T(1e30))) return false;
      if (abs(move) > room / 3) share = std::min(share, T(room / (3 * abs(move))));
    }
    for (std::size_t j = 0; j <= d; ++j) s_.a[j] += share * b[j];
    for (std::size_t q = 0; q < p; ++q) {
      s_.c[q] += share * b[d + 1 + q];
      s_.t[q] += share * b[d + 1 + p + q];
    }
    T before = 0;
    for (T const& t : s_.t) {
      if (!(t - before > T(1e-9))) return false;
      before = t;
    }
    return T(1) - before > T(1e-9);
  }

  Function const& f_;
  TruncatedPowers<T> s_;
  bool all_;
};

/// Least squares with these knots, at points dense at the ends of each segment.
FreeKnotSpline<double> least_squares(Function const& f, int d, std::vector<double> const& knots) {
  FreeKnotSpline<double> s{SplineClass::relu_power(d), knots, {}};
  int const per = 4 * d + 8, n = s.kind.dimension(s.interior_knots());
  s.coefficients.assign(static_cast<std::size_t>(n), 0.0);
  s.validate();
  Eigen::MatrixXd A = Eigen::MatrixXd::Zero(per * s.segments(), n);
  Eigen::VectorXd y(A.rows());
  for (int i = 0; i < s.segments(); ++i) {
    std::size_t const at = static_cast<std::size_t>(i);
    std::vector<double> const u = s.local_knots(i);
    double const h = (knots[at + 1] - knots[at]) / 2, weight = std::sqrt(h);
    for (int j = 0; j < per; ++j) {
      double const x = knots[at] + h * (1 - std::cos(std::acos(-1.0) * (j + 0.5) / per));
      std::vector<double> const b = bspline_values(d, u.data(), x);
      for (int q = 0; q <= d; ++q) A(per * i + j, s.first_coefficient(i) + q) = weight * b[static_cast<std::size_t>(q)];
      y(per * i + j) = weight * f(x);
    }
  }
  Eigen::VectorXd const c = A.colPivHouseholderQr().solve(y);
  for (int q = 0; q < n; ++q) s.coefficients[static_cast<std::size_t>(q)] = c(q);
  return s;
}

}  // namespace

LevelledSpline<double> free_knot_remez(Function const& f, int degree, std::vector<double> const& knots) {
  if (degree < 1 || degree > 8)
    throw InvalidInput("the degree of a spline with free knots must be 1..8, not " + std::to_string(degree));
  FreeKnotSpline<double> const start = least_squares(f, degree, knots);
  LevelledSpline<double> r = free_knot_remez(f, start);
  if (r.outcome.status != Status::converged) {
    LevelledSpline<double> all = FreeKnots<double>(f, start, true).run();
    if (all.outcome.status == Status::converged) return all;
  }
  return r;
}

template <class T>
LevelledSpline<T> free_knot_remez(Function const& f, FreeKnotSpline<T> const& start) {
  start.validate();
  if (start.kind.multiplicity != 1)
    throw InvalidInput("knots must be simple, not of multiplicity " + std::to_string(start.kind.multiplicity));
  return FreeKnots<T>(f, start).run();
}

template LevelledSpline<double> free_knot_remez(Function const&, FreeKnotSpline<double> const&);
template LevelledSpline<Real> free_knot_remez(Function const&, FreeKnotSpline<Real> const&);

}  // namespace nwidth::fitting
