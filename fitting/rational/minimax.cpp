// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/minimax.hpp"

#include <algorithm>
#include <cmath>

#include "fitting/rational/aaa.hpp"
#include "fitting/rational/alternation.hpp"
#include "fitting/rational/exchange.hpp"
#include "fitting/rational/magnitude.hpp"
#include "fitting/rational/start.hpp"

namespace nwidth::fitting::rational {
namespace {

std::string type_name(int m, int n) { return "(" + std::to_string(m) + ", " + std::to_string(n) + ")"; }

/// f(-x) = f(x) or -f(x), as far as 23 points show; what is built on it is checked on the whole of [a, b].
Symmetry symmetry_of(Function const& f) {
  if (f.begin() != -f.end()) return Symmetry::none;
  bool even = true, odd = true;
  Real const b(f.end()), tolerance = Real(1e-80) * Real(f.scale());
  for (int i = 1; i <= 23; ++i) {
    Real const x = b * Real(i * i) / Real(23 * 23), right = f(x), left = f(Real(-x));
    even = even && size(Real(right - left)) <= tolerance;
    odd = odd && size(Real(right + left)) <= tolerance;
  }
  return even ? Symmetry::even : odd ? Symmetry::odd : Symmetry::none;
}

bool is_settled(Status s) { return s == Status::converged || s == Status::below_precision; }

template <class T>
std::vector<T> cast(std::vector<double> const& x, SupProblem<T> const& problem) {
  std::vector<T> result(x.begin(), x.end());
  if (x.front() == static_cast<double>(problem.a)) result.front() = problem.a;
  if (x.back() == static_cast<double>(problem.b)) result.back() = problem.b;
  if (problem.symmetry == Symmetry::odd && !(result.front() > 0)) result.front() = result[1] / T(8);
  return result;
}

/// x with `more` points inserted in one gap, for each gap, the ones before and after x included: evenly, and crowded
/// towards either end.
template <class T>
std::vector<std::vector<T>> with_insertions(std::vector<T> const& x, T const& a, T const& b, int more) {
  std::vector<std::vector<T>> result;
  if (more <= 0) return result;
  int const most_power = std::is_same_v<T, double> ? 7 : 1;  // crowded ones are for doubles, where a try is cheap
  for (std::size_t gap = 0; gap <= x.size(); ++gap) {
    T const left = gap == 0 ? a : x[gap - 1], right = gap == x.size() ? b : x[gap];
    if (!(left < right)) continue;
    for (int power = -most_power; power <= most_power; power += 2) {
      if (power == -1) continue;  // evenly, too
      std::vector<T> y(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(gap));
      for (int i = 1; i <= more; ++i) {
        T const share = T(power > 0 ? i : more + 1 - i) / T(more + 1);
        T part(1);
        for (int k = 0; k < std::abs(power); ++k) part *= share;
        y.push_back(power > 0 ? T(left + (right - left) * part) : T(right - (right - left) * part));
      }
      y.insert(y.end(), x.begin() + static_cast<std::ptrdiff_t>(gap), x.end());
      result.push_back(y);
    }
  }
  return result;
}

template <class T>
std::vector<double> rounded(std::vector<T> const& x) {
  std::vector<double> result;
  for (T const& xi : x) result.push_back(static_cast<double>(xi));
  return result;
}

template <class T>
class Solver {
 public:
  Solver(Function const& f, int m, int n, MinimaxOptions const& options)
      : problem_(f, symmetry_of(f)), exchange_(problem_, options.most_iterations, options.samples), options_(options) {
    result_.m = m;
    result_.n = n;
    reduce(m, n);
    tolerance_ = options.levelling > 0 ? T(options.levelling) : std::is_same_v<T, double> ? T(1e-9) : T(1e-30);
  }

  Minimax<T> solve() {
    if (zero() || m_ < 0) return result_;
    if (n_ == 0 || problem_.singular.empty()) {
      ExchangeRun<T> const run = tried(chebyshev(m_, n_), m_, n_, tolerance_);
      remember(run);
      fail(run, "Chebyshev");
      if (run.is_settled()) keep(run, "Chebyshev");
    }
    if (is_open() && n_ > 0) after_doubles();
    if (is_open() && n_ > 0) continuation();
    if (is_open() && n_ > 0 && m_ == n_ && problem_.symmetry != Symmetry::odd) after_lawson();
    if (is_open()) give_up();
    return result_;
  }

