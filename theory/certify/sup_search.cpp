// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/sup_search.hpp"

#include <algorithm>
#include <cmath>
#include <queue>

#include "theory/certify/bernstein.hpp"

namespace nwidth::certify {
namespace {

constexpr int highest_order = 40;
constexpr int deepest_halving = 44;  // of a model's interval: beyond it, rounding decides
constexpr double infinite = std::numeric_limits<double>::infinity();

struct Box {
  std::vector<Interval> b;
  double ulo = -1, uhi = 1;
  double magnitude = 0;
};
struct SmallerMagnitude {
  bool operator()(Box const& p, Box const& q) const { return p.magnitude < q.magnitude; }
};

double noise(std::vector<Interval> const& b) {
  double w = 0;
  for (Interval v : b) w = std::max(w, v.hi - v.lo);
  return w;
}

double spread(std::vector<Interval> const& b) {
  double lo = b[0].lo, hi = b[0].hi;
  for (Interval v : b) {
    lo = std::min(lo, v.lo);
    hi = std::max(hi, v.hi);
  }
  return hi - lo;
}

/// l + (u + 1) (r - l) / 2, exact
Point place(Point const& l, Point const& r, double u) {
  Point x, c;
  arf_set_d(c.get(), u);
  arf_add_si(c.get(), c.get(), 1, ARF_PREC_EXACT, ARF_RND_DOWN);
  arf_mul_2exp_si(c.get(), c.get(), -1);
  arf_mul(x.get(), c.get(), distance(l, r).get(), ARF_PREC_EXACT, ARF_RND_DOWN);
  arf_add(x.get(), x.get(), l.get(), ARF_PREC_EXACT, ARF_RND_DOWN);
  return x;
}

double finite_or_infinite(double x) { return x == x ? x : infinite; }

}  // namespace

SupSearch::SupSearch(Options const& options, Point const& whole, std::chrono::steady_clock::time_point start)
    // 0.99: the lower bound may still rise a little after a part was accepted against it, never fall
    : tolerance_(0.99 * options.relative.convert_to<double>()),
      absolute_(options.absolute.convert_to<double>()),
      most_seconds_(options.most_seconds),
      start_(start) {
  arf_mul_2exp_si(shortest_.get(), whole.get(), -working_precision() * 3 / 4);
  threshold_ = absolute_;
}

Rational SupSearch::at() const {
  Rational const l = at_left_.rational(), r = at_right_.rational();
  return (l + r) / 2 + exact(at_u_) * (r - l) / 2;
}

std::vector<SupSearch::Remainder> SupSearch::take_remainders() {
  std::vector<Remainder> all = std::move(remainders_);
  remainders_.clear();
  std::sort(all.begin(), all.end(), [](Remainder const& p, Remainder const& q) {
    return p.source != q.source ? p.source < q.source : p.l < q.l;
  });
  std::vector<Remainder> joined;
  for (Remainder& p : all) {
    if (!joined.empty() && joined.back().source == p.source && joined.back().r == p.l) {
      joined.back().r = std::move(p.r);
      joined.back().upper = std::max(joined.back().upper, p.upper);
    } else {
      joined.push_back(std::move(p));
    }
  }
  std::stable_sort(joined.begin(), joined.end(),
                   [](Remainder const& p, Remainder const& q) { return p.upper > q.upper; });
  return joined;
}

bool SupSearch::out_of_time() {
  if (failure_.empty() &&
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count() > most_seconds_)
    failure_ = "out of time: the rest of the domain was not bounded";
  return !failure_.empty();
}

bool SupSearch::too_short(Part const& p) const { return distance(p.l, p.r) <= shortest_; }

void SupSearch::raise_lower(double candidate, Part const& p, double u) {
  if (!(candidate > lower_) || !p.inside) return;
  lower_ = candidate;
  threshold_ = std::max(lower_ * (1 + tolerance_), round_down(lower_ + absolute_));
  at_left_ = p.l;
  at_right_ = p.r;
  at_u_ = u;
}

void SupSearch::give_up(Part const& p, std::string const& why) {
  Rational const x = round_to_dyadic(Point::between(p.l, p.r).rational(), 40);
  if (failure_.empty()) failure_ = why + " near x = " + decimal_below(x, 8);
  upper_ = infinite;
}

SupSearch::Model SupSearch::model(Part const& p, int order) {
  Model m;
  m.order = order;
  ++boxes_;
  std::vector<Ball> c;
  if (!p.e->expand(p.l, p.r, order, c, m.exact)) return m;
  Ball half = distance(p.l, p.r).ball();
  arb_mul_2exp_si(half.get(), half.get(), -1);
  Ball scale(1);
  std::vector<Interval> powers;
  powers.reserve(c.size());
  for (std::size_t j = 0; j < c.size(); ++j) {
    if (j > 0) {
      scale *= half;
      c[j] *= scale;
    }
    powers.push_back(c[j].to_interval());
    if (m.exact || j + 1 < c.size()) m.blur += mag_get_d(arb_radref(c[j].get()));
  }
  if (!m.exact && !powers.empty()) {
    m.remainder = finite_or_infinite(powers.back().magnitude());
    powers.pop_back();
  }
  // Terms that cannot matter beside what is known already: shorter polynomials are cheaper to halve.
  double const irrelevant = lower_ * tolerance_ * 0x1p-10;
  while (powers.size() > 1 && powers.back().magnitude() <= irrelevant) {
    if (double const dropped = powers.back().magnitude(); dropped > 0) m.remainder = round_up(m.remainder + dropped);
    powers.pop_back();
  }
  if (powers.empty()) powers.emplace_back();
  m.b = bernstein_from_symmetric_powers(powers);
  double const magnitude = largest_magnitude(m.b);
  bool const zero =
      m.remainder == 0 && std::all_of(powers.begin(), powers.end(), [](Interval v) { return v.magnitude() == 0; });
  m.upper = zero ? 0 : finite_or_infinite(round_up(magnitude + m.remainder));
  m.valid = std::isfinite(m.upper);
  if (m.valid) {
    raise_lower(round_down(m.b.front().mignitude() - m.remainder), p, -1);
    raise_lower(round_down(m.b.back().mignitude() - m.remainder), p, 1);
  }
  return m;
}

bool SupSearch::add(std::vector<Part> const& parts) {
  std::vector<Model> models;
  models.reserve(parts.size());
  std::vector<std::size_t> order(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    models.push_back(model(parts[i], order_));
    order[i] = i;
    if (i % 256 == 255 && out_of_time()) return false;
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    double const a = models[i].valid ? models[i].upper : infinite, b = models[j].valid ? models[j].upper : infinite;
    return a > b;
  });
  for (std::size_t i : order) {
    resolve(parts[i], std::move(models[i]), 0);
    if (!failure_.empty()) return false;
  }
  return true;
}

