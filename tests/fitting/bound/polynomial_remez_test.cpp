// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/polynomial_remez.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

TEST(PolynomialRemez, finds_the_chebyshev_polynomials) {
  for (int n = 1; n <= 9; ++n) {  // x^n on [a, b] is 2 ((b - a)/4)^n away from degree n - 1
    Function const f = Function::of("x^" + std::to_string(n));
    test::for_random(5, [&](std::mt19937_64& g) {
      double const a = test::uniform_real(g, -1, 0.3), b = a + test::uniform_real(g, 0.4, 0.7);
      BestPolynomial<double> const q = polynomial_remez(f, n - 1, a, b);
      double const level = 2 * std::pow((b - a) / 4, n);
      EXPECT_NEAR(q.level, level, 1e-9 * level + 1e-15) << n;
      EXPECT_EQ(q.points.size(), static_cast<std::size_t>(n) + 1);
      EXPECT_EQ(q.points.front(), a);
      EXPECT_EQ(q.points.back(), b);
    });
  }
}

TEST(PolynomialRemez, has_the_line_of_a_convex_function_in_closed_form) {
  Function const f = Function::of("exp(x)");
  double const m = std::sinh(1.0), c = std::log(m);  // the touching point has the slope of the chord
  double const level = (std::exp(-1.0) + m * (c + 1) - m) / 2;
  EXPECT_NEAR(polynomial_remez(f, 1, -1.0, 1.0).level, level, 1e-11);
  Real const sinh1 = sinh(Real(1));
  Real const fine = (exp(Real(-1)) + sinh1 * log(sinh1)) / 2;
  BestPolynomial<Real> const q = polynomial_remez(f, 1, Real(-1), Real(1));
  EXPECT_LT(abs(Real(q.level - fine)), Real(1e-85));
  EXPECT_EQ(q.outcome.status, Status::converged);
}

TEST(PolynomialRemez, alternates_at_its_points) {
  char const* const texts[] = {"exp(x)", "sin(4*pi*x)", "abs(x)^1.5", "1/(1+25*x^2)", "abs(x-1/3)+x^2", "max(x, x^3)"};
  for (char const* text : texts) {
    Function const f = Function::of(text);
    for (int d = 1; d <= 5; ++d) {
      test::for_random(4, [&](std::mt19937_64& g) {
        double const a = test::uniform_real(g, -1, 0), b = test::uniform_real(g, 0.3, 1);
        BestPolynomial<double> const q = polynomial_remez(f, d, a, b);
        ASSERT_EQ(q.points.size(), static_cast<std::size_t>(d) + 2);
        double const first = f(q.points[0]) - q(q.points[0]);
        for (std::size_t i = 0; i < q.points.size(); ++i) {
          double const e = f(q.points[i]) - q(q.points[i]);
          EXPECT_NEAR(e, i % 2 == 0 ? first : -first, 1e-10 * f.scale()) << text << d;
        }
        EXPECT_NEAR(std::abs(first), q.level, 1e-10 * f.scale());
        double sup = 0;  // an independent sample: the level is the error, not only at its points
        for (int i = 0; i <= 3000; ++i) {
          double const x = a + (b - a) * i / 3000;
          sup = std::max(sup, std::abs(f(x) - q(x)));
        }
        EXPECT_LE(sup, q.level * (1 + 1e-6) + 1e-13 * f.scale()) << text << " " << d << " " << a << " " << b;
      });
    }
  }
}

TEST(PolynomialRemez, refuses_bad_input) {
  Function const f = Function::of("exp(x)");
  EXPECT_THROW(polynomial_remez(f, -1, 0.0, 1.0), InvalidInput);
  EXPECT_THROW(polynomial_remez(f, 21, 0.0, 1.0), InvalidInput);
  EXPECT_THROW(polynomial_remez(f, 1, 1.0, 1.0), InvalidInput);
  EXPECT_THROW(polynomial_remez(f, 1, std::nan(""), 1.0), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
