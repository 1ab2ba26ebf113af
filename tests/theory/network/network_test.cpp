// SPDX-License-Identifier: Apache-2.0
#include "theory/network/network.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/theory/network/random_network.hpp"
#include "theory/network/calculus.hpp"
#include "theory/number/ball.hpp"

namespace {

using namespace nwidth;
using test::for_random;
using test::random_network;
using test::random_vector;
using test::uniform;

Rational fraction(long p, long q) { return Rational(p) / q; }

TEST(SparseMatrix, SortsAndDropsZeros) {
  SparseMatrix const a(3, 2, {{2, 1, 5}, {0, 1, 2}, {2, 0, 4}, {1, 0, 0}, {0, 0, 1}});
  EXPECT_EQ(a.rows(), 3);
  EXPECT_EQ(a.columns(), 2);
  EXPECT_EQ(a.nonzeros(), 4U);
  std::vector<Rational> values;
  for (Entry const& e : a.entries()) values.push_back(e.value);
  EXPECT_EQ(values, (std::vector<Rational>{1, 2, 4, 5}));
  EXPECT_EQ(a.row_end(0) - a.row_begin(0), 2);
  EXPECT_EQ(a.row_end(1) - a.row_begin(1), 0);
  EXPECT_EQ(a.row_begin(2)->value, 4);
  EXPECT_EQ(SparseMatrix().nonzeros(), 0U);
  EXPECT_EQ(SparseMatrix::identity(4).nonzeros(), 4U);
  EXPECT_EQ(SparseMatrix::dense({{1, 0, 2}, {0, 0, 3}}).nonzeros(), 3U);
}

TEST(SparseMatrix, Rejects) {
  for (Entry const& e : std::vector<Entry>{{2, 0, 1}, {-1, 0, 1}, {0, 2, 1}, {0, -1, 1}, {2, 0, 0}})
    EXPECT_THROW(SparseMatrix(2, 2, {e}), InvalidInput);
  EXPECT_THROW(SparseMatrix(2, 2, {{0, 0, 1}, {1, 1, 1}, {0, 0, 2}}), InvalidInput);
  EXPECT_THROW(SparseMatrix(2, 2, {{0, 0, 1}, {0, 0, 0}}), InvalidInput);
  EXPECT_THROW(SparseMatrix::dense({{1, 2}, {3}}), InvalidInput);
  EXPECT_THROW(SparseMatrix(-1, 2, {}), InvalidInput);
  EXPECT_THROW(SparseMatrix(1, -2, {}), InvalidInput);
}

TEST(Activation, Rejects) {
  EXPECT_THROW(Activation::relu_power(0), InvalidInput);
  EXPECT_THROW(Activation::relu_power(-2), InvalidInput);
  EXPECT_THROW(Activation::relu_power(Activation::most_power + 1), InvalidInput);
  EXPECT_THROW(Activation::polyrelu({}), InvalidInput);
  EXPECT_THROW(Activation::polyrelu_per_neuron({}), InvalidInput);
  EXPECT_THROW(Activation::polyrelu_per_neuron({{1}, {}}), InvalidInput);
  EXPECT_THROW(Activation::rational({}, {1}), InvalidInput);
  EXPECT_THROW(Activation::rational({1}, {}), InvalidInput);
  EXPECT_THROW(Activation::rational({1}, {0, 0}), InvalidInput);
}

TEST(Network, Rejects) {
  auto layer = [](int rows, int columns, std::size_t bias, Activation a = Activation::relu()) {
    return Layer{SparseMatrix(rows, columns, {}), std::vector<Rational>(bias), std::move(a)};
  };
  EXPECT_THROW(Network(1, {}), InvalidInput);
  EXPECT_THROW(Network(0, {layer(1, 0, 1)}), InvalidInput);
  EXPECT_THROW(Network(-1, {layer(1, 1, 1)}), InvalidInput);
  EXPECT_THROW(Network(1, {layer(0, 1, 0)}), InvalidInput);
  EXPECT_THROW(Network(2, {layer(1, 1, 1)}), InvalidInput);
  EXPECT_THROW(Network(1, {layer(2, 1, 1)}), InvalidInput);
  EXPECT_THROW(Network(1, {layer(2, 1, 2), layer(1, 3, 1)}), InvalidInput);
  EXPECT_THROW(Network(1, {layer(3, 1, 3, Activation::polyrelu_per_neuron({{1}, {2}}))}), InvalidInput);
  try {
    Network(1, {layer(2, 1, 2), layer(1, 3, 1)});
    FAIL();
  } catch (InvalidInput const& e) {
    EXPECT_EQ(std::string(e.what()), "layer 2: weights have 3 columns, the layer before has 2 outputs");
  }
}

/// Counts by hand.
TEST(Network, Counts) {
  // x^2 on [-1, 1] by one PolyReLU neuron: P(x + 1) + 1 with a = (0, -2, 1)
  Network const square(1, {{SparseMatrix::dense({{1}}), {1}, Activation::polyrelu({0, -2, 1})},
                           {SparseMatrix::dense({{1}}), {1}, Activation::identity()}});
  EXPECT_EQ(square.size(), 4U);
  EXPECT_EQ(square.neurons(), 1U);
  EXPECT_EQ(square.depth(), 1);
  EXPECT_EQ(square.width(), 1);
  EXPECT_EQ(square.coefficients(), 2U);
  EXPECT_TRUE(square.is_piecewise_polynomial());
  for (long p = -8; p <= 8; ++p) EXPECT_EQ(square(fraction(p, 8)), fraction(p * p, 64));

  // two inputs, an identity layer inside, an active layer at the end
  Network const odd(
      2, {{SparseMatrix::dense({{1, 2}, {0, 3}, {0, 0}}), {0, 1, 0}, Activation::relu()},
          {SparseMatrix::dense({{1, 0, 1}, {1, 1, 1}}), {0, 0}, Activation::identity()},
          {SparseMatrix::dense({{1, 1}, {0, 1}}), {5, 5}, Activation::polyrelu_per_neuron({{1, 1}, {0, 0, 2}})}});
  EXPECT_EQ(odd.inputs(), 2);
  EXPECT_EQ(odd.outputs(), 2);
  EXPECT_EQ(odd.size(), (3U + 1U) + 5U + (3U + 2U));
  EXPECT_EQ(odd.neurons(), 5U);
  EXPECT_EQ(odd.depth(), 2);
  EXPECT_EQ(odd.width(), 3);
  EXPECT_EQ(odd.coefficients(), 3U);
  // h1 = (3, 4, 0), h2 = (3, 7), h3 = (1 + 15, 2 * 12^2)
  EXPECT_EQ(odd(std::vector<Rational>{1, 1}), (std::vector<Rational>{16, 288}));

  Network const smooth(1, {{SparseMatrix::dense({{1}}), {0}, Activation::silu()}});
  EXPECT_FALSE(smooth.is_piecewise_polynomial());
  EXPECT_EQ(smooth.coefficients(), 0U);
  EXPECT_EQ(Network(1, {{SparseMatrix::dense({{1}}), {0}, Activation::rational({0, 1}, {1, 0, 2})}}).coefficients(),
            3U);
  EXPECT_EQ(Network(1, {{SparseMatrix::dense({{1}}), {0}, Activation::relu_power(3)}}).coefficients(), 0U);
}

/// The exact value lies in the ball and in the interval, and the rounded ones are near.
TEST(Network, EveryScalarAgrees) {
  for_random(300, [](std::mt19937_64& g) {
    int const n = static_cast<int>(uniform(g, 1, 3)), m = static_cast<int>(uniform(g, 1, 2));
    Network const f = random_network(g, n, m, static_cast<int>(uniform(g, 0, 3)), false);
    // dyadic points, so that each scalar gets the same one
    std::vector<Rational> x;
    for (int i = 0; i < n; ++i) x.push_back(test::random_dyadic(g, 10, -8, 0));
    auto as = [&x]<class T>(T) {
      std::vector<T> y;
      for (Rational const& q : x) y.push_back(scalar_from<T>(q));
      return y;
    };
    std::vector<Rational> const exactly = f(x);
    std::vector<Ball> const balls = f(as(Ball()));
    std::vector<Interval> const intervals = f(as(Interval()));
    std::vector<Real> const reals = f(as(Real()));
    std::vector<double> const doubles = f(as(0.0));
    for (std::size_t i = 0; i < exactly.size(); ++i) {
      Rational const& y = exactly[i];
      EXPECT_TRUE(balls[i].lower() <= y && y <= balls[i].upper());
      EXPECT_LE(exact(intervals[i].lo), y);
      EXPECT_GE(exact(intervals[i].hi), y);
      Rational const width =
          exact(intervals[i].hi) - exact(intervals[i].lo);  // as large as rounding to 53 bits can matter
      EXPECT_LE(abs(exact(reals[i]) - y), width * power_of_two(-200));
      // the interval bounds the rounding errors of doubles: each of its operations holds the rounded one
      EXPECT_LE(intervals[i].lo, doubles[i]);
      EXPECT_GE(intervals[i].hi, doubles[i]);
    }
  });
}

/// Enclosures over a set of inputs, not only at a point.
TEST(Network, BallsAndIntervalsEncloseTheRange) {
  for_random(200, [](std::mt19937_64& g) {
    Network const f = random_network(g, 1, 1, static_cast<int>(uniform(g, 1, 3)), false);
    Rational const a = test::random_dyadic(g, 10, -8, -4), b = a + test::random_dyadic(g, 8, -10, -10) + fraction(1, 4);
    Interval const x(to_double(a), to_double(b));
    Interval const image = f(x);
    Ball const ball = f(Ball::from_bounds(a, b));
    for (int i = 0; i <= 10; ++i) {
      Rational const y = f(Rational(a + (b - a) * i / 10));
      EXPECT_TRUE(exact(image.lo) <= y && y <= exact(image.hi));
      EXPECT_TRUE(ball.lower() <= y && y <= ball.upper());
    }
  });
}

TEST(Network, SmoothActivations) {
  for (Activation const& a : {Activation::gelu(), Activation::silu()}) {
    Network const f(1, {{SparseMatrix::dense({{2}}), {fraction(1, 3)}, a},
                        {SparseMatrix::dense({{3}}), {-1}, Activation::identity()}});
    EXPECT_THROW(f(Rational(1)), InvalidInput);
    EXPECT_THROW(f(Interval(1)), InvalidInput);
    Ball const y = f(Ball(1));
    EXPECT_TRUE(Ball(f(Real(1))).midpoint() - y.midpoint() < power_of_two(-100));
    EXPECT_NEAR(f(1.0), y.to_double(), 1e-14);
  }
}

TEST(Network, PolesOfRationalActivations) {
  Network const f(1, {{SparseMatrix::dense({{1}}), {0}, Activation::rational({1}, {-2, 1})}});  // 1 / (t - 2)
  EXPECT_EQ(f(Rational(4)), fraction(1, 2));
  EXPECT_THROW(f(Rational(2)), InvalidInput);
  EXPECT_FALSE(f(Ball(2)).is_finite());
  EXPECT_EQ(f(Interval(1, 3)).magnitude(), HUGE_VAL);
  EXPECT_TRUE(std::isinf(f(2.0)));
}

TEST(ScalarFrom, EnclosesOrIsNearest) {
  for_random(500, [](std::mt19937_64& g) {
    Rational const q = test::random_rational(g, 100000) * test::random_dyadic(g, 60, -1100, 1000);
    Interval const x = scalar_from<Interval>(q);
    EXPECT_TRUE((x.lo == -HUGE_VAL || exact(x.lo) <= q) && (x.hi == HUGE_VAL || q <= exact(x.hi))) << q;
    EXPECT_TRUE(x.lo == x.hi || x.hi == std::nextafter(x.lo, HUGE_VAL)) << q;
    EXPECT_TRUE(scalar_from<Ball>(q).contains(q));
  });
  EXPECT_EQ(scalar_from<Interval>(fraction(1, 2)).lo, 0.5);
  EXPECT_EQ(scalar_from<Interval>(fraction(1, 2)).hi, 0.5);
  EXPECT_EQ(scalar_from<Interval>(power_of_two(2000)).hi, HUGE_VAL);
  EXPECT_EQ(scalar_from<Interval>(-power_of_two(2000)).hi, -std::numeric_limits<double>::max());
  EXPECT_EQ(scalar_from<Interval>(power_of_two(-2000)).lo, 0);
  EXPECT_GT(scalar_from<Interval>(power_of_two(-2000)).hi, 0);
}

}  // namespace
