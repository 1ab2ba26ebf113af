// SPDX-License-Identifier: Apache-2.0
#include "theory/number/ball_matrix.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"

namespace nwidth {
namespace {

using Rows = std::vector<std::vector<Rational>>;

Rows random_rows(std::mt19937_64& g, std::size_t n, int diagonal) {
  Rows A(n, std::vector<Rational>(n));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) A[i][j] = test::random_in(g, -1, 1) + (i == j ? diagonal : 0);
  return A;
}

BallMatrix const& fill(BallMatrix& m, Rows const& A) {
  for (std::size_t i = 0; i < A.size(); ++i)
    for (std::size_t j = 0; j < A[i].size(); ++j) m.set(i, j, Ball(A[i][j]));
  return m;
}

TEST(BallMatrix, holds_exact_products) {
  test::for_random(20, [](std::mt19937_64& g) {
    std::size_t const n = static_cast<std::size_t>(test::uniform(g, 1, 6));
    Rows const A = random_rows(g, n, 0), B = random_rows(g, n, 0);
    BallMatrix a(n, n), b(n, n), c(n, n);
    c.set_product(fill(a, A), fill(b, B));
    std::vector<Ball> v;
    for (std::size_t i = 0; i < n; ++i) v.emplace_back(B[i][0]);
    std::vector<Ball> const first = a * v;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        Rational sum = 0;
        for (std::size_t k = 0; k < n; ++k) sum += A[i][k] * B[k][j];
        Ball entry;
        arb_set(entry.get(), c.at(i, j));
        EXPECT_TRUE(entry.contains(sum));
        EXPECT_TRUE(j > 0 || first[i].contains(sum));
      }
  });
}

TEST(BallMatrix, inverts_about) {
  test::for_random(20, [](std::mt19937_64& g) {
    std::size_t const n = static_cast<std::size_t>(test::uniform(g, 1, 6));
    BallMatrix a(n, n), y(n, n), product(n, n);
    fill(a, random_rows(g, n, 8));
    ASSERT_TRUE(y.set_approximate_inverse(a));
    product.set_product(y, a);
    product.subtract_identity();
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        Ball entry;
        arb_set(entry.get(), product.at(i, j));
        EXPECT_LT(entry.magnitude(), 1e-30);
        EXPECT_NE(arb_is_exact(y.at(i, j)), 0);
      }
  });
  BallMatrix zero(2, 2), y(2, 2);
  EXPECT_FALSE(y.set_approximate_inverse(zero));
}

TEST(BallMatrix, is_sure_of_positive_definiteness_or_silent) {
  auto const two = [](Ball const& a, Ball const& b, Ball const& c) {
    return BallMatrix(2, 2, {a, Ball(1000), b, c}).certainly_positive_definite();  // the upper triangle is not read
  };
  EXPECT_TRUE(two(2, 1, 1));
  EXPECT_FALSE(two(1, 1, 1));  // singular
  EXPECT_FALSE(two(1, 2, 1));  // indefinite
  EXPECT_FALSE(two(-2, 0, -1));
  EXPECT_TRUE(two(2, Ball::from_bounds(-1, 1), 1));
  EXPECT_FALSE(two(2, Ball::from_bounds(-2, 2), 1));  // some are not
}

TEST(Mid, and_symmetric_do_what_they_say) {
  test::for_random(50, [](std::mt19937_64& g) {
    Rational const l = test::random_in(g, -2, 2), r = l + test::random_in(g, 0, 1);
    Ball const x = Ball::from_bounds(l, r), m = mid(x), s = symmetric(x, 4);
    EXPECT_EQ(m.lower(), m.upper());
    EXPECT_EQ(m.midpoint(), x.midpoint());
    EXPECT_EQ(s.midpoint(), 0);
    for (Rational const& end : {l, r}) EXPECT_GT(s.upper(), 4 * abs(end));
  });
  EXPECT_GT(symmetric(Ball(0), 4).upper(), 0);
}

}  // namespace
}  // namespace nwidth
