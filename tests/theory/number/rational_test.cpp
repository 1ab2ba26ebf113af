// SPDX-License-Identifier: Apache-2.0
#include "theory/number/rational.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace {

using nwidth::exact;
using nwidth::exact_string;
using nwidth::Integer;
using nwidth::InvalidInput;
using nwidth::is_dyadic;
using nwidth::parse_rational;
using nwidth::power_of_two;
using nwidth::Rational;
using nwidth::round_to_dyadic;
namespace test = nwidth::test;

Rational fraction(long p, long q) { return Rational(p) / q; }

TEST(ParseRational, Literals) {
  struct Case {
    char const* text;
    Rational value;
  };
  Rational const two_to_4000 = power_of_two(4000);
  for (Case const& c : std::vector<Case>{{"0", 0},
                                         {"-0", 0},
                                         {"+7", 7},
                                         {"-3", -3},
                                         {"0123", 123},  // not octal
                                         {"-0017/0008", fraction(-17, 8)},
                                         {"0.1", fraction(1, 10)},  // not the nearest double
                                         {"00.50", fraction(1, 2)},
                                         {".5", fraction(1, 2)},
                                         {"5.", 5},
                                         {"2.5e-3", fraction(1, 400)},
                                         {"2.5E+3", 2500},
                                         {"1e0", 1},
                                         {"08e1", 80},
                                         {"0x1.8p-1", fraction(3, 4)},
                                         {"0X1.8P-1", fraction(3, 4)},
                                         {"-0xff", -255},
                                         {"0x.1", fraction(1, 16)},
                                         {"0x0p0", 0},
                                         {"0x1p4000", two_to_4000},
                                         {"0x1p-4000", Rational(1) / two_to_4000},
                                         {"0xE", 14},
                                         {"1/3", fraction(1, 3)},
                                         {"-2/6", fraction(-1, 3)},
                                         {"0.1/0.3", fraction(1, 3)},
                                         {"1e2/1e-2", 10000},
                                         {"0x1p-1/3", fraction(1, 6)},
                                         {"0/5", 0}})
    EXPECT_EQ(parse_rational(c.text), c.value) << c.text;
}

TEST(ParseRational, BigNumbers) {
  std::string const nines(5000, '9');
  EXPECT_EQ(parse_rational(nines) + 1, Rational(boost::multiprecision::pow(Integer(10), 5000U)));
  EXPECT_EQ(parse_rational("1e100000") * parse_rational("1e-100000"), 1);
  EXPECT_EQ(parse_rational("0x1p100000"), power_of_two(100000));
}

TEST(ParseRational, Rejects) {
  using namespace std::string_literals;
  for (std::string const& text : {""s,
                                  "-"s,
                                  "+"s,
                                  "."s,
                                  "-."s,
                                  "e5"s,
                                  "1e"s,
                                  "1e+"s,
                                  "1e-"s,
                                  "1e1.5"s,
                                  "1e100001"s,
                                  "0x1p-100001"s,
                                  "1e99999999999999999999"s,
                                  "nan"s,
                                  "NaN"s,
                                  "inf"s,
                                  "-inf"s,
                                  "infinity"s,
                                  "0x"s,
                                  "0xg"s,
                                  "0x1p"s,
                                  "0x.p1"s,
                                  "1 "s,
                                  " 1"s,
                                  "1 2"s,
                                  "1,5"s,
                                  "1_000"s,
                                  "1.2.3"s,
                                  "--1"s,
                                  "+-1"s,
                                  "1-"s,
                                  "1/"s,
                                  "/2"s,
                                  "1//2"s,
                                  "1/2/3"s,
                                  "1/-2"s,
                                  "1/0"s,
                                  "1/0.0"s,
                                  "0/0"s,
                                  "1/0x0p5"s,
                                  "1.0f"s,
                                  "12a"s,
                                  "1p3"s,
                                  "0x1e5.5p"s,
                                  "1d5"s,
                                  "\xc2\xbd"s,
                                  "1\0"s,
                                  "1\n"s,
                                  "\t1"s,
                                  "0b1"s,
                                  "0o7"s,
                                  "1'000"s})
    EXPECT_THROW(parse_rational(text), InvalidInput) << '"' << text << '"';
}

