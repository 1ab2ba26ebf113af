// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/sequential_linear.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "fitting/minimax/linear_program.hpp"

namespace nwidth::fitting {
namespace {

/// The spline that a linear program leads to, and the level that it promises, relative to the one before.
template <class T>
struct Step {
  FreeKnotSpline<T> spline;
  double promised = 1;
  bool found = false;
};

/// min z with |e + J step| <= z E at the points, |knot steps| <= trust times the distance to the nearest neighbour.
/// trust = 0: knots stay.
template <class T>
Step<T> linear_step(ErrorCurve<T> const& e, FreeKnotSpline<T> const& s, std::vector<ErrorPoint<T>> const& points,
                    T const& E, KnotMask const& free, double trust) {
  int const n = s.interior_knots(), coefficients = static_cast<int>(s.coefficients.size());
  std::vector<int> column(static_cast<std::size_t>(n) + 2, -1);
  int columns = coefficients;
  std::vector<T> h(column.size(), T(0));
  for (int k = 1; k <= n; ++k) {
    std::size_t const at = static_cast<std::size_t>(k);
    h[at] = std::min(T(s.knots[at] - s.knots[at - 1]), T(s.knots[at + 1] - s.knots[at]));
    if (trust > 0 && (free.empty() || free[at - 1])) column[at] = columns++;
  }
  int const level = columns++;
  std::vector<Eigen::Triplet<double>> entries;
  std::vector<double> bound;
  for (ErrorPoint<T> const& p : points) {
    ErrorRow<T> const row = e.row(p, trust > 0);
    int const r = static_cast<int>(bound.size());
    auto const put = [&](int c, double value) {
      if (value == 0) return;
      entries.emplace_back(r, c, value);
      entries.emplace_back(r + 1, c, -value);
    };
    for (std::size_t j = 0; j < row.coefficients.size(); ++j)  // steps of coefficients in units of E
      put(row.first_coefficient + static_cast<int>(j), static_cast<double>(row.coefficients[j]));
    for (std::size_t j = 0; j < row.knots.size(); ++j) {  // steps of knots in units of h
      std::size_t const k = static_cast<std::size_t>(row.first_knot) + j;
      if (column[k] >= 0) put(column[k], static_cast<double>(row.knots[j] * h[k] / E));
    }
    entries.emplace_back(r, level, -1.0);
    entries.emplace_back(r + 1, level, -1.0);
    double const relative = static_cast<double>(p.error / E);
    bound.push_back(-relative);
    bound.push_back(relative);
  }
  for (int c : column)
    if (c >= 0) {
      entries.emplace_back(static_cast<int>(bound.size()), c, 1.0);
      entries.emplace_back(static_cast<int>(bound.size()) + 1, c, -1.0);
      bound.insert(bound.end(), 2, trust);
    }
  LinearProgram program;
  program.A.resize(static_cast<Eigen::Index>(bound.size()), columns);
  program.A.setFromTriplets(entries.begin(), entries.end());
  program.b = Eigen::Map<Eigen::VectorXd>(bound.data(), static_cast<Eigen::Index>(bound.size()));
  program.c = Eigen::VectorXd::Unit(columns, level);
  for (Eigen::Index k = 0; k < program.A.nonZeros(); ++k)
    if (!std::isfinite(program.A.valuePtr()[k])) return {s, 1, false};
  if (!program.b.allFinite()) return {s, 1, false};
  LinearProgramSolution const solution = solve(program, 1e-11);
  // a stalled program may still have found a step, and a gap of 1e-5 does not hide one
  if (solution.status != LinearProgramSolution::Status::optimal && !(solution.gap < 1e-5)) return {s, 1, false};
  std::vector<T> knots = s.knots;
  for (std::size_t k = 1; k < knots.size(); ++k)
    if (column[k] >= 0) knots[k] += T(std::clamp(solution.x[column[k]], -trust, trust)) * h[k];
  Step<T> step{trust > 0 ? transported(s, knots) : s, solution.x[level], true};
  for (int j = 0; j < coefficients; ++j) step.spline.coefficients[static_cast<std::size_t>(j)] += T(solution.x[j]) * E;
  return step;
}

template <class T>
bool is_below_precision(Function const& f, T const& sup) {
  return !(sup > below_precision_factor * std::numeric_limits<T>::epsilon() * T(f.scale()));
}

template <class T>
std::string text(T const& x) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", static_cast<double>(x));
  return buffer;
}

}  // namespace

