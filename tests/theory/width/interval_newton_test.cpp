// SPDX-License-Identifier: Apache-2.0
#include "theory/width/interval_newton.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "theory/width/ball_spline.hpp"
#include "theory/width/closed_form.hpp"
#include "theory/width/newton_remez.hpp"

namespace nwidth::width {
namespace {

TEST(BallSpline, TruncatedPowersHoldBothBranches) {
  Ball const wide = Ball::from_bounds(Rational(-1, 4), Rational(1, 2));
  EXPECT_TRUE(truncated_power(wide, 0).contains(0) && truncated_power(wide, 0).contains(1));
  EXPECT_TRUE(truncated_power(wide, 2).contains(0) && truncated_power(wide, 2).contains(Rational(1, 8)));
  EXPECT_TRUE(truncated_power(Ball(2), 3).contains(Rational(8, 6)));
  EXPECT_TRUE(truncated_power(Ball(-2), 3).contains(0));
  EXPECT_EQ(truncated_power(Ball(-2), 3).magnitude(), 0);
}

TEST(BallSpline, ValuesHoldTheExactOnes) {
  test::for_random(200, [](std::mt19937_64& g) {
    int const n = 2 + static_cast<int>(g() % 5), N = n + static_cast<int>(g() % 9),
              j = static_cast<int>(g() % (unsigned(n) + 1));
    auto dyadic = [&] { return Rational(static_cast<long>(g() % 1023) + 1, 1024); };
    HalfSpline<Rational> p(n, N);
    for (Rational& c : p.c) c = dyadic() - Rational(1, 2);
    for (Rational& t : p.knots) t = dyadic();
    std::sort(p.knots.begin(), p.knots.end());
    HalfSpline<Ball> b(n, N);
    for (std::size_t i = 0; i < p.c.size(); ++i) b.c[i] = Ball(p.c[i]);
    for (std::size_t i = 0; i < p.knots.size(); ++i) b.knots[i] = Ball(p.knots[i]);
    Rational const x = dyadic();
    EXPECT_TRUE(value(b, Ball(x), j).contains(Pieces<Rational>(p)(x, j))) << n << " " << N << " " << j;
    EXPECT_TRUE(value(b, Ball::from_bounds(x / 2, x), j).contains(Pieces<Rational>(p)(x, j)));
  });
}

TEST(IntervalNewton, EnclosesTheClosedForms) {
  for (int n = 2; n <= 3; ++n)
    for (int N : {n, n + 1, n + 2, 9, 20, 33}) {
      EnclosedSpline const e = interval_newton(least_norm_spline(n, N), 250);
      ASSERT_TRUE(e.proved) << n << " " << N << " " << e.reason;
      PrecisionScope const precision(300);
      Width const w = closed_form_width(n, N);
      EXPECT_TRUE(overlaps(e.level, w.value));
      EXPECT_GT(arb_rel_accuracy_bits(e.level.get()), 150);
      std::size_t const K = e.spline.knots.size(), Z = e.zeros.size(), X = e.points.size();
      for (std::size_t i = 0; i < K; ++i) EXPECT_TRUE(overlaps(e.spline.knots[i], w.knots[w.knots.size() - K + i]));
      for (std::size_t i = 0; i < Z; ++i) EXPECT_TRUE(overlaps(e.zeros[i], w.zeros[w.zeros.size() - Z + i]));
      for (std::size_t i = 0; i < X; ++i) EXPECT_TRUE(overlaps(e.points[i], w.extrema[w.extrema.size() - X + i]));
    }
}

TEST(IntervalNewton, ProvesNothingFromTooFewBitsOrAWrongStart) {
  EnclosedSpline const coarse = interval_newton(least_norm_spline(6, 40), 24);
  EXPECT_FALSE(coarse.proved);
  EXPECT_FALSE(coarse.reason.empty());
  Alternating<Real> wrong = least_norm_spline(4, 9);
  std::swap(wrong.points[1], wrong.points[2]);  // extrema out of order, so that signs do not fit
  EXPECT_FALSE(interval_newton(wrong, 200).proved);
  wrong = least_norm_spline(4, 9);
  wrong.spline.knots[0] /= 64;
  EnclosedSpline const far = interval_newton(wrong, 200);
  EXPECT_TRUE(!far.proved || overlaps(far.level, interval_newton(least_norm_spline(4, 9), 200).level));
}

}  // namespace
}  // namespace nwidth::width