TEST(ParseRational, MessageNamesTheValue) {
  try {
    parse_rational("0.1.2");
    FAIL();
  } catch (InvalidInput const& e) {
    EXPECT_NE(std::string(e.what()).find("'0.1.2'"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("decimal"), std::string::npos) << e.what();
  }
}

TEST(ExactString, Examples) {
  EXPECT_EQ(exact_string(0), "0");
  EXPECT_EQ(exact_string(-3), "-3");
  EXPECT_EQ(exact_string(fraction(1, 3)), "1/3");
  EXPECT_EQ(exact_string(fraction(-1, 10)), "-1/10");
  EXPECT_EQ(exact_string(fraction(3, 4)), "0x1.8p-1");
  EXPECT_EQ(exact_string(fraction(-1, 2)), "-0x1p-1");
  EXPECT_EQ(exact_string(exact(0.1)), "0x1.999999999999ap-4");
  EXPECT_EQ(exact_string(fraction(257, 256)), "0x1.01p0");
}

TEST(ExactString, RoundTrip) {
  test::for_random(500, [](std::mt19937_64& g) {
    Rational const q = test::random_rational(g, 100000);
    EXPECT_EQ(parse_rational(exact_string(q)), q) << exact_string(q);
    Rational const d = test::random_dyadic(g, static_cast<int>(test::uniform(g, 1, 300)), -400, 100);
    EXPECT_EQ(parse_rational(exact_string(d)), d) << exact_string(d);
    Rational const x = exact(test::random_double(g));
    EXPECT_EQ(parse_rational(exact_string(x)), x) << exact_string(x);
  });
}

/// Doubles are written like C's %a, which strtod reads back, except that the string may be shorter.
TEST(ExactString, HexFloatsAreTheOnesOfC) {
  test::for_random(500, [](std::mt19937_64& g) {
    double const x = test::random_double(g);
    EXPECT_EQ(std::strtod(exact_string(exact(x)).c_str(), nullptr), x) << exact_string(exact(x));
    char text[64];
    std::snprintf(text, sizeof text, "%a", x);
    EXPECT_EQ(parse_rational(text), exact(x)) << text;
  });
}

TEST(ParseRational, DecimalsAreExact) {
  test::for_random(500, [](std::mt19937_64& g) {
    long const m = test::uniform(g, -1000000, 1000000);
    long const e = test::uniform(g, -30, 30);
    Rational const ten = Rational(boost::multiprecision::pow(Integer(10), static_cast<unsigned>(std::abs(e))));
    Rational const expected = e < 0 ? Rational(m / ten) : Rational(m * ten);
    EXPECT_EQ(parse_rational(std::to_string(m) + "e" + std::to_string(e)), expected);
    std::string digits = std::to_string(std::abs(m));
    digits.insert(0, 8 - std::min<std::size_t>(8, digits.size()), '0');
    std::string const plain =
        std::string(m < 0 ? "-" : "") + digits.substr(0, digits.size() - 6) + "." + digits.substr(digits.size() - 6);
    EXPECT_EQ(parse_rational(plain), fraction(m, 1000000)) << plain;
  });
}

TEST(RoundToDyadic, IsNearestAndExact) {
  EXPECT_EQ(round_to_dyadic(fraction(1, 2), 0), 1);  // ties away from zero
  EXPECT_EQ(round_to_dyadic(fraction(-1, 2), 0), -1);
  EXPECT_EQ(round_to_dyadic(fraction(5, 2), 0), 3);
  EXPECT_EQ(round_to_dyadic(fraction(1, 3), 2), fraction(1, 4));
  EXPECT_EQ(round_to_dyadic(100, -3), 104);
  EXPECT_EQ(round_to_dyadic(0, 5), 0);
  test::for_random(500, [](std::mt19937_64& g) {
    Rational const x = test::random_rational(g, 100000);
    long const bits = test::uniform(g, -10, 80);
    Rational const r = round_to_dyadic(x, bits);
    EXPECT_EQ(denominator(r * power_of_two(bits)), 1);
    EXPECT_LE(abs(r - x), power_of_two(-bits - 1));
    EXPECT_EQ(round_to_dyadic(-x, bits), -r);
    EXPECT_EQ(round_to_dyadic(r, bits + 3), r);
    EXPECT_TRUE(is_dyadic(r));
  });
}

TEST(IsDyadic, PowersOfTwoInTheDenominatorOnly) {
  EXPECT_TRUE(is_dyadic(0));
  EXPECT_TRUE(is_dyadic(-12));
  EXPECT_TRUE(is_dyadic(fraction(3, 1024)));
  EXPECT_FALSE(is_dyadic(fraction(1, 3)));
  EXPECT_FALSE(is_dyadic(fraction(1, 12)));
}

TEST(Exact, DoublesExactly) {
  EXPECT_EQ(exact(0.0), 0);
  EXPECT_EQ(exact(-0.0), 0);
  EXPECT_EQ(exact(0.1), parse_rational("0x1.999999999999ap-4"));
  EXPECT_NE(exact(0.1), fraction(1, 10));
  EXPECT_EQ(exact(std::numeric_limits<double>::denorm_min()), power_of_two(-1074));
  EXPECT_EQ(exact(std::numeric_limits<double>::max()), power_of_two(1024) - power_of_two(971));
  for (double x : {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                   std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THROW(exact(x), InvalidInput);
  test::for_random(500, [](std::mt19937_64& g) {
    double const x = test::random_double(g);
    EXPECT_EQ(exact(x).convert_to<double>(), x);
    EXPECT_EQ(exact(-x), -exact(x));
    if (std::fabs(x) < 1e300) {
      EXPECT_EQ(exact(2 * x), 2 * exact(x));
    }
  });
}

TEST(Powers, SmallFunctions) {
  EXPECT_EQ(nwidth::power(fraction(-2, 3), 3), fraction(-8, 27));
  EXPECT_EQ(nwidth::power(0, 0), 1);
  EXPECT_EQ(nwidth::factorial(0), 1);
  EXPECT_EQ(nwidth::factorial(20), Rational(2432902008176640000L));
  EXPECT_EQ(power_of_two(-3), fraction(1, 8));
  EXPECT_EQ(power_of_two(100) * power_of_two(-100), 1);
}

}  // namespace
