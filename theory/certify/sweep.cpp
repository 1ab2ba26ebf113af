// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/sweep.hpp"

#include <algorithm>
#include <queue>
#include <utility>

#include "theory/certify/sign.hpp"

namespace nwidth::certify {
namespace {

struct Term {
  int neuron;
  Ball weight;
};

struct State {
  std::vector<Term> terms;  // of z
  Ball constant;
  std::vector<Ball> a;
  bool constant_activation = false;
  bool always = false;  // z's sign does not matter
  bool emulator = false;
  Ball half_excess;     // an emulator's error lies in [0, 2 half_excess] while z <= 1
  bool beyond = false;  // z may exceed 1 here
  std::vector<Term> consumers;
  bool few_terms = false;  // z is cheaper to rebuild than to update, and then does not drift
  Polynomial z, h;
  unsigned generation = 0;
  bool queued = false;
};

struct Event {
  Point at;
  int neuron;
  unsigned generation;
};
struct Later {
  bool operator()(Event const& p, Event const& q) const {
    int const c = arf_cmp(p.at.get(), q.at.get());
    return c != 0 ? c > 0 : p.neuron > q.neuron;
  }
};

class Walk {
 public:
  Walk(Graph const& graph, Point const& a, Point const& b, PieceSink const& sink)
      : sink_(sink), centre_(graph.centre), x_(distance(centre_, a)), end_(distance(centre_, b)), left_(x_) {
    std::size_t const count = graph.neurons().size();
    states_.resize(count + 1);  // the last one is the output
    for (std::size_t i = 1; i < count; ++i) {
      Neuron const& neuron = graph.neurons()[i];
      State& s = states_[i];
      s.always = neuron.kind == Neuron::Kind::always;
      if (neuron.has_slack()) s.half_excess = Ball(Rational(neuron.excess() / 2));
      if (neuron.kind == Neuron::Kind::noise) {
        s.a.resize(1);
        arb_add_error(s.a[0].get(), Ball(neuron.a[0]).get());
        s.constant_activation = true;
        continue;
      }
      if (neuron.kind == Neuron::Kind::ripple) {
        s.a = {s.half_excess};
        arb_add_error(s.a[0].get(), s.half_excess.get());
        s.constant_activation = true;
        continue;
      }
      s.emulator = neuron.kind == Neuron::Kind::emulator;
      static std::vector<Rational> const square{0, 0, 1};
      prepare(static_cast<int>(i), neuron.z, s.emulator ? &square : &neuron.a);
    }
    prepare(static_cast<int>(count), graph.output, nullptr);
    states_[0].h = Polynomial::identity();
    for (std::size_t i = 1; i <= count; ++i) {
      rebuild(states_[i]);
      if (i < count) settle(static_cast<int>(i));
    }
  }

  long updates() const { return updates_; }

  Walked run() {
    while (x_ < end_) {
      if (beyond_ > 0) return Walked::emulator_out_of_range;
      while (!events_.empty() && stale(events_.top())) events_.pop();
      bool const more = !events_.empty() && events_.top().at < end_;
      x_ = more ? events_.top().at : end_;
      if (more) advance();
      if (stopped_) return Walked::stopped;
    }
    emit();
    return stopped_ ? Walked::stopped : Walked::all;
  }

 private:
  void prepare(int i, LinearForm const& form, std::vector<Rational> const* a) {
    State& s = states_[static_cast<std::size_t>(i)];
    s.constant = Ball(form.constant);
    for (LinearForm::Term const& t : form.terms) {
      Ball w(t.weight);
      states_[static_cast<std::size_t>(t.neuron)].consumers.push_back({i, w});
      s.terms.push_back({t.neuron, std::move(w)});
    }
    s.few_terms = s.terms.size() <= 3;
    if (a != nullptr) {
      for (Rational const& c : *a) s.a.emplace_back(c);
      s.constant_activation = s.a.size() == 1;
    }
  }

  bool stale(Event const& e) const { return e.generation != states_[static_cast<std::size_t>(e.neuron)].generation; }

  void rebuild(State& s) {
    Polynomial z(s.constant);
    for (Term const& t : s.terms) z.add_multiple(states_[static_cast<std::size_t>(t.neuron)].h, t.weight);
    s.z = std::move(z);
  }

  Polynomial branch(State const& s, Polynomial const& z) const {
    std::size_t const r = s.a.size() - 1;
    if (r == 1 && arb_is_one(s.a[1].get()) && arb_is_zero(s.a[0].get())) return z;
    bool const monomial =
        std::all_of(s.a.begin(), s.a.end() - 1, [](Ball const& c) { return arb_is_zero(c.get()) != 0; });
    if (monomial) {
      Polynomial p = z.power(static_cast<unsigned>(r));
      if (!arb_is_one(s.a[r].get())) p *= s.a[r];
      return p;
    }
    Polynomial p(s.a[r]);
    for (std::size_t i = r; i-- > 0;) {
      p = p * z;
      p += Polynomial(s.a[i]);
    }
    return p;
  }

