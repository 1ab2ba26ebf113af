// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "fitting/rate/regression.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::fitting {
namespace {

/// Six digits, without an exponent of 0.
std::string plain(std::string decimal) {
  if (decimal.ends_with("e+00")) decimal.resize(decimal.size() - 4);
  return decimal;
}

std::string interval(Bounds const& b) {
  return "[" + plain(decimal_below(b.lower, 6)) + ", " + plain(decimal_above(b.upper, 6)) + "]";
}

std::string range(Bounds const& b) { return "[" + exact_string(b.lower) + ", " + exact_string(b.upper) + "]"; }

std::string padded(std::string s, std::size_t width) {
  if (s.size() < width) s.resize(width, ' ');
  return s;
}

std::string estimate(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", x);
  return text;
}

char const* formula(RateModel m) {
  switch (m) {
    case RateModel::power: return "C N^-p";
    case RateModel::shifted: return "C (N+s)^-p";
    case RateModel::log: return "C N^-p log^q N";
  }
  return "?";
}

}  // namespace

std::string table(RateReport const& report) {
  std::string out = padded(name(report.abscissa), 12) + padded("error", 32) + padded("slope from the line above", 32);
  if (!report.ratios.empty()) out += "error N^r/(K I)";
  out += '\n';
  for (std::size_t i = 0; i < report.points.size(); ++i) {
    std::string line = padded(std::to_string(report.points[i].N), 12) + padded(interval(report.points[i].error), 32);
    line += padded(i == 0 ? "" : interval(report.slopes[i - 1].p), 32);
    if (!report.ratios.empty()) line += interval(report.ratios[i].ratio);
    out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  for (auto const& e : report.excluded) out += padded(std::to_string(e.N), 12) + "left out: " + e.reason + '\n';
  out += "\n2 p(2N) - p(N): ";
  if (report.extrapolated.empty()) out += "none, " + report.not_extrapolated;
  for (auto const& e : report.extrapolated) out += "\n  from " + padded(std::to_string(e.from), 8) + interval(e.p);
  out += "\n\nexponents p of curves that meet all errors, widened by exp(+-" +
         exact_string(report.feasible_options.kappa) + "/N):\n";
  for (auto const& f : report.feasible) {
    out += "  " + padded(formula(f.model), 16);
    out += f.exponents.empty ? "none: no such curve" : interval(f.exponents.p);
    if (!f.exponents.tight) out += " (not tight)";
    if (f.model == RateModel::shifted) out += ", s in " + range(report.shifts);
    if (f.model == RateModel::log) out += ", q in " + range(report.feasible_options.log_power);
    out += '\n';
  }
  out += "\nleast squares, estimates without proof:\n";
  for (RateFit const& f : report.fits) {
    out += "  " + padded(formula(f.model), 16) + "p = " + padded(estimate(f.p), 9) +
           " C = " + padded(estimate(f.constant), 11);
    if (f.model == RateModel::shifted) out += " s = " + padded(estimate(f.s), 9) + (f.at_edge ? " (at the edge)" : "");
    if (f.q) out += " q = " + padded(estimate(*f.q), 9);
    out += " misfit " + estimate(f.misfit) + '\n';
  }
  if (!report.points.empty() && !report.logarithm_separable)
    out += "N spans less than three decades: a logarithm cannot be told from a shift, and no q is given.\n";
  return out;
}

}  // namespace nwidth::fitting
