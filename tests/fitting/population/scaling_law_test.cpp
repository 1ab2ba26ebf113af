// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/scaling_law.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

TEST(ScalingLaw, draws_the_three_lines) {
  Unit const relu = Unit::of("relu"), cubic = Unit::of("polyrelu3");
  double const relu_cap[] = {4, 2.5, 2}, cubic_cap[] = {8, 4.5, 10.0 / 3};
  for (int d = 1; d <= 3; ++d) {
    EXPECT_DOUBLE_EQ(predicted_exponents(d, 20, relu).shallow, relu_cap[d - 1]);
    EXPECT_DOUBLE_EQ(predicted_exponents(d, 20, cubic).shallow, cubic_cap[d - 1]);
    EXPECT_DOUBLE_EQ(predicted_exponents(d, 20, Unit::of("relu3")).shallow, cubic_cap[d - 1]);
    EXPECT_DOUBLE_EQ(predicted_exponents(d, 20, Unit::of("gelu")).shallow, 40.0 / d);
    for (Unit const& unit : {relu, cubic}) EXPECT_DOUBLE_EQ(predicted_exponents(d, 1, unit).shallow, 2.0 / d);
    EXPECT_DOUBLE_EQ(predicted_exponents(d, 3, relu).smoothness, 6.0 / d);
    EXPECT_DOUBLE_EQ(predicted_exponents(d, 3, relu).mesh, 4.0 / d);
  }
  EXPECT_THROW(predicted_exponents(4, 1, relu), InvalidInput);
  EXPECT_THROW(predicted_exponents(1, std::nan(""), relu), InvalidInput);
  EXPECT_THROW(predicted_exponents(1, 0, relu), InvalidInput);
}

TEST(ScalingLaw, measures_powers) {
  std::vector<double> const sizes{4, 8, 16, 24}, noise{1, -1, -1, 1};
  std::vector<double> exact, bent;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    exact.push_back(7 * std::pow(sizes[i], -2.5));
    bent.push_back(exact.back() * std::exp(0.1 * noise[i]));
  }
  MeasuredExponents const e = measured_exponents(sizes, exact);
  ASSERT_EQ(e.local.size(), 3u);
  for (double x : e.local) EXPECT_NEAR(x, 2.5, 1e-13);
  EXPECT_NEAR(e.ols, 2.5, 1e-13);
  // the normal equations: the misfit is orthogonal to 1 and log N
  MeasuredExponents const b = measured_exponents(sizes, bent);
  double constant = 0, one = 0, slope = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) constant += (std::log(bent[i]) + b.ols * std::log(sizes[i])) / 4;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    double const misfit = std::log(bent[i]) + b.ols * std::log(sizes[i]) - constant;
    one += misfit;
    slope += misfit * std::log(sizes[i]);
  }
  EXPECT_NEAR(one, 0, 1e-13);
  EXPECT_NEAR(slope, 0, 1e-12);
  EXPECT_NEAR(b.local[0], 2.5 + 0.2 / std::log(2), 1e-13);
}

TEST(ScalingLaw, refuses_bad_input) {
  EXPECT_THROW(measured_exponents({1}, {1}), InvalidInput);
  EXPECT_THROW(measured_exponents({1, 2}, {1}), InvalidInput);
  EXPECT_THROW(measured_exponents({1, 1}, {1, 1}), InvalidInput);
  EXPECT_THROW(measured_exponents({0, 1}, {1, 1}), InvalidInput);
  EXPECT_THROW(measured_exponents({1, 2}, {1, 0}), InvalidInput);
  EXPECT_THROW(measured_exponents({1, 2}, {std::nan(""), 1}), InvalidInput);
  EXPECT_THROW(measured_exponents({1, std::nan("")}, {1, 1}), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting::population
