// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/fit_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "experiments/rates/fits.hpp"

namespace nwidth::rates {
namespace {

using fitting::RateModel;
using fitting::RateReport;
using fitting::Status;
using record::Json;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Status status_of(Json const& record) {
  std::string const word = record["fit"]["status"].get<std::string>();
  for (Status const s : {Status::converged, Status::flat, Status::max_iterations, Status::knot_collapse,
                         Status::rank_deficient, Status::no_alternation, Status::below_precision, Status::optimal})
    if (word == fitting::name(s)) return s;
  throw InvalidInput("a record has the unknown fit status '" + word + "'");
}

bool proved(Json const& record) { return record["status"] == "proved"; }
Rational end(Json const& decimal) { return parse_rational(decimal.get<std::string>()); }

bool by_knots(FitSeries const& s) { return s.method.starts_with("fit-"); }

void analyse(FitSeries& s) {
  fitting::RateSequence networks(fitting::Abscissa::segments), best(fitting::Abscissa::segments);
  for (auto const& p : s.points) {
    if (!proved(p.record)) continue;
    networks.add(p.size, end(p.record["lower"]), end(p.record["upper"]), status_of(p.record));
    // The status speaks of the fit. This interval holds the best error itself, by proof.
    if (p.record.contains("bound"))
      best.add(p.size, end(p.record["bound"]["lower"]), end(p.record["upper"]), Status::converged);
  }
  s.networks = fitting::analyse(networks);
  s.best = fitting::analyse(best);
}

std::string decimals(double x, char const* format) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, format, x);
  return buffer;
}

/// Three decimals, outward.
std::string interval(fitting::Bounds const& b) {
  auto const thousandths = [](Rational const& x, bool up) {
    Rational const scaled = x * 1000;
    boost::multiprecision::mpz_int const n = numerator(scaled), d = denominator(scaled);
    boost::multiprecision::mpz_int q = n / d;  // towards 0
    if (up && Rational(q) < scaled) ++q;
    if (!up && Rational(q) > scaled) --q;
    return decimals(q.convert_to<double>() / 1000, "%.3f");
  };
  return "[" + thousandths(b.lower, false) + ", " + thousandths(b.upper, true) + "]";
}

std::string last_slope(std::optional<RateReport> const& r) {
  return !r || r->slopes.empty() ? "-" : interval(r->slopes.back().p);
}

std::string feasible(std::optional<RateReport> const& r, RateModel model) {
  if (r)
    for (auto const& f : r->feasible)
      if (f.model == model) return f.exponents.empty ? "none" : interval(f.exponents.p);
  return "-";
}

double l2_of(FitSeries::Point const& p) { return p.record["fit"]["l2"].get<double>(); }

/// -log E(last)/E(first) over log of the sizes: an estimate.
std::string quadrature_slope(FitSeries const& s) {
  if (s.points.size() < 2) return "-";
  auto const &a = s.points.front(), &b = s.points.back();
  return decimals(std::log(l2_of(a) / l2_of(b)) / std::log(static_cast<double>(b.size) / static_cast<double>(a.size)),
                  "%.2f");
}

std::string sizes(FitSeries const& s) {
  return std::to_string(s.points.front().size) + ".." + std::to_string(s.points.back().size);
}

std::string error_text(FitSeries const& s, FitSeries::Point const& p) {
  return !s.proved ? decimals(l2_of(p), "%.3e")
         : p.record["upper"] == "inf"
             ? "inf"
             : decimals(std::strtod(p.record["upper"].get<std::string>().c_str(), nullptr), "%.3e");
}

std::size_t unconverged(FitSeries const& s) {
  return static_cast<std::size_t>(std::count_if(s.points.begin(), s.points.end(), [](FitSeries::Point const& p) {
    return !fitting::is_usable(status_of(p.record));
  }));
}

double largest_factor(FitSeries const& s) {
  double largest = nan;
  for (auto const& p : s.points) largest = std::fmax(largest, p.factor());
  return largest;
}

