// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/sawtooth.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"

namespace nwidth::construct {
namespace {

std::size_t count(int n) { return static_cast<std::size_t>(n); }

/// The interpolant at j/pieces, by its definition.
Rational interpolant(Rational const& x, long pieces) {
  Rational const scaled = x * pieces;
  Integer j = numerator(scaled) / denominator(scaled);
  if (j == pieces) --j;
  Rational const a = Rational(j) / pieces, b = Rational(j + 1) / pieces;
  return a * a + (a + b) * (x - a);
}

/// Breakpoints, middles and quarters of (a sample of) the pieces: there the error is exactly 0, E and 3E/4, less the
/// shift.
void expect_interpolates(Network const& net, long pieces, bool shifted) {
  Rational const E = Rational(1) / (4 * Rational(pieces) * pieces), shift = shifted ? Rational(E / 2) : Rational(0);
  long const step = pieces <= 256 ? 1 : pieces / 128 + 1;
  for (long j = 0; j <= pieces; j += step) {
    Rational const x = Rational(j) / pieces;
    ASSERT_EQ(net(x) - x * x, -shift);
    if (j == pieces) break;
    for (int k = 1; k <= 3; ++k) {
      Rational const y = Rational(4 * j + k) / (4 * pieces);
      ASSERT_EQ(net(y) - y * y, (k == 2 ? E : Rational(E * 3 / 4)) - shift);
    }
  }
  Rational const last = 1;
  ASSERT_EQ(net(last), 1 - shift);
}

TEST(SawtoothSquare, ErrorIsExactlyTheOptimalOne) {
  for (int m = 1; m <= 11; ++m)
    for (bool shifted : {false, true}) {
      Network const net = sawtooth_square(m, shifted);
      EXPECT_EQ(net.width(), m == 1 ? 2 : 3);
      EXPECT_EQ(net.depth(), m);
      EXPECT_EQ(net.neurons(), count(3 * m - 1));
      EXPECT_EQ(net.size(), count(8 * m - 3 + (shifted ? 1 : 0)));
      expect_interpolates(net, 1L << m, shifted);
    }
  EXPECT_THROW(sawtooth_square(0, false), InvalidInput);
  EXPECT_THROW(sawtooth_square(10001, true), InvalidInput);
}

TEST(SawtoothSquare, ManyLevelsAreExact) {
  Network const net = sawtooth_square(200, true);
  Rational const x = Rational(2, 3);  // 2^m x never is a half: F_m - x^2 = 2^-2m (1/3)(2/3)
  EXPECT_EQ(net(x) - x * x, power_of_two(-400) * (Rational(2, 9) - Rational(1, 8)));
}

TEST(SawtoothSquareTeeth, ErrorIsExactlyTheOptimalOne) {
  for (int q = 2; q <= 5; ++q)
    for (int m = 1; m <= 4; ++m)
      for (bool shifted : {false, true}) {
        Network const net = sawtooth_square_teeth(m, q, shifted);
        long pieces = 1;
        for (int i = 0; i < m; ++i) pieces *= q;
        EXPECT_EQ(net.depth(), m);
        EXPECT_EQ(net.neurons(), count(m * (q + 1) - 1));
        EXPECT_EQ(net.size(),
                  count((m == 1 ? 3 * q - 1 : q * q + 5 * q - 1 + (m - 2) * (q * q + 2 * q)) + (shifted ? 1 : 0)));
        expect_interpolates(net, pieces, shifted);
      }
  EXPECT_THROW(sawtooth_square_teeth(1, 1, false), InvalidInput);
  EXPECT_THROW(sawtooth_square_teeth(0, 2, false), InvalidInput);
}

TEST(ReluProduct, ErrorSizeAndZeros) {
  test::for_random(30, [](std::mt19937_64& g) {
    int const m = static_cast<int>(test::uniform(g, 1, 11));
    Rational const M = test::coin(g) ? Rational(1) : Rational(Rational(1, 9) + abs(test::random_rational(g)));
    Network const net = relu_product(m, M);
    EXPECT_EQ(net.depth(), m + 1);
    EXPECT_EQ(net.neurons(), count(6 * m + 2));
    EXPECT_EQ(net.size(), count(16 * m + 6));
    for (int i = 0; i < 20; ++i) {
      Rational const x = test::random_in(g, -M, M), y = test::random_in(g, -M, M);
      Rational const value = net(std::vector<Rational>{x, y})[0];
      EXPECT_LE(abs(value - x * y), M * M * power_of_two(-2 * m - 2));
      EXPECT_LE(abs(value), M * M);
      long const pieces = 1L << m;
      EXPECT_EQ(value, M * M * (interpolant(abs(x + y) / (2 * M), pieces) - interpolant(abs(x - y) / (2 * M), pieces)));
      EXPECT_EQ(net(std::vector<Rational>{x, 0})[0], 0);
      EXPECT_EQ(net(std::vector<Rational>{0, y})[0], 0);
    }
  });
  EXPECT_THROW(relu_product(0, 1), InvalidInput);
  EXPECT_THROW(relu_product(3, 0), InvalidInput);
}

TEST(ReluProduct, BoundIsAttained) {
  for (int m = 1; m <= 11; ++m) {
    // (x + y)/2 in the middle of a piece, (x - y)/2 at a breakpoint
    Rational const u = 3 * power_of_two(-m - 1), v = power_of_two(-m), x = u + v, y = u - v;
    EXPECT_EQ(relu_product(m, 1)(std::vector<Rational>{x, y})[0] - x * y, power_of_two(-2 * m - 2));
  }
}

}  // namespace
}  // namespace nwidth::construct
