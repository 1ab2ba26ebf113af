// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/local_taylor.hpp"

#include "tests/theory/construct/local_taylor_testing.hpp"

namespace nwidth::construct {
namespace {

using test::PerfectSpline;

TEST(LocalTaylor, BothLayoutsAreTheFunctionExactly) {
  test::for_random(24, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 1, 5)), N = static_cast<int>(test::uniform(g, 1, 7));
    LocalTaylor data{n, N, {}};
    for (int i = 0; i <= N; ++i) {
      data.coefficients.emplace_back();
      for (int j = 0; j < n; ++j) data.coefficients.back().push_back(test::random_rational(g, 9));
    }
    Network const terms = local_taylor_network(data),
                  factored = local_taylor_network(data, LocalTaylorLayout::factored);
    EXPECT_EQ(terms.depth(), n);
    EXPECT_EQ(factored.depth(), n == 1 ? 1 : n + 1);
    for (int i = 0; i < 60; ++i) {
      Rational const x = test::random_in(g, -1, 1, 6 * N);  // kinks and nodes are among these
      ASSERT_EQ(terms(x), test::joined_taylor(data, x));
      ASSERT_EQ(factored(x), test::joined_taylor(data, x));
    }
  });
}

TEST(LocalTaylor, ReproducesPolynomials) {
  test::for_random(10, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 1, 6));
    Frozen const p = test::random_frozen(g, n - 1, false);
    LocalTaylor const data = test::taylor_of(n, 5, [&](Rational const& x, int j) { return p.taylor(x, j); });
    for (LocalTaylorLayout layout : {LocalTaylorLayout::terms, LocalTaylorLayout::factored}) {
      Network const net = local_taylor_network(data, layout);
      for (int i = 0; i < 20; ++i) {
        Rational const x = test::random_in(g, -1, 1);
        ASSERT_EQ(net(x), p(x));
      }
    }
  });
}

TEST(LocalTaylor, ErrorIsBelowTheBound) {
  test::for_random(6, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 1, 5)), N = static_cast<int>(test::uniform(g, 1, 24));
    PerfectSpline const f(g, n, static_cast<int>(test::uniform(g, 0, 20)));
    LocalTaylor const data = test::taylor_of(n, N, [&](Rational const& x, int j) { return f.taylor(x, j); });
    Network const net = local_taylor_network(data);
    Rational const bound = local_taylor_error(n, N);
    for (int k = 0; k <= 6 * N; ++k) {
      Rational const x = Rational(k) / (3 * N) - 1;
      ASSERT_LE(abs(net(x) - f.taylor(x, 0)), bound);
    }
  });
}

TEST(LocalTaylor, ErrorOfExpressionsIsBelowTheBound) {
  for (int n = 1; n <= 5; ++n)
    for (std::string const& text : test::members_of_the_ball(n)) {
      auto const f = target::Expression::parse(text);
      for (int N : {1, 12}) {
        Network const net = local_taylor_network(test::taylor_of(f, n, N));
        Rational const bound = local_taylor_error(n, N);
        for (int k = 0; k <= 60; ++k)
          ASSERT_LE(test::error_at(net, f, Rational(k - 30) / 30), bound) << text << " N = " << N;
      }
    }
}

TEST(LocalTaylor, DataAreCloseAndDyadic) {
  auto const f = target::Expression::parse("exp(x)");
  LocalTaylor const data = test::taylor_of(f, 4, 100);
  PrecisionScope const scope(400);
  for (int i = 0; i <= 100; i += 10)
    for (int j = 0; j < 4; ++j) {
      Rational const& c = data.coefficients[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
      EXPECT_TRUE(is_dyadic(c));
      Ball const exact = exp(Ball(data.node(i))) / Ball(factorial(j));
      EXPECT_LE(abs(exact - Ball(c)).upper(), power_of_two(-60) * local_taylor_error(4, 100));
    }
}

TEST(LocalTaylor, RefusesFunctionsWithoutDerivatives) {
  EXPECT_THROW(test::taylor_of(target::Expression::parse("sqrt(x + 1)"), 2, 4), InvalidInput);
  EXPECT_THROW(test::taylor_of(target::Expression::parse("1/x"), 1, 4), InvalidInput);
  EXPECT_NO_THROW(test::taylor_of(target::Expression::parse("1/x"), 1, 3));  // 0 is no node
  EXPECT_NO_THROW(test::taylor_of(target::Expression::parse("abs(x)"), 1, 4));
}

TEST(LocalTaylor, BoundIsNearlyAttained) {
  // x^n/n! errs by (x - x_i)^n/n!: at distance H/2 of a node with phi_i = 1 that is 2^-n of the bound
  for (int n = 1; n <= 4; ++n) {
    LocalTaylor const data = test::taylor_of(n, 4, [&](Rational const& x, int j) {
      return power(x, static_cast<unsigned>(n - j)) / (factorial(n - j) * factorial(j));
    });
    Rational const x = data.node(2) + data.reach() / 2;
    Rational const error = abs(local_taylor_network(data)(x) - power(x, static_cast<unsigned>(n)) / factorial(n));
    EXPECT_EQ(error, local_taylor_error(n, 4) * power_of_two(-n));
  }
}

TEST(LocalTaylor, Sizes) {
  test::for_random(10, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 1, 6)), N = static_cast<int>(test::uniform(g, 5, 60));
    PerfectSpline const f(g, n, 9);
    LocalTaylor const data = test::taylor_of(n, N, [&](Rational const& x, int j) { return f.taylor(x, j); });
    auto const all = static_cast<std::size_t>((N + 1) * 7 * n * n);
    std::size_t const terms = local_taylor_network(data).size();
    std::size_t const factored = local_taylor_network(data, LocalTaylorLayout::factored).size();
    EXPECT_LE(terms, all);  // what the count of terms and factors predicts
    EXPECT_LE(terms, static_cast<std::size_t>(n == 1 ? 6 * N + 3 : (14 * n - 6) * N + 20 * n));
    EXPECT_LE(factored, static_cast<std::size_t>((2 * n + 4) * N + 10 * n * n + 3));
  });
}

TEST(LocalTaylor, ZeroAndConstantTargets) {
  for (int n = 1; n <= 3; ++n)
    for (int value : {0, 3}) {
      LocalTaylor const data =
          test::taylor_of(n, 3, [&](Rational const&, int j) { return Rational(j == 0 ? value : 0); });
      for (LocalTaylorLayout layout : {LocalTaylorLayout::terms, LocalTaylorLayout::factored})
        EXPECT_EQ(local_taylor_network(data, layout)(Rational(1, 5)), value);
    }
}

TEST(LocalTaylor, BigNetworksAreBuiltQuickly) {
  LocalTaylor const data = test::taylor_of(4, 500, [](Rational const& x, int j) { return power(x, 3) / (j + 1); });
  EXPECT_GE(local_taylor_network(data).size(), 20000U);
}

TEST(LocalTaylor, RefusesBadInput) {
  EXPECT_THROW(local_taylor_error(0, 5), InvalidInput);
  EXPECT_THROW(local_taylor_error(2, 0), InvalidInput);
  EXPECT_THROW(local_taylor_error(33, 5), InvalidInput);
  EXPECT_THROW(local_taylor_error(2, 1000001), InvalidInput);
  EXPECT_THROW(local_taylor_network(LocalTaylor{2, 1, {{0, 0}}}), InvalidInput);
  EXPECT_THROW(local_taylor_network(LocalTaylor{2, 1, {{0, 0}, {0}}}), InvalidInput);
}

}  // namespace
}  // namespace nwidth::construct
