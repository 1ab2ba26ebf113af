// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/minimax.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "fitting/minimax/alternation_newton.hpp"
#include "fitting/minimax/knot_motion.hpp"
#include "fitting/minimax/knot_starts.hpp"
#include "fitting/minimax/sequential_linear.hpp"

namespace nwidth::fitting {
namespace {

constexpr int polish_steps = 9;
constexpr double polish_goal = 1e-60;
constexpr double few_digits = 1e-9;  // a fit in double below this level of max|f| is fitted again in Real

template <class T>
void describe(MinimaxFit<T>& fit, std::vector<ErrorPoint<T>> const& alternation) {
  using std::abs;
  fit.points.clear();
  fit.signs.clear();
  T largest(0);
  for (ErrorPoint<T> const& p : alternation) {
    fit.points.push_back(p.x);
    fit.signs.push_back(p.error > 0 ? 1 : -1);
    if (fit.points.size() == 1 || abs(p.error) < fit.least) fit.least = abs(p.error);
    if (abs(p.error) > largest) largest = abs(p.error);
  }
  fit.levelling = alternation.empty() ? T(0) : T(largest / fit.least - 1);
}

template <class T>
void describe(MinimaxFit<T>& fit, Levelled<T> newton) {
  fit.spline = std::move(newton.spline);
  fit.level = newton.survey.sup;
  describe(fit, newton.alternation);
}

std::string counted(std::size_t found, int needed) {
  return std::to_string(found) + " points of alternation found, " + std::to_string(needed) + " needed";
}

template <class T>
std::string text(T const& x) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.2g", static_cast<double>(x));
  return buffer;
}

/// A spline with zero coefficients on these knots.
FreeKnotSpline<double> blank(Function const& f, SplineClass kind, std::vector<double> const& interior) {
  FreeKnotSpline<double> s{kind, {to_double(f.begin())}, {}};
  s.knots.insert(s.knots.end(), interior.begin(), interior.end());
  s.knots.push_back(to_double(f.end()));
  s.coefficients.assign(static_cast<std::size_t>(kind.dimension(static_cast<int>(interior.size()))), 0.0);
  s.validate();
  return s;
}

/// `fit` with one knot more, which is idle; still best if it alternates at r + 2n points with n - 1 knots: the
/// difference of a better one and this has at most 2n - 1 knots, hence at most r + 2n - 2 changes of sign.
template <class T>
MinimaxFit<T> with_idle_knot(Function const& f, MinimaxFit<T> fit) {
  std::vector<T> knots = fit.spline.knots;
  std::size_t longest = 1;
  for (std::size_t k = 2; k < knots.size(); ++k)
    if (knots[k] - knots[k - 1] > knots[longest] - knots[longest - 1]) longest = k;
  knots.insert(knots.begin() + static_cast<std::ptrdiff_t>(longest), T((knots[longest - 1] + knots[longest]) / 2));
  int const n = static_cast<int>(knots.size()) - 2;
  fit.spline = carried_over(fit.spline, fit.spline.kind, knots);
  fit.idle_knot = static_cast<int>(longest);
  fit.needed = fit.spline.kind.order() + 2 * n;
  ErrorSurvey<T> const survey = ErrorCurve<T>(f, fit.spline).survey();
  fit.level = survey.sup;
  describe(fit, alternation(survey.points, T(survey.sup * T(1 - 1e-6)), fit.needed));
  fit.outcome.detail = "one knot is idle; levelled to " + text(fit.levelling);
  return fit;
}

/// The better of two fits: lower level, or as low and converged.
bool is_better(MinimaxFit<double> const& a, MinimaxFit<double> const& b) {
  if (a.level < b.level * (1 - 1e-9)) return true;
  return a.level <= b.level * (1 + 1e-9) && a.outcome.status == Status::converged &&
         b.outcome.status != Status::converged;
}

}  // namespace

