// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation/smooth.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "theory/number/ball.hpp"

namespace {

using namespace nwidth;
using test::for_random;
using test::uniform;

TEST(RationalActivation, IsTheQuotient) {
  for_random(500, [](std::mt19937_64& g) {
    Rational const x = test::random_rational(g);
    std::vector<Rational> p, q;
    for (long i = uniform(g, 1, 4); i > 0; --i) p.push_back(test::random_rational(g));
    for (long i = uniform(g, 1, 4); i > 0; --i) q.push_back(test::random_rational(g));
    auto at = [&x](std::vector<Rational> const& c) {
      Rational s = 0;
      for (std::size_t i = 0; i < c.size(); ++i) s += c[i] * power(x, static_cast<unsigned>(i));
      return s;
    };
    std::vector<Ball> const bp(p.begin(), p.end()), bq(q.begin(), q.end());
    Ball const ball = activation::rational(Ball(x), bp, bq);
    if (at(q) == 0) {
      EXPECT_FALSE(ball.is_finite());
      return;
    }
    Rational const y = at(p) / at(q);
    EXPECT_EQ(activation::rational(x, p, q), y);
    EXPECT_TRUE(ball.contains(y));
  });
}

}  // namespace