template <class T>
SequentialFit<T> linear_minimax(Function const& f, FreeKnotSpline<T> start) {
  SequentialFit<T> fit;
  std::vector<ErrorPoint<T>> extrema;  // of all passes: without them, passes may take turns
  fit.spline = start;
  fit.survey = ErrorCurve<T>(f, start).survey();
  ErrorSurvey<T> survey = fit.survey;
  // a start far off is improved by many digits in each pass, as far as double resolves the program
  for (int pass = 0; pass < 16; ++pass) {
    if (is_below_precision(f, fit.survey.sup)) break;
    ErrorCurve<T> const e(f, start);
    std::vector<ErrorPoint<T>> points = survey.samples;
    points.insert(points.end(), survey.points.begin(), survey.points.end());
    for (ErrorPoint<T> p : extrema) {
      p.error = e(p.segment, p.x);
      points.push_back(p);
    }
    for (ErrorPoint<T> const& p : survey.points)
      if (p.kind == ErrorPoint<T>::Kind::inside) extrema.push_back(p);
    Step<T> const step = linear_step<T>(e, start, points, survey.sup, {}, 0);
    if (!step.found) break;
    T const promised = survey.sup * T(step.promised);
    start = step.spline;
    survey = ErrorCurve<T>(f, start).survey();
    ++fit.iterations;
    bool const better = survey.sup < fit.survey.sup;
    if (better) {
      fit.spline = start;
      fit.survey = survey;
    }
    // a program in double knows its value to some digits only: a level far below the one before says nothing yet
    if ((step.promised > 1e-3 && survey.sup <= promised * (1 + T(1e-9))) || (!better && pass > 2)) break;
  }
  fit.outcome = is_below_precision(f, fit.survey.sup)
                    ? Outcome{Status::below_precision, "E = " + text(fit.survey.sup) + " is rounding"}
                    : Outcome{Status::flat, "linear programs at fixed knots"};
  return fit;
}

template <class T>
SequentialFit<T> sequential_linear(Function const& f, FreeKnotSpline<T> start, KnotMask const& free,
                                   SequentialOptions const& options) {
  using std::abs;
  SequentialFit<T> fit;
  fit.spline = std::move(start);
  fit.survey = ErrorCurve<T>(f, fit.spline).survey();
  double trust = 0.3;
  int small = 0;
  fit.outcome = {Status::max_iterations, std::to_string(options.max_iterations) + " linear programs"};
  T const width = fit.spline.end() - fit.spline.begin();
  for (; fit.iterations < options.max_iterations; ++fit.iterations) {
    T const E = fit.survey.sup;
    if (is_below_precision(f, E)) {
      fit.outcome = {Status::below_precision, "E = " + text(E) + " is rounding"};
      break;
    }
    if (!(least_spacing(fit.spline) > width * T(options.min_spacing))) {
      fit.outcome = {Status::knot_collapse,
                     "spacing " + text(least_spacing(fit.spline)) + " <= " + text(width * T(options.min_spacing))};
      break;
    }
    ErrorCurve<T> const e(f, fit.spline);
    std::vector<ErrorPoint<T>> points = fit.survey.points;
    for (ErrorPoint<T> const& p : fit.survey.samples)
      if (abs(p.error) > E * T(0.7)) points.push_back(p);
    Step<T> const step = linear_step(e, fit.spline, points, E, free, trust);
    double const promised = 1 - step.promised;
    if (!step.found || !(promised > 0)) {
      trust *= 0.3;
      if (++small >= 3 || trust < 1e-10) {
        fit.outcome = {Status::flat, step.found ? "no step promises a gain" : "the linear programs stall"};
        break;
      }
      continue;
    }
    FreeKnotSpline<T> next = step.spline;
    ErrorSurvey<T> survey;
    double gain = -1;
    if (least_spacing(next) > 0) {
      survey = ErrorCurve<T>(f, next).survey();
      gain = static_cast<double>((E - survey.sup) / E);
      if (!(gain > 0.7 * promised)) {
        SequentialFit<T> refit = linear_minimax(f, next);
        double const again = static_cast<double>((E - refit.survey.sup) / E);
        if (!(gain > again)) {
          gain = again;
          next = std::move(refit.spline);
          survey = std::move(refit.survey);
        }
      }
    }
    if (gain > 0) {
      fit.spline = std::move(next);
      fit.survey = std::move(survey);
      if (gain > 0.7 * promised)
        trust = std::min(0.45, trust * 2);
      else if (gain < 0.25 * promised)
        trust *= 0.4;
      small = gain < options.gain ? small + 1 : 0;
    } else {
      trust *= 0.3;
      if (promised < options.gain) ++small;
    }
    if (small >= 3 || trust < 1e-10) {
      fit.outcome = {Status::flat, "steps gain less than " + text(options.gain) + ", trust region " + text(trust)};
      ++fit.iterations;
      break;
    }
  }
  return fit;
}

template SequentialFit<double> linear_minimax(Function const&, FreeKnotSpline<double>);
template SequentialFit<Real> linear_minimax(Function const&, FreeKnotSpline<Real>);
template SequentialFit<double> sequential_linear(Function const&, FreeKnotSpline<double>, KnotMask const&,
                                                 SequentialOptions const&);
template SequentialFit<Real> sequential_linear(Function const&, FreeKnotSpline<Real>, KnotMask const&,
                                               SequentialOptions const&);

}  // namespace nwidth::fitting