  /// |P(z) - a_0| over a range of z: what taking the wrong branch can cost.
  Ball branch_gap(State const& s, Ball const& z) const {
    Ball p;
    for (std::size_t i = s.a.size() - 1; i >= 1; --i) p = (p + s.a[i]) * z;
    return p;
  }

  /// Decides neuron i's branch to the right of x_, sets h and the next event. Returns whether h changed.
  bool settle(int i) {
    State& s = states_[static_cast<std::size_t>(i)];
    ++s.generation;
    ++updates_;
    Polynomial h;
    if (s.constant_activation) {
      h = Polynomial(s.a[0]);
    } else if (s.always) {
      h = branch(s, s.z);
    } else {
      Point soon = end_;
      if (!events_.empty() && events_.top().at > x_ && events_.top().at < end_) soon = events_.top().at;
      SignRun const run = sign_run(s.z, x_, soon, end_);
      if (run.sign > 0) {
        h = branch(s, s.z);
      } else {
        h = Polynomial(s.a[0]);
      }
      if (run.sign == 0) {
        h.add_error(branch_gap(s, s.z(span(x_, run.until))));
      } else if (run.settled > x_) {
        h.add_error(branch_gap(s, s.z(span(x_, run.settled))));
      }
      Point until = run.until;
      if (s.emulator) check_emulator(s, run, soon, h, until);
      if (until < end_) events_.push({std::move(until), i, s.generation});
    }
    bool const changed = !identical(h, s.h);
    if (changed) publish(s, std::move(h));
    return changed;
  }

  /// Adds an emulator's error, and notes whether its argument stays where the error is known.
  void check_emulator(State& s, SignRun const& run, Point const& soon, Polynomial& h, Point& until) {
    // An argument that is 1 up to rounding is let pass: just beyond 1 the emulator is 1.5 u - 0.5, and off by at most u
    // - 1.
    Ball margin(1);
    arb_mul_2exp_si(margin.get(), margin.get(), -80);
    bool beyond = false;
    if (run.sign >= 0) {
      h += Polynomial(s.half_excess);
      h.add_error(s.half_excess + margin);
      Polynomial room(Ball(1) + margin);
      room -= s.z;
      SignRun const inside = sign_run(room, x_, soon, end_);
      beyond = inside.sign <= 0 || inside.settled > x_;
      if (inside.until < until) until = inside.until;
    }
    if (beyond != s.beyond) beyond_ += beyond ? 1 : -1;
    s.beyond = beyond;
  }

  /// The piece that ends at x_, before the output changes. Events that change nothing downstream end no piece.
  void emit() {
    if (left_ < x_ && !stopped_) stopped_ = !sink_(absolute(left_), absolute(x_), states_.back().z);
    left_ = x_;
  }

  Point absolute(Point const& x) const {
    Point r;
    arf_add(r.get(), x.get(), centre_.get(), ARF_PREC_EXACT, ARF_RND_DOWN);
    return r;
  }

  void publish(State& s, Polynomial h) {
    if (started_) {
      Polynomial change = h;
      change -= s.h;
      for (Term const& c : s.consumers) {
        State& t = states_[static_cast<std::size_t>(c.neuron)];
        if (&t == &states_.back()) emit();
        if (!t.few_terms) t.z.add_multiple(change, c.weight);
        if (!t.queued) {
          t.queued = true;
          dirty_.push(c.neuron);
        }
      }
    }
    s.h = std::move(h);
  }

  void advance() {
    started_ = true;
    int const output = static_cast<int>(states_.size()) - 1;
    while (!events_.empty() && events_.top().at <= x_) {
      Event const e = events_.top();
      events_.pop();
      State& s = states_[static_cast<std::size_t>(e.neuron)];
      if (e.generation != s.generation || s.queued) continue;
      s.queued = true;
      dirty_.push(e.neuron);
    }
    while (!dirty_.empty()) {  // in topological order: neurons are numbered that way
      int const i = dirty_.top();
      dirty_.pop();
      State& s = states_[static_cast<std::size_t>(i)];
      s.queued = false;
      if (s.few_terms) rebuild(s);
      if (i != output) settle(i);
    }
  }

  PieceSink const& sink_;
  Point const centre_;
  Point x_, end_;  // from here on all points are relative to the centre
  Point left_;     // where the present piece of the output begins
  std::vector<State> states_;
  std::priority_queue<Event, std::vector<Event>, Later> events_;
  std::priority_queue<int, std::vector<int>, std::greater<>> dirty_;
  bool started_ = false;
  bool stopped_ = false;
  long updates_ = 0;
  int beyond_ = 0;  // emulators with an argument out of range
};

}  // namespace

Walked sweep(Graph const& graph, Point const& a, Point const& b, PieceSink const& sink, long* updates) {
  Walk walk(graph, a, b, sink);
  Walked const walked = walk.run();
  if (updates != nullptr) *updates += walk.updates();
  return walked;
}

}  // namespace nwidth::certify
