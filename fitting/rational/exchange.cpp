// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/exchange.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fitting/rational/magnitude.hpp"

namespace nwidth::fitting::rational {
template <class T>
std::size_t ExchangeRun<T>::alternations(T const& share) const {
  std::size_t count = 0;
  bool negative = false;
  for (Extremum<T> const& e : extrema) {
    if (!(size(e.error) >= share * level())) continue;
    if (count == 0 || (e.error < 0) != negative) ++count;
    negative = e.error < 0;
  }
  return count;
}

template <class T>
Exchange<T>::Exchange(SupProblem<T> const& problem, int most_iterations, int samples)
    : problem_(problem), most_iterations_(most_iterations), samples_(samples) {
  eps_ = std::numeric_limits<T>::epsilon();
  least_ = T(10) * eps_ * T(problem.f.scale());
}

/// What rounding leaves of the levelling; where that is more than a part in a thousand the level means nothing.
template <class T>
T Exchange<T>::floor(T const& level) const {
  return std::min(T(T(16) * least_ / level), T(1e-3));
}

template <class T>
T Exchange<T>::share(T const& tolerance, T const& level) const {
  return T(1) - T(4) * std::max({tolerance, floor(level), T(1e-25)});
}

template <class T>
ExchangeRun<T> Exchange<T>::run(std::vector<T> reference, int m, int n, T const& tolerance) const {
  ExchangeRun<T> best;
  std::vector<T> accepted;
  int halvings = 0, least_step = 0;
  T least_excess(1e300);
  std::string lost;
  for (int step = 0; step < most_iterations_; ++step) {
    ExchangeRun<T> now = evaluate(reference, m, n, best);
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
    T const level = now.level();
    T const excess = now.largest / level - T(1);
    if (!(excess >= T(0.7) * least_excess)) {
      least_excess = excess;
      least_step = step;
    }
    if (step - least_step >= 8) break;
    if (excess <= tolerance || excess <= floor(level)) {
      if (!sharpen(best)) {
        best.outcome = {Status::no_alternation, "the denominator vanishes between the samples"};
        return best;
      }  // which may also show an extremum that was missed
      T const sharp = best.largest / level - T(1);
      if (sharp <= std::max(T(4) * tolerance, floor(level))) {
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
  T const excess = best.largest - best.level();
  if (best.is_valid() && excess <= T(16) * least_)
    best.outcome = {Status::below_precision, "the alternation is lost in rounding: |f - r| = " + digits(best.largest)};
  else
    best.outcome = {Status::max_iterations, "levelled to " + digits(T(excess / best.level()))};
  return best;
}

template <class T>
bool Exchange<T>::sharpen(ExchangeRun<T>& run) const {
  using std::sqrt;
  ErrorExtrema<T> const e = error_extrema(problem_, run.levelled.r, run.reference, 2 * samples_, T(sqrt(eps_)));
  if (e.pole) return false;
  run.extrema = e.points;
  run.largest = e.largest();
  return true;
}

template <class T>
ExchangeRun<T> Exchange<T>::evaluate(std::vector<T> const& reference, int m, int n,
                                     ExchangeRun<T> const& before) const {
  ExchangeRun<T> now;
  now.m = m;
  now.n = n;
  now.reference = reference;
  now.outcome.status = Status::no_alternation;
  std::vector<T> values;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    if ((i > 0 && !(reference[i - 1] < reference[i])) || (problem_.symmetry == Symmetry::odd && !(reference[i] > 0))) {
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
    T const excess = before.largest / before.level() - T(1);
    if (excess < tolerance) tolerance = excess * excess;
    if (!(tolerance > sqrt(eps_))) tolerance = sqrt(eps_);
  }
  ErrorExtrema<T> const e = error_extrema(problem_, now.levelled.r, reference, samples_, tolerance);
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

template struct ExchangeRun<double>;
template struct ExchangeRun<Real>;
template class Exchange<double>;
template class Exchange<Real>;

}  // namespace nwidth::fitting::rational
