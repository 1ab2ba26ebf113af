// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/chain_exchange.hpp"

#include <algorithm>
#include <cmath>

#include "fitting/bound/exchange.hpp"

namespace nwidth::fitting {
namespace {

constexpr int most_exchanges = 8;

/// A polynomial by its values at nodes, in Newton's form.
struct Interpolant {
  std::vector<double> nodes, c;

  Interpolant(std::vector<double> x, std::vector<double> y) : nodes(std::move(x)), c(std::move(y)) {
    for (std::size_t k = 1; k < c.size(); ++k)
      for (std::size_t i = c.size() - 1; i >= k; --i) c[i] = (c[i] - c[i - 1]) / (nodes[i] - nodes[i - k]);
  }
  double operator()(double x) const {
    double v = c.back();
    for (std::size_t i = c.size() - 1; i-- > 0;) v = v * (x - nodes[i]) + c[i];
    return v;
  }
};

struct Top {
  std::size_t piece;
  double x, error;
};

class Exchange {
 public:
  Exchange(Function const& f, int d, std::vector<ChainGrid const*> const& pieces, std::vector<double> const& knots)
      : f_(f), d_(d), pieces_(pieces), knots_(knots) {}

  ExchangedChain run() {
    std::vector<std::vector<double>> points = start();
    ExchangedChain best;
    for (int it = 0; it < most_exchanges; ++it) {
      double const level = levelled(points);
      if (!std::isfinite(level)) break;
      bool const gained = std::abs(level) > best.level * (1 + 1e-9);
      if (std::abs(level) > best.level) best = {points, std::abs(level)};
      if ((it > 2 && !gained) || !exchange(points)) break;
    }
    return best;
  }

 private:
  std::size_t count(std::size_t piece) const {
    return static_cast<std::size_t>(d_) + (piece == 0 || piece == knots_.size() ? 1U : 0U);
  }

  std::vector<std::vector<double>> start() const {
    std::vector<std::vector<double>> points;
    for (std::size_t j = 0; j < pieces_.size(); ++j) {
      double const l = pieces_[j]->x.front(), r = pieces_[j]->x.back();
      double const from = j == 0 ? l : knots_[j - 1], to = j == knots_.size() ? r : knots_[j];
      std::vector<double> x;
      for (int i = j == 0 ? 0 : 1; i <= (j == knots_.size() ? d_ + 1 : d_); ++i) {
        // not symmetric: on an even f that would level to 0
        double const angle = std::acos(-1.0) * i / (d_ + 1) + (i > 0 && i <= d_ ? 0.02 * std::sin(1.0 + i) : 0);
        x.push_back(from + (to - from) * (1 - std::cos(angle)) / 2);
      }
      double const shift = 0.02 * (r - l);
      double const x0 = std::max(x.front(), j == 0 ? l : l + shift);
      double const x1 = std::min(x.back(), j == knots_.size() ? r : r - shift);
      if (x0 != x.front() || x1 != x.back()) {  // squeezed into the room there is
        double const a = x.front(), b = x.back();
        for (double& v : x) v = b > a ? x0 + (v - a) / (b - a) * (x1 - x0) : (x0 + x1) / 2;
      }
      for (double& v : x) v = std::clamp(v, l, r);
      points.push_back(std::move(x));
    }
    return points;
  }

  /// The level of these points, with a sign, and the pieces whose error is +-level there.
  double levelled(std::vector<std::vector<double>> const& points) {
    middle_ = f_(points[0][0]);
    std::vector<std::vector<double>> x = points, y, sign(points.size());
    for (auto const& xs : points) {
      y.emplace_back();
      for (double at : xs) y.back().push_back(f_(at) - middle_);
    }
    double next = -1;  // on both sides of the last knot errors have the signs + and -
    for (std::size_t j = points.size() - 1; j-- > 0;)
      for (std::size_t i = points[j].size(); i-- > 0;) sign[j].insert(sign[j].begin(), next = -next);
    for (std::size_t i = 0; i < points.back().size(); ++i) sign.back().push_back(i % 2 == 0 ? -1 : 1);
    // the pieces through f and through the signs; what they miss at the last knot is made good by the level
    std::vector<Interpolant> through, alternating;
    for (std::size_t j = 0; j < points.size(); ++j) {
      if (j > 0 && j + 1 < points.size()) {
        x[j].insert(x[j].begin(), knots_[j - 1]);
        y[j].insert(y[j].begin(), through.back()(knots_[j - 1]));
        sign[j].insert(sign[j].begin(), alternating.back()(knots_[j - 1]));
      }
      through.emplace_back(x[j], y[j]);
      alternating.emplace_back(x[j], sign[j]);
    }
    std::size_t const q = knots_.size();
    double const h = (through[q - 1](knots_[q - 1]) - through[q](knots_[q - 1])) /
                     (alternating[q - 1](knots_[q - 1]) - alternating[q](knots_[q - 1]));
    q_ = std::move(through);
    for (std::size_t j = 0; j < q_.size(); ++j)
      for (std::size_t i = 0; i < q_[j].c.size(); ++i) q_[j].c[i] -= h * alternating[j].c[i];
    return h;
  }

