// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/emulator.hpp"

#include "tests/theory/certify/networks.hpp"
#include "theory/certify/sup_norm.hpp"
#include "theory/certify/sweep.hpp"

namespace nwidth::certify {
namespace {

using test::layer;

/// x -> (slope x + offset), then m levels of the sawtooth; `spoil` is added to one weight of the last level.
Network sawtooth(int m, Rational const& slope, Rational const& offset, Rational const& spoil = 0) {
  std::vector<Layer> layers;
  layers.push_back(layer({{slope}, {slope}}, {offset, offset - Rational(1, 2)}, Activation::relu()));
  std::vector<Rational> g{2, -4}, A{1, 0};
  for (int s = 1; s < m; ++s) {
    std::vector<Rational> next = A;
    for (std::size_t i = 0; i < A.size(); ++i) next[i] -= g[i] * power_of_two(-2 * s);
    layers.push_back(layer({g, g, next}, {0, Rational(-1, 2), 0}, Activation::relu()));
    g = {2, -4, 0};
    A = {0, 0, 1};
  }
  for (std::size_t i = 0; i < A.size(); ++i) A[i] -= g[i] * power_of_two(-2 * m);
  A[0] += spoil;
  layers.push_back(layer({A}, {0}, Activation::identity()));
  return Network(1, std::move(layers));
}

TEST(Emulator, is_replaced_by_a_square_and_nothing_else_is_left) {
  for (int m : {1, 2, 3, 10, 25}) {
    Graph g = difference_graph(sawtooth(m, 1, 0), nullptr);
    EXPECT_EQ(replace_emulators(g), 1) << m;
    ASSERT_EQ(g.neurons().size(), 2U) << m;
    EXPECT_EQ(g.neurons()[1].excess(), power_of_two(-2 * m - 2));
    ASSERT_EQ(g.output.terms.size(), 1U);
    EXPECT_EQ(g.output.terms[0].weight, 1);
  }
}

TEST(Emulator, is_not_seen_where_a_weight_is_wrong) {
  Graph g = difference_graph(sawtooth(6, 1, 0, power_of_two(-80)), nullptr);
  std::size_t const before = g.neurons().size();
  replace_emulators(g);  // shorter chains inside may be found; the whole is not
  EXPECT_GT(g.neurons().size(), 2U);
  EXPECT_LE(g.neurons().size(), before + 5);
}

TEST(Emulator, with_a_fine_emulation_the_enclosure_needs_no_teeth) {
  target::Target const f = target::resolve("x^2 + 1/100");
  Enclosure const e = sup_error(sawtooth(24, 1, 0), f, 0, 1);
  ASSERT_TRUE(e.proved) << e.reason;
  EXPECT_LE(e.pieces, 4);
  EXPECT_LE(e.lower, Rational(1, 100));
  EXPECT_GE(e.upper, Rational(1, 100));
}

TEST(Emulator, both_ways_agree) {
  for (int m = 1; m <= 8; ++m) {
    Network const net = sawtooth(m, Rational(1, 2), Rational(1, 3));
    Graph squares = difference_graph(net, nullptr);
    ASSERT_EQ(replace_emulators(squares), 1);
    EXPECT_EQ(sweep(squares, Point(Rational(-1)), Point(Rational(1)),
                    [&](Point const& l, Point const& r, Polynomial const& p) {
                      for (int k = 0; k <= 16; ++k) {
                        Rational const x = l.rational() + (r.rational() - l.rational()) * k / 16;
                        EXPECT_TRUE(p(Ball(x)).contains(net(x))) << m << " " << exact_string(x);
                      }
                      return true;
                    }),
              Walked::all);
  }
}

TEST(Emulator, beyond_its_range_the_teeth_are_counted_instead) {
  Network const net = sawtooth(3, 1, 0);
  Graph squares = difference_graph(net, nullptr);
  ASSERT_EQ(replace_emulators(squares), 1);
  EXPECT_EQ(sweep(squares, Point(Rational(0)), Point(Rational(2)), [](auto&, auto&, auto&) { return true; }),
            Walked::emulator_out_of_range);
  Enclosure const e = sup_error(net, target::resolve("x^2"), 0, 2);  // 4 - (1.5 * 2 - 0.5)
  EXPECT_TRUE(e.proved) << e.reason;
  EXPECT_LE(e.lower, Rational(3, 2));
  EXPECT_GE(e.upper, Rational(3, 2));
}

TEST(Emulator, the_error_of_the_emulator_itself_is_found_among_its_teeth) {
  for (int m : {1, 4, 9}) {
    Enclosure const e = sup_error(sawtooth(m, 1, 0), target::resolve("x^2"), 0, 1);
    ASSERT_TRUE(e.proved) << e.reason;
    EXPECT_LE(e.lower, power_of_two(-2 * m - 2));
    EXPECT_GE(e.upper, power_of_two(-2 * m - 2));
  }
}

}  // namespace
}  // namespace nwidth::certify
