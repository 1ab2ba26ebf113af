// SPDX-License-Identifier: Apache-2.0
#include "theory/number/ball.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace {

using namespace nwidth;
using test::for_random;
using test::uniform;

double const inf = std::numeric_limits<double>::infinity();
double const nan = std::numeric_limits<double>::quiet_NaN();

Rational width(Ball const& x) { return x.upper() - x.lower(); }

/// q in x by the exact ends, not by Ball::contains
::testing::AssertionResult holds(Ball const& x, Rational const& q) {
  if (!x.is_finite() || (x.lower() <= q && q <= x.upper())) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "[" << decimal_below(x.lower(), 20) << ", " << decimal_above(x.upper(), 20)
                                       << "] does not hold " << decimal_below(q, 20);
}

/// A ball with a point in it: exact, rounded, or wide.
struct Sample {
  Ball ball;
  Rational point;
};
Sample sample(std::mt19937_64& g) {
  switch (g() % 4) {
    case 0: {
      Rational const q = test::random_rational(g, 30);
      return {Ball(q), q};
    }
    case 1: {
      double const x = test::pick(g, test::special_doubles());
      return {Ball(x), exact(x)};
    }
    case 2: {
      Rational const a = test::random_rational(g, 30), b = a + abs(test::random_dyadic(g, 10, -40, 0));
      return {Ball::from_bounds(a, b), test::random_in(g, a, b, 8)};
    }
    default: {
      Rational const q = test::random_dyadic(g, 300, -300, 0);
      return {Ball(q), q};
    }
  }
}

TEST(Ball, EnclosesNumbers) {
  EXPECT_EQ(Ball().lower(), 0);
  EXPECT_EQ(Ball(-7).upper(), -7);
  EXPECT_EQ(Ball(0.1).lower(), exact(0.1));
  for_random(300, [](std::mt19937_64& g) {
    PrecisionScope const scope(uniform(g, 10, 200));
    Rational const d = test::random_dyadic(g, 250, -300, 300), q = test::random_rational(g, 100000);
    EXPECT_EQ(Ball(d).lower(), d);  // exact at every precision
    EXPECT_EQ(Ball(d).upper(), d);
    EXPECT_TRUE(holds(Ball(q), q));
    EXPECT_LE(width(Ball(q)), abs(q) * power_of_two(2 - working_precision()));
    EXPECT_TRUE(Ball(q).contains(q));
    EXPECT_FALSE(Ball(q).contains(q + 1));
    Real const r = to_real(q);
    EXPECT_EQ(Ball(r).lower(), exact(r));
    EXPECT_EQ(width(Ball(r)), 0);
    double const x = test::random_double(g);
    EXPECT_EQ(Ball(x).midpoint(), exact(x));
    EXPECT_EQ(Ball(x).to_double(), x);
    EXPECT_EQ(Ball(x).to_interval().lo, x);
    EXPECT_EQ(Ball(x).to_interval().hi, x);
  });
}

TEST(Ball, BoundsAndIntervals) {
  for_random(300, [](std::mt19937_64& g) {
    Rational a = test::random_rational(g, 1000), b = test::random_rational(g, 1000);
    if (b < a) std::swap(a, b);
    Ball const x = Ball::from_bounds(a, b);
    EXPECT_TRUE(holds(x, a));
    EXPECT_TRUE(holds(x, b));
    EXPECT_LE(width(x), (b - a) * (1 + power_of_two(-20)) + power_of_two(-100));
    Interval const i = x.to_interval();
    EXPECT_LE(exact(i.lo), x.lower());
    EXPECT_GE(exact(i.hi), x.upper());
    EXPECT_GE(exact(x.magnitude()), std::max(abs(x.lower()), abs(x.upper())));
    EXPECT_LE(exact(x.mignitude()), std::min(abs(x.lower()), abs(x.upper())));
    if (x.lower() <= 0 && x.upper() >= 0) {
      EXPECT_EQ(x.mignitude(), 0);
      EXPECT_TRUE(x.contains_zero());
    }
    Ball const back = Ball::from_interval(i);
    EXPECT_TRUE(holds(back, exact(i.lo)));
    EXPECT_TRUE(holds(back, exact(i.hi)));
    EXPECT_EQ(x.certainly_positive(), x.lower() > 0);
    EXPECT_EQ(x.certainly_negative(), x.upper() < 0);
  });
  for (Interval const& x :
       {Interval(nan), Interval(1, nan), Interval(nan, 1), Interval(2, 1), Interval(-inf, inf), Interval(0, inf)})
    EXPECT_FALSE(Ball::from_interval(x).is_finite());
}