std::string factor_text(double factor) {
  // up, so that it stays what was proved
  return std::isfinite(factor) ? decimals(std::ceil(factor * 1e6) / 1e6, "%.6f") : "-";
}

char const* title(bool in_two) {
  return in_two ? "Franke's function in two variables: L2 error by quadrature, not proved" : "";
}

}  // namespace

double FitSeries::Point::factor() const {
  if (!rates::proved(record) || !record.contains("bound")) return nan;
  Rational const lower = end(record["bound"]["lower"]);
  return std::nextafter(Rational(end(record["upper"]) / lower).convert_to<double>(), 1e300);
}

std::vector<FitSeries> tabulate_fits(std::vector<Job> const& jobs, std::vector<record::Line> const& records) {
  std::vector<FitSeries> all;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    Job const& job = jobs[i];
    if (!job.fit) continue;
    auto found = std::find_if(all.begin(), all.end(),
                              [&](FitSeries const& s) { return s.method == job.method && s.target == job.target; });
    if (found == all.end())
      found = all.insert(all.end(), FitSeries{job.method, job.target, job.fit->by != FitJob::By::ridge, {}, {}, {}});
    found->points.push_back({job.fit->size, records[i].json});
  }
  for (FitSeries& s : all)
    if (by_knots(s)) analyse(s);
  return all;
}

record::Json to_json(FitSeries const& s) {
  auto const exponents = [](RateReport const& r, RateModel model) {
    for (auto const& f : r.feasible)
      if (f.model == model)
        return f.exponents.empty ? Json::array()
                                 : Json{decimal_below(f.exponents.p.lower, 6), decimal_above(f.exponents.p.upper, 6)};
    return Json();
  };
  auto const rate = [&](std::optional<RateReport> const& r) {
    if (!r) return Json();
    Json excluded = Json::array();
    for (auto const& e : r->excluded) excluded.push_back(e.N);
    return Json{{"excluded", excluded},
                {"power", exponents(*r, RateModel::power)},
                {"shifted", exponents(*r, RateModel::shifted)}};
  };
  double const factor = largest_factor(s);
  return {{"method", s.method},
          {"target", s.target},
          {"abscissa", s.proved ? "segments" : "neurons"},
          {"points", s.points.size()},
          {"factor", std::isfinite(factor) ? Json(factor) : Json()},
          {"networks", rate(s.networks)},
          {"best", rate(s.best)}};
}

std::string fits_csv(std::vector<FitSeries> const& series) {
  std::string out =
      "method,target,segments,size,neurons,fit,lower,upper,status,bound,bound_kind,factor,l2_not_proved\n";
  for (FitSeries const& s : series)
    for (auto const& p : s.points) {
      Json const& j = p.record;
      bool const bounded = j.contains("bound");
      out += s.method + ",\"" + s.target + "\"," + (s.proved ? std::to_string(p.size) : "") + "," + j["size"].dump() +
             "," + j["neurons"].dump() + "," + j["fit"]["status"].get<std::string>() + "," +
             (s.proved ? j["lower"].get<std::string>() + "," + j["upper"].get<std::string>() : ",") + "," +
             j["status"].get<std::string>() + "," + (bounded ? j["bound"]["lower"].get<std::string>() : "") + "," +
             (bounded ? j["bound"]["kind"].get<std::string>() : "") + "," +
             (std::isfinite(p.factor()) ? factor_text(p.factor()) : "") + "," +
             (j["fit"].contains("l2") ? decimals(l2_of(p), "%.6e") : "") + "\n";
    }
  return out;
}

