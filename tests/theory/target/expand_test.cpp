// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/theory/target/support.hpp"
#include "theory/number/error.hpp"
#include "theory/target/expression.hpp"

using namespace nwidth;
using target::Expansion;
using target::Expression;
using Status = Expansion::Status;

namespace {

/// The model's value at x, remainder included.
Ball model_at(Expansion const& e, Rational const& a, Rational const& b, Rational const& x) {
  Ball const s(Rational(x - (a + b) / 2));
  Ball r = e.c.back();
  for (std::size_t k = e.c.size() - 1; k-- > 0;) r = r * s + e.c[k];
  return r;
}

::testing::AssertionResult model_holds(Expression const& f, Rational const& a, Rational const& b, int m) {
  Expansion const e = f.expand(a, b, m);
  if (e.status != Status::smooth) return ::testing::AssertionSuccess();
  if (e.c.size() != static_cast<std::size_t>(m + 1))
    return ::testing::AssertionFailure() << e.c.size() << " coefficients";
  for (int k = 0; k <= 16; ++k) {
    Rational const x = a + (b - a) * k / 16;
    Real const y = f(to_real(x));
    if (auto const held = test::holds(model_at(e, a, b, x), y); !held)
      return ::testing::AssertionFailure() << f.text() << " on [" << exact_string(a) << ", " << exact_string(b)
                                           << "], m = " << m << ", at " << exact_string(x) << ": " << held.message();
  }
  return ::testing::AssertionSuccess();
}

Status status(char const* text, Rational const& a, Rational const& b, int m = 6) {
  return Expression::parse(text).expand(a, b, m).status;
}

TEST(Expand, holds_the_function) {
  int smooth = 0, kink = 0, singular = 0;
  test::for_random(1500, [&](std::mt19937_64& g) {
    std::string const text = test::random_expression(g, static_cast<int>(test::uniform(g, 1, 4)));
    Rational const a = test::random_dyadic(g, 8, -8, -6), b = a + power_of_two(-test::uniform(g, 0, 10));
    try {
      Expression const f = Expression::parse(text);
      int const m = static_cast<int>(test::uniform(g, 0, 9));
      EXPECT_TRUE(model_holds(f, a, b, m));
      Status const s = f.expand(a, b, m).status;
      ++(s == Status::smooth ? smooth : s == Status::kink ? kink : singular);
    } catch (InvalidInput const&) {  // 1/0 among constants
    }
  });
  if (test::multiplier() >= 1) {
    EXPECT_GT(smooth, 500);
    EXPECT_GT(kink, 15);
    EXPECT_GT(singular, 100);
  }
}

TEST(Expand, hard_cases_hold) {
  char const* const t40 =
      "549755813888*x^40-5497558138880*x^38+25426206392320*x^36-72155450572800*x^34+140552804761600*x^32-"
      "199183403319296*x^30"
      "+212364657950720*x^28-173752901959680*x^26+110292369408000*x^24-54553214976000*x^22+21002987765760*x^20-"
      "6254808268800*x^18"
      "+1424085811200*x^16-243433472000*x^14+30429184000*x^12-2677768192*x^10+156900480*x^8-5617920*x^6+106400*x^4-800*"
      "x^2+1";
  for (char const* text : {"x*log(x)", "sin(x)/x", "sqrt(x)", "abs(x)^(5/2)", t40, "1/(1+25*x^2)", "exp(sin(4*x))",
                           "tanh(8*x)", "abs(x-1/8)", "relu(x-1/3)^3", "sqrt(2-x^2)", "abs(sin(3*x))",
                           "cos(100*x)/10000", "min(x,1/2-x^2)", "atan(1/(x+3))", "log(cosh(5*x))"}) {
    Expression const f = Expression::parse(text);
    for (int level = 1; level <= 6; ++level) {
      Rational const w = power_of_two(1 - level);
      for (Rational a = -1; a < 1; a += w) EXPECT_TRUE(model_holds(f, a, a + w, 8 + level));
    }
  }
}

TEST(Expand, remainder_shrinks_like_the_order) {
  // exp: m! c_m(x) = e^x
  Expansion const e = Expression::parse("exp(x)").expand(0, Rational(1, 2), 12);
  ASSERT_EQ(e.status, Status::smooth);
  EXPECT_TRUE(e.c[12].contains(1 / factorial(12)));
  EXPECT_LE(e.c[12].magnitude(), 1.65 * 2.0876756987868e-09 * 1.2);
  // a polynomial of lower degree has no remainder
  Expansion const p = Expression::parse("x^5-x/3").expand(0, 1, 6);
  EXPECT_EQ(p.c[6].upper(), 0);
  EXPECT_EQ(p.c[6].lower(), 0);
  EXPECT_EQ(Expression::parse("7/3").expand(0, 1, 4).c[4].magnitude(), 0);
  EXPECT_EQ(Expression::parse("7/3").expand(0, 1, 0).status, Status::smooth);
}

TEST(Expand, a_cell_may_touch_its_kink) {
  Rational const eighth(1, 8);
  EXPECT_EQ(status("abs(x-1/8)", eighth, 1), Status::smooth);
  EXPECT_EQ(status("abs(x-1/8)", -1, eighth), Status::smooth);
  EXPECT_EQ(status("abs(x-1/8)", -1, 1), Status::kink);
  EXPECT_EQ(status("abs(x-1/8)", Rational(1, 16), eighth + power_of_two(-100)), Status::kink);
  EXPECT_EQ(status("relu(1/8-x)^3", eighth, 1), Status::smooth);
  EXPECT_EQ(status("relu(1/8-x)^3", 0, 1), Status::kink);
  EXPECT_EQ(status("abs(x^2-1/4)", Rational(1, 2), 1), Status::smooth);  // monotone, exactly 0 at the end
  EXPECT_EQ(status("abs(x^2-1/4)", 0, Rational(1, 2)), Status::smooth);
  EXPECT_EQ(status("abs(x^2-1/4)", -1, Rational(-1, 2)), Status::smooth);
  EXPECT_EQ(status("abs(x^2-1/4)", 0, Rational(3, 4)), Status::kink);
  EXPECT_EQ(status("abs(x^3-x/3+1/9*x)", 1, 2), Status::smooth);
  EXPECT_EQ(status("abs(sin(x))", 0, 1), Status::smooth);
  EXPECT_EQ(status("abs(exp(x)-1)", 0, 1), Status::smooth);
  EXPECT_EQ(status("abs(exp(x)-1)", -1, 0), Status::smooth);
  EXPECT_EQ(status("min(x,1/8)", eighth, 1), Status::smooth);
  EXPECT_EQ(status("max(x,x^2)", 0, Rational(1, 4)), Status::smooth);
  EXPECT_EQ(status("max(x,x^2)", Rational(1, 2), 2), Status::kink);
  EXPECT_EQ(status("max(x,x^2)", 1, 2), Status::smooth);
  EXPECT_EQ(status("abs(abs(x)-1/2)", Rational(1, 2), 1), Status::smooth);
  EXPECT_EQ(status("abs(abs(x)-1/2)", 0, Rational(1, 2)), Status::smooth);
  EXPECT_EQ(status("abs(x-x)", -1, 1), Status::smooth);
  EXPECT_EQ(status("abs(x)^2", -1, 1), Status::smooth);  // = x^2
  EXPECT_EQ(status("sqrt(relu(x))", -1, 0), Status::smooth);
}

TEST(Expand, singular_where_powers_are) {
  EXPECT_EQ(status("sqrt(x)", 0, 1), Status::singular);
  EXPECT_EQ(status("sqrt(x)", Rational(1, 4), 1), Status::smooth);
  EXPECT_EQ(status("abs(x)^(5/2)", 0, 1), Status::singular);
  EXPECT_EQ(status("abs(x)^(5/2)", -1, 1), Status::kink);
  EXPECT_EQ(status("abs(x)^(5/2)", -1, Rational(-1, 2)), Status::smooth);
  EXPECT_EQ(status("log(x)", 0, 1), Status::singular);
  EXPECT_EQ(status("1/x", -1, 1), Status::singular);
  EXPECT_EQ(status("tan(2*x)", 0, 1), Status::singular);
  EXPECT_EQ(status("x*log(x)", 0, 1), Status::singular);
  EXPECT_EQ(status("x*log(x)", Rational(1, 2), 1), Status::smooth);
  EXPECT_EQ(status("sin(x)/x", -1, 1), Status::smooth);
  EXPECT_EQ(status("tan(x)/x", Rational(-1, 4), 1), Status::smooth);
  EXPECT_EQ(status("(exp(2*x)-1)/(3*x)", -1, 1), Status::smooth);
  EXPECT_EQ(status("sin(x)/x^2", -1, 1), Status::singular);
}

TEST(Expand, huge_and_tiny_values_end_in_bounded_time) {
  std::string squares = "x+1", powers = "x-1/3", towers = "x", roots = "x+2";
  for (int k = 0; k < 60; ++k) squares = "(" + squares + ")^2";
  for (int k = 0; k < 6; ++k) powers = "(" + powers + ")^64";
  for (int k = 0; k < 8; ++k) towers = "exp(" + towers + ")";
  for (int k = 0; k < 60; ++k) roots = "sqrt(" + roots + ")";
  for (std::string const& text :
       {squares, powers, towers, "1/" + towers, "exp(-" + towers + ")", "sin(" + towers + ")", roots,
        "abs(" + powers + ")", "abs(" + squares + "-1)", "abs(exp(-" + towers + ")-1/3)", std::string("x^1000000"),
        std::string("(x+x^2)^1000000"), std::string("(x+2)^(-999999/1000000)"),
        std::string("relu((x-1/3)^60*(x^64-1/7)^60)"), std::string("1e5000*x"), std::string("x/1e5000")}) {
    Expression const f = Expression::parse(text);
    for (Rational const& a : {Rational(-1), Rational(0), Rational(1, 4), Rational(8)}) {
      EXPECT_TRUE(model_holds(f, a, a + Rational(1, 4), 5)) << text;
      for (Ball const& b : {f.range(a, a + Rational(1, 4)), f(Ball(a)), f.taylor(a, 3)[2]})
        if (b.is_finite()) {
          EXPECT_LE(b.lower(), b.upper());  // an exact rational can be had
        }
      (void)f.cuts(a, a + Rational(1, 4));
    }
  }
}

TEST(Range, holds_the_function) {
  int finite = 0;
  test::for_random(1200, [&](std::mt19937_64& g) {
    std::string const text = test::random_expression(g, static_cast<int>(test::uniform(g, 1, 4)));
    Rational const a = test::random_dyadic(g, 8, -8, -6), b = a + power_of_two(-test::uniform(g, 0, 10));
    try {
      Expression const f = Expression::parse(text);
      Ball const r = f.range(a, b);
      if (!r.is_finite()) return;
      ++finite;
      for (int k = 0; k <= 16; ++k) {
        Real const y = f(to_real(a + (b - a) * k / 16));
        EXPECT_TRUE(test::holds(r, y)) << text;
      }
    } catch (InvalidInput const&) {
    }
  });
  if (test::multiplier() >= 1) {
    EXPECT_GT(finite, 500);
  }
}

TEST(Range, is_tight_at_the_ends_of_domains) {
  struct {
    char const* text;
    Rational a, b, lower, upper;
  } const known[] = {{"sqrt(x)", 0, Rational(1, 4), 0, Rational(1, 2)},
                     {"x^(3/2)", 0, Rational(1, 4), 0, Rational(1, 8)},
                     {"abs(x)^(5/2)", Rational(-1, 4), Rational(1, 16), 0, Rational(1, 32)},
                     {"sqrt(1-x^2)", -1, 1, 0, 1},
                     {"relu(x)^3", -1, Rational(1, 2), 0, Rational(1, 8)},
                     {"x^2", -1, Rational(1, 2), 0, 1},
                     {"max(x,1/4)", 0, 1, Rational(1, 4), 1},
                     {"abs(x-1/2)+x", 0, Rational(1, 4), Rational(1, 2), Rational(1, 2)},
                     {"x-x^2", 0, Rational(1, 2), 0, Rational(1, 4)},
                     {"7/3", 0, 1, Rational(7, 3), Rational(7, 3)}};
  Rational const eps = power_of_two(-25);  // a ball's radius has 30 bits
  for (auto const& [text, a, b, lower, upper] : known) {
    Ball const r = Expression::parse(text).range(a, b);
    ASSERT_TRUE(r.is_finite()) << text;
    EXPECT_LE(r.lower(), lower) << text;
    EXPECT_GE(r.upper(), upper) << text;
    EXPECT_GE(r.lower(), lower - eps) << text;
    EXPECT_LE(r.upper(), upper + eps) << text;
  }
  // x log x falls to -h |log h| on [0, h], and turns at 1/e
  Ball const small = Expression::parse("x*log(x)").range(0, power_of_two(-20));
  ASSERT_TRUE(small.is_finite());
  EXPECT_LE(small.magnitude(), 20 * 0.6931471806 * 0x1p-20 * 1.0001);
  Ball const whole = Expression::parse("x*log(x)").range(0, 1);
  EXPECT_NEAR(whole.lower().convert_to<double>(), -0.36787944117144232, 1e-7);
  EXPECT_NEAR(whole.upper().convert_to<double>(), 0, 1e-7);
  Ball const sinc = Expression::parse("sin(4*x)/x").range(-1, 1);
  EXPECT_NEAR(sinc.upper().convert_to<double>(), 4, 1e-6);
}

TEST(Range, undefined_is_infinite) {
  for (auto const& [text, a, b] : {std::tuple("log(x)", Rational(0), Rational(1)),
                                   {"sqrt(x)", Rational(-1), Rational(1)},
                                   {"1/x", Rational(-1), Rational(1)},
                                   {"atan(1/x)", Rational(-1), Rational(1)},
                                   {"tan(x)", Rational(1), Rational(2)},
                                   {"exp(log(x))", Rational(0), Rational(1)},
                                   {"x^(1/3)", Rational(-1), Rational(1)},
                                   {"x^-1", Rational(0), Rational(1)},
                                   {"sqrt(x)*log(-x)", Rational(0), Rational(1)},
                                   {"0*log(x)", Rational(0), Rational(1)}})
    EXPECT_FALSE(Expression::parse(text).range(a, b).is_finite()) << text;
}

std::vector<Rational> cuts(char const* text, Rational const& a = -1, Rational const& b = 1) {
  return Expression::parse(text).cuts(a, b);
}

TEST(Cuts, exact_where_dyadic) {
  using V = std::vector<Rational>;
  EXPECT_EQ(cuts("abs(x-1/8)"), V{Rational(1, 8)});
  EXPECT_EQ(cuts("abs(x)^(5/2)+sqrt(x+1/2)"), (V{Rational(-1, 2), 0}));
  EXPECT_EQ(cuts("abs(x^2-1/4)"), (V{Rational(-1, 2), Rational(1, 2)}));
  EXPECT_EQ(cuts("sqrt(x^2)"), V{0});
  EXPECT_EQ(cuts("max(x,1-x)"), V{Rational(1, 2)});
  EXPECT_EQ(cuts("x*log(x)"), V{0});
  EXPECT_EQ(cuts("abs(sin(x))"), V{0});
  EXPECT_EQ(cuts("1/x"), V{0});
  EXPECT_EQ(cuts("abs(x-2)+abs(x-1)"), V{});
  EXPECT_EQ(cuts("exp(x)+sin(x)/x"), V{});
  EXPECT_EQ(cuts("abs(abs(x)-1/2)"), (V{Rational(-1, 2), 0, Rational(1, 2)}));
  EXPECT_EQ(cuts("sqrt(relu(x-1/4))"), V{Rational(1, 4)});
  EXPECT_EQ(cuts("cos(x)/pi^2+x/3+abs(pi-3)+sqrt(1+x^2)"), V{});
}

TEST(Cuts, brackets_elsewhere) {
  auto const brackets = [](std::vector<Rational> const& c, std::vector<double> const& zeros, double most) {
    ASSERT_EQ(c.size(), 2 * zeros.size());
    for (std::size_t k = 0; k < zeros.size(); ++k) {
      EXPECT_TRUE(is_dyadic(c[2 * k]) && is_dyadic(c[2 * k + 1]));
      EXPECT_LT(c[2 * k], c[2 * k + 1]);
      EXPECT_LE(Rational(c[2 * k + 1] - c[2 * k]).convert_to<double>(), most);
      EXPECT_NEAR(c[2 * k].convert_to<double>(), zeros[k], 1e-15);
    }
  };
  double const unit = std::ldexp(1.0, -120);
  brackets(cuts("abs(x-1/3)"), {1.0 / 3}, unit);
  brackets(cuts("abs(x^2-1/2)"), {-0.70710678118654752, 0.70710678118654752}, unit);
  brackets(cuts("abs(cos(2*x))"), {-0.78539816339744831, 0.78539816339744831}, unit);
  brackets(cuts("tan(2*x)"), {-0.78539816339744831, 0.78539816339744831}, unit);
  brackets(cuts("sqrt((x-1/3)^2)"), {1.0 / 3}, 1e-15);
  // the function is expanded on either side of a bracket, and the sliver between has a range
  Expression const f = Expression::parse("abs(x^2-1/2)");
  auto const c = f.cuts(0, 1);
  EXPECT_EQ(f.expand(0, c[0], 4).status, Status::smooth);
  EXPECT_EQ(f.expand(c[1], 1, 4).status, Status::smooth);
  EXPECT_LE(f.range(c[0], c[1]).magnitude(), 1e-30);
}

}  // namespace
