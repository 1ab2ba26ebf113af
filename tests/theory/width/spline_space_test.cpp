// SPDX-License-Identifier: Apache-2.0
#include "theory/width/spline_space.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::width {
namespace {

std::size_t size(int i) { return static_cast<std::size_t>(i); }

Rational radius(Ball const& b) { return (b.upper() - b.lower()) / 2; }

/// Knots at random, nodes at the averages of n consecutive ones (those of the open knot vector): never coincident.
OptimalSpace random_space(std::mt19937_64& g, int n, int N) {
  OptimalSpace s{.n = n, .N = N, .knots = {}, .nodes = {}};
  std::vector<long> gaps;
  long sum = 0;
  for (int i = 0; i <= N - n; ++i) sum += gaps.emplace_back(test::uniform(g, 1, 8));
  std::vector<Rational> t(size(n), Rational(-1));
  long at = 0;
  for (int i = 0; i < N - n; ++i) {
    at += gaps[size(i)];
    s.knots.push_back(round_to_dyadic(Rational(2 * at) / sum - 1, 40));
    t.push_back(s.knots.back());
  }
  t.insert(t.end(), size(n), Rational(1));
  for (int i = 0; i < N; ++i) {
    Rational node = t[size(i)] + t[size(i + n)];
    for (int j = 1; j < n; ++j) node += 2 * t[size(i + j)];
    s.nodes.push_back(round_to_dyadic(node / (2 * n), 40));
  }
  return s;
}

std::vector<Ball> random_values(std::mt19937_64& g, int count) {
  std::vector<Ball> v;
  for (int i = 0; i < count; ++i) v.push_back(Ball(test::random_dyadic(g)));
  return v;
}

Ball horner(std::vector<Ball> const& c, Ball const& x) {
  Ball s;
  for (std::size_t i = c.size(); i-- > 0;) s = s * x + c[i];
  return s;
}

TEST(SplineSpace, RecoversTheCoefficientsOfASpline) {
  test::for_random(60, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 1, 6)), N = n + static_cast<int>(test::uniform(g, 0, 30));
    OptimalSpace const space = random_space(g, n, N);
    SplineSpace const operators(space);
    PrecisionScope const scope(operators.precision());
    std::vector<Ball> const c = random_values(g, N);
    Spline const s(n - 1, space.knots, c);
    std::vector<Ball> values;
    for (Rational const& z : space.nodes) values.push_back(s(z));
    std::vector<Ball> const found = operators.interpolate(values);
    for (int i = 0; i < N; ++i) {
      EXPECT_TRUE(found[size(i)].contains(c[size(i)].midpoint())) << n << " " << N << " " << i;
      EXPECT_LT(radius(found[size(i)]), power_of_two(-120));
    }
  });
}

TEST(SplineSpace, ReproducesPolynomials) {
  test::for_random(30, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 1, 6)), N = n + static_cast<int>(test::uniform(g, 0, 60));
    OptimalSpace const space = optimal_space(n, N);
    std::vector<Ball> const c = random_values(g, n);
    std::vector<Ball> values;
    for (Rational const& z : space.nodes) values.push_back(horner(c, Ball(z)));
    Spline const s = SplineSpace(space).spline(values);
    for (int i = 0; i < 20; ++i) {
      Rational const x = test::random_in(g, -1, 1);
      EXPECT_TRUE(overlaps(s(x), horner(c, Ball(x))));
      EXPECT_LT(radius(s(x)), power_of_two(-90));
    }
  });
}

TEST(SplineSpace, EnclosesForAllValuesInTheirBalls) {
  test::for_random(20, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 2, 5)), N = n + 12;
    OptimalSpace const space = optimal_space(n, N);
    std::vector<Ball> wide, chosen;
    for (int i = 0; i < N; ++i) {
      Rational const low = test::random_dyadic(g), high = low + Rational(1) / 100;
      wide.push_back(Ball::from_bounds(low, high));
      chosen.push_back(Ball(test::coin(g) ? low : high));
    }
    SplineSpace const operators(space);
    std::vector<Ball> const w = operators.interpolate(wide), c = operators.interpolate(chosen);
    for (int i = 0; i < N; ++i) EXPECT_TRUE(overlaps(w[size(i)], c[size(i)])) << i;
  });
}