std::string fits_markdown(std::vector<FitSeries> const& series) {
  if (series.empty()) return "";
  std::string out =
      "\n# Fitted networks\n\nOne hidden layer, weights rounded to doubles; lower <= sup error on [-1, 1] <= upper is "
      "proved for the network, and no spline of as many segments is closer than the bound (kinds: see `nwidth fit "
      "--help`). Exponents p of C N^-p or C (N + s)^-p, N segments: all that meet every enclosure, widened by "
      "exp(+-1/(20 N)), enclosed; \"none\" is proved as well. \"networks\" leaves out fits that did not converge; "
      "\"best error\" lies between the bound and the network's error, whatever the fit. Adam: " +
      std::to_string(adam_steps) + " steps; raw LM: Levenberg-Marquardt in all weights, " +
      std::to_string(raw_lm_steps) + " steps; both in L2 at " + std::to_string(contrast_samples) +
      " samples, one random start.\n";
  for (FitSeries const& s : series) {
    out += "\n## " + s.method + ": " + (s.proved ? s.target : title(true)) + "\n";
    if (s.networks) {
      out += "\n| p of | left out | last slope | C N^-p | C (N + s)^-p |\n|---|---|---|---|---|\n";
      out += "| networks | " + std::to_string(s.networks->excluded.size()) + " | " + last_slope(s.networks) + " | " +
             feasible(s.networks, RateModel::power) + " | " + feasible(s.networks, RateModel::shifted) + " |\n";
      out += "| best error | 0 | " + last_slope(s.best) + " | " + feasible(s.best, RateModel::power) + " | " +
             feasible(s.best, RateModel::shifted) + " |\n";
    }
    out += s.proved ? "\n| segments | neurons | size | fit | bound | lower | upper | factor |\n"
                      "|---|---|---|---|---|---|---|---|\n"
                    : "\n| neurons | size | fit | L2 error |\n|---|---|---|---|\n";
    for (auto const& p : s.points) {
      Json const& j = p.record;
      std::string const status = j["fit"]["status"].get<std::string>();
      if (!s.proved) {
        out += "| " + std::to_string(p.size) + " | " + j["size"].dump() + " | " + status + " | " +
               decimals(l2_of(p), "%.3e") + " |\n";
        continue;
      }
      std::string const bound = j.contains("bound") ? j["bound"]["lower"].get<std::string>() + " (" +
                                                          j["bound"]["kind"].get<std::string>() + ")"
                                                    : "";
      out += "| " + std::to_string(p.size) + " | " + j["neurons"].dump() + " | " + j["size"].dump() + " | " + status +
             " | " + bound + " | " + j["lower"].get<std::string>() + " | " + j["upper"].get<std::string>() +
             (proved(j) ? "" : " (not proved)") + " | " + factor_text(p.factor()) + " |\n";
    }
  }
  return out;
}

std::string fits_summary(std::vector<FitSeries> const& series) {
  if (series.empty()) return "";
  char line[320];
  std::snprintf(line, sizeof line, "\n%-14s %-14s %-7s %10s %10s %8s %-8s %-18s %s\n", "fits", "target", "N",
                "error from", "to", "factor", "left out", "last slope", "p of the best error: C N^-p, C (N+s)^-p");
  std::string out = line;
  for (FitSeries const& s : series) {
    std::string const rate = s.networks
                                 ? feasible(s.best, RateModel::power) + ", " + feasible(s.best, RateModel::shifted)
                             : s.proved ? "contrast"
                                        : "L2 by quadrature, not proved: about " + quadrature_slope(s);
    std::snprintf(line, sizeof line, "%-14s %-14s %-7s %10s %10s %8s %-8s %-18s %s\n", s.method.c_str(),
                  s.proved ? s.target.c_str() : "Franke, d = 2", sizes(s).c_str(),
                  error_text(s, s.points.front()).c_str(), error_text(s, s.points.back()).c_str(),
                  factor_text(largest_factor(s)).c_str(), s.networks ? std::to_string(unconverged(s)).c_str() : "-",
                  last_slope(s.best).c_str(), rate.c_str());
    out += line;
  }
  return out +
         "N: segments (d = 2: neurons). Proved, kappa = 1/20; last slope and p: of the best error, between the bound "
         "and "
         "the\nnetwork; left out: fits that did not converge, which enter no slope of the networks (table.md).\n";
}

}  // namespace nwidth::rates
