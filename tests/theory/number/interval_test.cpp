// SPDX-License-Identifier: Apache-2.0
/// Built three times: as usual, under -O3 -march=native, and (it must not compile) under -ffast-math.
#include "theory/number/interval.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/random.hpp"

namespace {

using nwidth::exact;
using nwidth::Interval;
using nwidth::Rational;
using nwidth::round_down;
using nwidth::round_up;
using nwidth::test::for_random;
using nwidth::test::random_double;

double const inf = std::numeric_limits<double>::infinity();
double const nan = std::numeric_limits<double>::quiet_NaN();
double const largest = std::numeric_limits<double>::max();

/// q in x, decided exactly; also that x is an interval, never NaN and never empty.
::testing::AssertionResult holds(Interval x, Rational const& q) {
  bool const proper = x.lo <= x.hi && x.lo < inf && x.hi > -inf;
  if (proper && (x.lo == -inf || exact(x.lo) <= q) && (x.hi == inf || q <= exact(x.hi)))
    return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "[" << std::hexfloat << x.lo << ", " << x.hi << "] does not hold "
                                       << q.convert_to<double>();
}

Interval random_interval(std::mt19937_64& g) {
  double const a = random_double(g);
  if (g() % 4 == 0) return a;
  double const b = random_double(g);
  return a <= b ? Interval(a, b) : Interval(b, a);
}

/// An end, or something between.
Rational random_point(std::mt19937_64& g, Interval x) {
  switch (g() % 3) {
    case 0: return exact(x.lo);
    case 1: return exact(x.hi);
    default: return nwidth::test::random_in(g, exact(x.lo), exact(x.hi), 16);
  }
}

TEST(RoundDown, IsBelowAndNear) {
  for_random(5000, [](std::mt19937_64& g) {
    double const x = random_double(g);
    double const below = std::nextafter(x, -inf);
    EXPECT_LE(round_down(x), below) << std::hexfloat << x;
    EXPECT_GE(round_down(x), std::nextafter(below, -inf)) << std::hexfloat << x;
    EXPECT_EQ(round_up(-x), -round_down(x));
  });
  EXPECT_LE(round_down(inf), largest);  // a sum that overflowed is above the largest double
  EXPECT_GT(round_down(inf), largest / 2);
  EXPECT_EQ(round_down(-inf), -inf);
  EXPECT_EQ(round_up(inf), inf);
  EXPECT_GE(round_up(-inf), -largest);
}

TEST(Interval, ArithmeticContainsTheExactResult) {
  for_random(5000, [](std::mt19937_64& g) {
    Interval const x = random_interval(g), y = random_interval(g);
    for (int i = 0; i < 3; ++i) {
      Rational const p = random_point(g, x), q = random_point(g, y);
      EXPECT_TRUE(holds(x + y, p + q));
      EXPECT_TRUE(holds(x - y, p - q));
      EXPECT_TRUE(holds(x * y, p * q));
      EXPECT_TRUE(holds(-x, -p));
      EXPECT_TRUE(holds(hull(x, y), p));
      EXPECT_TRUE(holds(hull(x, y), q));
      if (q != 0) {
        EXPECT_TRUE(holds(x / y, p / q));
      }
      EXPECT_LE(abs(p), exact(x.magnitude()));
      EXPECT_GE(abs(p), exact(x.mignitude()));
    }
  });
}

TEST(Interval, OneOperationIsTight) {
  for_random(2000, [](std::mt19937_64& g) {
    double const a = random_double(g), b = random_double(g);
    auto tight = [](Interval x, double nearest) {
      if (!std::isfinite(nearest)) return;
      double lo = nearest, hi = nearest;
      for (int i = 0; i < 2; ++i) {
        lo = std::nextafter(lo, -inf);
        hi = std::nextafter(hi, inf);
      }
      EXPECT_GE(x.lo, lo);
      EXPECT_LE(x.hi, hi);
    };
    tight(Interval(a) + Interval(b), a + b);
    tight(Interval(a) - Interval(b), a - b);
    tight(Interval(a) * Interval(b), a * b);
    if (b != 0) tight(Interval(a) / Interval(b), a / b);
  });
}

/// Ends at infinity stand for unbounded sets of reals: check with points far out.
TEST(Interval, UnboundedOperands) {
  std::vector<Interval> const all{{-inf, inf}, {-inf, -2},     {-inf, 0},       {-inf, 3}, {-5, inf},
                                  {0, inf},    {0.5, inf},     {-1, 1},         {0, 0},    {2, 4},
                                  {-4, -2},    {largest, inf}, {-inf, -largest}};
  auto points = [](Interval x) {
    std::vector<Rational> v;
    Rational const far = nwidth::power_of_two(1100);
    if (x.lo > -inf) v.push_back(exact(x.lo));
    if (x.hi < inf) v.push_back(exact(x.hi));
    if (x.lo == -inf) v.push_back(x.hi < inf ? Rational(exact(x.hi) - far) : -far);
    if (x.hi == inf) v.push_back(x.lo > -inf ? Rational(exact(x.lo) + far) : far);
    return v;
  };
  for (Interval x : all)
    for (Interval y : all)
      for (Rational const& p : points(x))
        for (Rational const& q : points(y)) {
          EXPECT_TRUE(holds(x + y, p + q)) << x.lo << " " << x.hi << " + " << y.lo << " " << y.hi;
          EXPECT_TRUE(holds(x - y, p - q)) << x.lo << " " << x.hi << " - " << y.lo << " " << y.hi;
          EXPECT_TRUE(holds(x * y, p * q)) << x.lo << " " << x.hi << " * " << y.lo << " " << y.hi;
          if (q != 0) {
            EXPECT_TRUE(holds(x / y, p / q)) << x.lo << " " << x.hi << " / " << y.lo << " " << y.hi;
          }
        }
}

TEST(Interval, OverflowAndDivisionByZero) {
  EXPECT_TRUE(holds(Interval(largest) + Interval(largest), 2 * exact(largest)));
  EXPECT_TRUE(holds(Interval(-largest) - Interval(largest), -2 * exact(largest)));
  EXPECT_TRUE(holds(Interval(largest) * Interval(-largest), -exact(largest) * exact(largest)));
  EXPECT_TRUE(holds(Interval(largest) / Interval(0x1p-1000), exact(largest) * nwidth::power_of_two(1000)));
  for (Interval zero : {Interval(0), Interval(-0.0), Interval(-1, 1), Interval(0, 1), Interval(-1, 0)}) {
    Interval const q = Interval(1) / zero;
    EXPECT_EQ(q.lo, -inf);
    EXPECT_EQ(q.hi, inf);
  }
}

/// A NaN bound means "anything": no operation may turn it into a claim.
TEST(Interval, NanIsNeverAProof) {
  auto anything = [](Interval x) { return !(x.lo > -inf && x.hi < inf); };
  for (Interval bad : {Interval(nan), Interval(nan, 1), Interval(1, nan), Interval(-1, nan), Interval(nan, -1)}) {
    for (Interval good : {Interval(1, 2), Interval(-3), Interval(-1, 1), Interval(0), bad}) {
      for (Interval x : {bad + good, good + bad, bad - good, good - bad, bad * good, good * bad, bad / good, good / bad,
                         hull(bad, good), hull(good, bad), -bad})
        EXPECT_TRUE(anything(x)) << x.lo << " " << x.hi << " from " << bad.lo << " " << bad.hi << " and " << good.lo
                                 << " " << good.hi;
    }
    EXPECT_FALSE(bad.magnitude() < inf);
    EXPECT_FALSE(bad.mignitude() > 0);
    EXPECT_TRUE(bad.contains(0)) << bad.lo << " " << bad.hi;
  }
}

TEST(Interval, Contains) {
  EXPECT_TRUE(Interval(1, 2).contains(1));
  EXPECT_TRUE(Interval(1, 2).contains(2));
  EXPECT_FALSE(Interval(1, 2).contains(std::nextafter(2, 3)));
  EXPECT_FALSE(Interval(1, 2).contains(nan));
  EXPECT_EQ(Interval(-3, 2).magnitude(), 3);
  EXPECT_EQ(Interval(-3, 2).mignitude(), 0);
  EXPECT_EQ(Interval(-3, -2).mignitude(), 2);
  EXPECT_EQ(Interval(2, 3).mignitude(), 2);
}

}  // namespace
