// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/moments.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/random.hpp"
#include "theory/number/series.hpp"

namespace nwidth::fitting {
namespace {

Rational width(Ball const& x) { return x.upper() - x.lower(); }

TEST(Moments, hold_integrals_in_closed_form) {
  struct Case {
    char const* f;
    Rational a, b;
    std::function<Ball(Ball const&)> once, twice;  // antiderivatives F of f and of F
    std::function<Ball(Ball const&)> square;       // of f^2
  };
  auto const whole = [](Ball const& x) { return exp(x); };
  auto const sixth = [](Ball const& x) { return power(x, 4) / Ball(4); };
  auto const root = [](long p, long q, Rational const& c) {
    return [p, q, c](Ball const& x) { return Ball(c) * power(x, p, q); };
  };
  Case const cases[] = {
      {"exp(x)", -1, 1, whole, whole, [](Ball const& x) { return exp(Ball(2) * x) / Ball(2); }},
      {"x^3", Rational(-1) / 3, Rational(2) / 7, sixth, [](Ball const& x) { return power(x, 5) / Ball(20); },
       [](Ball const& x) { return power(x, 7) / Ball(7); }},
      {"sqrt(x)", 0, 1, root(3, 2, Rational(2) / 3), root(5, 2, Rational(4) / 15),
       [](Ball const& x) { return power(x, 2) / Ball(2); }},
      {"abs(x-1/3)", -1, 1,
       [](Ball const& x) { return (x - Ball(Rational(1) / 3)) * abs(x - Ball(Rational(1) / 3)) / Ball(2); },
       [](Ball const& x) { return power(abs(x - Ball(Rational(1) / 3)), 3) / Ball(6); },
       [](Ball const& x) { return power(x - Ball(Rational(1) / 3), 3) / Ball(3); }}};
  for (Case const& c : cases) {
    PrecisionScope const precision(200);
    Function const f = Function::of(c.f, c.a, c.b);
    Moments const moments(f, 3);
    ASSERT_TRUE(moments.good()) << moments.reason();
    Ball const b(c.b), square = c.square(b) - c.square(Ball(c.a));
    EXPECT_TRUE(overlaps(moments.square(), square)) << c.f;
    EXPECT_LT(width(moments.square()), power_of_two(-180)) << c.f;
    test::for_random(25, [&](std::mt19937_64& g) {
      Rational const at = test::random_in(g, c.a, c.b, 1 << 20);
      bool const thin = test::uniform(g, 0, 1) == 0;
      Rational const to = thin ? at : Rational(at + (c.b - at) * test::random_in(g, 0, Rational(1) / 50, 1 << 20));
      std::vector<Ball> M;
      if (!moments.from(Ball::from_bounds(at, to), M)) {
        EXPECT_TRUE(at - c.a < power_of_two(-60) || c.b - to < power_of_two(-60));
        return;
      }
      for (int i = 0; i <= 2; ++i) {
        Ball const t(Rational(at + (to - at) * i / 2));
        Ball const zeroth = c.once(b) - c.once(t);
        EXPECT_TRUE(overlaps(M[0], zeroth)) << c.f;
        EXPECT_TRUE(overlaps(M[1], (b - t) * c.once(b) - (c.twice(b) - c.twice(t)))) << c.f;  // by parts
      }
      for (Ball const& m : M) EXPECT_TRUE(!thin || width(m) < power_of_two(-180)) << c.f;
    });
  }
}

TEST(Moments, refuse_what_cannot_be_integrated) {
  PrecisionScope const precision(128);
  EXPECT_THROW(Moments(Function::of("wild-spline:n=2"), 1), InvalidInput);
  Function const f = Function::of("exp(x)");
  Moments const moments(f, 1);
  std::vector<Ball> M;
  EXPECT_FALSE(moments.from(Ball::from_bounds(Rational(9) / 10, Rational(11) / 10), M));
  EXPECT_FALSE(moments.from(Ball(-2), M));
  EXPECT_TRUE(moments.from(Ball(-1), M));
}

}  // namespace
}  // namespace nwidth::fitting
