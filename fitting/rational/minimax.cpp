// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/minimax.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "fitting/rational/aaa.hpp"
#include "fitting/rational/alternation.hpp"
#include "fitting/rational/levelled.hpp"
#include "fitting/rational/start.hpp"

namespace nwidth::fitting {
namespace {

std::string type_name(int m, int n) { return "(" + std::to_string(m) + ", " + std::to_string(n) + ")"; }

template <class T>
std::string digits(T const& x) {
  std::ostringstream s;
  s.precision(3);
  s << static_cast<double>(x);
  return s.str();
}

template <class T>
T size(T const& x) {
  return x < 0 ? T(-x) : x;
}

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

/// One run of the exchange.
template <class T>
struct Run {
  Levelled<T> levelled;
  std::vector<T> reference;
  std::vector<Extremum<T>> extrema;  ///< of the last error
  T largest = T(0);
  int m = -1, n = -1;  ///< in t
  int iterations = 0;
  Outcome outcome;

  bool is_converged() const { return outcome.status == Status::converged; }
  bool is_settled() const { return fitting::is_settled(outcome.status); }
  /// Points of the last error that alternate with |error| >= share * level.
  std::size_t alternations(T const& share) const {
    std::size_t count = 0;
    bool negative = false;
    for (Extremum<T> const& e : extrema) {
      if (size(e.error) < share * size(levelled.level)) continue;
      if (count == 0 || (e.error < 0) != negative) ++count;
      negative = e.error < 0;
    }
    return count;
  }
};

template <class T>
class Exchange {
 public:
  Exchange(SupProblem<T> const& problem, MinimaxOptions const& options) : problem_(problem), options_(options) {
    eps_ = std::numeric_limits<T>::epsilon();
    least_ = T(10) * eps_ * T(problem.f.scale());
  }

  /// Errors of at least this part of the level count as alternations.
  T share(T const& tolerance, T const& level) const {
    T const excess = std::max(tolerance, T(T(16) * least_ / level));
    return T(1) - T(4) * std::max(excess, T(1e-25));
  }

  /// One step, to see whether it leads anywhere.
  Run<T> probe(std::vector<T> const& reference, int m, int n) const { return evaluate(reference, m, n, {}); }

  Run<T> run(std::vector<T> reference, int m, int n, T const& tolerance) const {
    Run<T> best;
    std::vector<T> accepted;
    int halvings = 0, least_step = 0;
    T least_excess(1e300);
    std::string lost;
    for (int step = 0; step < options_.most_iterations; ++step) {
      Run<T> now = evaluate(reference, m, n, best);
      now.iterations = step + 1;
      if (now.outcome.status == Status::no_alternation) {
        lost = now.outcome.detail;
        best.iterations = step + 1;
        if (accepted.empty() || ++halvings > 12) {
          best.outcome = {Status::no_alternation, lost};
          return best;
        }
        for (std::size_t i = 0; i < reference.size(); ++i) reference[i] = (accepted[i] + reference[i]) / T(2);
        continue;
      }
      best = now;
      if (now.outcome.status == Status::below_precision) return best;
      T const level = size(now.levelled.level);
      T const floor = T(16) * least_ / level;
      T const excess = now.largest / level - T(1);
      if (!(excess >= T(0.7) * least_excess)) {
        least_excess = excess;
        least_step = step;
      }
      if (step - least_step >= 8) break;
      if (excess <= tolerance || excess <= floor) {
        sharpen(best);  // which may show an extremum that was missed
        T const sharp = best.largest / level - T(1);
        if (sharp <= std::max(T(4) * tolerance, floor)) {
          best.outcome = {Status::converged, "levelled to " + digits(sharp)};
          return best;
        }
        now.extrema = best.extrema;
      }
      std::vector<Extremum<T>> const next = alternating(now.extrema, reference.size());
      if (next.empty()) {
        best.outcome = {Status::no_alternation, "the error alternates at " + std::to_string(now.extrema.size()) +
                                                    " points, of " + std::to_string(reference.size()) + " needed"};
        return best;
      }
      accepted = reference;
      halvings = 0;
      for (std::size_t i = 0; i < next.size(); ++i) reference[i] = next[i].x;
    }
    best.outcome = {Status::max_iterations,
                    "levelled to " + digits(T(best.largest / size(best.levelled.level) - T(1)))};
    return best;
  }