void SupSearch::divide(Part const& p, int depth) {
  Point const m = Point::between(p.l, p.r);
  Part const left{p.l, m, p.e, p.inside, p.source}, right{m, p.r, p.e, p.inside, p.source};
  Model a = model(left, order_), b = model(right, order_);
  if ((a.valid ? a.upper : infinite) < (b.valid ? b.upper : infinite)) {
    resolve(right, std::move(b), depth + 1);
    resolve(left, std::move(a), depth + 1);
  } else {
    resolve(left, std::move(a), depth + 1);
    resolve(right, std::move(b), depth + 1);
  }
}

void SupSearch::resolve_without_model(Part const& p, int depth) {
  Ball const range = p.e->range(p.l, p.r);
  double const upper = finite_or_infinite(range.magnitude());
  raise_lower(p.e->value(p.l).mignitude(), p, -1);
  raise_lower(p.e->value(p.r).mignitude(), p, 1);
  if (done(upper)) return accept(upper);
  if (too_short(p) || depth > 4000) {
    if (p.source >= 0) return remainders_.push_back({p.l, p.r, upper, p.source});
    if (!std::isfinite(upper)) return give_up(p, "the target is undefined or unbounded, or could not be bounded,");
    limited_ = true;
    return accept(upper);
  }
  divide(p, depth);
}

void SupSearch::resolve(Part const& p, Model m, int depth) {
  if (!failure_.empty() || ((boxes_ & 63) == 0 && out_of_time())) return;
  if (!m.valid) return resolve_without_model(p, depth);
  if (done(m.upper)) return accept(m.upper);

  std::priority_queue<Box, std::vector<Box>, SmallerMagnitude> queue;
  Box first;
  first.magnitude = largest_magnitude(m.b);
  first.b = std::move(m.b);
  queue.push(std::move(first));
  while (!queue.empty()) {
    Box top = queue.top();
    queue.pop();
    double const upper = round_up(top.magnitude + m.remainder);
    if (done(upper)) return accept(upper);  // and so are all that are left
    // Noise that halving does not lessen: of the balls (more bits would help), or of doubles (a shorter part does).
    if (m.blur > 0.1 * tolerance_ * upper && spread(top.b) <= 4 * m.blur) {
      if (p.source >= 0) {
        remainders_.push_back({place(p.l, p.r, top.ulo), place(p.l, p.r, top.uhi), upper, p.source});
        continue;
      }
      limited_ = true;
      return accept(upper);
    }
    if (spread(top.b) <= 2 * noise(top.b) && !too_short(p)) return divide(p, depth);
    if (m.remainder > 0.1 * tolerance_ * upper) {
      // The remainder is what hides the answer: a higher order if it pays, else a shorter part.
      for (int order = m.order + 4; !m.exact && order <= highest_order; order += 4) {
        Model better = model(p, order);
        if (!better.valid || better.remainder > 0.1 * m.remainder) break;
        m.remainder = better.remainder;
        if (better.remainder <= 0.1 * tolerance_ * upper) {
          order_ = std::min(order, 24);
          return resolve(p, std::move(better), depth);
        }
      }
      if (too_short(p)) {
        limited_ = true;
        return accept(upper);
      }
      return divide(p, depth);
    }
    if (top.uhi - top.ulo < std::ldexp(1.0, -deepest_halving)) {
      if (p.source >= 0) {
        remainders_.push_back({place(p.l, p.r, top.ulo), place(p.l, p.r, top.uhi), upper, p.source});
        continue;
      }
      limited_ = true;
      accept(upper);
      continue;
    }
    ++boxes_;
    double const middle = 0.5 * (top.ulo + top.uhi);
    Box right;
    right.b = split_half(top.b);
    right.ulo = middle;
    right.uhi = top.uhi;
    top.uhi = middle;
    raise_lower(round_down(right.b.front().mignitude() - m.remainder), p, middle);
    top.magnitude = largest_magnitude(top.b);
    right.magnitude = largest_magnitude(right.b);
    queue.push(std::move(top));
    queue.push(std::move(right));
  }
  if (!m.exact && m.remainder < 1e-5 * tolerance_ * lower_ && order_ > 4 && m.order == order_) order_ -= 2;
}

}  // namespace nwidth::certify
