// SPDX-License-Identifier: Apache-2.0
#include "tests/kernels/cpu/errors.hpp"

#include <algorithm>
#include <cstdio>

#include "kernels/cpu/rows.hpp"

namespace nwidth::kernels::cpu {
std::string digits(double x) {
  char text[32];
  for (double up : {1.0, 1.0001, 1.0002, 1.0004, 1.0008, 1.0016}) {
    std::snprintf(text, sizeof text, "%.4g", x * up);
    if (std::stod(text) >= x) break;
  }
  return text;
}

namespace {

std::string place(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", x);
  return text;
}

std::string count(double points) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1e", points);
  std::string t = text;
  return t.erase(t.find('e') + 1, 2);  // e+08
}

/// "2.81 (0.94 at 1.25)"
std::string seen(Seen const& s) {
  return s.points == 0 ? "-" : digits(s.in_u) + " (" + digits(s.of_bound) + " at " + place(s.at) + ')';
}

}  // namespace

void Seen::add(Seen const& later) {
  if (!(later.of_bound <= of_bound)) of_bound = later.of_bound, at = later.at;
  in_u = std::max(in_u, later.in_u);
  points += later.points;
  off += later.off;
}

std::string head(Line const& f, Line const& b, Line const& d) {
  std::string const brief = b.bound == f.bound ? "" : " (bf16 " + b.bound + ')';
  std::string const twice = d.bound == f.bound ? "" : " (double " + d.bound + ')';
  return "| " + f.output + " | " + f.bound + brief + twice + " |";
}

std::string width_note() {
  return "For double, PolyNorm's bounds and those of gradients count 1 + width/" +
         digits(1 / (width_factor<double>(1) - 1)) + " times: double sums have nothing wider to go to.\n";
}

std::string table(std::vector<Line> const& f, std::vector<Line> const& b, std::vector<Line> const& d) {
  std::string t =
      "| output | bound | float | double | bf16, not the nearest | baseline | points: float, double, bf16 |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < f.size(); ++i) {
    Seen const& nearest = b[i].fused.points > 0 ? b[i].fused : b[i].baseline;
    bool const sums = f[i].output.ends_with("gradients") || f[i].output.ends_with("R");
    double const baseline = std::max({f[i].baseline.of_bound, b[i].baseline.of_bound, d[i].baseline.of_bound});
    t += head(f[i], b[i], d[i]) + ' ' + seen(f[i].fused) + " | " + seen(d[i].fused) + " | " + digits(b[i].fused.in_u) +
         " (" + digits(b[i].fused.of_bound) + ')' + (sums ? "" : ", " + std::to_string(nearest.off)) + " | " +
         digits(baseline) + " | " + count(static_cast<double>(f[i].baseline.points)) + ", " +
         count(static_cast<double>(d[i].baseline.points)) + ", " + count(static_cast<double>(b[i].baseline.points)) +
         " |\n";
  }
  return t;
}

}  // namespace nwidth::kernels::cpu
