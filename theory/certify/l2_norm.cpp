// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/l2_norm.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include "theory/certify/domain.hpp"
#include "theory/certify/piece_error.hpp"
#include "theory/certify/smooth_error.hpp"
#include "theory/certify/specialise.hpp"
#include "theory/certify/sweep.hpp"

namespace nwidth::certify {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int first_order = 10, second_order = 20;
constexpr int most_stalls = 8;
constexpr long most_boxes = 400000;
constexpr long shortest_bits = 400;  // parts shorter than 2^-shortest_bits of the domain are not divided

struct Part {
  Point l, r;
  ErrorFunction const* e = nullptr;
  bool inside = true;  // of the domain: else the integral over it may count or not
  int order = first_order;
  int stalls = 0;   // halvings in a row that changed nothing
  Interval square;  // encloses the integral of e^2 over [l, r]
};

double width(Interval const& x) { return x.is_nan() ? INFINITY : x.hi - x.lo; }

/// The integral of (q + c x^m)^2 over [-h, h] from the Taylor model of e on [l, r].
Interval integral(Part const& p) {
  Ball const h = distance(p.l, p.r).ball() * Ball(0.5);
  std::vector<Ball> c;
  bool exact = false;
  Ball result;
  if (p.e->expand(p.l, p.r, p.order, c, exact)) {
    std::size_t const terms = exact ? c.size() : c.size() - 1;
    std::vector<Ball> d(c);  // d_j = c_j h^j
    Ball power(1), size(0);
    for (std::size_t j = 0; j < d.size(); ++j) {
      d[j] *= power;
      power *= h;
      if (j < terms) size += abs(d[j]);
    }
    Ball sum(0);
    for (std::size_t i = 0; i < terms; ++i) {
      sum += d[i] * d[i] / Ball(static_cast<long>(2 * i + 1));
      for (std::size_t j = i + 2; j < terms; j += 2) sum += Ball(2) * d[i] * d[j] / Ball(static_cast<long>(i + j + 1));
    }
    if (!exact) {
      long const m = static_cast<long>(terms);
      Ball const rest = abs(d[terms]);
      Ball const cross = Ball(2) * size * rest / Ball(m + 1), own = rest * rest / Ball(2 * m + 1);
      Rational const most = (cross + own).is_finite() ? (cross + own).upper() : Rational(0);
      if (!(cross + own).is_finite()) return Interval(0, INFINITY);
      sum += Ball::from_bounds(-most, most);
    }
    result = Ball(2) * h * sum;
  } else {
    Ball const range = abs(p.e->range(p.l, p.r));
    if (!range.is_finite()) return Interval(0, INFINITY);
    Rational const top = range.upper();
    result = Ball(2) * h * hull(Ball(0), Ball(top * top));
  }
  if (!result.is_finite()) return Interval(0, INFINITY);
  Interval const x = result.to_interval();
  return Interval(p.inside ? std::max(x.lo, 0.0) : 0.0, std::max(x.hi, 0.0));
}

/// All parts of the domain at one working precision.
class Quadrature {
 public:
  Quadrature(Domain const& domain, Options const& options, Clock::time_point start)
      : domain_(domain), options_(options), start_(start) {
    arf_mul_2exp_si(shortest_.get(), distance(domain.cuts.front(), domain.cuts.back()).get(), -shortest_bits);
  }

  void add(Point const& l, Point const& r, ErrorFunction const& e) {
    bool const inside =
        (domain_.left_end_inside || domain_.cuts.front() < l) && (domain_.right_end_inside || r < domain_.cuts.back());
    Part p{l, r, &e, inside, first_order, 0, {}};
    p.square = integral(p);
    ++boxes_;
    push(std::move(p));
  }

  /// Improves the widest parts until the whole is narrow enough or nothing helps.
  void refine() {
    for (;;) {
      // running sums go stale by rounding: what decides is counted again
      double lower = 0, wide = 0;
      for (Part const& p : heap_) {
        lower += p.square.lo;
        wide += width(p.square);
      }
      double const goal = std::max(goal_of(lower), 0.0);
      if (heap_.empty() || wide <= goal) return;
      bool moved = false;
      while (wide > goal / 2 && !heap_.empty()) {
        if (boxes_ > most_boxes) return fail("more than " + std::to_string(most_boxes) + " boxes");
        if (boxes_ % 64 == 0 && seconds() > options_.most_seconds) return fail("out of time");
        std::pop_heap(heap_.begin(), heap_.end(), narrower);
        Part p = std::move(heap_.back());
        heap_.pop_back();
        if (p.stalls >= most_stalls) {  // the widest cannot be helped
          push(std::move(p));
          return;
        }
        wide -= width(p.square);
        for (Part& q : improved(p)) {
          wide += width(q.square);
          push(std::move(q));
        }
        moved = true;
        if (!(wide < INFINITY)) break;  // count again
      }
      if (!moved) return;
    }
  }