 private:
  void sharpen(Run<T>& run) const {
    using std::sqrt;
    ErrorExtrema<T> const e =
        error_extrema(problem_, run.levelled.r, run.reference, 2 * options_.samples, T(sqrt(eps_)));
    if (e.pole) return;
    run.extrema = e.points;
    run.largest = e.largest();
  }

  Run<T> evaluate(std::vector<T> const& reference, int m, int n, Run<T> const& before) const {
    Run<T> now;
    now.reference = reference;
    now.outcome.status = Status::no_alternation;
    std::vector<T> values;
    for (std::size_t i = 0; i < reference.size(); ++i) {
      if ((i > 0 && !(reference[i - 1] < reference[i])) ||
          (problem_.symmetry == Symmetry::odd && !(reference[i] > 0))) {
        now.outcome.detail = "the reference collapsed at " + digits(reference[i]);
        return now;
      }
      values.push_back(problem_.f(reference[i]));
    }
    now.levelled = levelled_reference(reference, values, m, n, problem_.symmetry);
    if (!now.levelled.is_valid()) {
      now.outcome.detail = "no denominator of one sign is levelled on the reference";
      return now;
    }
    // half the digits of the levelling that the next step can have
    T tolerance(1e-3);
    if (before.levelled.is_valid()) {
      using std::sqrt;
      T const excess = before.largest / size(before.levelled.level) - T(1);
      if (excess < tolerance) tolerance = excess * excess;
      if (!(tolerance > sqrt(eps_))) tolerance = sqrt(eps_);
    }
    ErrorExtrema<T> const e = error_extrema(problem_, now.levelled.r, reference, options_.samples, tolerance);
    if (e.pole) {
      now.outcome.detail = "the denominator vanishes near " + digits(e.pole_at);
      return now;
    }
    now.extrema = e.points;
    now.largest = e.largest();
    now.outcome = now.largest <= least_
                      ? Outcome{Status::below_precision, "|f - r| < " + digits(least_) + " = 10 eps max|f|"}
                      : Outcome{Status::max_iterations, ""};
    return now;
  }

