// SPDX-License-Identifier: Apache-2.0
#include "fitting/report/proved_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fitting/bound/alternation_bound.hpp"
#include "fitting/bound/block_bound.hpp"
#include "fitting/bound/joined_bound.hpp"
#include "fitting/bound/l2_bound.hpp"
#include "fitting/bound/segment_bound.hpp"
#include "fitting/least_squares/fit_spline.hpp"
#include "fitting/minimax/minimax.hpp"
#include "fitting/network/shallow_network.hpp"
#include "theory/certify/l2_norm.hpp"
#include "theory/certify/sup_norm.hpp"

namespace nwidth::fitting {
namespace {

// Below this part of max|f| the levelling of a fit in double is noise, and it is polished.
constexpr double double_resolves = 1e-9;

void better(std::optional<LowerBound>& best, LowerBound const& next, SplineClass const& kind) {
  if (next.proved && next.lower > 0 && next.covers(kind) && (!best || next.lower > best->lower)) best = next;
}

// Blocks are sought where segments and alternation leave a larger factor than this, and for so many knots at most:
// their cost grows with k, and what they can gain shrinks.
Rational const blocks_from(101, 100);
constexpr int most_block_knots = 32;

// A fit with a smaller factor than this is the best for all that a reader of its six digits can see.
Rational const optimal_below(100001, 100000);

/// @param error  of a fit with k knots: what the bound is compared with
void better_by_blocks(std::optional<LowerBound>& best, Function const& f, SplineClass const& kind, int k,
                      Rational const& error) {
  if (kind.multiplicity > 1 || kind.degree < 2 || k > most_block_knots) return;
  if (best && error <= blocks_from * best->lower) return;
  better(best, block_bound(f, kind.degree, k).bound, kind);
}

// Joined pieces are looked at where the other bounds leave a larger factor than this, and a fit that they show not to
// be the best is fitted again so often.
constexpr double joined_from = 1 + 2e-6;
constexpr int most_refits = 3;

/// A minimax fit with k knots and the best lower bound that its parts prove.
struct Leveled {
  MinimaxFit<double> fit;
  std::optional<MinimaxFit<Real>> polished;
  std::optional<LowerBound> bound;
};

/// The bound by joined pieces, for pieces that are only continuous. Where it finds knots that may be better than those
/// of the fit, it fits from them.
void better_by_joins(Leveled& r, Function const& f, SplineClass const& kind) {
  if (kind.multiplicity != kind.degree || r.fit.outcome.status == Status::below_precision) return;
  if (!(r.fit.level > double_resolves * f.scale())) return;
  if (r.bound && r.fit.level <= joined_from * to_double(r.bound->lower)) return;
  for (int i = 0;; ++i) {
    JoinedBound const joined = joined_bound(f, r.fit.spline);
    better(r.bound, joined.bound, kind);
    if (joined.knots.empty() || !ascend(joined.knots) || i == most_refits) return;
    MinimaxFit<double> again = fit_minimax(f, kind, joined.knots);
    if (!(again.level < r.fit.level * (1 - 1e-9))) return;
    again.start = "branch and bound";
    again.iterations += r.fit.iterations;
    r.fit = std::move(again);
  }
}

Leveled leveled(Function const& f, SplineClass const& kind, int k, bool bounds) {
  Leveled r;
  MinimaxOptions options;
  SegmentBound const segments = segment_bound(f, kind.degree, k);
  if (bounds) better(r.bound, segments.bound, kind);
  options.start_knots = segments.start_knots();
  r.fit = fit_spline_minimax(f, kind, k, options);
  if (bounds) better_by_joins(r, f, kind);
  Status const status = r.fit.outcome.status;
  bool const small = r.fit.level < double_resolves * f.scale();
  if (status == Status::below_precision || (status == Status::converged && small)) {
    MinimaxFit<Real> fine = polish_minimax(f, r.fit);
    if (fine.outcome.status == Status::converged) r.polished = std::move(fine);
  }
  if (bounds && kind.multiplicity == 1)
    better(r.bound,
           (r.polished ? alternation_bound(f, r.polished->spline, k, r.polished->points)
                       : alternation_bound(f, r.fit.spline, k, r.fit.points))
               .bound,
           kind);
  return r;
}

void report(ProvedFitOptions const& o, std::string const& what) {
  if (o.progress) o.progress(what);
}

ProvedFactor factor_of(LowerBound const& bound, SplineClass const& kind, certify::Enclosure const& error) {
  return proved_factor(bound, kind, error.upper);
}

void fit_sup(ProvedFit& r, Function const& f, SplineClass const& kind, int n, ProvedFitOptions const& o) {
  report(o, "fitting");
  Leveled const best = leveled(f, kind, n, o.bounds);
  r.spline = best.fit.spline;
  r.outcome = best.polished ? best.polished->outcome : best.fit.outcome;
  r.start = best.fit.start;
  r.iterations = best.fit.iterations + (best.polished ? best.polished->iterations : 0);
  r.fitted = best.polished ? static_cast<double>(best.polished->level) : best.fit.level;
  if (best.polished) {
    r.spline = best.polished->spline.as<double>();
    for (Real const& x : best.polished->points) r.alternation.push_back(static_cast<double>(x));
  } else {
    r.alternation = best.fit.points;
  }
  ShallowOptions shallow;
  shallow.bits = o.bits;
  r.network =
      (best.polished ? shallow_network(best.polished->spline, shallow) : shallow_network(r.spline, shallow)).network;
  report(o, "certifying");
  r.sup = certify::sup_error(r.network, f.target(), f.begin(), f.end(), o.certify);
  r.l2 = certify::l2_error(r.network, f.target(), f.begin(), f.end(), o.certify);
  r.bound = best.bound;
  if (!o.bounds || !r.sup.bounded) return;
  report(o, "lower bound");
  if (o.blocks) better_by_blocks(r.bound, f, kind, n, r.sup.upper);
  if (r.bound) r.factor = factor_of(*r.bound, kind, r.sup);
  if (!o.all_networks) return;
  report(o, "lower bound for all networks");
  int const neurons = static_cast<int>(r.network.neurons());
  r.all_bound = neurons == n ? r.bound : leveled(f, kind, neurons, true).bound;
  if (r.all_bound) r.all_factor = factor_of(*r.all_bound, kind, r.sup);
}

void fit_l2(ProvedFit& r, Function const& f, SplineClass const& kind, int n, ProvedFitOptions const& o) {
  report(o, "fitting");
  SplineSearch search;
  search.seed = o.seed;
  search.progress = [&o](int done, int all) {
    report(o, "fitting, " + std::to_string(done) + " of at most " + std::to_string(all) + " starts");
  };
  BestSplineFit const best = fit_spline_l2(f, kind, n, search);
  r.spline = best.fit.spline;
  r.outcome = best.fit.outcome;
  r.start = best.start;
  r.iterations = best.fit.iterations;
  r.fitted = best.fit.error;
  ShallowOptions shallow;
  shallow.bits = o.bits;
  r.network = shallow_network(r.spline, shallow).network;
  report(o, "certifying");
  r.sup = certify::sup_error(r.network, f.target(), f.begin(), f.end(), o.certify);
  r.l2 = certify::l2_error(r.network, f.target(), f.begin(), f.end(), o.certify);
  if (!o.bounds || !r.l2->bounded) return;
  report(o, "lower bound");
  auto const bounded = [&](int k, std::optional<LowerBound>& bound, std::optional<ProvedFactor>& factor) {
    better(bound, l2_bound(f, kind.degree, k).bound, kind);
    if (bound) factor = factor_of(*bound, kind, *r.l2);
  };
  bounded(n, r.bound, r.factor);
  if (o.all_networks) bounded(static_cast<int>(r.network.neurons()), r.all_bound, r.all_factor);
}

}  // namespace

ProvedFit proved_fit(Function const& f, SplineClass const& kind, int n, ProvedFitOptions const& options) {
  if (n < 0 || n > 512) throw InvalidInput("fits have 0 to 512 interior knots, not " + std::to_string(n));
  ProvedFit r;
  r.knots = n;
  if (options.norm == Norm::sup) {
    fit_sup(r, f, kind, n, options);
  } else {
    fit_l2(r, f, kind, n, options);
  }
  r.optimiser = r.outcome;
  if (r.factor && r.outcome.status != Status::converged && r.factor->error < optimal_below * r.factor->lower_bound)
    r.outcome = {Status::optimal, std::string("bound ") + letter(r.factor->kind) +
                                      "; the optimiser: " + name(r.optimiser.status) +
                                      (r.optimiser.detail.empty() ? "" : ", " + r.optimiser.detail)};
  return r;
}

}  // namespace nwidth::fitting
