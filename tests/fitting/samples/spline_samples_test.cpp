// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "fitting/projection/uniform.hpp"
#include "fitting/samples/samples.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

/// A broken line with knots at -0.4 and 0.3: values at -1, -0.4, 0.3, 1.
FreeKnotSpline<double> truth() { return {SplineClass::relu(), {-1, -0.4, 0.3, 1}, {0.5, -1, 1.5, 0}}; }

Samples noisy(FreeKnotSpline<double> const& s, int count, double sigma, std::uint64_t seed) {
  Uniform random(seed);
  Samples data{Eigen::MatrixXd(count, 1), Eigen::VectorXd(count), {}};
  for (int i = 0; i < count; ++i) {
    data.x(i, 0) = random(-1, 1);
    data.y[i] = s(data.x(i, 0)) + sigma * random.normal();
  }
  return data;
}

/// Counts |estimate - truth| <= 2 standard errors: 95.4 % if the errors are right and normal.
struct Coverage {
  int inside = 0, total = 0;
  void add(double estimate, double value, double error) {
    ++total;
    inside += std::abs(estimate - value) <= 2 * error;
  }
  double share() const { return static_cast<double>(inside) / total; }
};

TEST(SplineSamples, standard_errors_cover_the_truth) {
  Coverage coefficients, knots;
  double sigma = 0;
  int const seeds = 150;
  for (int seed = 0; seed < seeds; ++seed) {
    SplineSampleFit const fit =
        fit_spline_samples(SplineClass::relu(), 2, -1, 1, noisy(truth(), 150, 0.05, static_cast<std::uint64_t>(seed)));
    for (std::size_t i = 0; i < 4; ++i)
      coefficients.add(fit.function.coefficients[i], truth().coefficients[i], fit.coefficient_errors[i]);
    for (std::size_t i = 0; i < 2; ++i) knots.add(fit.function.knots[i + 1], truth().knots[i + 1], fit.knot_errors[i]);
    sigma += fit.report.sigma / seeds;
    EXPECT_EQ(fit.report.parameters, 6);
  }
  EXPECT_NEAR(sigma, 0.05, 0.001);
  EXPECT_NEAR(coefficients.share(), 0.954, 0.04);  // 600 counts: 5 of their deviations
  EXPECT_NEAR(knots.share(), 0.954, 0.06);
}

TEST(SplineSamples, with_fixed_knots_are_linear_least_squares) {
  test::for_random(10, [](std::mt19937_64& g) {
    SplineClass const kind = test::pick(
        g, std::vector<SplineClass>{SplineClass::relu_power(2), SplineClass::relu_power(3), SplineClass::polyrelu(3)});
    FreeKnotSpline<double> s{kind, {-1, -0.2, 0.5, 1}, {}};
    for (int i = 0; i < kind.dimension(2); ++i) s.coefficients.push_back(test::uniform_real(g, -1, 1));
    SplineSampleOptions options;
    options.free_knots = false;
    options.knots = {-0.2, 0.5};
    SplineSampleFit const exact_fit = fit_spline_samples(kind, 2, -1, 1, noisy(s, 60, 0, g()), options);
    for (std::size_t i = 0; i < s.coefficients.size(); ++i)
      EXPECT_NEAR(exact_fit.function.coefficients[i], s.coefficients[i], 1e-10);
    // weights: a sample of weight 4 counts as four
    Samples data = noisy(s, 40, 0.1, g()), four = data;
    data.weight = Eigen::VectorXd::Ones(40);
    data.weight[7] = 4;
    four.x.conservativeResize(43, 1);
    four.y.conservativeResize(43);
    for (int i = 40; i < 43; ++i) {
      four.x(i, 0) = data.x(7, 0);
      four.y[i] = data.y[7];
    }
    SplineSampleFit const one = fit_spline_samples(kind, 2, -1, 1, data, options),
                          two = fit_spline_samples(kind, 2, -1, 1, four, options);
    for (std::size_t i = 0; i < s.coefficients.size(); ++i) {
      EXPECT_NEAR(one.function.coefficients[i], two.function.coefficients[i], 1e-9);
      EXPECT_NEAR(one.coefficient_errors[i] / one.report.sigma, two.coefficient_errors[i] / two.report.sigma, 1e-9);
      EXPECT_EQ(one.knot_errors[i % 2], 0);
    }
  });
}

