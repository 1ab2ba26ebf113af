// SPDX-License-Identifier: Apache-2.0
#include "experiments/rates/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <tuple>

namespace nwidth::rates {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double value(std::string const& decimal) { return std::strtod(decimal.c_str(), nullptr); }

bool usable(Point const& p) { return p.proved && value(p.upper) > 0 && std::isfinite(value(p.upper)); }

using Abscissa = std::function<double(Point const&)>;
double size_of(Point const& p) { return static_cast<double>(p.counts.size); }
double resolution_of(Point const& p) { return static_cast<double>(p.resolution); }

double between(Point const& a, Point const& b, Abscissa const& x) {
  if (!usable(a) || !usable(b) || x(a) == x(b)) return nan;
  return std::log(value(b.upper) / value(a.upper)) / std::log(x(b) / x(a));
}

double last_decade(std::vector<Point> const& points, Abscissa const& x) {
  double largest = 0;
  for (Point const& p : points)
    if (usable(p)) largest = std::max(largest, x(p));
  double count = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (Point const& p : points) {
    if (!usable(p) || x(p) < largest / 10) continue;
    double const u = std::log(x(p) / largest), v = std::log(value(p.upper));
    ++count, sx += u, sy += v, sxx += u * u, sxy += u * v;
  }
  double const determinant = count * sxx - sx * sx;
  return determinant > 0 ? (count * sxy - sx * sy) / determinant : nan;
}

std::string text(double slope, char const* absent) {
  if (std::isnan(slope)) return absent;
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3f", slope);
  return buffer;
}

std::string short_decimal(std::string const& decimal) {
  if (decimal == "inf") return decimal;
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3e", value(decimal));
  return buffer;
}

/// The larger of two decimals, by value.
std::string const& larger(std::string const& a, std::string const& b) { return value(b) > value(a) ? b : a; }

void add(Point& p, record::Json const& j, bool first) {
  p.counts.size = std::max(p.counts.size, j["size"].get<std::size_t>());
  auto const number = [&](char const* field) {
    return j[field].is_null() ? std::size_t{0} : j[field].get<std::size_t>();
  };
  p.counts.neurons = std::max(p.counts.neurons, number("neurons"));
  p.counts.depth = std::max(p.counts.depth, static_cast<int>(number("depth")));
  p.counts.width = std::max(p.counts.width, static_cast<int>(number("width")));
  p.counts.coefficients = std::max(p.counts.coefficients, number("coefficients"));
  std::string const lower = j["lower"].get<std::string>(), upper = j["upper"].get<std::string>();
  bool const proved = j["status"] == "proved";
  p.lower = first ? lower : larger(p.lower, lower);
  p.upper = first ? upper : larger(p.upper, upper);
  p.proved = first ? proved : p.proved && proved;
}

std::string title(SeriesTable const& t) {
  switch (t.kind) {
    case record::Kind::of_class: return t.method + ", whole class";
    case record::Kind::of_target: return t.method + ", worst of the test set";
    case record::Kind::limit: return t.method + " (limit)";
  }
  return t.method;
}

}  // namespace

double SeriesTable::local_slope(std::size_t i) const {
  return i == 0 ? nan : between(points[i - 1], points[i], size_of);
}
double SeriesTable::local_slope_in_resolution(std::size_t i) const {
  return i == 0 ? nan : between(points[i - 1], points[i], resolution_of);
}
double SeriesTable::slope() const { return last_decade(points, size_of); }
double SeriesTable::slope_in_resolution() const { return last_decade(points, resolution_of); }
std::size_t SeriesTable::unproved() const {
  return static_cast<std::size_t>(
      std::count_if(points.begin(), points.end(), [](Point const& p) { return !p.proved; }));
}

