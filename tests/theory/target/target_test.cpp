// SPDX-License-Identifier: Apache-2.0
#include "theory/target/target.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/theory/target/support.hpp"
#include "theory/number/error.hpp"
#include "theory/target/derivative_bounds.hpp"
#include "theory/width/perfect_spline.hpp"

using namespace nwidth;
using target::resolve;
using target::Target;

namespace {

/// max_{j<=n} |f^(j)(x)| over points: certainly a lower bound of the norm.
double sampled_norm(Target const& f, int n, int points, std::vector<Rational> const& more = {}) {
  double best = 0;
  auto const at = [&](Rational const& x) {
    auto const c = f.taylor(x, n + 1);
    for (int j = 0; j <= n; ++j)
      best = std::max(best, (c[static_cast<std::size_t>(j)] * Ball(factorial(j))).mignitude());
  };
  for (int k = 0; k <= points; ++k) at(Rational(2 * k - points) / points);
  for (Rational const& x : more) at(x);
  return best;
}

TEST(Target, every_family_resolves_and_its_name_resolves_to_it_again) {
  for (target::Family const& family : target::families()) {
    for (int n = 1; n <= 6; ++n) {
      Target const f = resolve(family.name, 1, n);
      SCOPED_TRACE(f.name);
      EXPECT_EQ(f.name.substr(0, family.name.size() + 4), family.name + ":n=" + std::to_string(n));
      Target const again = resolve(f.name);
      EXPECT_EQ(again.name, f.name);
      for (double x : {-0.9, -0.3, 0.0, 0.35, 1.0}) {
        EXPECT_EQ(again(x), f(x));
        EXPECT_TRUE(test::holds(f(Ball(x)), f(Real(x))));
        EXPECT_NEAR(f(x), f(Real(x)).convert_to<double>(), 1e-13);
      }
      ASSERT_EQ(f.norm.has_value(), family.name != "power");
      if (f.norm) {
        EXPECT_EQ(f.norm->n, n);
        EXPECT_LE(f.norm->lower, f.norm->upper);
        EXPECT_LE(f.norm->upper, 1);
        EXPECT_GT(f.norm->lower, Rational(1, 2));
        EXPECT_FALSE(f.norm->reason.empty());
      }
    }
    EXPECT_FALSE(family.parameters.empty() || family.description.empty() || family.norm.empty());
  }
}

TEST(Target, norms_are_what_is_said) {
  for (char const* name : {"plane-wave:w=8",
                           "plane-wave:w=1/2",
                           "plane-wave:w=1/2,phase=1",
                           "plane-wave:w=3/2,phase=1/3",
                           "plane-wave:w=5/4",
                           "plane-wave:w=100,phase=-2",
                           "chebyshev",
                           "extremal:k=0",
                           "extremal:k=1",
                           "extremal:k=5",
                           "random-perfect-spline:seed=7",
                           "random-perfect-spline:knots=0",
                           "random-perfect-spline:knots=40,seed=3",
                           "kink",
                           "kink:c=-1/2",
                           "kink:c=1/3",
                           "lacunary",
                           "lacunary:terms=3",
                           "runge",
                           "exp-sin",
                           "exp-sin:w=1/3"}) {
    for (int n = 1; n <= 6; ++n) {
      Target const f = resolve(name, 1, n);
      SCOPED_TRACE(f.name);
      ASSERT_TRUE(f.norm.has_value());
      double const sampled = sampled_norm(f, n, 160, {f.name[0] == 'r' ? Rational(1, 20) : Rational(0)});
      EXPECT_LE(sampled, f.norm->upper.convert_to<double>() * (1 + 1e-15));
      EXPECT_GE(sampled, f.norm->lower.convert_to<double>() * (f.name[0] == 'l' ? 0.7 : 0.98));
      EXPECT_LE(f.norm->upper, f.norm->lower * (f.name[0] == 'l' ? Rational(2) : Rational(1002, 1000)));
    }
  }
}

TEST(Target, known_values) {
  double const x = 0.3, pi = std::acos(-1.0);
  EXPECT_NEAR(resolve("plane-wave:n=3,w=5,phase=1/4")(x), std::cos(5 * x + 0.25) / 125, 1e-16);
  EXPECT_NEAR(resolve("plane-wave:w=1/2")(x), std::cos(x / 2), 1e-15);
  EXPECT_NEAR(resolve("chebyshev:n=5")(x), std::cos(5 * std::acos(x)) / (16 * 120), 1e-17);
  EXPECT_NEAR(resolve("chebyshev:n=1")(x), x, 1e-17);
  EXPECT_NEAR(resolve("kink:n=3,c=0.1")(x), 0.2 * 0.2 * 0.2 / 6, 1e-17);
  EXPECT_EQ(resolve("kink:n=3,c=0.1")(-x), 0);
  EXPECT_NEAR(resolve("lacunary:n=1,terms=2")(x), (std::cos(pi * x) / pi + std::cos(2 * pi * x) / (2 * pi)) / 2, 1e-16);
  EXPECT_NEAR(resolve("power:n=3,alpha=2.25,c=0.5")(x), std::pow(0.2, 2.25), 1e-16);
  EXPECT_NEAR(resolve("runge")(x), 1 / (50 * (1 + 25 * x * x)), 1e-17);
  EXPECT_NEAR(resolve("exp-sin:w=2,n=1")(x) / resolve("exp-sin:w=2,n=1")(0.0), std::exp(std::sin(2 * x)), 1e-14);
  EXPECT_NEAR(resolve(" x^2 + 1 ")(x), 1.09, 1e-15);
  EXPECT_EQ(resolve(" x^2 + 1 ").name, "x^2 + 1");
  EXPECT_EQ(resolve("x1-x2", 2).inputs, 2);
  EXPECT_EQ(resolve("plane-wave:w=2.5").name, "plane-wave:n=2,w=5/2");
  EXPECT_EQ(resolve("plane-wave", 1, 4).name, "plane-wave:n=4,w=8");
  EXPECT_EQ(resolve("plane-wave:n=3", 1, 4).name, "plane-wave:n=3,w=8");  // the text goes first
  EXPECT_EQ(Target{}(0.5), 0);
}

TEST(Target, taylor_adds_expression_and_network) {
  Target f = resolve("kink:n=2,c=1/3");
  f.expression = target::Expression::parse("x^3");
  auto const c = f.taylor(Rational(1, 3), 5);  // at the kink, right-sided, though 1/3 is not dyadic
  Rational const expected[] = {Rational(1, 27), Rational(1, 3), Rational(3, 2), 1, 0};
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_TRUE(c[k].contains(expected[k])) << k;
    EXPECT_LE(mag_get_d(arb_radref(c[k].get())), 1e-37) << k;
  }
  EXPECT_THROW(f.taylor(0, 0), InvalidInput);
  EXPECT_THROW(resolve("x1", 2).taylor(0, 2), InvalidInput);
  EXPECT_THROW(resolve("x1", 2)(0.5), InvalidInput);
}