  double error(std::size_t piece, double x) const { return f_(x) - middle_ - q_[piece](x); }

  /// The largest errors of alternating signs, one for each of the points. False if they are not shared out as needed.
  bool exchange(std::vector<std::vector<double>>& points) const {
    std::vector<Top> tops;
    std::vector<std::size_t> where;
    for (std::size_t j = 0; j < pieces_.size(); ++j)
      for (std::size_t i = 0; i < pieces_[j]->x.size(); ++i) {
        double const e = pieces_[j]->y[i] - middle_ - q_[j](pieces_[j]->x[i]);
        if (tops.empty() || (e < 0) != (tops.back().error < 0)) {
          tops.push_back({j, pieces_[j]->x[i], e});
          where.push_back(i);
        } else if (std::abs(e) > std::abs(tops.back().error)) {
          tops.back() = {j, pieces_[j]->x[i], e};
          where.back() = i;
        }
      }
    std::size_t needed = 0;
    for (auto const& x : points) needed += x.size();
    if (tops.size() < needed) return false;
    for (std::size_t i = 0; i < tops.size(); ++i) refine(tops[i], where[i]);
    prune_alternation(tops, needed, [](Top const& t) { return std::abs(t.error); });
    std::vector<std::vector<double>> next(points.size());
    for (Top const& t : tops) next[t.piece].push_back(t.x);
    for (std::size_t j = 0; j < next.size(); ++j) {
      if (next[j].size() != count(j)) return false;
      for (std::size_t i = 1; i < next[j].size(); ++i)
        if (!(next[j][i - 1] < next[j][i])) return false;
      // an inner knot of the middle of the box must stay apart
      if ((j > 0 && !(knots_[j - 1] < next[j].front())) || (j < knots_.size() && !(next[j].back() < knots_[j])))
        return false;
    }
    points = std::move(next);
    return true;
  }

  /// Moves an inner point to where |error| is locally largest: by parabolas, or beside a break by golden sections.
  void refine(Top& t, std::size_t i) const {
    ChainGrid const& g = *pieces_[t.piece];
    if (i == 0 || i + 1 == g.x.size()) return;
    auto const take = [&](double x) {
      double const e = error(t.piece, x);
      if (std::abs(e) > std::abs(t.error)) {
        t.x = x;
        t.error = e;
      }
    };
    if (g.broken[i - 1] || g.broken[i] || g.broken[i + 1]) {
      double const x = g.x[i];
      take(golden(t.piece, g.x[i - 1], x));
      take(golden(t.piece, x, g.x[i + 1]));
      return;
    }
    double const l = g.x[i] - g.x[i - 1], r = g.x[i + 1] - g.x[i];
    take(t.x + parabola_top(l, r, error(t.piece, g.x[i - 1]), t.error, error(t.piece, g.x[i + 1])));
    double const h = std::min(l, r) / 16;
    take(t.x + parabola_top(h, h, error(t.piece, t.x - h), t.error, error(t.piece, t.x + h)));
  }

  double golden(std::size_t piece, double l, double r) const {
    double const ratio = 0.381966011250105;
    double m = l + (r - l) * ratio, n = r - (r - l) * ratio;
    double at_m = std::abs(error(piece, m)), at_n = std::abs(error(piece, n));
    for (int k = 0; k < 36; ++k) {
      if (at_m > at_n) {
        r = n;
        n = m;
        at_n = at_m;
        m = l + (r - l) * ratio;
        at_m = std::abs(error(piece, m));
      } else {
        l = m;
        m = n;
        at_m = at_n;
        n = r - (r - l) * ratio;
        at_n = std::abs(error(piece, n));
      }
    }
    return at_m > at_n ? m : n;
  }

  Function const& f_;
  int d_;
  std::vector<ChainGrid const*> const& pieces_;
  std::vector<double> const& knots_;
  double middle_ = 0;
  std::vector<Interpolant> q_;
};

}  // namespace

ChainGrid::ChainGrid(Function const& f, int d, double from, double to) {
  int const n = 10 * (d + 1);
  std::vector<std::pair<double, bool>> at;
  for (int i = 0; i <= n; ++i)
    at.emplace_back(i == n ? to : from + (to - from) * (1 - std::cos(std::acos(-1.0) * i / n)) / 2, false);
  for (double b : f.breaks())
    if (from < b && b < to) at.emplace_back(b, true);
  std::sort(at.begin(), at.end());
  for (auto const& [point, is_break] : at) {
    if (!x.empty() && !(x.back() < point)) {
      broken.back() = broken.back() || is_break;
      continue;
    }
    x.push_back(point);
    y.push_back(f(point));
    broken.push_back(is_break);
  }
}

ExchangedChain exchanged_chain(Function const& f, int d, std::vector<ChainGrid const*> const& pieces,
                               std::vector<double> const& knots) {
  return Exchange(f, d, pieces, knots).run();
}

}  // namespace nwidth::fitting