template <class T>
MinimaxFit<T> fit_minimax(Function const& f, FreeKnotSpline<T> start, MinimaxOptions const& options) {
  start.validate();
  if (to_double(f.begin()) != static_cast<double>(start.begin()) ||
      to_double(f.end()) != static_cast<double>(start.end()))
    throw InvalidInput("the spline must have the ends of the domain " + to_string(f.begin()) + ", " +
                       to_string(f.end()) + " as its first and last knots");
  int const n = start.interior_knots();
  KnotMask const free(static_cast<std::size_t>(n), options.free_knots);
  MinimaxFit<T> fit;
  fit.start = "given";
  fit.needed = alternation_needed(start.kind, n, free);
  LevelOptions newton_options;
  newton_options.min_spacing = options.min_spacing;
  if constexpr (std::is_same_v<T, Real>) newton_options.goal = polish_goal;

  SequentialFit<T> current = linear_minimax(f, std::move(start));
  SequentialOptions linear_options;
  linear_options.min_spacing = options.min_spacing;
  linear_options.max_iterations = options.max_iterations;
  auto const newton_succeeds = [&] {
    if (current.outcome.status == Status::below_precision || current.outcome.status == Status::knot_collapse)
      return false;
    Levelled<T> newton = level(f, current.spline, free, newton_options);
    fit.iterations += newton.iterations;
    if (!newton.converged || !(newton.survey.sup <= current.survey.sup * (1 + T(1e-9)))) return false;
    describe(fit, std::move(newton));
    fit.outcome = {Status::converged, "levelled to " + text(fit.levelling)};
    return true;
  };
  if (!options.free_knots || n == 0) {
    if (newton_succeeds()) return fit;
  } else {
    for (double gain : {1e-2, 1e-4, 1e-10}) {
      if (current.outcome.status == Status::below_precision) break;
      linear_options.gain = gain;
      current = sequential_linear(f, std::move(current.spline), free, linear_options);
      fit.iterations += current.iterations;
      if (newton_succeeds()) return fit;
      if (current.outcome.status != Status::flat && current.outcome.status != Status::max_iterations) break;
    }
  }
  fit.spline = std::move(current.spline);
  fit.level = current.survey.sup;
  fit.outcome = current.outcome;
  describe(fit, alternation(current.survey.points, T(fit.level * T(0.99)), -1));
  double const spacing = static_cast<double>(least_spacing(fit.spline) / (fit.spline.end() - fit.spline.begin()));
  bool const ended = fit.outcome.status == Status::flat || fit.outcome.status == Status::max_iterations;
  if (ended && !(spacing > 1000 * options.min_spacing)) {  // on its way there, whatever stopped it
    fit.outcome = {Status::knot_collapse, "spacing " + text(spacing) + " of the domain: " + fit.outcome.detail};
  } else if (fit.outcome.status == Status::flat) {
    fit.outcome.detail = counted(fit.points.size(), fit.needed);
    if (static_cast<int>(fit.points.size()) < fit.needed) fit.outcome.status = Status::no_alternation;
  }
  return fit;
}

template MinimaxFit<double> fit_minimax(Function const&, FreeKnotSpline<double>, MinimaxOptions const&);
template MinimaxFit<Real> fit_minimax(Function const&, FreeKnotSpline<Real>, MinimaxOptions const&);

MinimaxFit<double> fit_minimax(Function const& f, SplineClass kind, std::vector<double> const& interior_knots,
                               MinimaxOptions const& options) {
  return fit_minimax(f, blank(f, kind, interior_knots), options);
}

