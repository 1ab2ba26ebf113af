// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "theory/number/error.hpp"
#include "theory/width/newton_remez.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::width {
namespace {

void expect_whole(Width const& w, int digits) {
  ASSERT_TRUE(w.proved) << w.n << " " << w.N << " " << w.reason;
  ASSERT_EQ(w.knots.size(), static_cast<std::size_t>(w.N - w.n));
  ASSERT_EQ(w.zeros.size(), static_cast<std::size_t>(w.N));
  ASSERT_EQ(w.extrema.size(), static_cast<std::size_t>(w.N + 1));
  EXPECT_GT(arb_rel_accuracy_bits(w.value.get()), 3.3219 * digits);
  EXPECT_TRUE(w.extrema.front().contains(-1) && w.extrema.back().contains(1));
  for (std::size_t i = 0; i < w.zeros.size(); ++i) {
    EXPECT_TRUE(certainly_less(w.extrema[i], w.zeros[i]) && certainly_less(w.zeros[i], w.extrema[i + 1]));
    EXPECT_TRUE(overlaps(w.zeros[i], -w.zeros[w.zeros.size() - 1 - i]));
  }
  for (std::size_t i = 0; i < w.knots.size(); ++i) {
    auto const n = static_cast<std::size_t>(w.n);
    EXPECT_TRUE(certainly_less(w.zeros[i], w.knots[i]) && certainly_less(w.knots[i], w.zeros[i + n]));
    EXPECT_TRUE(overlaps(w.knots[i], -w.knots[w.knots.size() - 1 - i]));
  }
}

TEST(KolmogorovWidth, ClosedForms) {
  for (int N = 1; N <= 40; N += 3) {
    Width const one = kolmogorov_width(1, N);
    expect_whole(one, 30);
    EXPECT_TRUE(one.value.contains(Rational(1, N)));
    if (N < 2) continue;
    Width const two = kolmogorov_width(2, N, 30);
    expect_whole(two, 30);
    PrecisionScope const precision(200);
    Ball const s = Ball(N - 2) + sqrt(Ball(2));
    EXPECT_TRUE(overlaps(two.value, Ball(1) / (Ball(2) * s * s)));
    if (N < 3) continue;
    Width const three = kolmogorov_width(3, N, 30);
    expect_whole(three, 30);
    EXPECT_TRUE(three.value.contains(Rational(Integer(1), 3 * Integer(N - 1) * (N - 1) * (N - 1))));
  }
}

TEST(KolmogorovWidth, WithoutKnotsItIsChebyshevs) {
  for (int n = 1; n <= 6; ++n) {
    Width const w = kolmogorov_width(n, n);
    expect_whole(w, 30);
    EXPECT_TRUE(w.value.contains(power_of_two(1 - n) / factorial(n)));
  }
}

// 17 digits by an independent computation (another language, truncated powers, continuation in the knots)
TEST(KolmogorovWidth, DegreesFourAndFiveAgreeWithAnIndependentTable) {
  struct Row {
    int n, N;
    char const* value;
    char const* tolerance;
  };
  for (Row const& row : {Row{4, 5, "1.3580995288435882e-3", "1e-19"}, Row{4, 6, "4.9932781320216949e-4", "1e-20"},
                         Row{4, 7, "2.2446405264201173e-4", "1e-20"}, Row{4, 8, "1.1531622884263193e-4", "1e-20"},
                         Row{4, 9, "6.5161821270644035e-5", "1e-21"}, Row{4, 10, "3.9545200106475699e-5", "1e-21"},
                         Row{4, 12, "1.7012629395125022e-5", "1e-21"}, Row{4, 16, "4.6875627877881821e-6", "1e-22"},
                         Row{5, 6, "1.2328287341636148e-4", "1e-20"}, Row{5, 8, "1.6511057300844617e-5", "1e-21"},
                         Row{5, 12, "1.3033916249e-6", "1e-16"}}) {
    Width const w = kolmogorov_width(row.n, row.N);
    expect_whole(w, 30);
    EXPECT_LT(abs(Rational(w.value.midpoint() - parse_rational(row.value))), parse_rational(row.tolerance))
        << row.n << " " << row.N;
  }
  Width const six = kolmogorov_width(4, 6), eight = kolmogorov_width(4, 8);
  EXPECT_NEAR(six.knots[1].to_double(), 0.222850765844, 1e-12);
  EXPECT_NEAR(eight.knots[2].to_double(), 0.153434129179, 1e-12);
  EXPECT_NEAR(eight.knots[3].to_double(), 0.461307981327, 1e-12);
}

TEST(KolmogorovWidth, DegreeSixIsProvedUpTo64) {
  for (int N : {6, 7, 8, 9, 10, 11, 13, 17, 18, 19, 20, 31, 40, 53, 64}) expect_whole(kolmogorov_width(6, N, 20), 20);
}

TEST(KolmogorovWidth, IsProvedAtTheLargestSizeAndMostDigits) {
  expect_whole(kolmogorov_width(5, 127, 20), 20);
  expect_whole(kolmogorov_width(6, 40, 60), 60);
}

TEST(KolmogorovWidth, PrecisionsAgreeAndHoldTheSolution) {
  for (int n = 2; n <= 6; ++n)
    for (int N : {n + 1, n + 4, 15, 30}) {
      Width const coarse = kolmogorov_width(n, N, 20), fine = kolmogorov_width(n, N, 40);
      expect_whole(coarse, 20);
      expect_whole(fine, 40);
      EXPECT_TRUE(overlaps(coarse.value, fine.value));
      for (std::size_t i = 0; i < fine.knots.size(); ++i) EXPECT_TRUE(overlaps(coarse.knots[i], fine.knots[i]));
      for (std::size_t i = 0; i < fine.zeros.size(); ++i) EXPECT_TRUE(overlaps(coarse.zeros[i], fine.zeros[i]));
      // the approximation in Real, good to 60 digits, lies inside
      Pieces<Real> const P(least_norm_spline(n, N).spline);
      EXPECT_TRUE(coarse.value.contains(exact(Real(boost::multiprecision::abs(P(Real(1)))))));
    }
}

TEST(KolmogorovWidth, DecreasesWithTheDimension) {
  for (int n = 1; n <= 6; ++n)
    for (int N = n; N < n + 12; ++N)
      EXPECT_TRUE(certainly_less(kolmogorov_width(n, N + 1, 10).value, kolmogorov_width(n, N, 10).value));
}

TEST(KolmogorovWidth, RefusesBadInput) {
  EXPECT_THROW(kolmogorov_width(0, 4), InvalidInput);
  EXPECT_THROW(kolmogorov_width(7, 8), InvalidInput);
  EXPECT_THROW(kolmogorov_width(4, 3), InvalidInput);
  EXPECT_THROW(kolmogorov_width(4, 129), InvalidInput);
  EXPECT_THROW(kolmogorov_width(4, 8, 0), InvalidInput);
  EXPECT_THROW(kolmogorov_width(4, 8, 61), InvalidInput);
  try {
    kolmogorov_width(4, 200);
  } catch (InvalidInput const& e) {
    EXPECT_NE(std::string(e.what()).find("200"), std::string::npos);
  }
}

}  // namespace
}  // namespace nwidth::width