TEST(Target, random_perfect_splines_are_perfect) {
  for (int n = 1; n <= 6; ++n) {
    Target const f = resolve("random-perfect-spline:knots=12,seed=" + std::to_string(n), 1, n);
    auto const zero = f.taylor(0, n);
    for (Ball const& c : zero) EXPECT_EQ(c.magnitude(), 0);
    int changes = 0, sign = 0;
    for (int k = 0; k < 1500; ++k) {
      Ball const top = f.taylor(Rational(2 * k + 1 - 1500) / 1500, n + 1).back() * Ball(factorial(n));
      EXPECT_TRUE(top.contains(1) || top.contains(-1));
      EXPECT_LE(mag_get_d(arb_radref(top.get())), 1e-30);
      int const now = top.certainly_positive() ? 1 : -1;
      changes += sign != 0 && now != sign;
      sign = now;
    }
    EXPECT_EQ(changes, 12);
  }
  // the same on every machine: the knots are bits of std::mt19937_64, whose output the standard fixes
  Target const f = resolve("random-perfect-spline:n=1,seed=1,knots=3");
  std::vector<Rational> knots;
  for (std::size_t i = 2; i < 5; ++i) {
    Entry const& e = f.network->layers()[0].weights.entries()[i];
    knots.push_back(-f.network->layers()[0].bias[static_cast<std::size_t>(e.row)] * e.value);
  }
  std::mt19937_64 g(1);
  g();
  std::vector<Rational> expected;
  for (int i = 0; i < 3; ++i) expected.push_back(exact(std::ldexp(static_cast<double>(g() >> 11), -52) - 1));
  std::sort(knots.begin(), knots.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(knots, expected);
}

TEST(Target, extremal_attains_the_width) {
  for (int n = 1; n <= 6; ++n) {
    for (int k : {0, 1, 2, 5, 12}) {
      Target const f = resolve("extremal:k=" + std::to_string(k), 1, n);
      SCOPED_TRACE(f.name);
      width::Width const w = width::kolmogorov_width(n, n + k, 30);
      ASSERT_TRUE(w.proved);
      ASSERT_EQ(w.extrema.size(), static_cast<std::size_t>(n + k + 1));
      int sign = 0;
      for (Ball const& x : w.extrema) {  // the same height everywhere, with alternating signs: only x_{k,n} does that
        Real const y = f(to_real(x.midpoint()));
        EXPECT_NEAR(Real(abs(y) / to_real(w.value.midpoint())).convert_to<double>(), 1, 1e-12);
        EXPECT_NE(y > 0 ? 1 : -1, sign);
        sign = y > 0 ? 1 : -1;
      }
      EXPECT_EQ(f.norm->lower, 1);
      EXPECT_EQ(f.norm->upper, 1);
    }
  }
}

TEST(Target, what_is_wrong_is_named) {
  struct {
    char const* text;
    char const* expected;
  } const refused[] = {{"plane-wav", "unknown target 'plane-wav': neither a name (plane-wave, chebyshev, extremal"},
                       {"planewave:w=3", "unknown target 'planewave': neither a name"},
                       {"foo", "unknown target 'foo'"},
                       {"sinx", "unknown target 'sinx'"},
                       {"plane-wave:v=3", "target plane-wave: unknown key 'v': use n, w, phase"},
                       {"plane-wave:w", "target plane-wave: write w=value"},
                       {"plane-wave:w=1,w=2", "target plane-wave: w is given twice"},
                       {"plane-wave:w=0", "target plane-wave: w = 0 must be in (0, 10^6]"},
                       {"plane-wave:w=ten", "target plane-wave: w: 'ten' is not an exact number"},
                       {"plane-wave:n=7", "target plane-wave: n = 7 must be an integer in 1..6"},
                       {"plane-wave:n=5/2", "target plane-wave: n = 5/2 must be an integer in 1..6"},
                       {"kink:c=1", "target kink: c = 1 must be in (-1, 1)"},
                       {"power:n=2,alpha=2", "target power: alpha = 2 must be p/q with q <= 1000 in (n-1, n) = (1, 2)"},
                       {"extremal:k=-1", "target extremal: k = -1 must be an integer in 0..1024"},
                       {"random-perfect-spline:knots=1/2", "knots = 1/2 must be an integer"},
                       {"lacunary:terms=17", "terms = 17 must be an integer in 1..16"},
                       {"exp-sin:w=101", "w = 101 must be in (0, 100]"},
                       {"chebyshev:", ""},
                       {"x+", "position 3: expected a number"},
                       {"sin(y)", "position 5: unknown name 'y'"},
                       {"", "expected a number"}};
  for (auto const& [text, expected] : refused) {
    if (std::string(expected).empty()) {
      EXPECT_NO_THROW(resolve(text)) << text;
      continue;
    }
    try {
      resolve(text);
      ADD_FAILURE() << "accepted: " << text;
    } catch (InvalidInput const& e) {
      EXPECT_NE(std::string(e.what()).find(expected), std::string::npos) << e.what();
    }
  }
  EXPECT_THROW(resolve("plane-wave", 2), InvalidInput);
  EXPECT_THROW(resolve("plane-wave", 1, 7), InvalidInput);
}

TEST(Target, random_text_is_refused_not_fatal) {
  std::vector<std::string> const pieces{"plane-wave", "kink", "power", ":",      "n=", "w=", ",", "3",   "1/2",     "x",
                                        "-",          "=",    "c=",    "alpha=", "^",  "(",  ")", "k=2", "extremal"};
  test::for_random(500, [&](std::mt19937_64& g) {
    std::string text;
    for (long i = test::uniform(g, 0, 7); i > 0; --i) text += test::pick(g, pieces);
    try {
      (void)resolve(text)(0.25);
    } catch (InvalidInput const& e) {
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    }
  });
}

TEST(DerivativeBounds, known_norms) {
  struct {
    char const* text;
    int n;
    double norm;
  } const known[] = {
      {"sin(5*x)", 3, 125}, {"exp(x)", 6, std::exp(1.0)}, {"x^3", 2, 6}, {"1/(1+25*x^2)", 2, 50}, {"7/3", 1, 7.0 / 3}};
  for (auto const& [text, n, norm] : known) {
    auto const b = target::derivative_bounds(target::Expression::parse(text), n);
    ASSERT_TRUE(b.finite) << text;
    EXPECT_LE(b.lower.convert_to<double>(), norm * (1 + 1e-15)) << text;
    EXPECT_GE(b.upper.convert_to<double>(), norm * (1 - 1e-15)) << text;
    EXPECT_LE(b.upper, b.lower * Rational(1001, 1000)) << text;
  }
  EXPECT_FALSE(target::derivative_bounds(target::Expression::parse("abs(x-1/3)"), 1, 1e-3, 100).finite);
  EXPECT_FALSE(target::derivative_bounds(target::Expression::parse("sqrt(x+1)"), 1, 1e-3, 100).finite);
}

}  // namespace
