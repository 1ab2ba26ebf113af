// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/joined_search.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>

#include "fitting/bound/chain_exchange.hpp"
#include "fitting/bound/polynomial_remez.hpp"
#include "fitting/problem/spline.hpp"

namespace nwidth::fitting {
namespace {

struct Box {
  std::vector<double> lo, hi;  // of the p knots
};

/// Where the chain of a box lies and what it gives.
struct Found {
  int first = 0;
  std::vector<std::vector<double>> points;
  double level = 0;
};

class Search {
 public:
  Search(Function const& f, int d, double from, double to, std::vector<double> const& knots, double target)
      : f_(f), d_(d), p_(static_cast<int>(knots.size())), from_(from), to_(to), target_(target) {
    std::vector<double> t{from};
    t.insert(t.end(), knots.begin(), knots.end());
    t.push_back(to);
    for (std::size_t i = 0; i < knots.size(); ++i) scale_.push_back(std::min(t[i + 1] - t[i], t[i + 2] - t[i + 1]));
    hopeless_.assign(static_cast<std::size_t>(p_) + 1, {0, 0});
  }

  JoinedSearch run(int most) {
    Box const all{std::vector<double>(static_cast<std::size_t>(p_), from_),
                  std::vector<double>(static_cast<std::size_t>(p_), to_)};
    add(all, {});
    reduce();
    std::priority_queue<std::pair<double, std::size_t>, std::vector<std::pair<double, std::size_t>>, std::greater<>>
        queue;
    for (std::size_t i = 0; i < boxes_.size(); ++i)
      if (boxes_[i].knot < 0) queue.emplace(boxes_[i].level, i);
    while (p_ > 0 && static_cast<int>(boxes_.size()) < most) {
      auto const [level, worst] = queue.top();
      if (level >= target_) break;
      std::size_t const knot = widest(worst);
      double const at = regions_[worst].lo[knot] + (regions_[worst].hi[knot] - regions_[worst].lo[knot]) / 2;
      if (!(regions_[worst].lo[knot] < at && at < regions_[worst].hi[knot])) break;
      queue.pop();
      divide(worst, knot, at);
      queue.emplace(boxes_[boxes_.size() - 2].level, boxes_.size() - 2);
      queue.emplace(boxes_.back().level, boxes_.size() - 1);
    }
    JoinedSearch result;
    double worst = result.level = HUGE_VAL;
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      if (boxes_[i].knot >= 0) continue;
      result.level = std::min(result.level, boxes_[i].level);
      if (!(boxes_[i].level < worst)) continue;
      std::vector<double> t = middle(regions_[i]);
      if (!ascend(t)) continue;  // no room: a part that touches those with knots in order
      worst = boxes_[i].level;
      result.worst = std::move(t);
    }
    result.closed = result.level >= target_;
    result.boxes = std::move(boxes_);
    return result;
  }

 private:
  /// The middle of a box, or if that is out of order ascending knots in it: shares of what order leaves to each.
  static std::vector<double> middle(Box box) {
    std::size_t const p = box.lo.size();
    std::vector<double> t;
    for (std::size_t i = 0; i < p; ++i) t.push_back((box.lo[i] + box.hi[i]) / 2);
    if (ascend(t)) return t;
    for (std::size_t i = 1; i < p; ++i) {
      box.lo[i] = std::max(box.lo[i], box.lo[i - 1]);
      box.hi[p - 1 - i] = std::min(box.hi[p - 1 - i], box.hi[p - i]);
    }
    for (std::size_t i = 0; i < p; ++i)
      t[i] = box.lo[i] + (box.hi[i] - box.lo[i]) * (static_cast<double>(i + 1) / static_cast<double>(p + 1));
    return t;
  }

  /// [from, to] of the piece that is sure to be free of knots, if not empty.
  std::pair<double, double> sure(Box const& box, int piece) const {
    return {piece == 0 ? from_ : box.hi[static_cast<std::size_t>(piece) - 1],
            piece == p_ ? to_ : box.lo[static_cast<std::size_t>(piece)]};
  }

  /// Cuts off where a knot is so far that the pieces on one side cannot all be good.
  void reduce() {
    std::size_t at = 0;
    double x = from_;
    for (int i = 0; i < p_; ++i) {
      x = reach(x, true);
      if (!(x < regions_[at].hi[static_cast<std::size_t>(i)])) break;
      at = divide(at, static_cast<std::size_t>(i), x).first;
    }
    x = to_;
    for (int i = p_ - 1; i >= 0; --i) {
      x = reach(x, false);
      if (!(x > regions_[at].lo[static_cast<std::size_t>(i)] && x < regions_[at].hi[static_cast<std::size_t>(i)]))
        break;
      at = divide(at, static_cast<std::size_t>(i), x).second;
    }
  }

  /// The nearest point to the right (left) of x up to which no polynomial is as good as the target.
  double reach(double x, bool right) const {
    double const end = right ? to_ : from_;
    auto const level = [&](double y) {
      return right ? polynomial_remez(f_, d_, x, y).level : polynomial_remez(f_, d_, y, x).level;
    };
    if (!(std::abs(end - x) > 0) || level(end) < target_) return end;
    double lo = 0, hi = std::abs(end - x), length = hi / 2;
    for (int it = 0; it < 60 && hi - lo > 1e-13 * hi; ++it) {
      double const r = std::pow(level(right ? x + length : x - length) / target_, 1.0 / (d_ + 1));
      (r >= 1 ? hi : lo) = length;
      if (r >= 1 && r < 1 + 1e-10) break;
      length *= (1 + 2e-11) / std::max(r, 1e-3);
      if (it % 5 == 4 || !(lo < length && length < hi)) length = lo + (hi - lo) / 2;
    }
    return right ? x + hi : x - hi;
  }