 private:
  bool is_open() const { return !is_settled(result_.outcome.status); }

  void reduce(int m, int n) {
    m_ = m;
    n_ = n;
    if (problem_.symmetry == Symmetry::none) return;
    m_ = problem_.symmetry == Symmetry::even ? m / 2 : (m + 1) / 2 - 1;
    n_ = n / 2;
  }

  std::vector<T> chebyshev(int m, int n) const {
    return cast(chebyshev_reference(static_cast<double>(problem_.a), static_cast<double>(problem_.b), m + n + 2),
                problem_);
  }

  ExchangeRun<T> tried(std::vector<T> const& reference, int m, int n, T const& tolerance) {
    ExchangeRun<T> run = exchange_.run(reference, m, n, tolerance);
    iterations_ += run.iterations;
    return run;
  }

  /// r = 0 is best if f alternates at m + 2 points with its norm: 0 - p/q has at most m zeros.
  bool zero() {
    ExchangeRun<T> run;
    run.levelled.r.basis.beta = {T(1)};
    run.levelled.r.p = {T(0)};
    run.levelled.r.q = {T(1)};
    std::vector<T> const reference = chebyshev(m_ + 1, n_);
    ErrorExtrema<T> const e = error_extrema(problem_, run.levelled.r, reference, 64, T(1e-60));
    run.extrema = e.points;
    run.largest = e.largest();
    run.levelled.level = run.largest;
    int const needed = m_ + 2;
    zero_ = run;
    if (!(run.largest > 0) || run.alternations(T(1) - tolerance_) < static_cast<std::size_t>(needed)) return false;
    keep(run, "0");
    result_.needed = result_.m + 2;
    result_.outcome = {Status::converged, "0 is best: f alternates with its norm at " +
                                              std::to_string(result_.alternation.size()) + " points, of " +
                                              std::to_string(result_.needed) + " that this needs"};
    return true;
  }

  void keep(ExchangeRun<T> const& run, std::string const& start) {
    reference_ = rounded(run.reference);
    reached_m_ = run.m;
    reached_n_ = run.n;
    result_.iterations = iterations_;
    result_.start = start;
    result_.outcome = run.outcome;
    result_.r = run.levelled.r;
    result_.level = run.level();
    result_.largest = run.largest;
    int const mu = result_.effective_m(), nu = result_.effective_n();
    result_.needed = std::max(result_.m + nu, result_.n + mu) + 2;
    std::vector<T> half;
    T const share = exchange_.share(tolerance_, result_.level);
    for (Extremum<T> const& e : run.extrema) {
      if (!(size(e.error) >= share * result_.level)) continue;
      half.push_back(e.x);
    }
    result_.alternation.clear();
    if (problem_.symmetry != Symmetry::none)
      for (std::size_t i = half.size(); i-- > 0;)
        if (half[i] > 0) result_.alternation.push_back(T(-half[i]));
    result_.alternation.insert(result_.alternation.end(), half.begin(), half.end());
    if (!run.is_converged()) return;
    result_.outcome.detail += " with " + std::to_string(result_.alternation.size()) + " alternations, of " +
                              std::to_string(result_.needed) + " that optimality needs";
    if (static_cast<int>(result_.alternation.size()) < result_.needed) result_.outcome.status = Status::no_alternation;
    if (mu < result_.m || nu < result_.n)
      result_.outcome.detail +=
          "; the best approximation of type " + type_name(result_.m, result_.n) + " is of type " + type_name(mu, nu);
  }

