// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/random.hpp"
#include "theory/number/error.hpp"
#include "theory/target/expression.hpp"

using nwidth::InvalidInput;
using nwidth::Rational;
using nwidth::target::Expression;

namespace {

struct Accepted {
  char const* text;
  double x;
  double value;
};

class Accepts : public ::testing::TestWithParam<Accepted> {};

TEST_P(Accepts, value) {
  auto const& [text, x, value] = GetParam();
  double const got = Expression::parse(text)(x);
  EXPECT_NEAR(got, value, 1e-14 * std::max(1.0, std::abs(value))) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Expression, Accepts,
    ::testing::Values(Accepted{"x", 0.25, 0.25}, Accepted{" 2 * x + 1 ", 0.5, 2}, Accepted{"2-3-4", 0, -5},
                      Accepted{"8/4/2", 0, 1}, Accepted{"2^3^2", 0, 512}, Accepted{"-x^2", 3, -9},
                      Accepted{"(-x)^2", 3, 9}, Accepted{"2^-3", 0, 0.125}, Accepted{"--x", 2, 2},
                      Accepted{"-+-x", 2, 2}, Accepted{"2*-x", 2, -4}, Accepted{"x^(5/2)", 4, 32},
                      Accepted{"x^5/2", 2, 16}, Accepted{"x^2.5", 4, 32}, Accepted{"x^-1/2", 4, 0.125},
                      Accepted{"x^(-1/2)", 4, 0.5}, Accepted{"1e-3*x", 2, 0.002}, Accepted{"1.5E+2", 0, 150},
                      Accepted{".5", 0, 0.5}, Accepted{"5.", 0, 5}, Accepted{"exp(0)", 9, 1},
                      Accepted{"log(exp(x))", 0.3, 0.3}, Accepted{"sin(pi/6)", 0, 0.5}, Accepted{"cos(pi*x)", 1, -1},
                      Accepted{"tan(pi/4)", 0, 1}, Accepted{"sinh(x)+cosh(x)-exp(x)", 0.7, 0},
                      Accepted{"tanh(atan(x))", 0, 0}, Accepted{"sqrt(x)", 9, 3}, Accepted{"abs(x-1)", 0.25, 0.75},
                      Accepted{"min(x, 1/2)", 3, 0.5}, Accepted{"max(x,1,2,5,3)", 3, 5}, Accepted{"relu(x)^3", -2, 0},
                      Accepted{"relu(x)^3", 2, 8}, Accepted{"x^0", 0, 1}, Accepted{"0.1+0.2-0.3", 0, 0},
                      Accepted{"x\n+\t1\r\n", 1, 2}, Accepted{"007", 0, 7}, Accepted{"sin(x)/x", 0, 1},
                      Accepted{"x*log(x)", 0, 0}, Accepted{"(exp(x)-1)/x", 0, 1}, Accepted{"(1-cos(x))/x^2", 0, 0.5},
                      Accepted{"x/sin(2*x)", 0, 0.5}, Accepted{"3*x^2*log(4*x)*cos(x)", 0, 0},
                      Accepted{"sqrt(x)*log(x)", 0, 0}, Accepted{"sin(x)^2/x^2", 0, 1}, Accepted{"sin(x^2)/x^2", 0, 1},
                      Accepted{"sin(x*exp(x))/(x*exp(x))", 0, 1}, Accepted{"sin(3*x)*cos(x)/(2*x)", 0, 1.5}));

struct Rejected {
  std::string text;
  char const* expected;  // in the message
};

class Rejects : public ::testing::TestWithParam<Rejected> {};

TEST_P(Rejects, message) {
  try {
    Expression::parse(GetParam().text);
    FAIL() << "accepted: " << GetParam().text;
  } catch (InvalidInput const& e) {
    EXPECT_NE(std::string(e.what()).find(GetParam().expected), std::string::npos) << e.what();
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
  }
}

std::string repeat(std::string const& s, int n) {
  std::string r;
  for (int i = 0; i < n; ++i) r += s;
  return r;
}

INSTANTIATE_TEST_SUITE_P(
    Expression, Rejects,
    ::testing::Values(
        Rejected{"", "position 1: expected a number, x, pi, a function or '(', found the end"},
        Rejected{"   ", "found the end"},
        Rejected{"x +* 2", "position 4: expected a number, x, pi, a function or '(', found '*'"},
        Rejected{"x y", "position 3: expected an operator or the end, found 'y'"},
        Rejected{"2x", "position 2: expected an operator or the end, found 'x'"},
        Rejected{"(x", "position 3: expected an operator or ')', found the end"},
        Rejected{"x)", "position 2: expected an operator or the end, found ')'"},
        Rejected{"sin x", "position 5: expected '(' after 'sin', found 'x'"},
        Rejected{"min(x)", "position 6: expected an operator or ',', found ')'"},
        Rejected{"sin(x,2)", "position 6: expected an operator or ')', found ','"},
        Rejected{"y+1", "position 1: unknown name 'y': use x, pi, exp"}, Rejected{"x1", "unknown name 'x1'"},
        Rejected{"ln(x)", "position 1: unknown name 'ln'"},
        Rejected{"2^x", "position 3: expected a rational constant as exponent"},
        Rejected{"x^pi", "position 3: expected a rational constant as exponent"},
        Rejected{"1/0", "position 2: a division by zero"}, Rejected{"x/(1-1)", "position 2: a division by zero"},
        Rejected{"x/(x-x)", "a division by zero"}, Rejected{"sin(exp(x))/(0*exp(x))", "a division by zero"},
        Rejected{"0^0", "0^0"}, Rejected{"0^-1", "a division by zero"},
        Rejected{"(-8)^(1/3)", "a root of a negative constant"}, Rejected{"sqrt(-1)", "a root of a negative constant"},
        Rejected{"log(0)", "position 1: the log of a constant that is not positive"},
        Rejected{".", "position 1: expected digits"}, Rejected{"1e", "position 2: expected a decimal exponent"},
        Rejected{"2exp(x)", "position 2: expected a decimal exponent"}, Rejected{"1e99999999", "not an exact number"},
        Rejected{"1e9999", "more than 20000 bits"}, Rejected{"10^1000000", "more than 20000 bits"},
        Rejected{"x^10000001", "an exponent p/q"}, Rejected{"x^(1/10000001)", "an exponent p/q"},
        Rejected{"x\xc3\xa9", "position 2: expected an operator or the end, found a character"},
        Rejected{"plane-wave", "position 1: unknown name 'plane'"},
        Rejected{repeat("(", 300) + "x" + repeat(")", 300), "position 201: nested more than 200 deep"},
        Rejected{repeat("sin(", 300) + "x" + repeat(")", 300), "nested more than 200 deep"},
        Rejected{"2" + repeat("^1", 300), "nested more than 200 deep"},
        Rejected{repeat("x+", 20000) + "x", "at most 20000 characters"}));

TEST(Expression, long_chains_need_no_stack) {
  EXPECT_EQ(Expression::parse(repeat("x+", 9000) + "x")(1.0), 9001);
  EXPECT_EQ(Expression::parse(repeat("-", 19001) + "x")(1.0), -1);
  EXPECT_EQ(Expression::parse(repeat("(", 199) + "x" + repeat(")", 199))(1.0), 1);
}

TEST(Expression, constants_are_exact) {
  // 0.1 + 0.2 - 0.3 is 0 in rationals, not in doubles: the kink of the second is exactly at 3/10
  EXPECT_EQ(Expression::parse("0.1+0.2-0.3")(0.5), 0.0);
  EXPECT_EQ(Expression::parse("sqrt(4/9)").taylor(Rational(0), 1)[0].contains(Rational(2, 3)), true);
  auto const c = Expression::parse("abs(x-0.1-0.2)").taylor(Rational(3, 10), 2);
  EXPECT_EQ(c[0].upper(), 0);
  EXPECT_EQ(c[1].midpoint(), 1);
}

TEST(Expression, keeps_its_text) {
  EXPECT_EQ(Expression::parse("  x + 1\n").text(), "x + 1");
  EXPECT_EQ(Expression::parse("x1*x3", 3).inputs(), 3);
}

TEST(Expression, several_variables) {
  auto const e = Expression::parse("x1*x2 - max(x3, 0)", 3);
  EXPECT_EQ(e(std::vector<double>{2, 3, 4}), 2);
  EXPECT_THROW(e(std::vector<double>{2, 3}), InvalidInput);
  EXPECT_THROW(e(2.0), InvalidInput);
  EXPECT_THROW(e.taylor(Rational(0), 3), InvalidInput);
  EXPECT_THROW(Expression::parse("x", 2), InvalidInput);
  EXPECT_THROW(Expression::parse("x0", 2), InvalidInput);
  EXPECT_THROW(Expression::parse("x3", 2), InvalidInput);
  EXPECT_THROW(Expression::parse("x99999999999", 2), InvalidInput);
  EXPECT_THROW(Expression::parse("x", 0), InvalidInput);
}

TEST(Expression, garbage_is_refused_not_fatal) {
  std::vector<std::string> const pieces{"x",   "1",    "0.5",  "+",     "-",   "*",    "/",  "^",   "(",
                                        ")",   ",",    "sin(", "log(",  "pi",  "min(", "e",  "1e9", "^2",
                                        "^-1", "abs(", " ",    ".",     "x1",  "(2",   "/0", "\n",  "sqrt(",
                                        "#",   "\x01", "\xff", "relu(", "1/3", "exp(", "x)", "2)",  "cos("};
  int accepted = 0;
  nwidth::test::for_random(4000, [&](std::mt19937_64& g) {
    std::string text;
    long const length = nwidth::test::uniform(g, 0, 14);
    for (long i = 0; i < length; ++i) text += nwidth::test::pick(g, pieces);
    try {
      auto const e = Expression::parse(text);
      ++accepted;
      (void)e(0.3);
      (void)e(nwidth::Ball(0.3));
      (void)e.expand(Rational(-1, 2), Rational(1, 4), 3);
    } catch (InvalidInput const& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  });
  EXPECT_GT(accepted, 20);
}

TEST(Expression, random_bytes_are_refused_not_fatal) {
  nwidth::test::for_random(3000, [](std::mt19937_64& g) {
    std::string text;
    long const length = nwidth::test::uniform(g, 0, 60);
    for (long i = 0; i < length; ++i) text += static_cast<char>(g() & 0xff);
    try {
      (void)Expression::parse(text)(0.3);
    } catch (InvalidInput const&) {
    }
  });
}

}  // namespace
