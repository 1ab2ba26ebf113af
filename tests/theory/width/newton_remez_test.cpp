// SPDX-License-Identifier: Apache-2.0
#include "theory/width/newton_remez.hpp"

#include <gtest/gtest.h>

#include "theory/width/critical_points.hpp"
#include "theory/width/end_pattern.hpp"

namespace nwidth::width {
namespace {

using boost::multiprecision::abs;
using boost::multiprecision::sqrt;

Real norm(int n, int N) { return abs(Pieces<Real>(least_norm_spline(n, N).spline)(Real(1))); }
double off(Real const& got, Real const& want) { return static_cast<double>(Real(abs(got / want - 1))); }

TEST(NewtonRemez, EveryDegreeEquioscillatesWithItsFullNumberOfExtrema) {
  for (int n = 2; n <= 6; ++n)
    for (int N : {n, n + 1, n + 2, n + 3, n + 8, n + 9, n + 12, n + 13, 31, 40, 63, 64, 128}) {
      Alternating<Real> const& s = least_norm_spline(n, N);
      EXPECT_EQ(s.points.size(), static_cast<std::size_t>(N / 2 + 1));
      EXPECT_LT(imbalance(s), 1e-60) << n << " " << N;
      Pieces<Real> const P(s.spline);
      std::vector<Real> const inside = zeros_of_derivative(P, 1);  // found anew, without a start
      std::size_t const skip = N % 2 == 0 ? 1 : 0;
      ASSERT_EQ(inside.size() + 1 + skip, s.points.size());
      for (std::size_t i = 0; i < inside.size(); ++i)
        EXPECT_LT(static_cast<double>(Real(abs(inside[i] - s.points[i + skip]))), 1e-15) << n << " " << N;
    }
}

TEST(NewtonRemez, AgreesWithTheClosedForms) {
  for (int N = 2; N <= 80; N += 3)
    EXPECT_LT(off(norm(2, N), 1 / (2 * (N - 2 + sqrt(Real(2))) * (N - 2 + sqrt(Real(2))))), 1e-80);
  for (int N = 3; N <= 80; N += 3) EXPECT_LT(off(norm(3, N), 1 / (3 * Real(N - 1) * Real(N - 1) * Real(N - 1))), 1e-80);
  int power = 1, factorial = 1;  // no knots: T_n / (2^(n-1) n!)
  for (int n = 2; n <= 6; ++n) EXPECT_LT(off(norm(n, n), Real(1) / ((power *= 2) * (factorial *= n))), 1e-80);
}

TEST(NewtonRemez, KnotsOfDegreeFour) {
  EXPECT_NEAR(static_cast<double>(least_norm_spline(4, 6).spline.knots.at(0)), 0.222850765844, 1e-12);
  EXPECT_NEAR(static_cast<double>(least_norm_spline(4, 8).spline.knots.at(0)), 0.153434129179, 1e-12);
  EXPECT_NEAR(static_cast<double>(least_norm_spline(4, 8).spline.knots.at(1)), 0.461307981327, 1e-12);
}

TEST(EndPattern, ClosedFormsAreThoseOfTheSolutions) {
  for (int n = 2; n <= 3; ++n) {
    EndPattern const solved(least_norm_spline(n, 20)), &closed = EndPattern::of_degree(n);
    EXPECT_LT(static_cast<double>(Real(abs(solved.offset() - closed.offset()))), 1e-80);
    for (std::size_t j = 0; j < 8; ++j) {
      EXPECT_LT(static_cast<double>(Real(abs(solved.knot(j) - closed.knot(j)))), 1e-80);
      EXPECT_LT(static_cast<double>(Real(abs(solved.point(j) - closed.point(j)))), 1e-80);
      EXPECT_LT(static_cast<double>(Real(abs(solved.zero(j) - closed.zero(j)))), 1e-80);
    }
  }
}

TEST(EndPattern, DeviationFallsExponentiallyAndOffsetsAreKnown) {
  double const offset[] = {1.480458038776, 1.954472144935, 2.438900311903}, ratio[] = {0.0456, 0.1010, 0.1633};
  for (int n = 4; n <= 6; ++n) {
    EndPattern const& p = EndPattern::of_degree(n);
    EXPECT_NEAR(static_cast<double>(p.offset()), offset[n - 4], 1e-11);
    auto deviation = [&](std::size_t j) { return static_cast<double>(Real(p.knot(j + 1) - p.knot(j) - 1)); };
    for (std::size_t j = 10; j < 16; ++j) EXPECT_NEAR(deviation(j + 1) / deviation(j), ratio[n - 4], 1e-3) << n;
  }
}

}  // namespace
}  // namespace nwidth::width
