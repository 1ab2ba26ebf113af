// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets.hpp"

#include "tests/theory/construct/gadgets_testing.hpp"

namespace nwidth::construct {
namespace {

using test::expect_equal_on_box;
using test::expect_equal_on_pieces;
using test::rationals;

Rational relu(Rational const& t) { return t < 0 ? Rational(0) : t; }
Rational product_of(std::vector<Rational> const& x) {
  Rational p = 1;
  for (Rational const& q : x) p *= q;
  return p;
}
Rational largest(std::vector<Rational> const& x) { return x[0] < x[1] ? x[1] : x[0]; }
Rational psi(Rational const& x) {
  Rational const t = 2 - abs(x);
  return t < 0 ? Rational(0) : t > 1 ? Rational(1) : t;
}

Frozen const quadratic{{0, Rational(1, 2), Rational(1, 2)}};
Frozen const bent{{Rational(3, 5), -1, Rational(1, 4)}};      // r = 2, the vertex right of 0
Frozen const flat{{Rational(-1, 7), 1, -1, Rational(1, 3)}};  // r = 3, kappa = 0
Frozen const cubic{{Rational(2, 3), Rational(1, 5), Rational(-7, 3), Rational(2, 9)}};
Frozen const quartic{{1, 2, -3, Rational(1, 2), Rational(-1, 3)}};

/// Sizes are those of the rule "a neuron with k inputs costs k + [bias] + 1", plus the output's bias.
void expect_cost(Network const& net, std::size_t neurons, std::size_t size, int depth = 1) {
  EXPECT_EQ(net.neurons(), neurons);
  EXPECT_EQ(net.size(), size);
  EXPECT_EQ(net.depth(), depth);
}

TEST(Gadgets, Carry) {
  auto same = [](Rational const& x) { return x; };
  for (Rational const& B : rationals({"1", "3/7", "20"})) {
    expect_cost(carry(B), 1, 4);
    expect_equal_on_pieces(carry(B), same, {-B, B}, 1);
    for (Frozen const& a : {quadratic, bent, Frozen::unit(2)}) {
      EXPECT_EQ(carry(B, a).neurons(), 2U);
      expect_equal_on_pieces(carry(B, a), same, {-B, B}, 2);
    }
    for (Frozen const& a : {Frozen::llm(), cubic, flat, Frozen::unit(3)}) {
      EXPECT_EQ(carry(B, a).neurons(),
                a.coefficient(1) - a.coefficient(2) * a.coefficient(2) / (3 * a.coefficient(3)) == 0 ? 3U : 2U);
      expect_equal_on_pieces(carry(B, a), same, {-B, B}, 3);
    }
    EXPECT_EQ(carry(B, quartic).neurons(), 4U);
    expect_equal_on_pieces(carry(B, quartic), same, {-B, B}, 4);
  }
  EXPECT_THROW(carry(0), InvalidInput);
  EXPECT_THROW(carry(1, Frozen{{5}}), InvalidInput);
}

TEST(Gadgets, CarryWithLanguageModelCoefficients) {
  Network const net = carry(1, Frozen::llm());  // 6 P(x + 1) - (3/4) P(2x + 7/3) - 95/108
  expect_cost(net, 2, 7);
  Layer const& first = net.layers()[0];
  Layer const& last = net.layers()[1];
  EXPECT_EQ(first.bias, rationals({"1", "7/3"}));
  EXPECT_EQ(last.weights.entries()[0].value, 6);
  EXPECT_EQ(last.weights.entries()[1].value, Rational(-3, 4));
  EXPECT_EQ(last.bias[0], Rational(-95, 108));
}

TEST(Gadgets, Square) {
  auto square_of = [](Rational const& x) { return Rational(x * x); };
  for (Rational const& B : rationals({"1", "3/7", "20"})) {
    expect_cost(square(B), 1, 4);
    expect_equal_on_pieces(square(B), square_of, {-B, B}, 2);
    expect_cost(square(B, bent), 1, 4);
    expect_equal_on_pieces(square(B, bent), square_of, {-B, B}, 2);
    for (Frozen const& a : {quadratic, Frozen::unit(2), Frozen::llm(), cubic, flat, Frozen::unit(3)}) {
      expect_cost(square(B, a), 2, 7);
      expect_equal_on_pieces(square(B, a), square_of, {-B, B}, 3);
    }
    EXPECT_EQ(square(B, quartic).neurons(), 4U);
    expect_equal_on_pieces(square(B, quartic), square_of, {-B, B}, 4);
  }
  Frozen const vanishing{{0, 0, -3, 1}};  // sigma = 3 b - 3 vanishes at b = B = 1
  expect_equal_on_pieces(square(1, vanishing), square_of, {-1, 1}, 3);
  EXPECT_THROW(square(1, Frozen::unit(1)), InvalidInput);
  EXPECT_THROW(square(-1), InvalidInput);
}

TEST(Gadgets, Cube) {
  auto cube_of = [](Rational const& x) { return Rational(x * x * x); };
  for (Rational const& B : rationals({"1", "3/7", "20"})) {
    expect_cost(cube(B), 1, 3);
    expect_equal_on_pieces(cube(B), cube_of, {-B, B}, 3);
    for (Frozen const& a : {Frozen::llm(), cubic, flat, Frozen::unit(3)}) {
      EXPECT_LE(cube(B, a).neurons(), 3U);
      expect_equal_on_pieces(cube(B, a), cube_of, {-B, B}, 3);
    }
    for (Frozen const& a : {quadratic, bent, Frozen::unit(2)}) {
      EXPECT_LE(cube(B, a).neurons(), 5U);
      EXPECT_EQ(cube(B, a).depth(), 2);
      expect_equal_on_pieces(cube(B, a), cube_of, {-B, B}, 4);
    }
  }
  EXPECT_THROW(cube(1, Frozen::unit(1)), InvalidInput);
  EXPECT_THROW(cube(0), InvalidInput);
}

TEST(Gadgets, Product) {
  for (Rational const& B : rationals({"1", "3/7", "20"})) {
    expect_cost(product(B), 2, 8);
    expect_equal_on_box(product(B), product_of, -B, B, 2);
    expect_cost(product(B, bent), 2, 8);
    expect_equal_on_box(product(B, bent), product_of, -B, B, 2);
    for (Frozen const& a : {quadratic, Frozen::unit(2)}) {
      expect_cost(product(B, a), 3, 11);
      expect_equal_on_box(product(B, a), product_of, -B, B, 2);
    }
    for (Frozen const& a : {Frozen::llm(), cubic, flat, Frozen::unit(3)}) {
      expect_cost(product(B, a), 4, 16);
      expect_equal_on_box(product(B, a), product_of, -B, B, 3);
    }
    EXPECT_EQ(product(B, quartic).neurons(), 8U);
    expect_equal_on_box(product(B, quartic), product_of, -B, B, 4);
  }
  Network const llm = product(1, Frozen::llm());
  for (Entry const& e : llm.layers()[1].weights.entries()) EXPECT_EQ(abs(e.value), Rational(3, 56));
  EXPECT_THROW(product(1, Frozen::unit(1)), InvalidInput);
}

TEST(Gadgets, ProductOfNonnegatives) {
  expect_cost(product_nonnegative(), 3, 7);
  expect_equal_on_box(product_nonnegative(), product_of, 0, 1000, 2);
  EXPECT_EQ(product_nonnegative(quadratic).neurons(), 6U);
  expect_equal_on_box(product_nonnegative(quadratic), product_of, 0, 1000, 2);
  EXPECT_EQ(product_nonnegative(cubic).neurons(), 9U);
  expect_equal_on_box(product_nonnegative(cubic), product_of, 0, 1000, 3);
  EXPECT_THROW(product_nonnegative(Frozen::unit(3)), InvalidInput);
}

TEST(Gadgets, TripleProduct) {
  expect_cost(triple_product(1), 4, 20);
  expect_equal_on_box(triple_product(1), product_of, -1, 1, 3);
  expect_equal_on_box(triple_product(Rational(5, 2)), product_of, Rational(-5, 2), Rational(5, 2), 3);
  EXPECT_THROW(triple_product(0), InvalidInput);
}

TEST(Gadgets, ReluPower) {
  for (int k = 1; k <= 5; ++k) {
    auto f = [k](Rational const& t) { return power(relu(t), static_cast<unsigned>(k)); };
    expect_cost(relu_power(k), 1, 2);
    expect_equal_on_pieces(relu_power(k), f, {-9, 0, 9}, k);
    if (k <= 2) {
      EXPECT_EQ(relu_power(k, quadratic).neurons(), 2U);
      expect_equal_on_pieces(relu_power(k, quadratic), f, {-9, 0, 9}, 2);
    }
    if (k <= 3) {
      EXPECT_EQ(relu_power(k, cubic).neurons(), 3U);
      expect_equal_on_pieces(relu_power(k, cubic), f, {-9, 0, 9}, 3);
    }
  }
  EXPECT_THROW(relu_power(0), InvalidInput);
  EXPECT_THROW(relu_power(1, Frozen::unit(2)), InvalidInput);
}

TEST(Gadgets, AbsoluteValue) {
  auto f = [](Rational const& x) { return Rational(abs(x)); };
  expect_cost(absolute_value(), 2, 4);
  expect_equal_on_pieces(absolute_value(), f, {-100, 0, 100}, 1);
  EXPECT_EQ(absolute_value(2, quadratic).neurons(), 4U);
  expect_equal_on_pieces(absolute_value(2, quadratic), f, {-2, 0, 2}, 2);
  for (Frozen const& a : {Frozen::llm(), cubic}) {
    EXPECT_EQ(absolute_value(2, a).neurons(), 5U);
    expect_equal_on_pieces(absolute_value(2, a), f, {-2, 0, 2}, 3);
  }
  expect_equal_on_pieces(absolute_value(2, flat), f, {-2, 0, 2}, 3);
  EXPECT_THROW(absolute_value(1, Frozen::unit(2)), InvalidInput);
}

TEST(Gadgets, Maximum) {
  expect_cost(maximum(), 3, 7);
  expect_cost(maximum(5), 2, 7);
  // piecewise affine or quadratic with the kink x = y on the grid's diagonal
  expect_equal_on_box(maximum(), largest, -50, 50, 6);
  expect_equal_on_box(maximum(5), largest, -5, 5, 6);
  EXPECT_EQ(maximum(5, quadratic).neurons(), 4U);
  expect_equal_on_box(maximum(5, quadratic), largest, -5, 5, 6);
  for (Frozen const& a : {Frozen::llm(), cubic}) {
    EXPECT_EQ(maximum(5, a).neurons(), 5U);
    expect_equal_on_box(maximum(5, a), largest, -5, 5, 6);
  }
}

TEST(Gadgets, Trapezoid) {
  std::vector<Rational> const breaks{-9, -2, -1, 1, 2, 9};
  expect_cost(trapezoid(), 4, 12);
  expect_equal_on_pieces(trapezoid(), psi, breaks, 1);
  EXPECT_EQ(trapezoid(quadratic).neurons(), 8U);
  expect_equal_on_pieces(trapezoid(quadratic), psi, breaks, 2);
  EXPECT_EQ(trapezoid(cubic).neurons(), 12U);
  expect_equal_on_pieces(trapezoid(cubic), psi, breaks, 3);
}

TEST(Gadgets, RandomCoefficients) {
  test::for_random(40, [](std::mt19937_64& g) {
    int const r = static_cast<int>(test::uniform(g, 2, 4));
    Frozen const a = test::random_frozen(g, r, test::coin(g));
    Rational const B = Rational(1, 10) + abs(test::random_rational(g));
    expect_equal_on_pieces(
        carry(B, a), [](Rational const& x) { return x; }, {-B, B}, r);
    expect_equal_on_pieces(
        square(B, a), [](Rational const& x) { return Rational(x * x); }, {-B, B}, r);
    expect_equal_on_pieces(
        cube(B, a), [](Rational const& x) { return Rational(x * x * x); }, {-B, B}, std::max(r, 4));
    expect_equal_on_box(product(B, a), product_of, -B, B, r);
  });
}

TEST(Gadgets, Cancellation) {
  EXPECT_EQ(cancellation(carry(1), {1}), Rational(2));  // (1 + 1)/1
  EXPECT_EQ(cancellation(carry(1), {0}), std::nullopt);
  EXPECT_EQ(cancellation(relu_power(3), {2}), Rational(1));
  EXPECT_EQ(cancellation(product(1), {1, 1}), Rational(1));  // P(4) = 0, P(2) = -4
  Network const affine(1, {{SparseMatrix(1, 1, {{0, 0, 3}}), {-2}, Activation::identity()}});
  EXPECT_EQ(cancellation(affine, {1}), Rational(3));
}

}  // namespace
}  // namespace nwidth::construct
