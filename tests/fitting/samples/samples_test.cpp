// SPDX-License-Identifier: Apache-2.0
#include "fitting/samples/samples.hpp"

#include <cmath>

#include "fitting/projection/uniform.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

RidgeNetwork truth() {
  RidgeNetwork s{RidgeKind::relu(), Eigen::MatrixXd(2, 2), Eigen::Vector2d(0.1, -0.3), Eigen::Vector3d(0.2, -0.4, 0.5),
                 Eigen::MatrixXd(2, 1)};
  s.directions << 0.6, 0.8, -0.8, 0.6;
  s.coefficients << 2, -1.5;
  return s;
}

Samples noisy(int count, double sigma, std::uint64_t seed) {
  Uniform random(seed);
  Samples data{Eigen::MatrixXd(count, 2), Eigen::VectorXd(count), {}};
  for (double& v : data.x.reshaped()) v = random(-1, 1);
  data.y = truth().values(data.x);
  for (double& v : data.y) v += sigma * random.normal();
  return data;
}

/// The neuron of the fit that looks along w, and the sign with which it does: relu(-t) = relu(t) - t, so each neuron
/// may come back turned, with the affine part changed.
std::pair<Eigen::Index, double> match(RidgeNetwork const& s, Eigen::RowVectorXd const& w) {
  Eigen::Index best = 0;
  Eigen::VectorXd const c = s.directions * w.transpose();
  c.cwiseAbs().maxCoeff(&best);
  return {best, c[best]};
}

TEST(RidgeSamples, recover_a_network_within_the_standard_errors) {
  int inside = 0, total = 0;
  double sigma = 0;
  int const seeds = 40;
  for (int seed = 0; seed < seeds; ++seed) {
    RidgeSampleOptions options;
    options.random_starts = 1;
    RidgeSampleFit const fit = fit_ridge_samples(2, noisy(300, 0.05, static_cast<std::uint64_t>(seed)), options);
    sigma += fit.report.sigma / seeds;
    for (Eigen::Index i = 0; i < 2; ++i) {
      auto const [k, turn] = match(fit.function, truth().directions.row(i));
      ASSERT_GT(std::abs(turn), 0.99) << seed;
      double const offset = turn > 0 ? fit.function.offsets[k] : -fit.function.offsets[k];
      total += 2;
      inside += std::abs(offset - truth().offsets[i]) <= 2 * fit.offset_errors[k];
      inside +=
          std::abs(fit.function.coefficients(k, 0) - truth().coefficients(i, 0)) <= 2 * fit.coefficient_errors(k, 0);
    }
    EXPECT_EQ(fit.report.parameters, 9);
  }
  EXPECT_NEAR(sigma, 0.05, 0.002);
  EXPECT_NEAR(static_cast<double>(inside) / total, 0.954, 0.08);  // 160 counts: 5 of their deviations
}

TEST(RidgeSamples, ignore_outliers_under_cauchy) {
  Samples data = noisy(300, 0.03, 3);
  for (int i = 0; i < 30; ++i) data.y[10 * i] += 6;
  RidgeSampleOptions options;
  options.loss = Loss::cauchy();
  options.random_starts = 2;
  RidgeSampleFit const robust = fit_ridge_samples(2, data, options);
  options.loss = Loss::squares();
  RidgeSampleFit const plain = fit_ridge_samples(2, data, options);
  Eigen::MatrixXd const x = noisy(500, 0, 77).x;
  Eigen::VectorXd const y = truth().values(x);
  EXPECT_LT((robust.function.values(x) - y).cwiseAbs().mean(), 0.02);
  EXPECT_GT((plain.function.values(x) - y).cwiseAbs().mean(), 0.3);
  EXPECT_LT(robust.report.sigma, 0.08);
  EXPECT_NEAR(to_double(robust.to_network()(std::vector<Rational>{Rational(1) / 4, Rational(-1) / 2})[0]),
              robust.function({0.25, -0.5}), 1e-10);
}

TEST(RidgeSamples, without_noise_give_the_network_back) {
  RidgeSampleFit const fit = fit_ridge_samples(2, noisy(200, 0, 5));
  EXPECT_LT(fit.report.l2, 1e-6);
  EXPECT_EQ(fit.report.start_l2.size(), 5u);
}

TEST(RidgeSamples, refuse_bad_data) {
  Samples const good = noisy(40, 0.1, 1);
  EXPECT_THROW(fit_ridge_samples(0, good), InvalidInput);
  EXPECT_THROW(fit_ridge_samples(13, good), InvalidInput);  // 42 free parameters, 40 samples
  Samples bad = good;
  bad.x(3, 1) = 1.01;
  EXPECT_THROW(fit_ridge_samples(2, bad), InvalidInput);
  bad = good;
  bad.y[0] = INFINITY;
  EXPECT_THROW(fit_ridge_samples(2, bad), InvalidInput);
  bad = good;
  bad.weight = Eigen::VectorXd::Constant(40, -1);
  EXPECT_THROW(fit_ridge_samples(2, bad), InvalidInput);
  bad = good;
  bad.y.conservativeResize(39);
  EXPECT_THROW(fit_ridge_samples(2, bad), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
