// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/yarotsky.hpp"

#include "tests/theory/construct/local_taylor_testing.hpp"

namespace nwidth::construct {
namespace {

using test::PerfectSpline;

TEST(Yarotsky, ProductsErrLessThanTheirBound) {
  test::for_random(16, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 1, 4)), N = static_cast<int>(test::uniform(g, 1, 6)),
              m = static_cast<int>(test::uniform(g, 1, 8));
    LocalTaylor data{n, N, {}};
    for (int i = 0; i <= N; ++i) {
      data.coefficients.emplace_back();
      for (int j = 0; j < n; ++j) data.coefficients.back().push_back(test::random_rational(g, 9));
    }
    Network const net = yarotsky_relu_network(data, m);
    Rational const bound = yarotsky_product_error(data, m);
    Rational worst = 0;
    for (int i = 0; i < 40; ++i) {
      Rational const x = test::random_in(g, -1, 1, test::coin(g) ? 6 * N : 1000);
      worst = std::max(worst, Rational(abs(net(x) - test::joined_taylor(data, x))));
    }
    EXPECT_LE(worst, bound);
    EXPECT_EQ(bound == 0, n == 1);
    for (std::size_t l = 0; l + 1 < net.layers().size(); ++l)
      EXPECT_EQ(net.layers()[l].activation.kind, Activation::Kind::relu);
    EXPECT_EQ(net.depth(), 1 + (n - 1) * (m + 1));
  });
}

TEST(Yarotsky, ErrorIsBelowTheTheoremsBound) {
  test::for_random(6, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 1, 4)), N = static_cast<int>(test::uniform(g, 1, 12));
    PerfectSpline const f(g, n, static_cast<int>(test::uniform(g, 0, 9)));
    LocalTaylor const data = test::taylor_of(n, N, [&](Rational const& x, int j) { return f.taylor(x, j); });
    Rational const share = Rational(1, 8);
    int const m = yarotsky_levels(n, N, share);
    Network const net = yarotsky_relu_network(data, m);
    Rational const bound = local_taylor_error(n, N) + yarotsky_product_error(data, m);
    for (int k = 0; k <= 4 * N; ++k) {
      Rational const x = Rational(k) / (2 * N) - 1;
      ASSERT_LE(abs(net(x) - f.taylor(x, 0)), bound);
    }
  });
}

TEST(Yarotsky, ErrorOfExpressionsIsBelowTheBound) {
  for (int n = 1; n <= 4; ++n)
    for (std::string const& text : test::members_of_the_ball(n)) {
      auto const f = target::Expression::parse(text);
      for (int N : {1, 8}) {
        int const m = yarotsky_levels(n, N, Rational(1, 4));
        Network const net = yarotsky_relu_network(test::taylor_of(f, n, N), m);
        Rational const bound = local_taylor_error(n, N) + yarotsky_product_error(n, N, m);
        for (int k = 0; k <= 48; ++k)
          ASSERT_LE(test::error_at(net, f, Rational(k - 24) / 24), bound) << text << " N = " << N;
      }
    }
}

TEST(Yarotsky, LevelsAreTheLeast) {
  for (int n = 2; n <= 5; ++n)
    for (int N : {1, 10, 1000}) {
      Rational const share = Rational(1, 10);
      int const m = yarotsky_levels(n, N, share);
      EXPECT_LE(yarotsky_product_error(n, N, m), share * local_taylor_error(n, N));
      ASSERT_GT(m, 1);
      EXPECT_GT(yarotsky_product_error(n, N, m - 1), share * local_taylor_error(n, N));
    }
  EXPECT_EQ(yarotsky_levels(1, 10), 1);
  EXPECT_THROW(yarotsky_levels(2, 10, 0), InvalidInput);
}

TEST(Yarotsky, Sizes) {
  test::for_random(5, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 2, 4)), N = static_cast<int>(test::uniform(g, 3, 12)),
              m = static_cast<int>(test::uniform(g, 2, 9));
    PerfectSpline const f(g, n, 5);
    LocalTaylor const data = test::taylor_of(n, N, [&](Rational const& x, int j) { return f.taylor(x, j); });
    std::size_t const size = yarotsky_relu_network(data, m).size();
    auto const products = static_cast<std::size_t>((n - 1) * (N + 1));
    EXPECT_GE(size, products * static_cast<std::size_t>(16 * m - 20));
    EXPECT_LE(size, products * static_cast<std::size_t>(16 * m + 40));
    EXPECT_LE(size, static_cast<std::size_t>((N + 1) * n * n * (16 * m + 6)));  // what a chain for each term would cost
  });
}

TEST(Yarotsky, RefusesBadInput) {
  LocalTaylor const data{1, 1, {{0}, {1}}};
  EXPECT_THROW(yarotsky_relu_network(data, 0), InvalidInput);
  EXPECT_THROW(yarotsky_product_error(2, 3, 0), InvalidInput);
  EXPECT_THROW(yarotsky_product_error(0, 3, 4), InvalidInput);
  EXPECT_EQ(yarotsky_relu_network(data, 3)(Rational(0)), Rational(1, 2));
}

}  // namespace
}  // namespace nwidth::construct
