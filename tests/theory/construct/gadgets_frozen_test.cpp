// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets_frozen.hpp"

#include "tests/theory/construct/gadgets_testing.hpp"

namespace nwidth::construct {
namespace {

using test::rationals;

TEST(Wiring, MergesAffineMapsAndSharesEqualNeurons) {
  Wiring w(2);
  w.open(Activation::relu());
  Form const x = w.input(0), y = w.input(1);
  Form const s = w.neuron(x + y), d = w.neuron(x - y);
  EXPECT_TRUE((w.neuron(y + x) - s).is_constant());
  w.open(Activation::relu());
  Form const t = w.neuron(2 * s - d / 2 + 1);
  Network const net = w.close({t * 3, t - Rational(1, 7)});
  EXPECT_EQ(net.neurons(), 3U);
  EXPECT_EQ(net.size(), 4U + 3U + 3U);
  std::vector<Rational> const out = net(std::vector<Rational>{3, 1});
  EXPECT_EQ(out[0], 24);
  EXPECT_EQ(out[1], 8 - Rational(1, 7));
}

TEST(Wiring, SumsOfFormsAreExact) {
  test::for_random(50, [](std::mt19937_64& g) {
    int const d = static_cast<int>(test::uniform(g, 1, 6));
    Wiring w(d);
    std::vector<Rational> c(static_cast<std::size_t>(d));
    Form t;
    Rational constant = 0;
    for (int i = 0; i < 12; ++i) {
      auto const j = static_cast<std::size_t>(test::uniform(g, 0, d - 1));
      Rational const q = test::random_rational(g, 3);
      constant += q;
      if (test::coin(g)) {
        t += q * w.input(static_cast<int>(j)) + q;
        c[j] += q;
      } else {
        t -= q * w.input(static_cast<int>(j)) - q;
        c[j] -= q;
      }
    }
    std::vector<Rational> x;
    Rational sum = constant;
    for (Rational const& cj : c) {
      x.push_back(test::random_rational(g));
      sum += cj * x.back();
    }
    EXPECT_EQ(w.close(t)(x)[0], sum);
  });
}

TEST(Wiring, ConstantsCostNoNeuron) {
  Wiring w(1);
  w.open(activation(Frozen::llm()));
  Form const one = w.neuron(1), dead = w.neuron(-2);
  EXPECT_EQ(one.constant(), 1);
  EXPECT_EQ(dead.constant(), 0);
  EXPECT_TRUE((w.neuron(w.input()) - w.neuron(w.input())).is_constant());
}

TEST(Wiring, RefusesFormsOfTheWrongLayer) {
  Wiring w(1);
  EXPECT_THROW(w.input(1), InvalidInput);
  EXPECT_THROW(w.neuron(w.input()), InvalidInput);
  w.open(Activation::relu());
  Form const h = w.neuron(w.input());
  EXPECT_THROW(w.neuron(h), InvalidInput);
  EXPECT_THROW(h + w.input(), InvalidInput);
  EXPECT_THROW(w.close(w.input()), InvalidInput);
  EXPECT_THROW(Wiring(0), InvalidInput);
}

TEST(Frozen, TaylorCoefficients) {
  Frozen const a{rationals({"1", "-2", "0", "5", "0"})};
  EXPECT_EQ(a.degree(), 3);
  EXPECT_EQ(a(2), 37);
  EXPECT_EQ(a.taylor(2, 1), 58);
  EXPECT_EQ(a.taylor(2, 2), 30);
  EXPECT_EQ(a.taylor(2, 3), 5);
  EXPECT_EQ(a.taylor(2, 4), 0);
}

TEST(Scales, RegressionValues) {
  EXPECT_EQ(scales(Frozen::llm(), 1).v, rationals({"9", "-9/2", "1"}));
  EXPECT_EQ(scales(Frozen::llm(), 2).v, rationals({"-15/2", "6", "-3/2"}));
  EXPECT_EQ(scales(Frozen::llm(), 3).v, rationals({"3/2", "-3/2", "1/2"}));
  Frozen const quadratic{rationals({"0", "1/2", "1/2"})};
  EXPECT_EQ(scales(quadratic, 1).v, rationals({"4", "-1"}));
  EXPECT_EQ(scales(quadratic, 2).v, rationals({"-2", "1"}));
}

TEST(Shifts, RegressionValues) {
  Shifts const x = shifts(Frozen::llm(), {0, 1}, 1), x2 = shifts(Frozen::llm(), {0, 0, 1}, 1),
               x3 = shifts(Frozen::llm(), {0, 0, 0, 1}, 1);
  EXPECT_EQ(x.b, rationals({"1", "2", "3"}));
  EXPECT_EQ(x.v, rationals({"1/2", "-1", "1/2"}));
  EXPECT_EQ(x.constant, Rational(-7, 3));
  EXPECT_EQ(x2.v, rationals({"-17/6", "14/3", "-11/6"}));
  EXPECT_EQ(x2.constant, Rational(44, 9));
  EXPECT_EQ(x3.v, rationals({"34/3", "-38/3", "13/3"}));
  EXPECT_EQ(x3.constant, Rational(-77, 9));
}

TEST(Scales, GiveEveryPowerOnBothSidesOfTheKink) {
  test::for_random(60, [](std::mt19937_64& g) {
    int const r = static_cast<int>(test::uniform(g, 1, 5));
    Frozen const a = test::random_frozen(g, r, test::coin(g));
    std::size_t nonzeros = 0;
    for (int i = 1; i <= r; ++i) nonzeros += a.coefficient(i) != 0;
    for (int k = 1; k <= r; ++k) {
      if (a.coefficient(k) == 0) {
        EXPECT_THROW(scales(a, k), InvalidInput);
        continue;
      }
      Wiring w(1);
      w.open(activation(a));
      Network const net = w.close(relu_power_in(w, a, w.input(), k));
      EXPECT_LE(net.neurons(), nonzeros);
      test::expect_equal_on_pieces(
          net, [&](Rational const& t) { return t < 0 ? Rational(0) : power(t, static_cast<unsigned>(k)); }, {-3, 0, 7},
          r);
    }
    EXPECT_THROW(scales(a, 0), InvalidInput);
    EXPECT_THROW(scales(a, r + 1), InvalidInput);
  });
}

TEST(Shifts, GiveEveryPolynomialOfTheSameDegree) {
  test::for_random(60, [](std::mt19937_64& g) {
    int const r = static_cast<int>(test::uniform(g, 1, 5));
    Frozen const a = test::random_frozen(g, r, false), p = test::random_frozen(g, r, false);
    Rational const B = 1 + abs(test::random_rational(g));
    Wiring w(1);
    w.open(activation(a));
    Network const net = w.close(polynomial_in(w, a, w.input(), p.a, B));
    EXPECT_LE(net.neurons(), static_cast<std::size_t>(r));
    test::expect_equal_on_pieces(net, p, {-B, B}, r);
    EXPECT_THROW(shifts(a, Frozen::unit(r + 1).a, B), InvalidInput);
    EXPECT_THROW(shifts(a, p.a, 0), InvalidInput);
  });
}

}  // namespace
}  // namespace nwidth::construct
