// SPDX-License-Identifier: Apache-2.0
#include "fitting/rate/regression.hpp"

#include <Eigen/Dense>
#include <cmath>

#include "theory/number/ball.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting {
namespace {

struct Logs {
  Ball lower, upper;
};

std::vector<Slope> slopes(std::vector<RatePoint> const& points, std::vector<Logs> const& logs) {
  std::vector<Slope> result;
  for (std::size_t i = 1; i < points.size(); ++i) {
    Ball const step = log(Ball(points[i].N) / Ball(points[i - 1].N));
    Ball const least = (logs[i - 1].lower - logs[i].upper) / step, most = (logs[i - 1].upper - logs[i].lower) / step;
    result.push_back({points[i - 1].N, points[i].N, {least.lower(), most.upper()}});
  }
  return result;
}

void extrapolate(RateReport& report, std::vector<Logs> const& logs) {
  std::vector<Slope> const& s = report.slopes;
  if (s.size() < 3) {
    report.not_extrapolated = "fewer than 3 slopes";
    return;
  }
  bool rising = true, falling = true;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i].to != 2 * s[i].from) {
      report.not_extrapolated = "N does not double from " + std::to_string(s[i].from);
      return;
    }
    if (i == 0) continue;
    rising = rising && s[i - 1].p.upper < s[i].p.lower;
    falling = falling && s[i].p.upper < s[i - 1].p.lower;
  }
  if (!rising && !falling) {
    report.not_extrapolated = "the slopes are not certainly monotone";
    return;
  }
  Ball const log2 = log(Ball(2));
  for (std::size_t i = 0; i + 2 < logs.size(); ++i) {  // (3 log E(2N) - 2 log E(4N) - log E(N))/log 2
    Ball const least = (Ball(3) * logs[i + 1].lower - Ball(2) * logs[i + 2].upper - logs[i].upper) / log2;
    Ball const most = (Ball(3) * logs[i + 1].upper - Ball(2) * logs[i + 2].lower - logs[i].lower) / log2;
    report.extrapolated.push_back({report.points[i].N, {least.lower(), most.upper()}});
  }
}

/// Least squares for y ~ c_0 + c_1 (-log(N + s)) [+ c_2 log log N].
struct Linear {
  Eigen::VectorXd c;
  double squares, misfit;
};

Linear solve(std::vector<RatePoint> const& points, Eigen::VectorXd const& y, double s, bool with_log) {
  Eigen::MatrixXd x(y.size(), with_log ? 3 : 2);
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    auto const n = static_cast<double>(points[static_cast<std::size_t>(i)].N);
    x(i, 0) = 1;
    x(i, 1) = -std::log(n + s);
    if (with_log) x(i, 2) = std::log(std::log(n));
  }
  Linear result;
  result.c = x.colPivHouseholderQr().solve(y);
  Eigen::VectorXd const r = y - x * result.c;
  result.squares = r.squaredNorm();
  result.misfit = r.lpNorm<Eigen::Infinity>();
  return result;
}

RateFit fit(RateModel model, Linear const& l) {
  RateFit f;
  f.model = model;
  f.constant = std::exp(l.c[0]);
  f.p = l.c[1];
  f.misfit = l.misfit;
  return f;
}

RateFit shifted_fit(std::vector<RatePoint> const& points, Eigen::VectorXd const& y, Bounds const& shifts) {
  // a scan over N_0 + s in geometric steps, then golden sections around the best
  auto const first = static_cast<double>(points.front().N);
  double const from = std::log(first + to_double(shifts.lower)), to = std::log(first + to_double(shifts.upper));
  auto shift = [&](double v) { return std::exp(v) - first; };
  auto squares = [&](double v) { return solve(points, y, shift(v), false).squares; };
  constexpr int steps = 400;
  int best = 0;
  double least = squares(from);
  for (int i = 1; i <= steps; ++i) {
    double const value = squares(from + (to - from) * i / steps);
    if (!(value < least)) continue;
    least = value;
    best = i;
  }
  double a = from + (to - from) * std::max(best - 1, 0) / steps;
  double b = from + (to - from) * std::min(best + 1, steps) / steps;
  double const golden = (std::sqrt(5.0) - 1) / 2;
  for (int i = 0; i < 60; ++i) {
    double const c = b - golden * (b - a), d = a + golden * (b - a);
    if (squares(c) < squares(d))
      b = d;
    else
      a = c;
  }
  double const v = (a + b) / 2;
  RateFit f = fit(RateModel::shifted, solve(points, y, shift(v), false));
  f.s = shift(v);
  f.at_edge = best == 0 || best == steps;
  return f;
}

}  // namespace

RateReport analyse(RateSequence const& sequence, RateOptions const& options) {
  PrecisionScope const precision(128);
  RateReport report{
      sequence.abscissa(), sequence.points(), sequence.excluded(), {}, {}, {}, {}, {}, options.feasible, {}, false, {}};
  std::vector<RatePoint> const& points = report.points;
  std::size_t const count = points.size();
  std::vector<Logs> logs;
  Eigen::VectorXd y(static_cast<Eigen::Index>(count));
  for (RatePoint const& p : points) {
    logs.push_back({log(Ball(p.error.lower)), log(Ball(p.error.upper))});
    y[static_cast<Eigen::Index>(logs.size()) - 1] = (logs.back().lower.to_double() + logs.back().upper.to_double()) / 2;
  }
  report.slopes = slopes(points, logs);
  extrapolate(report, logs);
  if (count > 0) {
    report.shifts = options.feasible.shift.value_or(default_shifts(points));
    report.logarithm_separable = points.back().N >= 1000 * points.front().N;
  }
  bool const logarithm = count > 0 && points.front().N >= 2 && count <= 40;
  auto feasible = [&](RateModel model) {
    report.feasible.push_back({model, feasible_exponents(points, model, options.feasible)});
  };
  if (count >= 2) {
    report.fits.push_back(fit(RateModel::power, solve(points, y, 0, false)));
    feasible(RateModel::power);
  }
  if (count >= 3) {
    feasible(RateModel::shifted);
    if (logarithm) feasible(RateModel::log);
  }
  if (count >= 4) {
    report.fits.push_back(shifted_fit(points, y, report.shifts));
    if (logarithm) {
      Linear const l = solve(points, y, 0, true);
      report.fits.push_back(fit(RateModel::log, l));
      if (report.logarithm_separable) report.fits.back().q = l.c[2];
    }
  }
  if (options.known) {
    auto const& [rate, constant] = *options.known;
    if (rate < 1 || !(constant.lower > 0) || constant.lower > constant.upper)
      throw InvalidInput("a known rate is r >= 1 with a constant 0 < lower <= upper, not r = " + std::to_string(rate) +
                         " with " + exact_string(constant.lower) + " to " + exact_string(constant.upper));
    for (RatePoint const& p : points) {
      Rational const scale = power(Rational(p.N), static_cast<unsigned>(rate));
      report.ratios.push_back({p.N, {p.error.lower * scale / constant.upper, p.error.upper * scale / constant.lower}});
    }
  }
  return report;
}

}  // namespace nwidth::fitting