  /// A levelled error of type (m, n) to the tolerance, from a reference of a type before.
  ExchangeRun<T> rung(std::vector<T> const& before, int m, int n, double stretch, T const& tolerance) {
    if (before.empty()) return tried(chebyshev(m, n), m, n, tolerance);
    int const count = m + n + 2;
    double const a = static_cast<double>(problem_.a), b = static_cast<double>(problem_.b);
    std::vector<double> const old = rounded(before), singular = rounded(problem_.singular);
    ExchangeRun<T> run;
    for (double s : {stretch, 1.0}) {
      run = tried(cast(transplanted(old, a, b, singular, count, s), problem_), m, n, tolerance);
      if (run.is_settled()) return run;
    }
    // the points of before and the missing ones in one of its gaps: the gap that levels best
    std::vector<std::pair<T, std::vector<T>>> candidates;
    for (std::vector<T> const& x :
         with_insertions(before, problem_.a, problem_.b, count - static_cast<int>(before.size()))) {
      ExchangeRun<T> const probe = exchange_.probe(x, m, n);
      ++iterations_;
      if (probe.is_valid()) candidates.emplace_back(T(probe.largest / probe.level()), x);
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](auto const& p, auto const& q) { return p.first < q.first; });
    if (candidates.size() > 2) candidates.resize(2);
    for (auto const& [excess, x] : candidates) {
      run = tried(x, m, n, tolerance);
      if (run.is_settled()) return run;
    }
    ExchangeRun<T> last = tried(chebyshev(m, n), m, n, tolerance);
    return last.is_settled() ? last : run;
  }

  /// The type's own reference as doubles find it: a hundred times faster, as long as they resolve the error.
  void after_doubles() {
    if constexpr (!std::is_same_v<T, double>) {
      MinimaxOptions coarse = options_;
      coarse.levelling = 0;
      Solver<double> doubles(problem_.f, result_.m, result_.n, coarse);
      Minimax<double> const found = doubles.solve();
      bool const whole = doubles.m_ == doubles.reached_m_ && doubles.n_ == doubles.reached_n_;
      if (found.outcome.status != Status::converged || !whole) return;
      ExchangeRun<T> const run = tried(cast(doubles.reference_, problem_), m_, n_, tolerance_);
      iterations_ += found.iterations;
      if (run.is_settled()) keep(run, found.start);
    }
  }

  /// From the extrema of AAA-Lawson's error over samples that crowd at singular points.
  void after_lawson() {
    double const a = static_cast<double>(problem_.a), b = static_cast<double>(problem_.b);
    std::vector<double> x = chebyshev_reference(a, b, 40 * (n_ + 2));
    for (double s : rounded(problem_.singular))
      for (int i = 0; i <= 240; ++i)
        for (int side : {-1, 1}) x.push_back(s + side * (b - a) * std::pow(10.0, -12.0 * i / 240));
    std::sort(x.begin(), x.end());
    x.erase(std::unique(x.begin(), x.end()), x.end());
    x.erase(std::remove_if(x.begin(), x.end(), [&](double xi) { return !(a <= xi && xi <= b); }), x.end());
    std::vector<double> t = x, f;
    for (double& ti : t) ti = problem_.symmetry == Symmetry::none ? ti : ti * ti;
    for (double xi : x) f.push_back(problem_.f(xi));
    Barycentric<double> const r = lawson(t, f, aaa(t, f, n_), 60);
    std::vector<Extremum<double>> extrema;
    for (std::size_t i = 0; i < x.size(); ++i) {
      double const e = f[i] - r(t[i]);
      if (!(e != 0)) continue;
      if (extrema.empty() || (e < 0) != (extrema.back().error < 0))
        extrema.push_back({x[i], e});
      else if (size(e) > size(extrema.back().error))
        extrema.back() = {x[i], e};
    }
    std::vector<double> reference;
    for (Extremum<double> const& e : alternating(extrema, static_cast<std::size_t>(m_ + n_ + 2)))
      reference.push_back(e.x);
    if (reference.empty()) return;
    ExchangeRun<T> const run = tried(cast(reference, problem_), m_, n_, tolerance_);
    if (run.is_settled()) keep(run, "AAA-Lawson");
    remember(run);
  }

  /// Of runs that settle nothing the one with the least error is worth having.
  void remember(ExchangeRun<T> const& run) {
    if (!run.is_valid()) return;
    if (best_.extrema.empty() || run.largest < best_.largest) best_ = run;
  }

