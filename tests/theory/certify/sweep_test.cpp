// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/sweep.hpp"

#include "tests/theory/certify/networks.hpp"

namespace nwidth::certify {
namespace {

using test::below;
using test::layer;

/// Checks at exact rational points, ends included, that each piece encloses the network; returns the number of pieces.
int check_pieces(Network const& net, Rational const& a, Rational const& b, std::mt19937_64& g) {
  PrecisionScope const scope(256);  // triple zeros cost two thirds of the bits
  Graph const graph = difference_graph(net, nullptr);
  Rational reached = a;
  int pieces = 0;
  sweep(graph, Point(a), Point(b), [&](Point const& l, Point const& r, Polynomial const& p) {
    ++pieces;
    EXPECT_EQ(l.rational(), reached) << "pieces must touch";
    EXPECT_LT(l, r);
    reached = r.rational();
    Rational const width = reached - l.rational();
    for (Rational const& s : {Rational(0), Rational(1), Rational(1, 2), Rational(below(g, 97)) / 97}) {
      Rational const x = l.rational() + s * width;
      EXPECT_TRUE(p(Ball(x)).contains(net(x))) << "at x = " << exact_string(x);
    }
    EXPECT_LT(p(Ball(reached)).upper() - p(Ball(reached)).lower(), power_of_two(-40) * (1 + abs(net(reached))));
    return pieces < 20000;
  });
  EXPECT_EQ(reached, b) << "pieces must cover the domain";
  return pieces;
}

TEST(Sweep, random_shallow_networks_are_enclosed_at_exact_points) {
  test::for_random(150, [](std::mt19937_64& g) { check_pieces(test::random_network(g, 1, 9), -1, 1, g); });
}

TEST(Sweep, random_deep_networks_are_enclosed_at_exact_points) {
  test::for_random(150,
                   [](std::mt19937_64& g) { check_pieces(test::random_network(g, 2 + below(g, 3), 5), -2, 3, g); });
}

TEST(Sweep, the_sawtooth_has_all_its_teeth) {
  // T composed m times: 2^m linear pieces on [0, 1], each breakpoint also a touching zero of the next layer.
  std::mt19937_64 g(1);
  for (int m = 1; m <= 8; ++m) {
    std::vector<Layer> layers;
    layers.push_back(layer({{1}, {1}}, {0, Rational(-1, 2)}, Activation::relu()));
    for (int s = 1; s < m; ++s) layers.push_back(layer({{2, -4}, {2, -4}}, {0, Rational(-1, 2)}, Activation::relu()));
    layers.push_back(layer({{2, -4}}, {0}, Activation::identity()));
    EXPECT_EQ(check_pieces(Network(1, layers), 0, 1, g), 1 << m);
  }
}

TEST(Sweep, breakpoints_that_are_not_dyadic_lie_between_close_dyadics) {
  Network const net(1, {layer({{3}}, {-1}, Activation::relu()), layer({{1}}, {0}, Activation::identity())});
  std::vector<Point> ends;
  sweep(difference_graph(net, nullptr), Point(Rational(0)), Point(Rational(1)),
        [&](Point const&, Point const& r, Polynomial const&) {
          ends.push_back(r);
          return true;
        });
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_LE(ends[0].rational(), Rational(1, 3));
  EXPECT_LT(Rational(1, 3) - ends[0].rational(), power_of_two(-120));
}

TEST(Sweep, double_zeros_and_flat_zeros_are_no_obstacle) {
  std::mt19937_64 g(3);
  // (x - 1/3)^2 as relu of itself: touches zero without a change of sign.
  Network const touching(1, {layer({{1}, {-1}}, {Rational(-1, 3), Rational(1, 3)}, Activation::relu_power(2)),
                             layer({{1, 1}}, {0}, Activation::relu()), layer({{1}}, {0}, Activation::identity())});
  EXPECT_LE(check_pieces(touching, -1, 1, g), 6);
  // relu(x) - relu(x): an exact zero everywhere.
  Network const nothing(1, {layer({{1}, {1}}, {0, 0}, Activation::relu()), layer({{1, -1}}, {0}, Activation::relu()),
                            layer({{1}}, {0}, Activation::identity())});
  EXPECT_LE(check_pieces(nothing, -1, 1, g), 3);
  // 3 * (x/3) - x, with weights that are not dyadic: a zero that balls cannot see to be one.
  Network const hidden_zero(1, {layer({{Rational(1, 3)}, {1}}, {0, 0}, Activation::relu()),
                                layer({{3, -1}}, {0}, Activation::relu()), layer({{1}}, {0}, Activation::identity())});
  EXPECT_LE(check_pieces(hidden_zero, -1, 1, g), 10);
  // The same through a cubic, so that no linear shortcut helps.
  Network const cubic_zero(1, {layer({{Rational(1, 3)}, {1}}, {0, 0}, Activation::relu_power(3)),
                               layer({{27, -1}}, {0}, Activation::relu()), layer({{1}}, {0}, Activation::identity())});
  EXPECT_LE(check_pieces(cubic_zero, -1, 1, g), 10);
}

TEST(Sweep, the_sink_can_stop_it) {
  Network const net(
      1, {layer({{1}, {1}}, {0, Rational(-1, 2)}, Activation::relu()), layer({{1, 1}}, {0}, Activation::identity())});
  int calls = 0;
  EXPECT_EQ(sweep(difference_graph(net, nullptr), Point(Rational(-1)), Point(Rational(1)),
                  [&](Point const&, Point const&, Polynomial const&) { return ++calls < 2; }),
            Walked::stopped);
  EXPECT_EQ(calls, 2);
}

TEST(Graph, identity_layers_fold_exactly) {
  Network const net(1,
                    {layer({{Rational(1, 3)}}, {Rational(1, 7)}, Activation::identity()),
                     layer({{3}}, {Rational(-3, 7)}, Activation::relu()), layer({{1}}, {0}, Activation::identity())});
  Graph const g = difference_graph(net, nullptr);
  ASSERT_EQ(g.neurons().size(), 2U);
  EXPECT_EQ(g.neurons()[1].z.constant, 0);
  ASSERT_EQ(g.neurons()[1].z.terms.size(), 1U);
  EXPECT_EQ(g.neurons()[1].z.terms[0].weight, 1);
}

}  // namespace
}  // namespace nwidth::certify