MinimaxFit<Real> polish_minimax(Function const& f, MinimaxFit<double> const& fit, MinimaxOptions const& options) {
  if (fit.idle_knot > 0) {
    MinimaxFit<double> core = fit;
    std::vector<double> knots = fit.spline.knots;
    knots.erase(knots.begin() + fit.idle_knot);
    core.spline = carried_over(fit.spline, fit.spline.kind, knots);
    core.idle_knot = 0;
    core.needed = fit.needed - 1;
    MinimaxFit<Real> result = polish_minimax(f, core, options);
    return result.outcome.status == Status::converged ? with_idle_knot(f, std::move(result)) : result;
  }
  FreeKnotSpline<Real> start = fit.spline.template as<Real>();
  start.knots.front() = Real(f.begin());
  start.knots.back() = Real(f.end());
  if (fit.outcome.status != Status::converged && !(fit.level > few_digits * f.scale()))
    return fit_minimax(f, std::move(start), options);
  KnotMask const free(static_cast<std::size_t>(start.interior_knots()), options.free_knots);
  MinimaxFit<Real> result;
  result.start = fit.start;
  result.needed = fit.needed;
  result.iterations = fit.iterations;
  result.outcome = fit.outcome;
  if (fit.outcome.status == Status::converged) {
    LevelOptions newton_options;
    newton_options.max_iterations = polish_steps;
    newton_options.goal = polish_goal;
    newton_options.min_spacing = options.min_spacing;
    Levelled<Real> newton = level(f, std::move(start), free, newton_options);
    result.iterations += newton.iterations;
    bool const converged = newton.converged;
    describe(result, std::move(newton));
    result.outcome = {converged ? Status::converged : Status::max_iterations,
                      "levelled to " + text(result.levelling) + " in 100 digits"};
    return result;
  }
  ErrorSurvey<Real> const survey = ErrorCurve<Real>(f, start).survey();
  result.level = survey.sup;
  describe(result, alternation(survey.points, Real(survey.sup * Real(0.99)), -1));
  result.spline = std::move(start);
  return result;
}

MinimaxFit<double> fit_spline_minimax(Function const& f, SplineClass kind, int n, MinimaxOptions const& options) {
  if (n < 0 || n > 512) throw InvalidInput("0 to 512 interior knots are possible, not " + std::to_string(n));
  if (kind.degree < 1 || kind.degree > 6)
    throw InvalidInput("splines of degree 1 to 6 are fitted, not " + std::to_string(kind.degree));
  if (!options.start_knots.empty() && static_cast<int>(options.start_knots.size()) != n)
    throw InvalidInput("the start has " + std::to_string(options.start_knots.size()) + " knots, not " +
                       std::to_string(n));
  int const r = kind.order();
  MinimaxFit<double> best;
  best.level = std::numeric_limits<double>::infinity();
  auto const is_done = [&] {  // alternation decides for m = 1 only
    return best.outcome.status == Status::below_precision ||
           (best.outcome.status == Status::converged && (kind.multiplicity == 1 || n == 0));
  };
  auto const attempt = [&](std::vector<double> const& knots, std::string const& name) {
    MinimaxFit<double> fit = fit_minimax(f, kind, knots, options);
    fit.start = name;
    bool const better = is_better(fit, best);
    if (better) best = std::move(fit);
    return better;
  };
  if (!options.start_knots.empty()) attempt(options.start_knots, "given");
  if (!is_done()) attempt(equidistributed_knots(f, r, n), "equidistribution");
  if (std::vector<double> const knots = knots_at_breaks(f, r, n); !is_done() && !knots.empty())
    attempt(knots, "breaks");
  if (!is_done()) attempt(segment_greedy_knots(f, r, n), "longest segments");
  for (int k = 0; k < options.transplants && !is_done() && best.outcome.status != Status::knot_collapse; ++k)
    if (!attempt(transplanted_knots(f, r, best.spline.knots), "transplant " + std::to_string(k + 1))) break;
  if (kind.multiplicity == 1 && best.outcome.status == Status::no_alternation && options.free_knots &&
      static_cast<int>(best.points.size()) >= best.needed - 1) {
    MinimaxOptions fewer = options;
    fewer.start_knots.clear();
    MinimaxFit<double> const less = fit_spline_minimax(f, kind, n - 1, fewer);
    if (less.outcome.status == Status::converged && less.needed == r + 2 * n - 1) {
      MinimaxFit<double> idle = with_idle_knot(f, less);
      if (static_cast<int>(idle.points.size()) == idle.needed && idle.level <= best.level * (1 + 1e-9)) return idle;
    }
  }
  return best;
}

}  // namespace nwidth::fitting