TEST(Ball, ArithmeticContainsTheExactResult) {
  for_random(1000, [](std::mt19937_64& g) {
    PrecisionScope const scope(uniform(g, 2, 200));
    Sample const s = sample(g), t = sample(g);
    Ball const &x = s.ball, &y = t.ball;
    Rational const &p = s.point, &q = t.point;
    EXPECT_TRUE(holds(x, p));
    EXPECT_TRUE(holds(-x, -p));
    EXPECT_TRUE(holds(x + y, p + q));
    EXPECT_TRUE(holds(x - y, p - q));
    EXPECT_TRUE(holds(x * y, p * q));
    if (q != 0) {
      EXPECT_TRUE(holds(x / y, p / q));
    }
    EXPECT_TRUE(holds(abs(x), abs(p)));
    EXPECT_TRUE(holds(relu(x), p > 0 ? p : Rational(0)));
    EXPECT_TRUE(holds(max(x, y), p > q ? p : q));
    EXPECT_TRUE(holds(hull(x, y), p));
    EXPECT_TRUE(holds(hull(x, y), q));
    auto const k = static_cast<unsigned>(uniform(g, 0, 5));
    EXPECT_TRUE(holds(power(x, k), nwidth::power(p, k)));
    Ball z = x;
    z += y;
    z *= y;
    z -= x;
    EXPECT_TRUE(holds(z, (p + q) * q - p));
    z = x;
    Ball const& same = z;  // the same object on both sides
    z /= same;
    if (p != 0) {
      EXPECT_TRUE(holds(z, 1));
    }
    if (certainly_less(x, y)) {
      EXPECT_LT(p, q);
    }
    if (p == q) {
      EXPECT_TRUE(overlaps(x, y));
    }
    EXPECT_TRUE(x.contains(p));
  });
}

TEST(Ball, IsTightForExactOperands) {
  for_random(300, [](std::mt19937_64& g) {
    PrecisionScope const scope(uniform(g, 30, 300));
    Ball const x(test::random_dyadic(g, 20)), y(test::random_dyadic(g, 20));
    Rational const e = power_of_two(3 - working_precision());
    for (Ball const& z : {x + y, x - y, x * y}) {
      EXPECT_LE(width(z), e * abs(z.midpoint()));
    }
    if (y.midpoint() != 0) {
      EXPECT_LE(width(x / y), e * abs((x / y).midpoint()));
    }
  });
}

/// The functions against MPFR at 100 digits, whose own error is below 10^-98 of the value.
TEST(Ball, FunctionsContainTheValuesOfMpfr) {
  for_random(500, [](std::mt19937_64& g) {
    PrecisionScope const scope(uniform(g, 10, 300));
    Rational q;
    switch (g() % 3) {
      case 0: q = test::random_rational(g, 60); break;
      case 1: q = test::random_dyadic(g, 40, -60, -38); break;
      default:
        q = exact(test::pick(
            g, std::vector<double>{0, 1, -1, 0.5, 700, -700, 0x1p-1000, 3.141592653589793, 1e5, -30, 1e-300}));
    }
    Real const t = to_real(q);
    Ball const x(t), wide = Ball::from_bounds(q - power_of_two(-30), q + power_of_two(-30));
    auto check = [&](char const* name, Ball (*f)(Ball const&), Real const& value, bool tight = true) {
      SCOPED_TRACE(std::string(name) + " of " + exact_string(q));
      Ball const y = f(x);
      Rational const v = exact(value), slack = abs(v) * Rational(1, boost::multiprecision::pow(Integer(10), 98U));
      ASSERT_TRUE(y.is_finite());
      EXPECT_LE(y.lower(), v + slack);
      EXPECT_GE(y.upper(), v - slack);
      if (tight) {
        EXPECT_LE(width(y), (abs(v) + slack) * power_of_two(6 - working_precision()));
      }
      EXPECT_TRUE(holds(f(wide), v));
    };
    namespace mp = boost::multiprecision;
    check("exp", exp, mp::exp(t));
    check("sin", sin, mp::sin(t), false);
    check("cos", cos, mp::cos(t), false);
    check("erf", erf, activation::ops<Real>::erf(t));
    if (q > 0) {
      check("log", log, mp::log(t), false);
      check("sqrt", sqrt, mp::sqrt(t));
    }
  });
  EXPECT_EQ(exp(Ball(0)).lower(), 1);
  EXPECT_EQ(sqrt(Ball(4)).upper(), 2);
}

TEST(Ball, PiIsPi) {
  PrecisionScope const scope(150);
  EXPECT_GT(Ball::pi().lower(), parse_rational("3.14159265358979323846264338327"));
  EXPECT_LT(Ball::pi().upper(), parse_rational("3.14159265358979323846264338328"));
}

