// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/sup_norm.hpp"

#include <algorithm>
#include <chrono>
#include <deque>

#include "theory/certify/domain.hpp"
#include "theory/certify/emulator.hpp"
#include "theory/certify/piece_error.hpp"
#include "theory/certify/smooth_error.hpp"
#include "theory/certify/specialise.hpp"
#include "theory/certify/sup_search.hpp"
#include "theory/certify/sweep.hpp"

namespace nwidth::certify {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t parts_at_once = 512;  // the lower bound is shared within and after each batch
constexpr double most_teeth = 256;          // of emulators taken apart at once

/// One attempt at the thread's working precision.
class Attempt {
 public:
  Attempt(Domain const& domain, Options const& options, Clock::time_point start)
      : domain_(domain),
        options_(options),
        search_(options, distance(domain.cuts.front(), domain.cuts.back()), start) {}

  /// Emulated squares are taken by their error bound at first: few pieces, and enough wherever |e| stays clear of its
  /// maximum. What is left is taken apart into their teeth, beginning where the bound is largest.
  void pieces(Graph const& graph, target::Expression const* f) {
    f_ = f;
    cover(graph, domain_.cuts.front(), domain_.cuts.back());
    flush();
    covering_ = false;
    auto const smaller = [](SupSearch::Remainder const& p, SupSearch::Remainder const& q) { return p.upper < q.upper; };
    std::vector<SupSearch::Remainder> heap;
    for (;;) {
      for (SupSearch::Remainder& q : search_.take_remainders()) {
        heap.push_back(std::move(q));
        std::push_heap(heap.begin(), heap.end(), smaller);
      }
      if (heap.empty()) return;
      std::pop_heap(heap.begin(), heap.end(), smaller);
      SupSearch::Remainder const q = std::move(heap.back());
      heap.pop_back();
      bool const hopeless = !failure_.empty() || !search_.failure().empty() || !gave_up_.empty();
      if (search_.is_done(q.upper) || hopeless || !resolve(q)) search_.accept(q.upper);
    }
  }

  void whole(ErrorFunction const& e) {
    for (std::size_t i = 0; i + 1 < domain_.cuts.size(); ++i) part(domain_.cuts[i], domain_.cuts[i + 1], e);
    search_.add(parts_);
    parts_.clear();
  }

  Enclosure result() const {
    Enclosure e;
    e.lower = exact(search_.lower());
    if (search_.lower() > 0) e.at = search_.at();
    std::string why = failure_.empty() ? search_.failure() : failure_;
    e.bounded = why.empty() && std::isfinite(search_.upper());
    if (e.bounded) e.upper = exact(std::max(search_.upper(), search_.lower()));
    e.proved =
        e.bounded && (e.upper - e.lower <= options_.relative * e.upper || e.upper - e.lower <= options_.absolute);
    if (!why.empty()) {
      e.reason = why;
    } else if (e.bounded && !e.proved && !gave_up_.empty()) {
      e.reason = gave_up_;
    } else if (!e.bounded) {
      e.reason = "an enclosure became infinite";
    } else if (!e.proved) {
      e.reason = "the working precision of " + std::to_string(working_precision()) + " bits does not resolve the error";
    }
    e.pieces = pieces_;
    e.updates = updates_;
    e.boxes = search_.boxes();
    e.bits = working_precision();
    return e;
  }

  bool expanded() const { return expanded_; }
  bool gave_up() const { return !gave_up_.empty(); }

 private:
  void part(Point const& l, Point const& r, ErrorFunction const& e, int source = -1) {
    bool const inside =
        (domain_.left_end_inside || domain_.cuts.front() < l) && (domain_.right_end_inside || r < domain_.cuts.back());
    parts_.push_back({l, r, &e, inside, source});
  }

  bool cover(Graph const& graph, Point const& l, Point const& r) {
    return divide(graph, l, r,
                  [&](Graph const& g, Point const& left, Point const& right) { return chunk(g, left, right); });
  }

  /// @return false if it gave up
  bool resolve(SupSearch::Remainder const& q) {
    Graph const g = specialise(sources_[static_cast<std::size_t>(q.source)], q.l, q.r);
    Graph apart;
    bool const few = g.has_slack() && teeth(g, q.l, q.r) <= most_teeth;
    if (few) apart = specialise(g, q.l, q.r, Slack::expand);
    if (!g.has_slack()) {
      cover(g, q.l, q.r);
    } else if (few && !apart.has_slack()) {
      expanded_ = true;
      cover(apart, q.l, q.r);
    } else {
      Point least = distance(domain_.cuts.front(), domain_.cuts.back());
      arf_mul_2exp_si(least.get(), least.get(), -working_precision() / 2);
      if (distance(q.l, q.r) <= least) return false;
      Point const m = Point::between(q.l, q.r);
      chunk(specialise(g, q.l, m), q.l, m);
      if (gave_up_.empty()) chunk(specialise(g, m, q.r), m, q.r);
    }
    flush();
    return gave_up_.empty();
  }