  Enclosure result(long pieces) const {
    Enclosure e;
    Ball lower(0), upper(0);
    bool bounded = failure_.empty();
    for (Part const& p : heap_) {
      lower += Ball(p.square.lo);
      if (p.square.hi < INFINITY) {
        upper += Ball(p.square.hi);
      } else {
        bounded = false;
      }
    }
    e.lower = sqrt(lower).lower();
    if (e.lower < 0) e.lower = 0;
    e.bounded = bounded;
    if (bounded) {
      e.upper = sqrt(upper).upper();
      e.proved = e.upper - e.lower <= options_.relative * e.upper || e.upper - e.lower <= options_.absolute;
    }
    if (!failure_.empty()) {
      e.reason = failure_;
    } else if (!bounded) {
      e.reason = "the error could not be bounded on a part of the domain";
    } else if (!e.proved) {
      e.reason = !gave_up_.empty() ? gave_up_
                                   : "the working precision of " + std::to_string(working_precision()) +
                                         " bits does not resolve the error";
    }
    e.pieces = pieces;
    e.boxes = boxes_;
    e.bits = working_precision();
    return e;
  }

  void fail_unbounded(std::string const& why) { failure_ = why; }
  bool gave_up() const { return !gave_up_.empty() || !failure_.empty(); }

 private:
  static bool narrower(Part const& p, Part const& q) { return width(p.square) < width(q.square); }
  void push(Part p) {
    heap_.push_back(std::move(p));
    std::push_heap(heap_.begin(), heap_.end(), narrower);
  }
  void fail(std::string const& why) { gave_up_ = why; }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  /// A width of the square's enclosure that gives the norm its tolerance: half of what is allowed.
  double goal_of(double lower) const {
    double const relative = to_double(options_.relative), absolute = to_double(options_.absolute);
    return std::max(relative * lower, absolute * absolute / 4);
  }

  /// A model of higher order if it helps, else the two halves.
  std::vector<Part> improved(Part p) {
    if (p.order == first_order) {
      Part q = p;
      q.order = second_order;
      q.square = integral(q);
      ++boxes_;
      if (width(q.square) < width(p.square) / 4) return {std::move(q)};
    }
    if (distance(p.l, p.r) < shortest_) {
      p.stalls = most_stalls;
      return {std::move(p)};
    }
    Point const m = Point::between(p.l, p.r);
    std::vector<Part> halves{p, p};
    halves[0].r = m;
    halves[1].l = m;
    double both = 0;
    for (Part& h : halves) {
      h.square = integral(h);
      ++boxes_;
      both += width(h.square);
    }
    // Far outside the radius of convergence models of halves may be worse; where many halvings change nothing, the
    // coefficients' own width is what is left.
    bool const helped = both < 0.999 * width(p.square) || !(width(p.square) < INFINITY);
    for (Part& h : halves) h.stalls = helped ? 0 : p.stalls + 1;
    return halves;
  }

  Domain const& domain_;
  Options const& options_;
  Clock::time_point start_;
  Point shortest_;
  std::vector<Part> heap_;
  long boxes_ = 0;
  std::string failure_, gave_up_;
};

}  // namespace

Enclosure l2_error(Network const& net, target::Target const& f, Rational const& a, Rational const& b,
                   Options const& options) {
  auto const start = Clock::now();
  require_one_dimension(net, &f, a, b);
  target::Expression const* const expression = f.expression ? &*f.expression : nullptr;
  Network const* const known = f.network ? &*f.network : nullptr;
  bool const polynomial = net.is_piecewise_polynomial() && (known == nullptr || known->is_piecewise_polynomial());
  Graph const graph = polynomial ? difference_graph(net, known) : Graph();
  Enclosure best;
  for (long bits = options.first_bits;; bits *= 2) {
    PrecisionScope const scope(bits);
    Domain const domain = make_domain(a, b, expression);
    Quadrature quadrature(domain, options, start);
    std::deque<PieceError> errors;  // addresses stay
    std::optional<SmoothError> smooth;
    long pieces = 0;
    if (polynomial) {
      bool const all = divide(
          graph, domain.cuts.front(), domain.cuts.back(), [&](Graph const& chunk, Point const& l, Point const& r) {
            Point const centre(chunk.centre);
            return sweep(chunk, l, r, [&](Point const& left, Point const& right, Polynomial const& p) {
                     if (++pieces > options.most_pieces) return false;
                     errors.emplace_back(expression, p, centre);
                     Point from = left;
                     auto cut = std::upper_bound(domain.cuts.begin(), domain.cuts.end(), left);
                     for (; cut != domain.cuts.end() && *cut < right; from = *cut++)
                       quadrature.add(from, *cut, errors.back());
                     quadrature.add(from, right, errors.back());
                     return true;
                   }) == Walked::all;
          });
      if (!all) quadrature.fail_unbounded("more than " + std::to_string(options.most_pieces) + " polynomial pieces");
    } else {
      smooth.emplace(net, known, expression);
      for (std::size_t i = 0; i + 1 < domain.cuts.size(); ++i)
        quadrature.add(domain.cuts[i], domain.cuts[i + 1], *smooth);
    }
    quadrature.refine();
    Enclosure next = quadrature.result(pieces);
    next.method =
        polynomial ? "pieces and Taylor models, squared and integrated" : "Taylor models, squared and integrated";
    if (next.lower < best.lower) next.lower = best.lower;
    if (best.bounded && (!next.bounded || best.upper < next.upper)) {
      next.upper = best.upper;
      next.bounded = true;
    }
    best = std::move(next);
    if (best.proved || quadrature.gave_up() || 2 * bits > options.most_bits) break;
  }
  best.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return best;
}

}  // namespace nwidth::certify