/// Undefined results are infinite balls, never numbers and never exceptions; what comes of them stays infinite.
TEST(Ball, UndefinedIsInfinite) {
  Ball const zero_in = Ball::from_bounds(-1, 2);
  std::vector<Ball> const undefined{Ball(1) / Ball(0),
                                    Ball(0) / Ball(0),
                                    Ball(1) / zero_in,
                                    sqrt(Ball(-1)),
                                    sqrt(zero_in),
                                    log(Ball(0)),
                                    log(Ball(-1)),
                                    log(zero_in),
                                    Ball(inf),
                                    Ball(-inf),
                                    Ball(nan),
                                    Ball(std::numeric_limits<Real>::quiet_NaN()),
                                    Ball::from_interval(nan)};
  for (Ball const& x : undefined) {
    EXPECT_FALSE(x.is_finite());
    EXPECT_THROW(x.midpoint(), InvalidInput);
    EXPECT_THROW(x.lower(), InvalidInput);
    EXPECT_THROW(x.upper(), InvalidInput);
    EXPECT_EQ(x.to_interval().lo, -inf);
    EXPECT_EQ(x.to_interval().hi, inf);
    EXPECT_EQ(x.magnitude(), inf);
    EXPECT_EQ(x.mignitude(), 0);
    for (Ball const& y :
         {x + Ball(1), Ball(1) - x, x * Ball(2), x / Ball(2), x * x, x - x, abs(x), -x, hull(x, Ball(1)), power(x, 2)})
      EXPECT_FALSE(y.is_finite());
  }
  Ball const unknown = Ball(0) / Ball(0);
  for (Ball const& x : {unknown, Ball(nan)}) {
    EXPECT_TRUE(x.contains(5));
    EXPECT_TRUE(x.contains_zero());
    EXPECT_FALSE(x.certainly_positive());
    EXPECT_FALSE(x.certainly_negative());
    EXPECT_FALSE(certainly_less(x, Ball(1)));
    EXPECT_FALSE(certainly_less(Ball(1), x));
    EXPECT_TRUE(overlaps(x, Ball(3)));
    EXPECT_FALSE(relu(x).is_finite());
    EXPECT_FALSE(max(x, Ball(1)).is_finite());
    EXPECT_FALSE((x * Ball(0)).is_finite());
    EXPECT_FALSE(exp(x).is_finite());
  }
}

TEST(Ball, AstronomicNumbersDoNotTakeTheMachineDown) {
  Rational const least = power_of_two(-1000000);
  Ball const huge = exp(exp(Ball(60)));
  EXPECT_FALSE(huge.is_finite());
  EXPECT_EQ(huge.magnitude(), inf);
  EXPECT_FALSE(huge.contains(1));
  EXPECT_THROW(huge.lower(), InvalidInput);
  Ball const tiny = exp(-exp(Ball(60))), one = erf(Ball(100000));  // 1 - 2^-14426950424
  ASSERT_TRUE(tiny.is_finite() && one.is_finite());
  EXPECT_TRUE(-least < tiny.lower() && tiny.lower() <= 0);  // giants: not for EXPECT_LT, which prints them
  EXPECT_TRUE(0 < tiny.upper() && tiny.upper() < least);
  EXPECT_TRUE(-least < (-tiny).lower() && (-tiny).lower() < 0);
  EXPECT_TRUE(0 <= (-tiny).upper() && (-tiny).upper() < least);
  EXPECT_TRUE(tiny.certainly_positive());
  EXPECT_LE(tiny.to_interval().lo, 0);
  EXPECT_GT(tiny.to_interval().hi, 0);
  EXPECT_TRUE(one.upper() >= 1 && 1 - least < one.lower());
  EXPECT_FALSE((Ball(1) / tiny).is_finite());
}

TEST(Ball, ReluTakesBothBranches) {
  Ball const x = relu(Ball::from_bounds(-1, 3));
  EXPECT_TRUE(holds(x, 0));
  EXPECT_TRUE(holds(x, 3));
  EXPECT_EQ(relu(Ball::from_bounds(-3, -1)).upper(), 0);
  EXPECT_EQ(relu(Ball(5)).lower(), 5);
  EXPECT_EQ(relu(Ball(0)).upper(), 0);
}

TEST(PrecisionScope, NestsAndBelongsToItsThread) {
  long const before = working_precision();
  {
    PrecisionScope const outer(500);
    EXPECT_EQ(working_precision(), 500);
    {
      PrecisionScope const inner(60);
      EXPECT_EQ(working_precision(), 60);
    }
    EXPECT_EQ(working_precision(), 500);
    long seen = 0;
    std::thread([&] { seen = working_precision(); }).join();
    EXPECT_EQ(seen, 128);
  }
  EXPECT_EQ(working_precision(), before);
}

