// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "experiments/fit/shape.hpp"
#include "experiments/nwidth/arguments.hpp"
#include "experiments/nwidth/commands.hpp"
#include "experiments/nwidth/output.hpp"
#include "experiments/record/bounds.hpp"
#include "fitting/report/proved_constant.hpp"

namespace nwidth::program {
namespace {

using fitting::Claim;
using fitting::Norm;
using fitting::ProvedConstant;

constexpr long most_knots = 64, default_digits = 30;

Json enclosure(Ball const& x, int digits) {
  record::Bounds const b = record::bounds_of(x, digits);
  return {{"lower", b.lower}, {"upper", b.upper}};
}

Json enclosures(std::vector<Ball> const& list, int digits) {
  Json j = Json::array();
  for (Ball const& x : list) j.push_back(enclosure(x, digits));
  return j;
}

std::string listed(std::vector<Ball> const& points) {
  std::string text;
  for (Ball const& x : points) {
    // 0, and whatever is within what is known of 0
    std::string const one = x.contains_zero() ? "0" : record::bounds_of(x, 12).lower;
    text += (text.empty() ? "" : " ") + one;
  }
  return text.empty() ? "none" : text;
}

std::string class_name(fitting::SplineClass const& kind) {
  static char const* const pieces[] = {"linear functions", "quadratics", "cubics"};
  std::string const smooth =
      kind.multiplicity == kind.degree ? "continuous" : "C^" + std::to_string(kind.degree - kind.multiplicity);
  return smooth + " piecewise " + pieces[kind.degree - 1];
}

/// The theorem, in one sentence; lower and upper are those printed.
std::string statement(ProvedConstant const& r, fitting::SplineClass const& kind, int n) {
  std::string const all = class_name(kind) + " with at most " + std::to_string(n) + " free knots";
  switch (r.claim) {
    case Claim::nothing: return "nothing is proved";
    case Claim::lower_bound: return "no " + all + " have a sup error below the lower bound";
    case Claim::least_error:
      return "the least sup error of all " + all +
             " lies between the bounds, and so does that of one with knots where "
             "they are printed";
    case Claim::stationary_point:
      return "one of the " + all +
             " is a stationary point of the L2 error, with its error and knots where they are "
             "printed; others may be better";
    case Claim::local_minimum:
      return "one of the " + all +
             " is a strict local minimum of the L2 error, with its error and knots where they "
             "are printed; others may be better";
  }
  return "";
}

}  // namespace

int run_constants(ConstantsOptions const& o) {
  auto const start = std::chrono::steady_clock::now();
  fitting::SplineClass const kind = fit::shape_of("--activation", o.activation).kind;
  int const n = static_cast<int>(parse_integer("--knots", o.knots, 0, most_knots));
  if (!o.norm.empty() && o.norm != "sup" && o.norm != "l2")
    throw InvalidInput("--norm = '" + o.norm + "': allowed are sup and l2");
  Norm const norm = o.norm == "l2" ? Norm::l2 : Norm::sup;
  auto const [a, b] = o.domain.empty() ? std::pair<Rational, Rational>(-1, 1) : parse_domain(o.domain);
  int const digits = static_cast<int>(o.digits.empty() ? default_digits : parse_integer("--digits", o.digits, 1, 60));
  std::uint64_t const seed =
      o.seed.empty() ? 1 : static_cast<std::uint64_t>(parse_integer("--seed", o.seed, 0, 1L << 53));
  fitting::Function const f(target::resolve(o.target), a, b);
  ProvedConstant const r = fitting::proved_constant(f, kind, n, norm, digits, seed);

  // Two digits more than asked, so that rounding outward does not hide what is known.
  int const printed = digits + 2;
  record::Bounds bounds{"0", "inf", false, r.reason};
  if (r.claim != Claim::nothing) bounds = record::bounds_of(r.error, printed, r.reason);
  if (r.claim == Claim::lower_bound) bounds.upper = "inf";
  bounds.proved = r.reached && r.claim != Claim::nothing && r.claim != Claim::lower_bound;
  bounds.reason = r.reason;
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::string const norm_name = norm == Norm::sup ? "sup" : "l2";
  if (o.json) {
    Json j;
    j["command"] = "constants";
    j["target"] = f.target().name;
    j["domain"] = {f.begin().str(), f.end().str()};
    j["activation"] = o.activation;
    j["norm"] = norm_name;
    j["digits"] = digits;
    put(j, bounds);
    j["claim"] = fitting::name(r.claim);
    j["statement"] = statement(r, kind, n);
    j["knots"] = enclosures(r.knots, printed);
    if (norm == Norm::l2) j["smooth_knots"] = r.smooth_knots;
    if (norm == Norm::sup) j["alternation"] = enclosures(r.points, printed);
    j["polynomial"] = enclosures(r.polynomial, printed);
    j["jumps"] = Json::array();
    for (std::vector<Ball> const& jump : r.jumps) j["jumps"].push_back(enclosures(jump, printed));
    j["contraction"] = r.contraction;
    j["bits"] = r.bits;
    j["fit"] = {{"status", fitting::name(r.outcome.status)}, {"detail", r.outcome.detail}, {"error", r.fitted}};
    put_seconds(j, seconds);
    print(j);
  } else {
    Sheet sheet;
    sheet.row("target", f.target().name + " on [" + f.begin().str() + ", " + f.end().str() + "]")
        .row("class", o.activation + ": " + class_name(kind) + ", " + std::to_string(n) + " free knots")
        .bounds(norm == Norm::sup ? "sup error" : "L2 error", bounds)
        .row("claim", fitting::name(r.claim))
        .row("that is", statement(r, kind, n));
    if (r.claim != Claim::nothing) sheet.row("knots", listed(r.knots));
    if (norm == Norm::sup && r.claim != Claim::nothing) sheet.row("alternation", listed(r.points));
    sheet.row("fit", std::string(fitting::name(r.outcome.status)) +
                         (r.outcome.detail.empty() ? "" : " (" + r.outcome.detail + ")"));
    print(sheet.text());
  }
  return bounds.proved ? done : not_proved;
}

}  // namespace nwidth::program
