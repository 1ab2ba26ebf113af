// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/population_loss.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/random.hpp"
#include "theory/number/ball.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

/// p log(p/p') + q log(q/q') in balls.
Ball divergence(double g, double delta) {
  Ball const f = Ball(g) + Ball(delta), one(1);
  Ball const p = one / (one + exp(-Ball(g))), q = one / (one + exp(Ball(g)));
  Ball const p1 = one / (one + exp(-f)), q1 = one / (one + exp(f));
  return p * log(p / p1) + q * log(q / q1);
}

TEST(BernoulliDivergence, is_that_of_balls) {
  PrecisionScope const scope(2400);  // exp(+-700) has a thousand bits
  test::for_random(400, [](std::mt19937_64& g) {
    double const logit = test::uniform_real(g, -30, 30);
    double const size = std::pow(10.0, test::uniform_real(g, -12, 2.5));
    for (double delta : {size, -size, 0.00999999, -0.01, 0.0100001}) {
      double const truth = divergence(logit, delta).to_double(), got = bernoulli_divergence(logit, delta);
      EXPECT_NEAR(got, truth, 1e-11 * truth) << logit << ' ' << delta;
    }
  });
  EXPECT_EQ(bernoulli_divergence(3, 0), 0);
}

TEST(PopulationLoss, is_the_mean_of_what_it_says) {
  test::for_random(10, [](std::mt19937_64& g) {
    int const d = static_cast<int>(test::uniform(g, 1, 3)), n = static_cast<int>(test::uniform(g, 4, 6));
    GaussianField const field(d, 1, g(), n);
    PopulationLoss const loss(field, n);
    Eigen::VectorXd f = loss.logits();
    double quadratic = 0, exact = 0, entropy = 0, cross = 0;
    double const count = static_cast<double>(loss.points());
    for (Eigen::Index i = 0; i < f.size(); ++i) {
      f[i] += test::uniform_real(g, -1, 1);
      double const p = 1 / (1 + std::exp(-loss.logits()[i])), p1 = 1 / (1 + std::exp(-f[i]));
      quadratic += p * (1 - p) / 2 * std::pow(f[i] - loss.logits()[i], 2) / count;
      exact += (p * std::log(p / p1) + (1 - p) * std::log((1 - p) / (1 - p1))) / count;
      entropy -= (p * std::log(p) + (1 - p) * std::log(1 - p)) / count;
      cross -= (p * std::log(p1) + (1 - p) * std::log(1 - p1)) / count;
      std::vector<double> x;
      for (int axis = 0; axis < d; ++axis) x.push_back((loss.coordinates()(i, axis) + 1) / 2);
      EXPECT_NEAR(field(x), loss.logits()[i], 1e-12);
    }
    EXPECT_NEAR(loss.quadratic(f), quadratic, 1e-14);
    EXPECT_NEAR(loss.divergence(f), exact, 1e-14);
    EXPECT_NEAR(loss.entropy(), entropy, 1e-14);
    EXPECT_NEAR(loss.entropy() + loss.divergence(f), cross, 1e-14);
  });
}

TEST(PopulationLoss, is_quadratic_near_the_truth) {
  PopulationLoss const loss(GaussianField(2, 2, 3, 12), 12);
  Eigen::VectorXd const bump = loss.coordinates().rowwise().sum().array().sin();
  double before = 0;
  for (double t : {1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6}) {
    Eigen::VectorXd const f = loss.logits() + t * bump;
    double const gap = std::abs(loss.divergence(f) / loss.quadratic(f) - 1);
    EXPECT_LT(gap, t) << t;  // the third cumulant over the second is at most 1, times t/3
    if (before > 1e-9) {
      EXPECT_NEAR(gap / before, 0.1, 0.03) << t;
    }
    before = gap;
  }
}

TEST(PopulationLoss, refuses_bad_input) {
  std::vector<double> logits(9, 0.5);
  EXPECT_NO_THROW(PopulationLoss(2, 3, logits));
  EXPECT_THROW(PopulationLoss(1, 3, logits), InvalidInput);
  EXPECT_THROW(PopulationLoss(4, 3, logits), InvalidInput);
  EXPECT_THROW(PopulationLoss(1, 1, {0.5}), InvalidInput);
  EXPECT_THROW(PopulationLoss(GaussianField(2, 1, 1, 8), 300), InvalidInput);
  EXPECT_THROW(PopulationLoss(GaussianField(2, 1, 1, 8), 7), InvalidInput);
  for (double bad : {std::nan(""), 701.0, -1e300 * 1e10}) {
    logits[4] = bad;
    EXPECT_THROW(PopulationLoss(2, 3, logits), InvalidInput);
  }
  PopulationLoss const loss(GaussianField(1, 1, 1, 8), 8);
  EXPECT_THROW(loss.quadratic(Eigen::VectorXd::Zero(7)), InvalidInput);
  EXPECT_THROW(loss.divergence(Eigen::VectorXd::Zero(9)), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting::population
