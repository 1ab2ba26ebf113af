// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/joined_bound.hpp"

#include <algorithm>
#include <cmath>

#include "fitting/bound/alternation_bound.hpp"
#include "fitting/bound/block_proof.hpp"
#include "fitting/bound/joined_chain.hpp"
#include "fitting/bound/joined_search.hpp"
#include "fitting/bound/segment_bound.hpp"

namespace nwidth::fitting {
namespace {

constexpr double cut_tolerance = 1e-3;  // knots where |f - s| is so near to its largest end blocks

/// Checks the tree of one block; level() is the least of its leaves.
class Checker {
 public:
  Checker(target::Target const& f, int r, JoinedBlock const& block) : f_(f), r_(r), block_(block) {}

  /// Why the tree is refused, or empty.
  std::string check() {
    std::size_t const p = static_cast<std::size_t>(block_.knots);
    struct Box {
      std::vector<Rational> lo, hi;
    };
    std::vector<Box> open{{std::vector<Rational>(p, block_.left), std::vector<Rational>(p, block_.right)}};
    for (JoinedNode const& node : block_.tree) {
      if (open.empty()) return "a tree has more nodes than boxes";
      Box box = std::move(open.back());
      open.pop_back();
      if (node.knot < 0) {
        if (std::string const why = leaf(node, box.lo, box.hi); !why.empty()) return why;
        continue;
      }
      std::size_t const i = static_cast<std::size_t>(node.knot);
      if (i >= p || node.at < box.lo[i] || node.at > box.hi[i]) return "a box is divided where it is not";
      Box above = box;
      above.lo[i] = node.at;
      box.hi[i] = node.at;
      open.push_back(std::move(above));
      open.push_back(std::move(box));
    }
    return open.empty() ? "" : "a tree leaves boxes open";
  }

  Rational const& level() const { return level_; }

 private:
  std::string leaf(JoinedNode const& node, std::vector<Rational> const& lo, std::vector<Rational> const& hi) {
    if (node.points.empty()) {
      for (std::size_t i = 1; i < lo.size(); ++i)
        if (lo[i - 1] > hi[i]) return "";
      return "a box has no points";
    }
    std::size_t const p = lo.size(), q = node.points.size() - 1, first = static_cast<std::size_t>(node.first);
    if (node.first < 0 || first + q > p) return "a chain leaves its block";
    std::size_t const r = static_cast<std::size_t>(r_);
    for (std::size_t j = 0; j <= q; ++j) {
      std::size_t const piece = first + j, needed = q == 0 ? r + 1 : j == 0 || j == q ? r : r - 1;
      std::vector<Rational> const& x = node.points[j];
      if (x.size() != needed)
        return std::to_string(needed) + " points of a piece are needed, not " + std::to_string(x.size());
      for (std::size_t i = 1; i < needed; ++i)
        if (!(x[i - 1] < x[i])) return "the points of a piece do not ascend";
      Rational const &from = piece == 0 ? block_.left : hi[piece - 1], &to = piece == p ? block_.right : lo[piece];
      if (x.front() < from || x.back() > to) return "points are not sure to be in their piece";
    }
    Rational const reached = q == 0 ? segment(node.points[0]) : chain(node, lo, hi, first, q);
    if (!has_level_ || reached < level_) level_ = reached;
    has_level_ = true;
    return reached > 0 ? "" : "a chain proves nothing";
  }

  Rational segment(std::vector<Rational> const& x) const {
    Ball const distance = distance_from_polynomials(f_, x);
    return distance.is_finite() ? distance.lower() : Rational(0);
  }

  Rational chain(JoinedNode const& node, std::vector<Rational> const& lo, std::vector<Rational> const& hi,
                 std::size_t first, std::size_t q) const {
    ChainPoints<Ball> points;
    for (auto const& piece : node.points) {
      points.x.emplace_back();
      points.y.emplace_back();
      for (Rational const& x : piece) {
        points.x.back().push_back(Ball(x));
        points.y.back().push_back(f_(Ball(x)));
        if (!points.y.back().back().is_finite()) return 0;
      }
    }
    std::vector<Ball> from, to;
    for (std::size_t i = first; i < first + q; ++i) {
      from.push_back(Ball(lo[i]));
      to.push_back(Ball(hi[i]));
    }
    return chain_level(chain_form(r_ - 1, points, from, to));
  }