  bool chunk(Graph const& graph, Point const& l, Point const& r) {
    int source = -1;
    bool const slack = graph.has_slack();
    if (slack) {
      source = static_cast<int>(sources_.size());
      sources_.push_back(graph);
    }
    Point const centre(graph.centre);
    Point reached = l;
    Walked const walked = sweep(
        slack ? specialise(graph, l, r, Slack::forget) : graph, l, r,
        [&](Point const& left, Point const& right, Polynomial const& p) {
          if (++pieces_ > options_.most_pieces) {
            (covering_ ? failure_ : gave_up_) =
                "more than " + std::to_string(options_.most_pieces) + " polynomial pieces";
            return false;
          }
          errors_.emplace_back(f_, p, centre);
          Point from = left;
          auto cut = std::upper_bound(domain_.cuts.begin(), domain_.cuts.end(), left);
          for (; cut != domain_.cuts.end() && *cut < right; from = *cut++) part(from, *cut, errors_.back(), source);
          part(from, right, errors_.back(), source);
          reached = right;
          return parts_.size() < parts_at_once || flush();
        },
        &updates_);
    if (walked != Walked::emulator_out_of_range) return walked == Walked::all;
    expanded_ = true;
    return cover(specialise(graph, reached, r, Slack::expand), reached, r);
  }

  bool flush() {
    bool const more = search_.add(parts_);
    parts_.clear();
    errors_.clear();
    return more;
  }

  Domain const& domain_;
  Options const& options_;
  SupSearch search_;
  std::deque<PieceError> errors_;  // addresses stay
  std::vector<SupSearch::Part> parts_;
  target::Expression const* f_ = nullptr;
  std::deque<Graph> sources_;
  bool covering_ = true;  // else every part of the domain has a bound
  bool expanded_ = false;
  long pieces_ = 0, updates_ = 0;
  std::string failure_;  // no bound
  std::string gave_up_;  // no better bound
};

/// What two attempts prove together.
void merge(Enclosure& best, Enclosure const& next, Options const& options) {
  Enclosure const before = best;
  best = next;
  if (before.lower > best.lower) {
    best.lower = before.lower;
    best.at = before.at;
  }
  if (before.bounded && (!best.bounded || before.upper < best.upper)) {
    best.upper = before.upper;
    best.bounded = true;
  }
  if (best.bounded && best.upper - best.lower <= options.relative * best.upper) {
    best.proved = true;
    best.reason.clear();
  }
}

double elapsed(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Runs `work` at rising precision for as long as precision is what limits the result.
template <class DomainOf, class Work>
Enclosure attempts(DomainOf const& domain_of, Options const& options, Clock::time_point start, Work const& work) {
  Enclosure best;
  for (long bits = options.first_bits;; bits *= 2) {
    PrecisionScope const scope(bits);
    Domain const domain = domain_of();
    Attempt attempt(domain, options, start);
    work(attempt);
    Enclosure const next = attempt.result();
    if (bits == options.first_bits) {
      best = next;
    } else {
      merge(best, next, options);
    }
    if (best.proved || !next.bounded || attempt.gave_up() || 2 * bits > options.most_bits) return best;
  }
}

Enclosure certify(Network const& net, target::Target const* f, Rational const& a, Rational const& b,
                  Options const& options) {
  auto const start = Clock::now();
  require_one_dimension(net, f, a, b);
  target::Expression const* const expression = f != nullptr && f->expression ? &*f->expression : nullptr;
  Network const* const known = f != nullptr && f->network ? &*f->network : nullptr;
  bool const polynomial = net.is_piecewise_polynomial() && (known == nullptr || known->is_piecewise_polynomial());
  auto const domain_of = [&] { return make_domain(a, b, expression); };
  if (!polynomial) {
    Enclosure e = attempts(domain_of, options, start,
                           [&](Attempt& attempt) { attempt.whole(SmoothError(net, known, expression)); });
    e.method = "Taylor models";
    e.seconds = elapsed(start);
    return e;
  }

  Graph graph = difference_graph(net, known);
  bool const emulates = replace_emulators(graph) > 0;
  bool expanded = false;
  Enclosure best = attempts(domain_of, options, start, [&](Attempt& attempt) {
    attempt.pieces(graph, expression);
    expanded = expanded || attempt.expanded();
  });
  best.method = "pieces and Taylor models";
  if (emulates)
    best.method +=
        expanded ? ", emulated squares by their teeth where it matters" : ", emulated squares by their error bound";
  best.seconds = elapsed(start);
  return best;
}

}  // namespace

Enclosure sup_error(Network const& net, target::Target const& f, Rational const& a, Rational const& b,
                    Options const& options) {
  return certify(net, &f, a, b, options);
}

Enclosure sup_norm(Network const& net, Rational const& a, Rational const& b, Options const& options) {
  return certify(net, nullptr, a, b, options);
}

}  // namespace nwidth::certify
