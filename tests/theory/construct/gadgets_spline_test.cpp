// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/gadgets_spline.hpp"

#include "tests/theory/construct/gadgets_testing.hpp"

namespace nwidth::construct {
namespace {

using test::expect_equal_on_pieces;

/// The B-spline by its definition as a divided difference: all p + 2 truncated powers.
Rational bspline(int p, Rational const& x) {
  Rational sum = 0, binomial = 1;
  for (int j = 0; j <= p + 1; ++j) {
    Rational const t = x + Rational(p + 1, 2) - j;
    if (t > 0) sum += binomial * power(t, static_cast<unsigned>(p));
    binomial *= Rational(-(p + 1 - j), j + 1);
  }
  return sum / factorial(p);
}

TEST(FoldedBSpline, EqualsTheSumOfTruncatedPowers) {
  std::size_t const neurons[] = {3, 4, 4, 5, 5};
  for (int p = 1; p <= 5; ++p) {
    Rational const center = Rational(2, 7), h = Rational(3, 5);
    Network const net = folded_bspline(p, center, h);
    EXPECT_EQ(net.neurons(), neurons[p - 1]);
    EXPECT_EQ(net.depth(), 2);
    std::vector<Rational> breaks{center - 10 * h};
    for (int j = 0; j <= p + 1; ++j) {
      breaks.push_back(center + h * (j - Rational(p + 1, 2)));
      if (p % 2 == 0 && j == p / 2) breaks.push_back(center);  // the fold
    }
    breaks.push_back(center + 10 * h);
    expect_equal_on_pieces(
        net, [&](Rational const& x) { return bspline(p, (x - center) / h); }, breaks, p);
  }
  EXPECT_THROW(folded_bspline(0), InvalidInput);
  EXPECT_THROW(folded_bspline(33), InvalidInput);
  EXPECT_THROW(folded_bspline(3, 0, 0), InvalidInput);
}

PiecewisePolynomial random_piecewise(std::mt19937_64& g, int r, int N) {
  PiecewisePolynomial f;
  f.breaks.push_back(-1);
  Rational value = test::random_rational(g);
  for (int i = 0; i < N; ++i) {
    std::vector<Rational> c{value};
    for (int k = 1; k <= r; ++k) c.push_back(test::random_rational(g, 9));
    f.breaks.push_back(f.breaks.back() + Rational(test::uniform(g, 1, 9), 10));
    value = Frozen{c}(f.breaks.back() - f.breaks[f.breaks.size() - 2]);
    f.pieces.push_back(std::move(c));
  }
  return f;
}

TEST(FrozenPiecewisePolynomial, EqualsTheFunction) {
  test::for_random(20, [](std::mt19937_64& g) {
    int const r = static_cast<int>(test::uniform(g, 1, 4)), N = static_cast<int>(test::uniform(g, 1, 8));
    Frozen const a = r == 3 && test::coin(g) ? Frozen::llm() : test::random_frozen(g, r, true);
    PiecewisePolynomial const f = random_piecewise(g, r, N);
    Network const net = frozen_piecewise_polynomial(f, a);
    EXPECT_EQ(net.depth(), 1);
    EXPECT_LE(net.neurons(), static_cast<std::size_t>(r * N));
    EXPECT_LE(net.size(), static_cast<std::size_t>(3 * r * N + 1));
    expect_equal_on_pieces(net, f, f.breaks, r);
  });
}

TEST(FrozenPiecewisePolynomial, RefusesWhatItCannotRepresent) {
  PiecewisePolynomial f{{0, 1, 2}, {{0, 1}, {1, 0, 1}}};
  EXPECT_NO_THROW(frozen_piecewise_polynomial(f, Frozen::llm()));
  EXPECT_THROW(frozen_piecewise_polynomial(f, Frozen::unit(1)), InvalidInput);  // degree 2
  EXPECT_THROW(frozen_piecewise_polynomial(f, Frozen::unit(3)), InvalidInput);  // a_1 = 0
  PiecewisePolynomial jump = f, order = f, count = f;
  jump.pieces[1][0] = 2;
  order.breaks[1] = 2;
  count.breaks.pop_back();
  EXPECT_THROW(frozen_piecewise_polynomial(jump, Frozen::llm()), InvalidInput);
  EXPECT_THROW(frozen_piecewise_polynomial(order, Frozen::llm()), InvalidInput);
  EXPECT_THROW(frozen_piecewise_polynomial(count, Frozen::llm()), InvalidInput);
  EXPECT_THROW(f(3), InvalidInput);
  PiecewisePolynomial const constant{{0, 1}, {{5}}};
  EXPECT_EQ(frozen_piecewise_polynomial(constant, Frozen::llm())(Rational(1, 3)), 5);
}

}  // namespace
}  // namespace nwidth::construct
