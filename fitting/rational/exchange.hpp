// SPDX-License-Identifier: Apache-2.0
/// The exchange: level the error on a reference, move the reference to the extrema of the error, again.
#pragma once
#include <string>
#include <vector>

#include "fitting/problem/status.hpp"
#include "fitting/rational/alternation.hpp"
#include "fitting/rational/levelled.hpp"

namespace nwidth::fitting::rational {

/// What one run of the exchange came to.
template <class T>
struct ExchangeRun {
  int m = -1, n = -1;  ///< type in t = x or x^2
  Levelled<T> levelled;
  std::vector<T> reference;          ///< on which it is levelled
  std::vector<Extremum<T>> extrema;  ///< of its error
  T largest = T(0);                  ///< max |error| over them
  int iterations = 0;
  Outcome outcome;

  bool is_converged() const { return outcome.status == Status::converged; }
  /// Nothing is left to try: converged or below precision.
  bool is_settled() const { return is_converged() || outcome.status == Status::below_precision; }
  /// r is defined and its error was looked at.
  bool is_valid() const { return levelled.is_valid() && !extrema.empty(); }
  T level() const { return levelled.level < 0 ? T(-levelled.level) : levelled.level; }
  /// Extrema that alternate with |error| >= share level().
  std::size_t alternations(T const& share) const;
};

template <class T>
class Exchange {
 public:
  /// Both must outlive this.
  /// @param samples  in each gap of the reference
  Exchange(SupProblem<T> const& problem, int most_iterations, int samples);

  /// From a reference of m + n + 2 points to largest/level - 1 <= tolerance, or to what rounding allows. A step that
  /// loses the positive denominator is halved, a dozen times at most; a run that does not get better by 30 % in 8 steps
  /// is given up.
  ExchangeRun<T> run(std::vector<T> reference, int m, int n, T const& tolerance) const;
  /// One step, to see whether it leads anywhere.
  ExchangeRun<T> probe(std::vector<T> const& reference, int m, int n) const { return evaluate(reference, m, n, {}); }
  /// Errors of at least this part of the level count as alternations.
  T share(T const& tolerance, T const& level) const;

 private:
  ExchangeRun<T> evaluate(std::vector<T> const& reference, int m, int n, ExchangeRun<T> const& before) const;
  /// Looks twice as closely; false at a pole.
  bool sharpen(ExchangeRun<T>& run) const;
  T floor(T const& level) const;

  SupProblem<T> const& problem_;
  int most_iterations_, samples_;
  T eps_, least_;
};

}  // namespace nwidth::fitting::rational