  SupProblem<T> const& problem_;
  MinimaxOptions const& options_;
  T eps_, least_;
};

template <class T>
std::vector<T> cast(std::vector<double> const& x, SupProblem<T> const& problem) {
  std::vector<T> result(x.begin(), x.end());
  if (x.front() == static_cast<double>(problem.a)) result.front() = problem.a;
  if (x.back() == static_cast<double>(problem.b)) result.back() = problem.b;
  if (problem.symmetry == Symmetry::odd && !(result.front() > 0)) result.front() = result[1] / T(8);
  return result;
}

/// x with `more` points inserted in one gap, for each gap, the ones before and after x included.
template <class T>
std::vector<std::vector<T>> with_insertions(std::vector<T> const& x, T const& a, T const& b, int more) {
  std::vector<std::vector<T>> result;
  if (more <= 0) return result;
  for (std::size_t gap = 0; gap <= x.size(); ++gap) {
    T const left = gap == 0 ? a : x[gap - 1], right = gap == x.size() ? b : x[gap];
    if (!(left < right)) continue;
    std::vector<T> y(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(gap));
    for (int i = 1; i <= more; ++i) y.push_back(left + (right - left) * T(i) / T(more + 1));
    y.insert(y.end(), x.begin() + static_cast<std::ptrdiff_t>(gap), x.end());
    result.push_back(y);
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
      : problem_(f, symmetry_of(f)), exchange_(problem_, options), options_(options) {
    result_.m = m;
    result_.n = n;
    reduce(m, n);
    tolerance_ = options.levelling > 0 ? T(options.levelling) : std::is_same_v<T, double> ? T(1e-9) : T(1e-30);
  }

  Minimax<T> solve() {
    if (zero() || m_ < 0) return result_;
    if (n_ == 0 || problem_.singular.empty()) {
      Run<T> const run = tried(chebyshev(m_, n_), m_, n_, tolerance_);
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

  Run<T> tried(std::vector<T> const& reference, int m, int n, T const& tolerance) {
    Run<T> run = exchange_.run(reference, m, n, tolerance);
    iterations_ += run.iterations;
    run.m = m;
    run.n = n;
    return run;
  }

  /// r = 0 is best if f alternates at m + 2 points with its norm: 0 - p/q has at most m zeros.
  bool zero() {
    Run<T> run;
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

  void keep(Run<T> const& run, std::string const& start) {
    reference_ = rounded(run.reference);
    reached_m_ = run.m;
    reached_n_ = run.n;
    result_.iterations = iterations_;
    result_.start = start;
    result_.outcome = run.outcome;
    result_.r = run.levelled.r;
    result_.level = size(run.levelled.level);
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
  Run<T> rung(std::vector<T> const& before, int m, int n, double stretch, T const& tolerance) {
    if (before.empty()) return tried(chebyshev(m, n), m, n, tolerance);
    int const count = m + n + 2;
    double const a = static_cast<double>(problem_.a), b = static_cast<double>(problem_.b);
    std::vector<double> const old = rounded(before), singular = rounded(problem_.singular);
    Run<T> run;
    for (double s : {stretch, 1.0}) {
      run = tried(cast(transplanted(old, a, b, singular, count, s), problem_), m, n, tolerance);
      if (run.is_settled()) return run;
    }
    // the points of before and the missing ones in one of its gaps: the gap that levels best
    std::vector<std::pair<T, std::vector<T>>> candidates;
    for (std::vector<T> const& x :
         with_insertions(before, problem_.a, problem_.b, count - static_cast<int>(before.size()))) {
      Run<T> const probe = exchange_.probe(x, m, n);
      ++iterations_;
      if (probe.levelled.is_valid() && !probe.extrema.empty())
        candidates.emplace_back(T(probe.largest / size(probe.levelled.level)), x);
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](auto const& p, auto const& q) { return p.first < q.first; });
    if (candidates.size() > 2) candidates.resize(2);
    for (auto const& [excess, x] : candidates) {
      run = tried(x, m, n, tolerance);
      if (run.is_settled()) return run;
    }
    Run<T> last = tried(chebyshev(m, n), m, n, tolerance);
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
      Run<T> const run = tried(cast(doubles.reference_, problem_), m_, n_, tolerance_);
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
    Run<T> const run = tried(cast(reference, problem_), m_, n_, tolerance_);
    if (run.is_settled()) keep(run, "AAA-Lawson");
    remember(run);
  }

  /// Of runs that settle nothing the one with the least error is worth having.
  void remember(Run<T> const& run) {
    if (!run.levelled.is_valid() || run.extrema.empty()) return;
    if (best_.extrema.empty() || run.largest < best_.largest) best_ = run;
  }

  void fail(Run<T> const& run, std::string const& start) {
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

  void continuation() {
    std::vector<std::pair<int, int>> chain;
    for (int k = 0; k < n_ - m_; ++k) chain.emplace_back(0, k);
    for (int k = std::min(m_, n_); k >= 0; --k) chain.emplace_back(m_ - k, n_ - k);
    std::vector<T> reference;
    std::pair<int, int> from{0, 0};
    for (auto const& [m, n] : chain) {
      bool const final = m == m_ && n == n_;
      if (!final && iterations_ > 10 * options_.most_iterations) continue;  // enough of a target that does not yield
      double const stretch = std::sqrt((n + 1.0) / (from.second + 1.0));
      Run<T> run = rung(reference, m, n, stretch, final ? tolerance_ : std::max(tolerance_, T(1e-2)));
      std::string const start =
          reference.empty() ? "Chebyshev" : "continuation from " + type_name(from.first, from.second);
      // of type (m, n) with p, q of degrees <= m, n: best of type (m_, n_) with this many alternations
      std::size_t const needed = static_cast<std::size_t>(std::max(m + n_, m_ + n) + 2);
      if (!final && run.is_converged() && run.alternations(T(0.5)) >= needed) {
        Run<T> const sharp = tried(run.reference, m, n, tolerance_);
        if (sharp.is_converged() &&
            sharp.alternations(exchange_.share(tolerance_, size(sharp.levelled.level))) >= needed)
          run = sharp;
      }
      bool const below = run.outcome.status == Status::below_precision;
      bool const best =
          run.is_converged() && run.alternations(exchange_.share(tolerance_, size(run.levelled.level))) >= needed;
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
  Run<T> zero_, best_;
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

}  // namespace nwidth::fitting
