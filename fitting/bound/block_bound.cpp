// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/block_bound.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "fitting/bound/block_proof.hpp"
#include "fitting/bound/free_knot_remez.hpp"
#include "fitting/bound/polynomial_remez.hpp"
#include "fitting/bound/segment_bound.hpp"

namespace nwidth::fitting {
namespace {

/// A block as found: its end and, for p > 0, the levelled spline.
struct Found {
  double end = 0;
  LevelledSpline<double> spline;
};

class BlockSearch {
 public:
  BlockSearch(Function const& f, int d, int k, int most)
      : f_(f), d_(d), k_(k), most_(most), a_(to_double(f.begin())), b_(to_double(f.end())) {}

  /// The blocks for level E as (left, p, found), if they fit.
  struct Step {
    double left;
    int knots;
    Found found;
  };
  std::optional<std::vector<Step>> chain(double E) {
    std::size_t const n = static_cast<std::size_t>(k_) + 2;
    std::vector<double> R(n, HUGE_VAL);
    std::vector<Step> by(n);
    R[0] = a_;
    for (std::size_t i = 0; i + 1 < n; ++i) {
      if (!(R[i] < b_)) continue;
      double shorter = R[i];
      for (int p = 0; p <= most_ && i + static_cast<std::size_t>(p) + 1 < n; ++p) {
        std::optional<Found> const found = p == 0 ? segment(R[i], E) : block(i, p, R[i], shorter, E);
        if (!found) {
          if (p == 0) break;
          continue;
        }
        shorter = std::max(shorter, found->end);
        std::size_t const to = i + static_cast<std::size_t>(p) + 1;
        if (found->end < R[to]) {
          R[to] = found->end;
          by[to] = {R[i], p, *found};
        }
      }
    }
    if (!(R.back() <= b_)) return std::nullopt;
    std::vector<Step> steps;
    for (std::size_t i = n - 1; i > 0; i -= static_cast<std::size_t>(by[i].knots) + 1) steps.push_back(by[i]);
    std::reverse(steps.begin(), steps.end());
    return steps;
  }

 private:
  std::optional<Found> segment(double x, double E) const {
    auto const reach = [&](double y) { return std::pow(polynomial_remez(f_, d_, x, y).level / E, 1.0 / (d_ + 1)); };
    if (!(reach(b_) >= 1)) return std::nullopt;
    double lo = x, hi = b_, y = std::min(b_, x + (b_ - a_) / (k_ + 1));
    for (int it = 0; it < 60 && hi - lo > 1e-13 * (b_ - a_); ++it) {
      double const r = reach(y);
      (r >= 1 ? hi : lo) = y;
      if (r >= 1 && r < 1 + 1e-11) break;
      y = x + (y - x) / r * (1 + 2e-12);
      if (it % 5 == 4 || !(lo < y && y < hi)) y = lo + (hi - lo) / 2;
    }
    return Found{hi, {}};
  }

  /// The shortest block of p knots from x that reaches E: along splines levelled on nearby blocks.
  std::optional<Found> block(std::size_t i, int p, double x, double shorter, double E) {
    std::optional<LevelledSpline<double>> s;
    auto const known = last_.find({i, p});
    if (known != last_.end()) {
      double const length = known->second.spline.end() - known->second.spline.begin();
      s = moved(known->second, x, std::min(b_, x + length));
    }
    if (!s) {  // not seen before: lengths about (p + 1)/p of those for p - 1
      int& failures = failures_[{i, p}];
      if (failures >= 3) return std::nullopt;
      for (double factor : {1.0, 0.8, 1.25}) {
        double const y = x + (shorter - x) * (1 + factor / p);
        if (y > b_) continue;
        s = scanned(x, y, p);
        if (s) break;
      }
      if (!s) {
        ++failures;
        return std::nullopt;
      }
    }
    for (int it = 0; it < 30; ++it) {
      last_.insert_or_assign({i, p}, *s);
      double const ratio = s->level / E;
      if (ratio >= 1 && ratio < 1 + 1e-8) return Found{s->spline.end(), *s};
      double const share = std::clamp(std::pow(1 / ratio, 1.0 / (d_ + 1)) * (1 + 1e-10), 0.8, 1.25);
      double const length = s->spline.end() - x, y = x + length * share;
      if (y > b_) return std::nullopt;
      s = moved(*s, x, y);
      if (!s) return std::nullopt;
    }
    return std::nullopt;
  }

  static bool good(LevelledSpline<double> const& s) {
    return s.outcome.status == Status::converged && s.level > 0 && s.imbalance < 1e-6;
  }

  std::optional<LevelledSpline<double>> moved(LevelledSpline<double> const& near, double x, double y) const {
    FreeKnotSpline<double> s = near.spline;
    double const from = s.begin(), scale = (y - x) / (s.end() - from);
    for (double& t : s.knots) t = x + (t - from) * scale;
    s.knots.front() = x;
    s.knots.back() = y;
    for (std::size_t q = 1; q < s.knots.size(); ++q)
      if (!(s.knots[q - 1] < s.knots[q])) return std::nullopt;
    LevelledSpline<double> r = free_knot_remez(f_, s);
    if (!good(r)) r = free_knot_remez(f_, d_, s.knots);
    if (!good(r)) return std::nullopt;
    return r;
  }