  void fail(ExchangeRun<T> const& run, std::string const& start) {
    failure_ = run.outcome;
    failure_start_ = start;
  }

  /// What there is after all starts have failed.
  void give_up() {
    if (best_.extrema.empty()) best_ = zero_;
    keep(best_, failure_start_);
    if (failure_.status == Status::converged) failure_.status = Status::no_alternation;
    result_.outcome = failure_;
    result_.outcome.detail += "; the best that was met is of type " +
                              type_name(result_.effective_m(), result_.effective_n()) + " with error " +
                              digits(result_.largest);
  }

  using Chain = std::vector<std::pair<int, int>>;

  /// Along the diagonal that ends in the type; then polynomials first, and then reciprocals of polynomials first.
  void continuation() {
    Chain diagonal, poles_last, poles_first;
    for (int k = 0; k < n_ - m_; ++k) diagonal.emplace_back(0, k);
    for (int k = std::min(m_, n_); k >= 0; --k) diagonal.emplace_back(m_ - k, n_ - k);
    for (int k = 0; k <= n_; ++k) poles_last.emplace_back(m_, k);
    for (int k = 0; k <= n_; ++k) poles_first.emplace_back(0, k);
    for (int k = 1; k <= m_; ++k) poles_first.emplace_back(k, n_);
    follow(diagonal);
    if constexpr (std::is_same_v<T, double>)  // in Real they would take minutes
      for (Chain const& chain : {poles_last, poles_first})
        if (is_open()) follow(chain);
  }

  void follow(Chain const& chain) {
    int const most = iterations_ + 10 * options_.most_iterations;
    std::vector<T> reference;
    std::pair<int, int> from{0, 0};
    for (auto const& [m, n] : chain) {
      bool const final = m == m_ && n == n_;
      if (!final && iterations_ > most) continue;  // enough of a target that does not yield
      double const stretch = std::sqrt((n + 1.0) / (from.second + 1.0));
      ExchangeRun<T> run = rung(reference, m, n, stretch, final ? tolerance_ : std::max(tolerance_, T(1e-2)));
      std::string const start =
          reference.empty() ? "Chebyshev" : "continuation from " + type_name(from.first, from.second);
      // of type (m, n) with p, q of degrees <= m, n: best of type (m_, n_) with this many alternations
      std::size_t const needed = static_cast<std::size_t>(std::max(m + n_, m_ + n) + 2);
      if (!final && run.is_converged() && run.alternations(T(0.5)) >= needed) {
        ExchangeRun<T> const sharp = tried(run.reference, m, n, tolerance_);
        if (sharp.is_converged() && sharp.alternations(exchange_.share(tolerance_, sharp.level())) >= needed)
          run = sharp;
      }
      bool const below = run.outcome.status == Status::below_precision;
      bool const best = run.is_converged() && run.alternations(exchange_.share(tolerance_, run.level())) >= needed;
      if (below || best) {
        keep(run, start);
        return;
      }
      if (final) fail(run, start);
      remember(run);
      if (!run.is_converged()) continue;
      reference = run.reference;
      from = {m, n};
    }
  }

  SupProblem<T> problem_;
  Exchange<T> exchange_;
  Minimax<T> result_;
  MinimaxOptions options_;
  ExchangeRun<T> zero_, best_;
  Outcome failure_;
  std::string failure_start_ = "Chebyshev";
  std::vector<double> reference_;  // of what is kept, of the type reached
  int m_ = 0, n_ = 0, reached_m_ = -1, reached_n_ = -1, iterations_ = 0;
  T tolerance_;

  template <class>
  friend class Solver;
};

}  // namespace

template <class T>
Minimax<T> minimax(Function const& f, int m, int n, MinimaxOptions const& options) {
  if (m < 0 || n < 0 || m > 200 || n > 200) throw InvalidInput("type " + type_name(m, n) + ": degrees are 0 to 200");
  return Solver<T>(f, m, n, options).solve();
}

template Minimax<double> minimax(Function const&, int, int, MinimaxOptions const&);
template Minimax<Real> minimax(Function const&, int, int, MinimaxOptions const&);

}  // namespace nwidth::fitting::rational