  target::Target const& f_;
  int r_;
  JoinedBlock const& block_;
  Rational level_ = 0;
  bool has_level_ = false;
};

/// The searched tree as nodes in the order of the proof, its numbers exact and kept in the block.
void append(std::vector<SearchedBox> const& boxes, std::size_t at, JoinedBlock& block) {
  SearchedBox const& box = boxes[at];
  auto const inside = [&](double x) { return std::min(std::max(exact(x), block.left), block.right); };
  JoinedNode node;
  node.knot = box.knot;
  if (box.knot >= 0) {
    node.at = inside(box.at);
    block.tree.push_back(std::move(node));
    append(boxes, static_cast<std::size_t>(box.below), block);
    append(boxes, static_cast<std::size_t>(box.above), block);
    return;
  }
  node.first = box.first;
  for (auto const& piece : box.points) {
    node.points.emplace_back();
    for (double x : piece) node.points.back().push_back(inside(x));
  }
  block.tree.push_back(std::move(node));
}

}  // namespace

LowerBound prove_joined_bound(target::Target const& f, Rational const& a, Rational const& b, int k,
                              JoinedWitness const& witness) {
  auto const prove = [&](JoinedBlock const& block, std::string& why) -> Rational {
    Checker checker(f, witness.order, block);
    why = checker.check();
    if (why.empty() && !(checker.level() > 0)) why = "a block has no level";
    return checker.level();
  };
  return prove_by_blocks(BoundKind::joined, witness.order, a, b, k, witness.blocks, witness.level, prove);
}

JoinedBound joined_bound(Function const& f, FreeKnotSpline<double> const& fit, JoinedOptions const& options) {
  fit.validate();
  if (fit.begin() != to_double(f.begin()) || fit.end() != to_double(f.end()))
    throw InvalidInput("the fit must be on the domain " + to_string(f.begin()) + ", " + to_string(f.end()));
  if (options.most_inner < 0 || options.most_inner > 6)
    throw InvalidInput("the knots inside a block must be 0..6, not " + std::to_string(options.most_inner));
  if (!(options.relative > 0 && options.relative < 1))
    throw InvalidInput("the relative width must be in (0, 1), not " + std::to_string(options.relative));
  int const d = fit.kind.degree, k = fit.interior_knots();
  JoinedBound r;
  r.witness.order = d + 1;
  r.bound = LowerBound::refused(BoundKind::joined, d + 1, k, "");
  double level = 0;
  for (double x : extrema(f, fit)) level = std::max(level, std::abs(f(x) - fit(x)));
  bool all_closed = true;
  std::size_t from = 0;
  for (std::size_t i = 1; i < fit.knots.size(); ++i) {
    double const t = fit.knots[i];
    bool const last = i + 1 == fit.knots.size();
    if (!last && !(std::abs(f(t) - fit(t)) >= level * (1 - cut_tolerance))) continue;
    std::vector<double> const inner(fit.knots.begin() + static_cast<std::ptrdiff_t>(from) + 1,
                                    fit.knots.begin() + static_cast<std::ptrdiff_t>(i));
    int const p = static_cast<int>(inner.size());
    if (p > options.most_inner) {
      r.outcome = {Status::no_alternation, "a block of the fit has " + std::to_string(p) + " knots inside"};
      r.bound.reason = r.outcome.detail;
      r.witness.blocks.clear();
      r.knots.clear();
      return r;
    }
    JoinedSearch const found =
        search_joined(f, d, fit.knots[from], t, inner, level * (1 - options.relative), options.boxes);
    if (!found.closed) {
      if (all_closed) r.knots.assign(fit.knots.begin() + 1, fit.knots.end() - 1);
      std::copy(found.worst.begin(), found.worst.end(), r.knots.begin() + static_cast<std::ptrdiff_t>(from));
      all_closed = false;
    }
    JoinedBlock block{from == 0 ? f.begin() : exact(fit.knots[from]), last ? f.end() : exact(t), p, {}};
    append(found.boxes, 0, block);
    r.witness.blocks.push_back(std::move(block));
    from = i;
  }
  r.bound = prove_joined_bound(f.target(), f.begin(), f.end(), k, r.witness);
  r.witness.level = r.bound.lower;
  r.outcome = all_closed ? Outcome{Status::converged, ""}
                         : Outcome{Status::max_iterations, "a block was not closed at the level of the fit"};
  return r;
}

}  // namespace nwidth::fitting