  /// From knots on a coarse grid, until one start converges.
  std::optional<LevelledSpline<double>> scanned(double x, double y, int p) const {
    int const parts = p == 1 ? 12 : p == 2 ? 10 : 8;
    std::vector<int> at;
    for (int q = 1; q <= p; ++q) at.push_back(q * parts / (p + 1));  // about even first
    std::optional<LevelledSpline<double>> best = try_knots(x, y, at, parts);
    if (best) return best;
    for (int q = 0; q < p; ++q) at[static_cast<std::size_t>(q)] = q + 1;
    for (int tries = 0; tries < 60; ++tries) {
      if (auto s = try_knots(x, y, at, parts)) return s;
      int q = p - 1;  // the next choice of p among 1 ... parts - 1
      while (q >= 0 && at[static_cast<std::size_t>(q)] == parts - p + q) --q;
      if (q < 0) break;
      ++at[static_cast<std::size_t>(q)];
      for (int j = q + 1; j < p; ++j) at[static_cast<std::size_t>(j)] = at[static_cast<std::size_t>(j) - 1] + 1;
    }
    return std::nullopt;
  }
  std::optional<LevelledSpline<double>> try_knots(double x, double y, std::vector<int> const& at, int parts) const {
    std::vector<double> t{x};
    for (int j : at) t.push_back(x + (y - x) * j / parts);
    t.push_back(y);
    LevelledSpline<double> r = free_knot_remez(f_, d_, t);
    if (!good(r)) return std::nullopt;
    return r;
  }

  Function const& f_;
  int d_, k_, most_;
  double a_, b_;
  std::map<std::pair<std::size_t, int>, LevelledSpline<double>> last_;
  std::map<std::pair<std::size_t, int>, int> failures_;  // of searches from nothing: not repeated without end
};

}  // namespace

LowerBound prove_block_bound(target::Target const& f, Rational const& a, Rational const& b, int k,
                             BlockWitness const& witness) {
  auto const prove = [&](Block const& block, std::string& why) -> Rational {
    LowerBound level;
    if (block.knots == 0) {
      level = prove_segment_bound(f, block.left, block.right, 0, {witness.order, {block.points}, 0});
    } else if (block.spline.kind.order() != witness.order) {
      why = "a spline of a block has another order";
      return 0;
    } else {
      level = prove_alternation_bound(f, block.left, block.right, block.knots, {block.spline, block.points, 0});
    }
    if (!level.proved) why = "a block was refused: " + level.reason;
    return level.lower;
  };
  return prove_by_blocks(BoundKind::blocks, witness.order, a, b, k, witness.blocks, witness.level, prove);
}

BlockBound block_bound(Function const& f, int degree, int k, BlockOptions const& options) {
  if (degree < 1 || degree > 7) throw InvalidInput("the degree of blocks must be 1..7, not " + std::to_string(degree));
  if (k < 0) throw InvalidInput("the number of knots must not be negative, not " + std::to_string(k));
  if (options.most_inner < 0 || options.most_inner > 4)
    throw InvalidInput("the knots inside a block must be 0..4, not " + std::to_string(options.most_inner));
  if (!(options.relative > 0))
    throw InvalidInput("the relative width must be positive, not " + std::to_string(options.relative));
  BlockBound r;
  r.bound = LowerBound::refused(BoundKind::blocks, degree + 1, k, "no level above rounding was found");
  r.witness.order = degree + 1;
  SegmentBound const segments = segment_bound(f, degree, k);
  if (!segments.bound.proved) {
    r.outcome = segments.outcome;
    return r;
  }
  // segments are blocks that bear no knots
  for (std::size_t i = 0; i < segments.witness.points.size(); ++i) {
    auto const& points = segments.witness.points[i];
    r.witness.blocks.push_back({points.front(), points.back(), 0, points, {}});
  }
  if (segments.reachable > 1e-12 * f.scale()) {
    BlockSearch search(f, degree, k, std::min(options.most_inner, k));
    double const segment = to_double(segments.bound.lower) * (1 - 1e-9);
    double lo = segment, hi = segment * 1.6;
    std::optional<std::vector<BlockSearch::Step>> best;
    for (double factor : {1.5, 1.4, 1.3, 1.2, 1.12, 1.06, 1.02}) {  // what is found for E need not be for less
      if (auto found = search.chain(segment * factor)) {
        lo = segment * factor;
        best = std::move(found);
        break;
      }
      hi = segment * factor;
    }
    while (hi / lo > 1 + options.relative) {
      double const E = std::sqrt(lo * hi);
      auto found = search.chain(E);
      (found ? lo : hi) = E;
      if (found) best = std::move(found);
    }
    if (best) {
      BlockWitness w{degree + 1, {}, 0};
      for (auto const& s : *best) {
        auto const inward = [&](double x) {
          return std::min(std::max(exact(x), s.left == to_double(f.begin()) ? f.begin() : exact(s.left)),
                          s.found.end == to_double(f.end()) ? f.end() : exact(s.found.end));
        };
        Block block{inward(s.left), inward(s.found.end), s.knots, {}, {}};
        if (s.knots == 0) {
          for (double x : polynomial_remez(f, degree, s.left, s.found.end).points) block.points.push_back(inward(x));
        } else {
          for (double x : s.found.spline.points) block.points.push_back(inward(x));
          block.spline = s.found.spline.spline.as<Rational>();
        }
        w.blocks.push_back(std::move(block));
      }
      if (prove_block_bound(f.target(), f.begin(), f.end(), k, w).lower > segments.bound.lower)
        r.witness = std::move(w);
    }
  }
  r.bound = prove_block_bound(f.target(), f.begin(), f.end(), k, r.witness);
  r.witness.level = r.bound.lower;
  r.outcome = {Status::converged, ""};
  return r;
}

}  // namespace nwidth::fitting
