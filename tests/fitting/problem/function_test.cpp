// SPDX-License-Identifier: Apache-2.0
#include "fitting/problem/function.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fitting/problem/status.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

TEST(Function, has_the_derivatives_that_balls_enclose) {
  char const* const texts[] = {"exp(x)",
                               "sin(4*pi*x)",
                               "1/(1+25*x^2)",
                               "abs(x)^1.5",
                               "tanh(3*x)+atan(x)",
                               "log(2+x)*cosh(x)-sinh(x)/(2+x)",
                               "tan(x/2)",
                               "sin(x)/x",
                               "(exp(x)-1)/x",
                               "max(x, x^3, 1/3-x)",
                               "relu(x-1/3)^2+abs(x+1/7)",
                               "sqrt(2+x)^3",
                               "atan(x)/x + tanh(x)/x + tan(x)/x + sinh(x)/x",
                               "cos(x)^5/(3+x)^2",
                               "min(x^2, 1/4)*x"};
  for (char const* text : texts) {
    Function const f = Function::of(text);
    test::for_random(12, [&](std::mt19937_64& g) {
      double const x = static_cast<double>(g() >> 11) * 0x1p-52 - 1;
      if (std::abs(x) < 0x1p-30) return;
      std::vector<Ball> const truth = f.target().taylor(exact(Real(x)), 8);
      std::vector<double> const c = f.taylor(x, 8);
      std::vector<Real> const fine = f.taylor(Real(x), 8);
      for (std::size_t k = 0; k < 8; ++k) {
        if (!truth[k].is_finite()) continue;
        double const t = truth[k].to_double(), size = std::abs(t) + std::pow(4.0, static_cast<double>(k));
        EXPECT_NEAR(c[k], t, 1e-11 * size) << text << " at " << x << ", " << k;
        Real const gap = abs(Real(fine[k] - Real(truth[k].midpoint())));
        EXPECT_LT(gap, Real(1e-30) * Real(size)) << text << " at " << x << ", " << k;
      }
      EXPECT_NEAR(f(x), truth[0].to_double(), 1e-13 * (1 + std::abs(f(x)))) << text;
    });
  }
}

TEST(Function, of_hinges_is_its_network) {
  Function const f(target::resolve("random-perfect-spline:n=3,knots=20"), -1, 1);
  EXPECT_EQ(f.breaks().size(), 20u + 1u);  // the knots, and 0, where the derivatives are set
  test::for_random(50, [&](std::mt19937_64& g) {
    double const x = static_cast<double>(g() >> 11) * 0x1p-52 - 1;
    std::vector<Ball> const truth = f.target().taylor(exact(Real(x)), 4);
    std::vector<double> const c = f.taylor(x, 4);
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(c[k], truth[k].to_double(), 1e-12);
    EXPECT_NEAR(f(x), truth[0].to_double(), 1e-13);
    EXPECT_NEAR(static_cast<double>(f(Real(x))), truth[0].to_double(), 1e-15);
  });
}

TEST(Function, knows_where_it_is_not_smooth) {
  EXPECT_TRUE(Function::of("exp(x)").breaks().empty());
  std::vector<double> const b = Function::of("abs(x-1/4)^1.5 + relu(x+1/3)").breaks();
  ASSERT_EQ(b.size(), 2u);
  EXPECT_DOUBLE_EQ(b[0], -1.0 / 3);
  EXPECT_DOUBLE_EQ(b[1], 0.25);
}

TEST(Function, has_the_derivatives_of_a_root_that_vanishes) {
  Function const f = Function::of("relu(-x)^(3/2)");
  for (double c : f.taylor(0.5, 4)) EXPECT_EQ(c, 0);
  EXPECT_NEAR(f.taylor(-0.25, 2)[1], -0.75, 1e-15);
}

TEST(Function, refuses_what_cannot_be_fitted) {
  EXPECT_THROW(Function::of("1/x"), InvalidInput);
  EXPECT_THROW(Function::of("log(x)"), InvalidInput);
  EXPECT_THROW(Function::of("sqrt(x-1/2)"), InvalidInput);
  EXPECT_THROW(Function(target::resolve("x1+x2", 2), -1, 1), InvalidInput);
  EXPECT_THROW(Function::of("x", 1, -1), InvalidInput);
  EXPECT_NO_THROW(Function::of("x*log(x)", 0, 1));
}

TEST(Status, says_which_fits_may_stand_in_a_plot) {
  EXPECT_TRUE(is_usable(Status::converged));
  EXPECT_TRUE(is_usable(Status::flat));
  EXPECT_TRUE(is_usable(Status::optimal));
  EXPECT_STREQ(name(Status::optimal), "optimal by bound");
  for (Status s : {Status::max_iterations, Status::knot_collapse, Status::rank_deficient, Status::no_alternation,
                   Status::below_precision}) {
    EXPECT_FALSE(is_usable(s));
    EXPECT_STRNE(name(s), "unknown");
  }
}

}  // namespace
}  // namespace nwidth::fitting
