// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/fit_spline.hpp"

#include <algorithm>
#include <cmath>

#include "fitting/least_squares/assembly.hpp"
#include "fitting/start/dynamic_programming.hpp"
#include "fitting/start/equidistribution.hpp"
#include "fitting/start/random_knots.hpp"
#include "fitting/start/transplant.hpp"

namespace nwidth::fitting {
namespace {

bool may_win(SplineFit const& fit) {
  return is_usable(fit.outcome.status) || fit.outcome.status == Status::below_precision;
}

/// Better by more than rounding, so that the earlier of equal starts stays.
bool better(SplineFit const& a, SplineFit const& b) {
  if (may_win(a) != may_win(b)) return may_win(a);
  return a.error < b.error * (1 - 1e-9);
}

/// Whether all segments carry much the same error, as those of good fits do in the limit of many knots.
bool even(std::vector<double> const& segment_error) {
  double squares = 0;
  for (double e : segment_error) squares += e * e;
  double const mean = std::sqrt(squares / static_cast<double>(segment_error.size()));
  auto const [least, most] = std::minmax_element(segment_error.begin(), segment_error.end());
  return *most <= 4 * mean / 3 && *least >= mean / 2;
}

constexpr int first_look = 30;  // iterations: after them, transplants that helped were below what they came from

}  // namespace

BestSplineFit fit_spline_l2(Function const& f, SplineClass const& kind, int n, SplineSearch const& options) {
  if (n < 0 || n > 4096) throw InvalidInput("a spline is fitted with 0 to 4096 knots, not " + std::to_string(n));
  check(options.fit.objective, kind);
  BestSplineFit best;
  int const r = std::min(kind.order(), 7);
  bool const random = n > 0 && options.random_starts > 0 && n < 2 * sign_changes(f, r, n);
  int const transplants = n > 0 && n <= 64 ? 2 * std::min(n, 2) * options.transplant_rounds : 0;
  int const all = n == 0 ? 1 : 2 + (random ? options.random_starts : 0) + transplants;
  auto keep = [&](std::string const& name, SplineFit fit) {
    best.starts.push_back({name, fit.error, fit.outcome.status});
    if (options.progress) options.progress(static_cast<int>(best.starts.size()), all);
    if (best.starts.size() > 1 && !better(fit, best.fit)) return false;
    best.fit = std::move(fit);
    best.start = name;
    return true;
  };
  auto attempt = [&](std::string const& name, std::vector<double> const& knots) {
    return keep(name, fit_l2(f, kind, knots, options.fit));
  };
  auto attempt_transplant = [&](std::string const& name, std::vector<double> const& knots) {
    FitOptions brief = options.fit;
    if (brief.objective.p == 2) brief.max_iterations = std::min(brief.max_iterations, first_look);
    SplineFit fit = fit_l2(f, kind, knots, brief);
    bool const stopped = fit.outcome.status == Status::max_iterations && fit.iterations < options.fit.max_iterations;
    if (!stopped || !(fit.error < best.fit.error)) return keep(name, std::move(fit));
    return attempt(name, {fit.spline.knots.begin() + 1, fit.spline.knots.end() - 1});
  };
  attempt("equidistribution", equidistribution(f, r, options.fit.objective.p, n));
  if (n == 0) return best;
  attempt("dynamic programming", dynamic_programming_knots(f, kind.degree, n));
  auto done = [&] { return best.fit.outcome.status == Status::below_precision; };
  if (random)
    for (int trial = 0; trial < options.random_starts && !done(); ++trial)
      attempt("random " + std::to_string(trial + 1), random_knots(f, r, n, options.seed, trial));
  // two starts that found the same even spline leave little to find
  bool const settled = !random && is_usable(best.fit.outcome.status) &&
                       std::abs(best.starts[0].error - best.starts[1].error) <= 1e-8 * best.fit.error &&
                       even(best.fit.segment_error);
  for (int round = 0; round < options.transplant_rounds && n <= 64 && !settled && !done(); ++round) {
    SplineFit const from = best.fit;
    bool improved = false;
    for (int drop = 0; drop < std::min(n, 2) && !improved; ++drop)
      for (int split = 0; split < 2 && !improved; ++split)
        improved = attempt_transplant("transplant " + std::to_string(round + 1),
                                      transplant(from.spline, from.segment_error, drop, split));
    if (!improved) break;
  }
  return best;
}

}  // namespace nwidth::fitting