TEST(SplineSamples, under_cauchy_take_no_notice_of_outliers) {
  Coverage coefficients;
  double worst_squares = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Samples data = noisy(truth(), 120, 0.05, seed);
    Uniform random(seed + 1000);
    for (int i = 0; i < 12; ++i) data.y[10 * i] += 3 + 5 * random();  // one in ten, all to one side
    SplineSampleOptions robust;
    robust.loss = Loss::cauchy();
    robust.knots = {-0.35, 0.35};
    SplineSampleOptions plain;
    plain.knots = robust.knots;
    SplineSampleFit const fit = fit_spline_samples(SplineClass::relu(), 2, -1, 1, data, robust);
    SplineSampleFit const squares = fit_spline_samples(SplineClass::relu(), 2, -1, 1, data, plain);
    for (std::size_t i = 0; i < 4; ++i) {
      coefficients.add(fit.function.coefficients[i], truth().coefficients[i], 1.5 * fit.coefficient_errors[i]);
      EXPECT_NEAR(fit.function.coefficients[i], truth().coefficients[i], 0.15) << seed;
      worst_squares = std::max(worst_squares, std::abs(squares.function.coefficients[i] - truth().coefficients[i]));
    }
    EXPECT_LT(fit.report.sigma, 0.12);
    EXPECT_GT(squares.report.sigma, 0.5);
    EXPECT_GT(fit.report.loss_scale, 0);
  }
  EXPECT_GT(coefficients.share(), 0.93);
  EXPECT_GT(worst_squares, 0.5);
}

TEST(SplineSamples, huber_with_a_huge_scale_is_least_squares) {
  Samples const data = noisy(truth(), 80, 0.1, 4);
  SplineSampleOptions huge;
  huge.loss = Loss::huber(1e6);
  SplineSampleFit const a = fit_spline_samples(SplineClass::relu(), 2, -1, 1, data, huge),
                        b = fit_spline_samples(SplineClass::relu(), 2, -1, 1, data);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(a.function.coefficients[i], b.function.coefficients[i], 1e-6);
    EXPECT_NEAR(a.coefficient_errors[i], b.coefficient_errors[i], 1e-6);
  }
}

TEST(SplineSamples, say_when_the_samples_do_not_determine_the_spline) {
  Samples data = noisy(truth(), 40, 0.05, 9);
  for (int i = 0; i < 40; ++i) data.x(i, 0) = -1 + std::abs(data.x(i, 0)) * 0.2;  // none beyond -0.8
  SplineSampleOptions options;
  options.knots = {-0.5, 0.5};
  options.free_knots = false;
  SplineSampleFit const fit = fit_spline_samples(SplineClass::relu(), 2, -1, 1, data, options);
  EXPECT_EQ(fit.report.outcome.status, Status::rank_deficient) << fit.report.outcome.detail;
  EXPECT_TRUE(std::isinf(fit.coefficient_errors[3]));
}

TEST(SplineSamples, refuse_bad_data_in_one_line) {
  Samples const good = noisy(truth(), 30, 0.1, 1);
  auto fit = [](Samples const& s) { return fit_spline_samples(SplineClass::relu(), 2, -1, 1, s); };
  EXPECT_NO_THROW(fit(good));
  Samples bad = good;
  bad.y[3] = std::nan("");
  EXPECT_THROW(fit(bad), InvalidInput);
  bad = good;
  bad.x(5, 0) = INFINITY;
  EXPECT_THROW(fit(bad), InvalidInput);
  bad = good;
  bad.x(5, 0) = 1.5;
  EXPECT_THROW(fit(bad), InvalidInput);
  bad = good;
  bad.weight = Eigen::VectorXd::Ones(30);
  bad.weight[2] = -1;
  try {
    fit(bad);
    FAIL() << "a negative weight passed";
  } catch (InvalidInput const& e) {
    EXPECT_STREQ(e.what(), "sample 2 has the negative weight -1.000000");
  }
  bad.weight = Eigen::VectorXd::Zero(30);
  bad.weight.head(5).setOnes();  // 6 free parameters
  EXPECT_THROW(fit(bad), InvalidInput);
  bad.weight = Eigen::VectorXd::Ones(29);
  EXPECT_THROW(fit(bad), InvalidInput);
  EXPECT_THROW(fit_spline_samples(SplineClass{6, 1}, 2, -1, 1, good), InvalidInput);
  EXPECT_THROW(fit_spline_samples(SplineClass::relu(), -1, -1, 1, good), InvalidInput);
  SplineSampleOptions options;
  options.knots = {0.5, 0.1};
  EXPECT_THROW(fit_spline_samples(SplineClass::relu(), 2, -1, 1, good, options), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