TEST(Decimal, Examples) {
  Rational const third = Rational(1) / 3;
  EXPECT_EQ(decimal_below(third, 4), "3.333e-01");
  EXPECT_EQ(decimal_above(third, 4), "3.334e-01");
  EXPECT_EQ(decimal_below(-third, 4), "-3.334e-01");
  EXPECT_EQ(decimal_above(-third, 4), "-3.333e-01");
  EXPECT_EQ(decimal_below(0, 5), "0");
  EXPECT_EQ(decimal_above(1, 1), "1e+00");
  EXPECT_EQ(decimal_above(parse_rational("9.9999"), 3), "1.00e+01");
  EXPECT_EQ(decimal_below(parse_rational("9.9999"), 3), "9.99e+00");
  EXPECT_EQ(decimal_above(parse_rational("0.99999e-99"), 2), "1.0e-99");
  EXPECT_EQ(decimal_below(parse_rational("1e-100"), 3), "1.00e-100");
  EXPECT_EQ(decimal_below(parse_rational("123456"), 3), "1.23e+05");
  EXPECT_THROW(decimal_below(1, 0), InvalidInput);
  EXPECT_THROW(decimal_above(1, -3), InvalidInput);
}

TEST(Decimal, IsOutwardAndNear) {
  for_random(1000, [](std::mt19937_64& g) {
    int const digits = static_cast<int>(uniform(g, 1, 40));
    Rational x = test::random_rational(g, 100000);
    switch (g() % 4) {
      case 0: x *= test::random_dyadic(g, 100, -2000, 2000); break;
      case 1:
        x = parse_rational("1e" + std::to_string(uniform(g, -400, 400))) * (1 + test::random_dyadic(g, 1, -200, -150));
        break;
      case 2: x = exact(test::random_double(g)); break;
      default: break;
    }
    std::string const below = decimal_below(x, digits), above = decimal_above(x, digits);
    EXPECT_LE(parse_rational(below), x) << below;
    EXPECT_GE(parse_rational(above), x) << above;
    // one unit of the last digit apart at most, and no unit if x is such a decimal
    EXPECT_LE(parse_rational(above) - parse_rational(below), abs(x) * parse_rational("10e-" + std::to_string(digits)))
        << below << " " << above;
    Rational const back = parse_rational(below);
    EXPECT_EQ(decimal_below(back, digits), below);
    EXPECT_EQ(decimal_above(back, digits), below);
    if (x != 0) {
      for (std::string const& s : {below, above})
        EXPECT_EQ(std::count_if(s.begin(), s.begin() + static_cast<long>(s.find('e')),
                                [](char c) { return c >= '0' && c <= '9'; }),
                  digits)
            << s;
    }
  });
}

TEST(Ball, ErfcExpm1AndLog1pKeepTheirDigits) {
  test::for_random(200, [](std::mt19937_64& g) {
    Ball const x(test::uniform_real(g, 0, 20)), small(std::ldexp(test::uniform_real(g, -1, 1), -80));
    Ball const tail = erfc(x), rise = expm1(small), log = log1p(small);
    PrecisionScope const scope(2000);
    Ball const truth = Ball(1) - erf(x);  // 600 bits cancel
    EXPECT_TRUE(overlaps(tail, truth));
    EXPECT_LE(tail.upper() - tail.lower(), truth.upper() * power_of_two(-100));
    EXPECT_TRUE(overlaps(rise, exp(small) - Ball(1)));
    EXPECT_TRUE(overlaps(log, nwidth::log(Ball(1) + small)));
    EXPECT_LE(rise.upper() - rise.lower(), abs(rise).upper() * power_of_two(-100));
    EXPECT_LE(log.upper() - log.lower(), abs(log).upper() * power_of_two(-100));
  });
}

TEST(Ball, SelectTakesASideOrBoth) {
  Ball const a(5), b(-3);
  EXPECT_EQ(select(Ball(1), a, b).lower(), 5);
  EXPECT_EQ(select(Ball(0), a, b).upper(), -3);  // H(0) = 0
  EXPECT_EQ(select(Ball(-1), a, b).upper(), -3);
  Ball const both = select(Ball::from_bounds(-1, 1), a, b);
  EXPECT_TRUE(both.contains(5) && both.contains(-3));
  EXPECT_FALSE(select(Ball(std::nan("")), a, b).is_finite());
}

}  // namespace
