// SPDX-License-Identifier: Apache-2.0
#include "fitting/report/proved_constant.hpp"

#include <algorithm>

#include "fitting/bound/segment_bound.hpp"
#include "fitting/existence/alternation.hpp"
#include "fitting/existence/stationary.hpp"
#include "fitting/least_squares/fit_spline.hpp"
#include "fitting/minimax/minimax.hpp"

namespace nwidth::fitting {
namespace {

constexpr int most_knots = 64, most_digits = 60, most_doublings = 2;

bool narrow(Ball const& x, Rational const& size, int digits) {
  return x.is_finite() && (x.upper() - x.lower()) * power(Rational(10), static_cast<unsigned>(digits)) <= size;
}

bool reached(ProvedConstant const& r, Function const& f, int digits) {
  return r.error.is_finite() && r.error.certainly_positive() && narrow(r.error, r.error.lower(), digits) &&
         std::all_of(r.knots.begin(), r.knots.end(),
                     [&](Ball const& t) { return narrow(t, Rational(f.end() - f.begin()), digits); });
}

void take(ProvedConstant& r, EnclosedMinimax&& e) {
  r.contraction = e.contraction;
  r.reason = std::move(e.reason);
  if (!e.proved && r.reason.find("singular") != std::string::npos) r.reason += ": the best spline may not be isolated";
  r.claim = e.optimal ? Claim::least_error : e.proved ? Claim::lower_bound : Claim::nothing;
  if (!e.proved) return;
  r.error = e.optimal ? std::move(e.least) : std::move(e.error);
  r.knots = std::move(e.knots);
  r.points = std::move(e.points);
  r.polynomial = std::move(e.polynomial);
  r.jumps = std::move(e.jumps);
}

void take(ProvedConstant& r, EnclosedStationary&& e) {
  r.contraction = e.contraction;
  r.reason = std::move(e.reason);
  r.claim = e.minimum ? Claim::local_minimum : e.proved ? Claim::stationary_point : Claim::nothing;
  if (!e.proved) return;
  r.error = std::move(e.error);
  r.knots = std::move(e.knots);
  for (std::size_t q = 0; q < e.smooth.size(); ++q)
    if (e.smooth[q]) r.smooth_knots.push_back(static_cast<int>(q) + 1);
  r.polynomial = std::move(e.polynomial);
  r.jumps = std::move(e.jumps);
}

/// Runs prove(bits) with more and more bits.
template <class Prove>
void with_bits(ProvedConstant& r, Function const& f, int digits, long bits, Prove&& prove) {
  for (int doubling = 0; doubling <= most_doublings; ++doubling, bits *= 2) {
    ProvedConstant next = r;
    next.bits = bits;
    take(next, prove(bits));
    next.reached = reached(next, f, digits);
    bool const better =
        next.claim > r.claim || (next.claim == r.claim && (next.claim != Claim::nothing || r.bits == 0));
    if (better) r = std::move(next);
    bool const top = r.claim == Claim::least_error || r.claim == Claim::local_minimum;
    if (r.reached && (top || doubling > 0)) return;
  }
  if (r.claim != Claim::nothing && !r.reached && r.reason.empty())
    r.reason =
        "error or knots are not known to " + std::to_string(digits) + " digits at " + std::to_string(r.bits) + " bits";
}

void constant_sup(ProvedConstant& r, Function const& f, SplineClass const& kind, int n, int digits) {
  MinimaxOptions options;
  options.start_knots = segment_bound(f, kind.degree, n, 1e-6).start_knots();
  MinimaxFit<Real> const fit = polish_minimax(f, fit_spline_minimax(f, kind, n, options));
  r.outcome = fit.outcome;
  r.fitted = static_cast<double>(fit.level);
  std::size_t const needed = static_cast<std::size_t>(kind.order() + 1 + (kind.multiplicity + 1) * n);
  if (fit.idle_knot > 0) {
    r.reason = "knot " + std::to_string(fit.idle_knot) + " of the fit does nothing: its place is no constant";
    return;
  }
  if (fit.points.size() != needed) {
    r.reason = "the error of the fit alternates at " + std::to_string(fit.points.size()) + " points, " +
               std::to_string(needed) + " would fix the spline";
    return;
  }
  with_bits(r, f, digits, std::max(256L, 8L * digits),
            [&](long bits) { return enclose_minimax(f, fit.spline, fit.points, bits); });
}

void constant_l2(ProvedConstant& r, Function const& f, SplineClass const& kind, int n, int digits, std::uint64_t seed) {
  SplineSearch search;
  search.seed = seed;
  SplineFit const fit = fit_spline_l2(f, kind, n, search).fit;
  r.outcome = fit.outcome;
  r.fitted = fit.error;
  with_bits(r, f, digits, std::max(320L, 8L * digits),
            [&](long bits) { return enclose_stationary(f, fit.spline.as<Real>(), bits); });
}

}  // namespace

char const* name(Claim c) {
  switch (c) {
    case Claim::nothing: return "nothing";
    case Claim::lower_bound: return "lower bound";
    case Claim::least_error: return "least error";
    case Claim::stationary_point: return "stationary point";
    case Claim::local_minimum: return "local minimum";
  }
  return "";
}

ProvedConstant proved_constant(Function const& f, SplineClass const& kind, int n, Norm norm, int digits,
                               std::uint64_t seed) {
  if (n < 0 || n > most_knots)
    throw InvalidInput("constants are for 0 to " + std::to_string(most_knots) + " interior knots, not " +
                       std::to_string(n));
  if (digits < 1 || digits > most_digits)
    throw InvalidInput("constants are proved to 1 to " + std::to_string(most_digits) + " digits, not " +
                       std::to_string(digits));
  if (f.target().network || !f.target().expression)
    throw InvalidInput("the target must be an expression, not '" + f.target().name + "'");
  ProvedConstant r;
  if (norm == Norm::sup) {
    constant_sup(r, f, kind, n, digits);
  } else {
    constant_l2(r, f, kind, n, digits, seed);
  }
  return r;
}

}  // namespace nwidth::fitting
