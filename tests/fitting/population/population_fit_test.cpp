// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/population_fit.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

ScalingStudy study(int d, double s, int n, char const* unit) {
  ScalingStudy cell;
  cell.dimension = d;
  cell.smoothness = s;
  cell.points_per_axis = cell.frequencies = n;
  cell.unit = Unit::of(unit);
  cell.targets = {test::seed()};
  cell.curve.fit.restarts = 2;
  cell.curve.fit.least_decrease = 1e-5;
  return cell;
}

TEST(PopulationFit, repeats_to_the_bit) {
  PopulationLoss const loss(GaussianField(2, 2, 3, 16), 16);
  for (char const* unit : {"relu", "polyrelu3", "gelu"}) {
    std::vector<FitProgress> first, second;
    PopulationFitOptions options;
    options.restarts = 2;
    options.max_iterations = 40;
    options.progress = [&](FitProgress const& p) { first.push_back(p); };
    PopulationFit const a = fit_population(loss, {2, {6}, Unit::of(unit)}, options);
    options.progress = [&](FitProgress const& p) { second.push_back(p); };
    PopulationFit const b = fit_population(loss, {2, {6}, Unit::of(unit)}, options);
    EXPECT_EQ(a.parameters, b.parameters);
    EXPECT_EQ(a.coefficients, b.coefficients);
    EXPECT_EQ(a.loss, b.loss);
    EXPECT_EQ(a.divergence, b.divergence);
    ASSERT_EQ(first.size(), second.size());
    ASSERT_GT(first.size(), 2u);
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].loss, second[i].loss);
    options.seed = 17;
    EXPECT_NE(fit_population(loss, {2, {6}, Unit::of(unit)}, options).parameters, a.parameters);
  }
}

TEST(PopulationFit, reports_the_network_that_it_returns) {
  test::for_random(6, [](std::mt19937_64& g) {
    PopulationLoss const loss(GaussianField(2, 1.5, g(), 12), 14);
    std::vector<int> const hidden = test::coin(g) ? std::vector<int>{4} : std::vector<int>{3, 3};
    PopulationFitOptions options;
    options.max_iterations = 30;
    options.seed = 100;
    PopulationFit const fit = fit_population(loss, {2, hidden, Unit::of("polyrelu3")}, options);
    Eigen::VectorXd const f = values_of(fit, loss);
    EXPECT_EQ(loss.quadratic(f), fit.loss);
    EXPECT_EQ(loss.divergence(f), fit.divergence);
    ASSERT_EQ(fit.runs.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(fit.runs[i].seed, 100 + i);
      EXPECT_GE(fit.runs[i].loss, fit.loss);
      EXPECT_LE(fit.runs[i].iterations, 30);
    }
    EXPECT_EQ(fit.runs[fit.best].loss, fit.loss);
    EXPECT_EQ(fit.size(), hidden.size() == 1 ? 4 * 3 + 3 + 4 + 3 : 3 * 3 + 3 + 3 * 4 + 3 + 3 + 3);
  });
}

TEST(PopulationFit, recovers_a_small_network_from_random_starts) {
  // hinges at -0.4, 0.1 and 0.6
  std::vector<double> logits;
  int const n = 256;
  for (int i = 0; i < n; ++i) {
    double const x = (2.0 * i + 1 - n) / n;
    logits.push_back(0.3 - x + 2 * std::max(x + 0.4, 0.0) - 3 * std::max(x - 0.1, 0.0) + 2.5 * std::max(x - 0.6, 0.0));
  }
  PopulationLoss const loss(1, n, logits);
  PopulationFitOptions options;
  options.restarts = 3;
  PopulationFit const fit = fit_population(loss, {1, {3}, Unit::of("relu")}, options);
  EXPECT_LT(fit.loss, 1e-24);
  EXPECT_EQ(fit.outcome.status, Status::below_precision) << fit.outcome.detail;
  EXPECT_FALSE(is_usable(fit.outcome.status));
  PopulationFit const less = fit_population(loss, {1, {2}, Unit::of("relu")}, options);
  EXPECT_GT(less.loss, 1e-6);
}