TEST(Spline, HasOnePolynomialInThreeForms) {
  test::for_random(60, [](std::mt19937_64& g) {
    PrecisionScope const scope(200);
    int const n = static_cast<int>(test::uniform(g, 1, 6)), N = n + static_cast<int>(test::uniform(g, 0, 12)),
              p = n - 1;
    OptimalSpace const space = random_space(g, n, N);
    Spline const s(p, space.knots, random_values(g, N));
    TruncatedPowers const t = s.truncated_powers();
    ASSERT_EQ(t.jumps.size(), space.knots.size());
    for (int j = 0; j < s.pieces(); ++j) {
      std::vector<Ball> const taylor = s.piece(j);
      ASSERT_EQ(taylor.size(), size(n));
      for (int i = 0; i < 4; ++i) {
        // the end of a piece belongs to the next one if p = 0
        Rational const x = s.piece_begin(j) + (s.piece_end(j) - s.piece_begin(j)) * test::uniform(g, 0, 63) / 64;
        Ball powers = horner(t.polynomial, Ball(Rational(x + 1)));
        for (std::size_t k = 0; k < t.jumps.size(); ++k)
          if (x >= space.knots[k])
            powers += t.jumps[k] * power(Ball(Rational(x - space.knots[k])), static_cast<unsigned>(p));
        Ball const value = s(x), piece = horner(taylor, Ball(Rational(x - s.piece_midpoint(j))));
        EXPECT_TRUE(overlaps(value, piece));
        EXPECT_TRUE(overlaps(value, powers));
        EXPECT_LT(radius(value) + radius(piece), power_of_two(-150));
        EXPECT_LT(radius(powers), power_of_two(-100));
        EXPECT_FALSE(certainly_less(Ball(s.bound()), abs(value)));
      }
    }
  });
}

TEST(SplineSpace, KeepsItsDigitsInLargeDimensions) {
  for (int n : {2, 4, 6}) {
    OptimalSpace const space = optimal_space(n, 4000);
    std::vector<Ball> values;
    for (int i = 0; i < 4000; ++i) values.push_back(Ball(i % 7 - 3));
    Rational worst = 0;
    for (Ball const& c : SplineSpace(space, 192).interpolate(values)) worst = std::max(worst, radius(c));
    EXPECT_LT(worst, power_of_two(-165)) << n;
  }
}

TEST(SplineSpace, RefusesWhatIsNotUnisolvent) {
  OptimalSpace s = optimal_space(3, 8);
  s.nodes[1] = s.nodes[0];
  EXPECT_THROW(SplineSpace{s}, InvalidInput);
  s = optimal_space(3, 8);
  s.nodes[0] = s.knots[0];
  EXPECT_THROW(SplineSpace{s}, InvalidInput);
  s = optimal_space(3, 8);
  s.knots.pop_back();
  EXPECT_THROW(SplineSpace{s}, InvalidInput);
  s = optimal_space(3, 8);
  std::swap(s.knots[0], s.knots[1]);
  EXPECT_THROW(SplineSpace{s}, InvalidInput);
  EXPECT_THROW(SplineSpace(optimal_space(3, 8)).interpolate(std::vector<Ball>(7)), InvalidInput);
  EXPECT_THROW(Spline(2, {Rational(0)}, std::vector<Ball>(3)), InvalidInput);
  EXPECT_THROW(Spline(1, {Rational(1)}, std::vector<Ball>(3)), InvalidInput);
  EXPECT_THROW(Spline(1, {Rational(0)}, std::vector<Ball>(3))(2), InvalidInput);
}

}  // namespace
}  // namespace nwidth::width
