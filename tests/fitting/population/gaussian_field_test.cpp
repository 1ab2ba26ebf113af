// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/gaussian_field.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

TEST(GaussianField, on_a_grid_is_its_values_there_with_mean_0_and_variance_1) {
  test::for_random(12, [](std::mt19937_64& g) {
    int const d = static_cast<int>(test::uniform(g, 1, 3)), K = static_cast<int>(test::uniform(g, 2, d == 3 ? 6 : 12));
    int const n = K + static_cast<int>(test::uniform(g, 0, 3));
    GaussianField const field(d, test::uniform_real(g, 0.5, 5), g(), K);
    std::vector<double> const values = field.on_grid(n);
    double mean = 0, square = 0;
    for (double v : values) {
      mean += v / static_cast<double>(values.size());
      square += v * v / static_cast<double>(values.size());
    }
    EXPECT_NEAR(mean, 0, 1e-13);
    EXPECT_NEAR(square, 1, 1e-12);
    for (int i = 0; i < 10; ++i) {
      std::size_t const flat = g() % values.size();
      std::vector<double> x(static_cast<std::size_t>(d));
      std::size_t rest = flat;
      for (int axis = d - 1; axis >= 0; --axis) {
        x[static_cast<std::size_t>(axis)] = (static_cast<double>(rest % static_cast<std::size_t>(n)) + 0.5) / n;
        rest /= static_cast<std::size_t>(n);
      }
      EXPECT_NEAR(values[flat], field(x), 1e-12);
    }
  });
}

TEST(GaussianField, keeps_its_coefficients_when_frequencies_are_added) {
  for (int d = 1; d <= 3; ++d) {
    int const K = 4, L = 7;
    GaussianField const small(d, 2, 11, K), large(d, 2, 11, L);
    double ratio = 0, sum = 0;
    for (int flat = 1; flat < std::lround(std::pow(K, d)); ++flat) {
      int rest = flat, at = 0, stride = 1;
      for (int axis = 0; axis < d; ++axis) {
        at += rest % K * stride;
        rest /= K;
        stride *= L;
      }
      double const r =
          large.coefficients()[static_cast<std::size_t>(at)] / small.coefficients()[static_cast<std::size_t>(flat)];
      if (ratio == 0) ratio = r;
      EXPECT_NEAR(r, ratio, 1e-13);
      sum += std::pow(large.coefficients()[static_cast<std::size_t>(at)], 2);
    }
    EXPECT_NEAR(1 - sum, std::pow(large.tail(K), 2), 1e-14);
    EXPECT_NEAR(large.tail(0), 1, 1e-14);
    EXPECT_EQ(large.tail(L), 0);
  }
}

TEST(GaussianField, has_the_spectrum_that_its_smoothness_asks_for) {
  // c_k |k|^(s+d/2) are normal numbers of one variance: their squares have equal means in low and in high frequencies
  for (int d = 1; d <= 3; ++d) {
    double const s = 1.5;
    int const K = d == 1 ? 2000 : d == 2 ? 45 : 13;
    GaussianField const field(d, s, test::seed() + 5, K);
    double sum[2] = {}, count[2] = {};
    for (int flat = 1; flat < static_cast<int>(field.coefficients().size()); ++flat) {
      double square = 0;
      for (int rest = flat; rest > 0; rest /= K) square += double(rest % K) * (rest % K);
      double const c = field.coefficients()[static_cast<std::size_t>(flat)];
      int const half = square < K * K / 4.0 ? 0 : 1;
      sum[half] += c * c * std::pow(square, s + d / 2.0);
      ++count[half];
    }
    double const sd = std::sqrt(2 / count[0] + 2 / count[1]);
    EXPECT_NEAR(std::log(sum[0] / count[0] / (sum[1] / count[1])), 0, 6 * sd) << d;
  }
}

TEST(GaussianField, refuses_bad_input) {
  double const nan = std::nan("");
  EXPECT_THROW(GaussianField(0, 1, 1, 8), InvalidInput);
  EXPECT_THROW(GaussianField(4, 1, 1, 8), InvalidInput);
  EXPECT_THROW(GaussianField(1, 0, 1, 8), InvalidInput);
  EXPECT_THROW(GaussianField(1, nan, 1, 8), InvalidInput);
  EXPECT_THROW(GaussianField(1, 21, 1, 8), InvalidInput);
  EXPECT_THROW(GaussianField(1, 1, 1, 1), InvalidInput);
  EXPECT_THROW(GaussianField(3, 1, 1, 1000), InvalidInput);
  EXPECT_THROW(GaussianField(2, 1, 1, -5), InvalidInput);
  GaussianField const field(2, 1, 1, 8);
  EXPECT_THROW(field.on_grid(7), InvalidInput);
  EXPECT_THROW(field.on_grid(1 << 15), InvalidInput);
  EXPECT_THROW(field({0.5}), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting::population
