// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/specialise.hpp"

#include "tests/theory/certify/networks.hpp"
#include "theory/certify/emulator.hpp"
#include "theory/certify/sweep.hpp"
#include "theory/construct/log_free_relu.hpp"
#include "theory/construct/two_level.hpp"
#include "theory/construct/yarotsky.hpp"

namespace nwidth::certify {
namespace {

using test::below;

/// A graph's function at x, exact: emulators and ripples from their definitions.
Rational value(Graph const& g, Rational const& x) {
  std::vector<Rational> h{x - g.centre};
  auto const at = [&h](LinearForm const& f) {
    Rational z = f.constant;
    for (LinearForm::Term const& t : f.terms) z += t.weight * h[static_cast<std::size_t>(t.neuron)];
    return z;
  };
  auto const ripple = [](Rational const& z, int level) {
    Rational const t = z / power_of_two(-level);
    Integer whole = numerator(t) / denominator(t);
    if (Rational(whole) > t) --whole;
    Rational const s = t - Rational(whole);
    return Rational(power_of_two(-2L * level) * s * (1 - s));
  };
  for (std::size_t i = 1; i < g.neurons().size(); ++i) {
    Neuron const& n = g.neurons()[i];
    Rational const z = at(n.z);
    Rational p = 0;
    for (std::size_t k = n.a.size(); k-- > 0;) p = p * z + n.a[k];
    switch (n.kind) {
      case Neuron::Kind::gated: h.push_back(z > 0 ? p : n.a[0]); break;
      case Neuron::Kind::always: h.push_back(p); break;
      case Neuron::Kind::emulator:
        EXPECT_LE(z, 1);
        h.push_back(z > 0 ? Rational(z * z + ripple(z, n.level)) : Rational(0));
        break;
      case Neuron::Kind::ripple: h.push_back(ripple(z, n.level)); break;
      case Neuron::Kind::noise: ADD_FAILURE() << "noise has no value"; break;
    }
  }
  return at(g.output);
}

/// Halves at random and compares exact values with the network's.
void check_halves(Network const& net, Slack slack, std::mt19937_64& g) {
  Graph graph = difference_graph(net, nullptr);
  replace_emulators(graph);
  Rational l = -1, r = 1;
  for (int depth = 0; depth < 14; ++depth) {
    graph = specialise(graph, Point(l), Point(r));
    Graph const seen = slack == Slack::keep ? graph : specialise(graph, Point(l), Point(r), slack);
    for (int k = 0; k < 4; ++k) {
      Rational const x = l + (r - l) * Rational(below(g, 65)) / 64;
      EXPECT_EQ(value(seen, x), net(x)) << "[" << exact_string(l) << ", " << exact_string(r) << "] at "
                                        << exact_string(x);
    }
    (test::coin(g) ? l : r) = (l + r) / 2;
  }
}

TEST(Specialise, random_networks_stay_what_they_are) {
  test::for_random(
      80, [](std::mt19937_64& g) { check_halves(test::random_network(g, 1 + below(g, 3), 6), Slack::keep, g); });
}

TEST(Specialise, constructions_stay_what_they_are) {
  target::Target const f = target::resolve("sin(3*x)/27");
  test::for_random(2, [&](std::mt19937_64& g) {
    for (Slack slack : {Slack::keep, Slack::expand})
      for (int n = 2; n <= 4; ++n) {
        check_halves(construct::two_level_network(f, n, 4, 5), slack, g);
        check_halves(construct::log_free_relu_network(f, n, 3, 4, 3), slack, g);
        check_halves(construct::yarotsky_relu_network(f, n, 3, 4), slack, g);
      }
  });
}

TEST(Specialise, forgotten_slack_still_encloses) {
  // Sweeps of the divided graph, ripples paired or not, against the network at exact points.
  target::Target const f = target::resolve("sin(3*x)/27");
  std::mt19937_64 g(5);
  for (int n = 1; n <= 4; ++n) {
    Network const net = construct::log_free_relu_network(f, n, 3, 4, 3, power_of_two(-3));
    Graph graph = difference_graph(net, nullptr);
    replace_emulators(graph);
    int noises = 0;
    divide(graph, Point(Rational(-1)), Point(Rational(1)), [&](Graph const& c, Point const& l, Point const& r) {
      Graph const lean = specialise(c, l, r, Slack::forget);
      for (Neuron const& q : lean.neurons()) noises += q.kind == Neuron::Kind::noise ? 1 : 0;
      sweep(lean, l, r, [&](Point const& a, Point const& b, Polynomial const& p) {
        Rational const x = a.rational() + (b.rational() - a.rational()) * Rational(below(g, 33)) / 32;
        EXPECT_TRUE(p(Ball(Rational(x - lean.centre))).contains(net(x))) << n << " " << exact_string(x);
        return true;
      });
      return true;
    });
    if (n <= 2) EXPECT_GT(noises, 0) << n;
  }
}

TEST(Specialise, away_from_overlaps_a_product_is_its_factor) {
  // Inside a cell neither the squares of the two-level network nor the emulated ones are left.
  target::Target const f = target::resolve("sin(3*x)/27");
  Rational const l(9, 16), r(10, 16);  // in the last of 4 cells
  for (int n = 2; n <= 4; ++n) {
    Graph const g = specialise(difference_graph(construct::two_level_network(f, n, 4, 5), nullptr), Point(l), Point(r));
    for (Neuron const& q : g.neurons()) EXPECT_LE(static_cast<int>(q.a.size()), n) << n;
  }
  Graph g = difference_graph(construct::log_free_relu_network(f, 2, 4, 5, 8), nullptr);
  EXPECT_EQ(replace_emulators(g), 4);
  g = specialise(g, Point(l), Point(r));
  EXPECT_FALSE(g.has_slack());
}

TEST(Specialise, the_work_for_a_piece_does_not_grow) {
  // Counted, not timed: neurons computed anew for each piece, over sizes that differ tenfold.
  target::Target const f = target::resolve("sin(8*x)/512");
  auto const per_piece = [&](Network const& net) {
    Graph graph = difference_graph(net, nullptr);
    replace_emulators(graph);
    long pieces = 0, updates = 0;
    std::size_t size = 0;
    divide(graph, Point(Rational(-1)), Point(Rational(1)), [&](Graph const& c, Point const& l, Point const& r) {
      size += c.size();
      sweep(
          specialise(c, l, r, Slack::forget), l, r, [&](auto&, auto&, auto&) { return ++pieces > 0; }, &updates);
      return true;
    });
    EXPECT_LE(size, 8 * graph.size());
    return static_cast<double>(updates) / static_cast<double>(pieces);
  };
  for (int n : {2, 3}) {
    double const small = per_piece(construct::two_level_network(f, n, 10, 40)),
                 large = per_piece(construct::two_level_network(f, n, 32, 128));
    EXPECT_LE(large, 1.3 * small) << n;
    EXPECT_LE(large, 25) << n;
  }
  double const small = per_piece(construct::yarotsky_relu_network(f, 2, 8, 6)),
               large = per_piece(construct::yarotsky_relu_network(f, 2, 80, 6));
  EXPECT_LE(large, 1.3 * small);
}

}  // namespace
}  // namespace nwidth::certify