TEST(PopulationCurve, never_rises_when_networks_grow) {
  for (int depth : {1, 2})
    for (char const* unit : {"relu", "polyrelu2", "silu"}) {
      ScalingStudy cell = study(2, 2, 16, unit);
      cell.curve.widths = {2, 3, 5, 8};
      cell.curve.depth = depth;
      cell.curve.widest_random = 2;  // growth alone from then on
      cell.curve.fit.max_iterations = 20;
      ScalingResult const r = scaling_study(cell);
      auto const& fits = r.curves[0].fits;
      for (std::size_t i = 1; i < fits.size(); ++i) {
        EXPECT_LE(fits[i].loss, fits[i - 1].loss * (1 + 1e-9)) << unit << ' ' << depth;
        EXPECT_EQ(fits[i].runs.size(), 1u);
        EXPECT_EQ(fits[i].runs[0].start, "grown");
      }
      EXPECT_LT(fits.back().loss, 0.5 * fits.front().loss) << unit << ' ' << depth;
    }
}

// The pilot's figures, with its widths: 1.8 to 1.9, and 0.92 to 1.05.
TEST(PopulationCurve, follows_smoothness_in_one_dimension) {
  ScalingStudy cell = study(1, 1, 1024, "relu");
  cell.frequencies = 400;
  cell.targets = {5, 6};
  cell.curve.widths = {2, 4, 8, 16, 32};
  cell.curve.fit.max_iterations = 200;
  ScalingResult const r = scaling_study(cell);
  EXPECT_NEAR(r.mean, 1.9, 0.5);
  for (auto const& curve : r.curves) {
    EXPECT_NEAR(curve.quadratic.ols, 1.9, 0.5);
    EXPECT_NEAR(curve.divergence.ols, curve.quadratic.ols, 0.1);
  }
  EXPECT_DOUBLE_EQ(r.predicted.shallow, 2);
}

TEST(PopulationCurve, follows_smoothness_in_two_dimensions) {
  ScalingStudy cell = study(2, 1, 32, "relu");
  cell.curve.widths = {4, 8, 16, 32};
  cell.targets = {1, 2};
  ScalingResult const r = scaling_study(cell);
  EXPECT_NEAR(r.mean, 1.0, 0.2);
  EXPECT_DOUBLE_EQ(r.predicted.shallow, 1);
}

TEST(PopulationCurve, shows_the_gain_of_higher_degree_on_smooth_targets) {
  PopulationLoss const loss(GaussianField(2, 4, 1, 32), 32);
  PopulationFitOptions options;
  PopulationFit const relu = fit_population(loss, {2, {16}, Unit::of("relu")}, options);
  PopulationFit const poly = fit_population(loss, {2, {16}, Unit::of("polyrelu3")}, options);
  EXPECT_GT(relu.divergence, 100 * poly.divergence);
  EXPECT_LT(poly.divergence, 1e-6);
}

TEST(PopulationFit, refuses_bad_input) {
  PopulationLoss const loss(GaussianField(1, 1, 1, 8), 32);
  PopulationFitOptions options;
  options.restarts = 0;
  EXPECT_THROW(fit_population(loss, {1, {2}, {}}, options), InvalidInput);
  options.restarts = -1;
  EXPECT_THROW(fit_population(loss, {1, {2}, {}}, options), InvalidInput);
  options.restarts = 1;
  EXPECT_THROW(fit_population(loss, {2, {2}, {}}, options), InvalidInput);
  EXPECT_THROW(fit_population(loss, {1, {12}, {}}, options), InvalidInput);  // 24 + 14 parameters, 32 points
  PopulationFit const fit = fit_population(loss, {1, {2}, {}}, options);
  EXPECT_THROW(fit_population(loss, {1, {1}, {}}, options, &fit), InvalidInput);
  PopulationFit wrong = fit;
  wrong.parameters.pop_back();
  EXPECT_THROW(values_of(wrong, loss), InvalidInput);
  PopulationCurveOptions curve;
  curve.widths = {2};
  EXPECT_THROW(population_curve(loss, {}, curve), InvalidInput);
  curve.widths = {4, 2};
  EXPECT_THROW(population_curve(loss, {}, curve), InvalidInput);
  curve.widths = {2, 3};
  curve.depth = 3;
  EXPECT_THROW(population_curve(loss, {}, curve), InvalidInput);
  ScalingStudy cell = study(1, 1, 32, "relu");
  cell.targets = {};
  EXPECT_THROW(scaling_study(cell), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting::population
