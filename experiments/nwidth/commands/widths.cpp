// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "experiments/nwidth/arguments.hpp"
#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/output.hpp"
#include "experiments/record/bounds.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::program {
namespace {

constexpr long most_N_with_spline = 128, most_N = 1000000, default_digits = 30, default_digits_without_spline = 9;

/// True if the enclosure fixes `digits` significant digits.
bool reaches(Ball const& x, long digits) {
  if (!x.is_finite()) return false;
  return (x.upper() - x.lower()) * power(Rational(10), static_cast<unsigned>(digits)) <= x.upper();
}

Json enclosures(std::vector<Ball> const& points, int digits) {
  Json list = Json::array();
  for (Ball const& x : points) {
    record::Bounds const b = record::bounds_of(x, digits);
    list.push_back({{"lower", b.lower}, {"upper", b.upper}});
  }
  return list;
}

std::string listed(std::vector<Ball> const& points) {
  std::string text;
  for (Ball const& x : points) text += (text.empty() ? "" : " ") + record::bounds_of(x, 12).lower;
  return text.empty() ? "none" : text;
}

}  // namespace

int run_widths(WidthsOptions const& o) {
  auto const start = std::chrono::steady_clock::now();
  int const n = static_cast<int>(parse_integer("--n", o.n, 1, 6));
  int const N = static_cast<int>(parse_integer("--N", o.N, n, most_N));
  bool const with_spline = N <= most_N_with_spline;
  long const digits = o.digits.empty() ? (with_spline ? default_digits : default_digits_without_spline)
                                       : parse_integer("--digits", o.digits, 1, 60);
  width::Width w;
  if (with_spline) {
    w = width::kolmogorov_width(n, N, static_cast<int>(digits));
  } else {
    w.value = width::width_value(n, N);
    w.method = "local extrema of a perfect spline";
    w.proved = w.value.is_finite();
    w.reason = w.proved ? "" : "no finite enclosure was found";
  }
  // Two digits more than asked, so that rounding outward does not hide what is known.
  int const printed = static_cast<int>(digits) + 2;
  record::Bounds bounds = record::bounds_of(w.value, printed, w.reason);
  bounds.proved = w.proved && reaches(w.value, digits);
  if (!bounds.proved && bounds.reason.empty())
    bounds.reason = w.reason.empty() ? "the enclosure is wider than --digits asks for" : w.reason;
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (o.json) {
    Json j;
    j["command"] = "widths";
    j["n"] = n;
    j["N"] = N;
    j["digits"] = digits;
    put(j, bounds);
    j["method"] = w.method;
    if (with_spline) {
      j["knots"] = enclosures(w.knots, printed);
      j["nodes"] = enclosures(w.zeros, printed);
      j["extrema"] = enclosures(w.extrema, printed);
    }
    put_seconds(j, seconds);
    print(j);
  } else {
    Sheet sheet;
    sheet.row("n-width", "d_N of |f^(n)| <= 1 in C[-1,1], n = " + std::to_string(n) + ", N = " + std::to_string(N))
        .bounds("d_N", bounds)
        .row("method", w.method);
    if (with_spline) sheet.row("knots", listed(w.knots)).row("nodes", listed(w.zeros));
    print(sheet.text());
  }
  return bounds.proved ? done : not_proved;
}

}  // namespace nwidth::program