  std::size_t widest(std::size_t box) const {
    std::size_t best = 0;
    double most = -1;
    for (std::size_t i = 0; i < scale_.size(); ++i) {
      double const width = (regions_[box].hi[i] - regions_[box].lo[i]) / scale_[i];
      if (width > most) {
        most = width;
        best = i;
      }
    }
    return best;
  }

  std::pair<std::size_t, std::size_t> divide(std::size_t box, std::size_t knot, double at) {
    Found const parent{boxes_[box].first, std::move(boxes_[box].points), boxes_[box].level};
    Box below = regions_[box], above = regions_[box];
    below.hi[knot] = at;
    above.lo[knot] = at;
    boxes_[box] = SearchedBox{};
    boxes_[box].knot = static_cast<int>(knot);
    boxes_[box].at = at;
    boxes_[box].below = static_cast<int>(boxes_.size());
    boxes_[box].above = boxes_[box].below + 1;
    add(below, parent);
    add(above, parent);
    return {boxes_.size() - 2, boxes_.size() - 1};
  }

  void add(Box const& box, Found const& parent) {
    Found best = in_order(box) ? bounded(box, parent) : Found{0, {}, HUGE_VAL};
    SearchedBox s;
    s.first = best.first;
    s.points = std::move(best.points);
    s.level = best.level;
    boxes_.push_back(std::move(s));
    regions_.push_back(box);
  }

  static bool in_order(Box const& box) {
    for (std::size_t i = 1; i < box.lo.size(); ++i)
      if (box.lo[i - 1] > box.hi[i]) return false;
    return true;
  }

  double level_of(Box const& box, Found const& c) const {
    std::size_t const first = static_cast<std::size_t>(c.first), q = c.points.size() - 1;
    ChainPoints<double> points{c.points, {}};
    double const middle = f_(c.points[0][0]);
    for (auto const& xs : c.points) {
      points.y.emplace_back();
      for (double x : xs) points.y.back().push_back(f_(x) - middle);
    }
    auto const part = [&](std::vector<double> const& v) {
      auto const at = v.begin() + static_cast<std::ptrdiff_t>(first);
      return std::vector<double>(at, at + static_cast<std::ptrdiff_t>(q));
    };
    return chain_level(chain_form(d_, points, part(box.lo), part(box.hi)));
  }

  Found bounded(Box const& box, Found const& parent) {
    Found best;
    auto const take = [&](Found&& next) {
      if (next.level > best.level) best = std::move(next);
      return best.level >= target_;
    };
    if (!parent.points.empty()) {
      Found same = parent;
      if (same.points.size() > 1) same.level = std::max(same.level, level_of(box, same));
      if (take(std::move(same))) return best;
    }
    for (int j = 0; j <= p_; ++j) {
      auto const [l, r] = sure(box, j);
      auto& seen = hopeless_[static_cast<std::size_t>(j)];
      if (!(r - l > 1e-9 * (to_ - from_)) || (seen.first <= l && r <= seen.second)) continue;
      BestPolynomial<double> const q = polynomial_remez(f_, d_, l, r);
      if (q.level < target_ && r - l > seen.second - seen.first) seen = {l, r};
      if (take({j, {q.points}, q.level})) return best;
    }
    std::vector<ChainGrid> grids;  // of the sure parts of the pieces; empty ones where there is no room
    for (int j = 0; j <= p_; ++j) {
      auto const [l, r] = sure(box, j);
      grids.push_back(r - l > 1e-9 * (to_ - from_) ? ChainGrid(f_, d_, l, r) : ChainGrid());
    }
    std::vector<Found> chains;
    for (int q = 1; q <= p_; ++q)
      for (int first = 0; first + q <= p_; ++first) {
        std::vector<ChainGrid const*> pieces;
        std::vector<double> knots;
        bool room = true;
        for (int j = first; j <= first + q; ++j) {
          std::size_t const at = static_cast<std::size_t>(j);
          pieces.push_back(&grids[at]);
          room = room && !grids[at].x.empty();
          if (j < first + q) knots.push_back((box.lo[at] + box.hi[at]) / 2);
        }
        if (!room) continue;
        ExchangedChain found = exchanged_chain(f_, d_, pieces, knots);
        if (found.level > best.level) chains.push_back({first, std::move(found.points), found.level});
      }
    std::sort(chains.begin(), chains.end(), [](Found const& l, Found const& r) { return l.level > r.level; });
    for (Found& next : chains) {  // over the whole box they are worth less than in its middle
      if (!(next.level > best.level)) break;
      next.level = level_of(box, next);
      if (take(std::move(next))) break;
    }
    return best;
  }

  Function const& f_;
  int d_, p_;
  double from_, to_, target_;
  std::vector<double> scale_;
  std::vector<std::pair<double, double>> hopeless_;  // a long interval where a polynomial is good, by piece
  std::vector<SearchedBox> boxes_;
  std::vector<Box> regions_;
};

}  // namespace

JoinedSearch search_joined(Function const& f, int degree, double from, double to, std::vector<double> const& knots,
                           double target, int most) {
  return Search(f, degree, from, to, knots, target).run(most);
}

}  // namespace nwidth::fitting