std::vector<SeriesTable> tabulate(std::vector<Job> const& jobs, std::vector<record::Line> const& records) {
  std::vector<SeriesTable> tables;
  std::map<std::tuple<int, record::Kind, std::string>, std::size_t> place;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    Job const& job = jobs[i];
    if (job.fit) continue;
    auto const [at, fresh] = place.try_emplace({job.n, job.kind, job.method}, tables.size());
    if (fresh) tables.push_back({job.n, job.kind, job.method, {}});
    auto& points = tables[at->second].points;
    bool const limit = job.kind == record::Kind::limit;
    std::string const parameters =
        limit ? "W=" + std::to_string(job.W) : methods::to_text(methods::find(job.method), job.parameters);
    auto point = std::find_if(points.begin(), points.end(), [&](Point const& p) { return p.parameters == parameters; });
    bool const first = point == points.end();
    if (first) {
      points.emplace_back();
      point = points.end() - 1;
      point->parameters = parameters;
      point->resolution = limit ? job.W : methods::resolution(methods::find(job.method), job.parameters);
    }
    if (job.kind == record::Kind::of_target) ++point->targets;
    add(*point, records[i].json, first);
  }
  for (SeriesTable& t : tables)
    std::stable_sort(t.points.begin(), t.points.end(),
                     [](Point const& a, Point const& b) { return a.counts.size < b.counts.size; });
  return tables;
}

std::string to_csv(std::vector<SeriesTable> const& tables) {
  std::string out =
      "n,kind,method,parameters,targets,N,size,neurons,depth,width,coefficients,lower,upper,status,slope_in_size,slope_"
      "in_N\n";
  for (SeriesTable const& t : tables)
    for (std::size_t i = 0; i < t.points.size(); ++i) {
      Point const& p = t.points[i];
      out += std::to_string(t.n) + "," + record::name(t.kind) + "," + t.method + ",\"" + p.parameters + "\"," +
             std::to_string(p.targets) + "," + std::to_string(p.resolution) + "," + std::to_string(p.counts.size) +
             "," + std::to_string(p.counts.neurons) + "," + std::to_string(p.counts.depth) + "," +
             std::to_string(p.counts.width) + "," + std::to_string(p.counts.coefficients) + "," + p.lower + "," +
             p.upper + "," + (p.proved ? "proved" : "not_proved") + "," + text(t.local_slope(i), "") + "," +
             text(t.local_slope_in_resolution(i), "") + "\n";
    }
  return out;
}

std::string to_markdown(std::vector<SeriesTable> const& tables) {
  std::string out =
      "# Certified error against size\n\nError of approximation in the sup norm on [-1, 1]: lower <= error <= upper is "
      "proved. N counts degrees of freedom. Slopes are local, from the point above.\n";
  for (SeriesTable const& t : tables) {
    out += "\n## n = " + std::to_string(t.n) + ": " + title(t) +
           "\n\nSlope over the last decade: " + text(t.slope(), "none") + " in size, " +
           text(t.slope_in_resolution(), "none") + " in N.\n\n" +
           "| N | size | neurons | depth | lower | upper | slope in size | slope in N "
           "|\n|---|---|---|---|---|---|---|---|\n";
    for (std::size_t i = 0; i < t.points.size(); ++i) {
      Point const& p = t.points[i];
      bool const limit = t.kind == record::Kind::limit;
      out += "| " + std::to_string(p.resolution) + " | " + std::to_string(p.counts.size) + " | " +
             (limit ? "" : std::to_string(p.counts.neurons)) + " | " + (limit ? "" : std::to_string(p.counts.depth)) +
             " | " + p.lower + " | " + p.upper + (p.proved ? "" : " (not proved)") + " | " +
             text(t.local_slope(i), "") + " | " + text(t.local_slope_in_resolution(i), "") + " |\n";
    }
  }
  return out;
}

std::string summary(std::vector<SeriesTable> const& tables) {
  std::string out;
  char line[256];
  std::snprintf(line, sizeof line, "%-2s %-44s %6s %15s %11s %11s %9s %9s\n", "n", "series", "points", "sizes",
                "error from", "to", "slope", "slope(N)");
  out += line;
  for (SeriesTable const& t : tables) {
    std::string const sizes =
        std::to_string(t.points.front().counts.size) + ".." + std::to_string(t.points.back().counts.size);
    std::snprintf(line, sizeof line, "%-2d %-44s %6zu %15s %11s %11s %9s %9s", t.n, title(t).c_str(), t.points.size(),
                  sizes.c_str(), short_decimal(t.points.front().upper).c_str(),
                  short_decimal(t.points.back().upper).c_str(), text(t.slope(), "-").c_str(),
                  text(t.slope_in_resolution(), "-").c_str());
    out += line;
    if (t.unproved() > 0) out += "  " + std::to_string(t.unproved()) + " not proved";
    out += "\n";
  }
  return out;
}

}  // namespace nwidth::rates
