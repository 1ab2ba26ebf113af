// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets_polynomial.hpp"

#include "tests/theory/construct/gadgets_testing.hpp"

namespace nwidth::construct {
namespace {

using test::expect_equal_on_pieces;

Rational chebyshev(std::vector<Rational> const& c, Rational const& x) {
  Rational sum = c[0], before = 1, T = x;
  for (std::size_t j = 1; j < c.size(); ++j) {
    sum += c[j] * T;
    Rational const next = 2 * x * T - before;
    before = T;
    T = next;
  }
  return sum;
}

TEST(Polynomial, OneNeuronOnAnInterval) {
  test::for_random(30, [](std::mt19937_64& g) {
    Frozen const p = test::random_frozen(g, static_cast<int>(test::uniform(g, 1, 6)), false);
    Rational const B = 1 + abs(test::random_rational(g));
    Network const net = polynomial_neuron(p.a, B);
    EXPECT_EQ(net.neurons(), 1U);
    EXPECT_EQ(net.size(), 3U);
    expect_equal_on_pieces(net, p, {-B, B}, p.degree());
    EXPECT_EQ(net(Rational(-B - 1)), p(-B));  // constant beyond: one neuron is never a polynomial on the line
    EXPECT_THROW(polynomial_neuron(p.a, 0), InvalidInput);
  });
}

TEST(Polynomial, PairOnTheLine) {
  test::for_random(30, [](std::mt19937_64& g) {
    Frozen const p = test::random_frozen(g, static_cast<int>(test::uniform(g, 1, 6)), false);
    Network const net = polynomial_pair(p.a);
    EXPECT_EQ(net.neurons(), 2U);
    expect_equal_on_pieces(net, p, {-1000, 0, 1000}, p.degree());
  });
  EXPECT_THROW(polynomial_pair({}), InvalidInput);
}

TEST(Polynomial, FrozenCoefficients) {
  test::for_random(30, [](std::mt19937_64& g) {
    Frozen const p = test::random_frozen(g, static_cast<int>(test::uniform(g, 1, 3)), false);
    Network const net = polynomial_frozen(p.a, 2, Frozen::llm());
    EXPECT_LE(net.neurons(), 3U);
    expect_equal_on_pieces(net, p, {-2, 2}, 3);
  });
  EXPECT_THROW(polynomial_frozen({0, 0, 0, 0, 1}, 1, Frozen::llm()), InvalidInput);
}

TEST(Polynomial, PowerChain) {
  for (int j = 1; j <= 4; ++j) {
    auto f = [j](Rational const& u) { return u < 0 ? Rational(0) : power(u, 1U << j); };
    Network const net = power_chain(j);
    EXPECT_EQ(net.neurons(), static_cast<std::size_t>(j));
    EXPECT_EQ(net.depth(), j);
    EXPECT_EQ(net.size(), static_cast<std::size_t>(j) + 1);
    expect_equal_on_pieces(net, f, {-3, 0, 3}, 1 << j);
    if (j > 2) continue;
    Network const frozen = power_chain(j, Frozen::llm());
    EXPECT_EQ(frozen.neurons(), 3U * static_cast<std::size_t>(j));
    expect_equal_on_pieces(frozen, f, {-3, 0, 3}, 9);
  }
  EXPECT_THROW(power_chain(0), InvalidInput);
  EXPECT_THROW(power_chain(2, Frozen::unit(3)), InvalidInput);
}

TEST(Polynomial, CubeBySquares) {
  auto f = [](Rational const& u) { return u < 0 ? Rational(0) : power(u, 3); };
  Network const net = cube_by_squares();
  EXPECT_EQ(net.neurons(), 5U);
  EXPECT_EQ(net.size(), 9U);
  EXPECT_EQ(net.depth(), 2);
  expect_equal_on_pieces(net, f, {-50, 0, 50}, 4);
  Network const frozen = cube_by_squares(Frozen{{Rational(1, 3), Rational(1, 2), Rational(-1, 5)}});
  EXPECT_EQ(frozen.neurons(), 8U);
  expect_equal_on_pieces(frozen, f, {-50, 0, 50}, 4);
  EXPECT_THROW(cube_by_squares(Frozen::llm()), InvalidInput);
}

TEST(Polynomial, ChebyshevCoefficients) {
  test::for_random(30, [](std::mt19937_64& g) {
    Frozen const p = test::random_frozen(g, static_cast<int>(test::uniform(g, 1, 12)), false);
    Rational const x = test::random_rational(g);
    std::vector<Rational> const c = chebyshev_coefficients(p.a);
    ASSERT_EQ(c.size(), p.a.size());
    EXPECT_EQ(chebyshev(c, x), p(x));
  });
}

TEST(Polynomial, ChebyshevTree) {
  test::for_random(12, [](std::mt19937_64& g) {
    auto const p = static_cast<int>(test::uniform(g, 0, 24));
    Frozen const c = test::random_frozen(g, p, test::coin(g));
    Network const net = chebyshev_polynomial(c.a);
    int depth = 0;
    while ((1 << depth) < p) ++depth;
    EXPECT_EQ(net.depth(), p < 2 ? 0 : depth);
    EXPECT_LE(net.neurons(), 2U * static_cast<std::size_t>(p) + 6U * static_cast<std::size_t>(depth));
    expect_equal_on_pieces(
        net, [&](Rational const& x) { return chebyshev(c.a, x); }, {-1, 1}, p < 2 ? 1 : 1 << depth);
  });
  EXPECT_THROW(chebyshev_polynomial({}), InvalidInput);
}

TEST(Polynomial, ChebyshevTreeOfOnePolynomialIsSmall) {
  for (int L = 1; L <= 6; ++L) {
    Network const net = chebyshev_polynomial(Frozen::unit(1 << L).a);  // T_{2^L}: one neuron per layer
    EXPECT_EQ(net.neurons(), static_cast<std::size_t>(L));
    EXPECT_EQ(net.depth(), L);
    for (Layer const& layer : net.layers())
      for (Entry const& e : layer.weights.entries()) EXPECT_LE(abs(e.value), 4);
    Rational const x = Rational(3, 7);
    EXPECT_EQ(net(x), chebyshev(Frozen::unit(1 << L).a, x));
  }
}

}  // namespace
}  // namespace nwidth::construct
