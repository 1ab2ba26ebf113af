// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/variable_projection.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fitting/population/normal.hpp"
#include "fitting/population/population_loss.hpp"
#include "fitting/population/starts.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

ProjectedProblem problem_of(NetworkModel const& model, PopulationLoss const& loss) {
  return {&model, loss.root_weights(), loss.logits()};
}

TEST(VariableProjection, has_the_gradient_of_differences) {
  char const* const units[] = {"relu", "relu2", "relu3", "polyrelu2", "polyrelu3", "polyrelu4", "gelu", "silu"};
  test::for_random(40, [&](std::mt19937_64& g) {
    int const d = static_cast<int>(test::uniform(g, 1, 2)), n = d == 1 ? 100 : 12;
    PopulationLoss const loss(GaussianField(d, 1, g(), 8), n);
    std::vector<int> hidden{static_cast<int>(test::uniform(g, 1, 4))};
    if (test::coin(g)) hidden.push_back(static_cast<int>(test::uniform(g, 1, 4)));
    NetworkModel const model({d, hidden, Unit::of(units[g() % 8])}, loss.coordinates());
    ProjectedProblem const problem = problem_of(model, loss);
    std::vector<double> p = random_start(model, g());
    ProjectedValue const at = projected_value(problem, p, true);
    if (at.rank < model.columns()) return;  // there F may jump
    EXPECT_GE(at.cosine, 0);
    EXPECT_LE(at.cosine, 1 + 1e-12);
    // along a random direction
    Eigen::VectorXd direction(model.parameters());
    for (double& x : direction) x = test::uniform_real(g, -1, 1);
    double const slope = at.gradient.dot(direction);
    double gap = HUGE_VAL;  // kinks of F between grid points are rare, and do not stay when the step shrinks
    for (double h : {1e-4, 1e-5, 1e-6, 1e-7}) {
      std::vector<double> up = p, down = p;
      for (std::size_t k = 0; k < p.size(); ++k) {
        up[k] += h * direction[static_cast<Eigen::Index>(k)];
        down[k] -= h * direction[static_cast<Eigen::Index>(k)];
      }
      double const difference =
          (projected_value(problem, up, false).loss - projected_value(problem, down, false).loss) / (2 * h);
      gap = std::min(gap, std::abs(difference - slope));
    }
    double const size = at.gradient.cwiseProduct(direction).cwiseAbs().sum() + at.loss;
    EXPECT_LT(gap, 1e-5 * size) << model.shape().unit.name() << ' ' << hidden.size();
  });
}

TEST(VariableProjection, recovers_a_network_from_nearby) {
  char const* const units[] = {"relu", "relu2", "relu3", "polyrelu2", "polyrelu3", "polyrelu4", "gelu", "silu"};
  int index = 0;
  for (char const* unit : units) {
    int const d = 1 + index % 2, n = d == 1 ? 200 : 16;
    std::vector<int> const hidden = index % 3 == 0 ? std::vector<int>{2, 2} : std::vector<int>{3};
    Eigen::MatrixXd const z = PopulationLoss(GaussianField(d, 1, 1, 2), n).coordinates();
    NetworkModel const model({d, hidden, Unit::of(unit)}, z);
    std::vector<double> const truth = random_start(model, 40 + static_cast<std::uint64_t>(index));
    Normal normal(static_cast<std::uint64_t>(index));
    Eigen::VectorXd c(model.columns());
    for (double& x : c) x = 0.5 * normal();
    Eigen::MatrixXd phi;
    model.basis(truth.data(), phi);
    Eigen::VectorXd const g = phi * c;
    PopulationLoss const loss(d, n, {g.begin(), g.end()});
    std::vector<double> start = truth;
    for (double& x : start) x += 0.01 * normal();
    ProjectedProblem const problem = problem_of(model, loss);
    double const before = projected_value(problem, start, false).loss;
    ProjectedFit const fit = fit_projected(problem, start, {300, 1e-12});
    EXPECT_GT(before, 1e-12) << unit;
    EXPECT_LT(fit.value.loss, 1e-22) << unit << ": " << name(fit.outcome.status) << ", " << fit.outcome.detail;
    EXPECT_LT(loss.divergence(phi * c), 1e-25);
    model.basis(fit.parameters.data(), phi);
    EXPECT_LT(loss.divergence(phi * fit.value.coefficients), 1e-20) << unit;
    ++index;
  }
}

TEST(VariableProjection, never_rises_and_ends_by_name) {
  test::for_random(12, [](std::mt19937_64& g) {
    PopulationLoss const loss(GaussianField(1, 1, g(), 20), 100);
    NetworkModel const model({1, {3}, Unit::of(test::coin(g) ? "relu" : "polyrelu3")}, loss.coordinates());
    ProjectedProblem const problem = problem_of(model, loss);
    std::vector<double> const start = random_start(model, g());
    double const before = projected_value(problem, start, false).loss;
    std::vector<double> seen;
    ProjectedOptions options;
    options.max_iterations = 200;
    options.progress = [&](int iteration, double value) {
      EXPECT_EQ(iteration, static_cast<int>(seen.size()) + 1);
      seen.push_back(value);
    };
    ProjectedFit const fit = fit_projected(problem, start, options);
    ASSERT_EQ(static_cast<int>(seen.size()), fit.iterations);
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_LE(seen[i], (i == 0 ? before : seen[i - 1]) * (1 + 1e-12));
    EXPECT_LE(fit.value.loss, before * (1 + 1e-12));
    EXPECT_NEAR(fit.value.loss, projected_value(problem, fit.parameters, false).loss, 1e-12 * fit.value.loss);
    EXPECT_FALSE(fit.outcome.detail.empty());
    // no iteration, no change
    options = {};
    options.max_iterations = 0;
    ProjectedFit const none = fit_projected(problem, start, options);
    EXPECT_EQ(none.parameters, start);
    EXPECT_EQ(none.outcome.status == Status::max_iterations || none.outcome.status == Status::rank_deficient, true);
  });
}

TEST(VariableProjection, keeps_the_norms_of_gauged_blocks) {
  PopulationLoss const loss(GaussianField(2, 1, 4, 10), 16);
  NetworkModel const model({2, {5}, Unit::of("relu")}, loss.coordinates());
  ProjectedFit const fit = fit_projected(problem_of(model, loss), random_start(model, 3), {50, 1e-9});
  for (int j = 0; j < 5; ++j) {
    Eigen::Map<Eigen::VectorXd const> const block(fit.parameters.data() + model.neuron_at(0, j), 3);
    EXPECT_NEAR(block.norm(), 1, 1e-12);
  }
}

TEST(VariableProjection, names_lost_rank) {
  PopulationLoss const loss(GaussianField(1, 1, 4, 10), 64);
  NetworkModel const model({1, {2}, Unit::of("relu")}, loss.coordinates());
  std::vector<double> const twins{0.8, 0.6, 0.8, 0.6};
  ProjectedFit const fit = fit_projected(problem_of(model, loss), twins, {0, 1e-9});
  EXPECT_EQ(fit.outcome.status, Status::rank_deficient);
  EXPECT_EQ(fit.value.rank, 3);
  EXPECT_EQ(fit.outcome.detail, "rank 3 of 4");
}

TEST(VariableProjection, refuses_bad_input) {
  PopulationLoss const loss(GaussianField(1, 1, 4, 10), 16);
  NetworkModel const model({1, {2}, Unit::of("gelu")}, loss.coordinates());
  ProjectedProblem const problem = problem_of(model, loss);
  std::vector<double> const good{1, 0, 1, 1};
  EXPECT_NO_THROW(fit_projected(problem, good, {1, 1e-9}));
  EXPECT_THROW(fit_projected(problem, {1, 0, 1}, {}), InvalidInput);
  EXPECT_THROW(fit_projected(problem, {1, 0, 1, std::nan("")}, {}), InvalidInput);
  EXPECT_THROW(fit_projected(problem, good, {-1, 1e-9}), InvalidInput);
  EXPECT_THROW(fit_projected(problem, good, {1, std::nan("")}), InvalidInput);
  EXPECT_THROW(fit_projected(problem, good, {1, -1e-9}), InvalidInput);
  EXPECT_THROW(fit_projected({}, good, {}), InvalidInput);
  EXPECT_THROW(fit_projected({&model, loss.root_weights(), Eigen::VectorXd::Zero(3)}, good, {}), InvalidInput);
  NetworkModel const wide({1, {8}, Unit::of("gelu")}, loss.coordinates());
  EXPECT_THROW(fit_projected(problem_of(wide, loss), random_start(wide, 1), {}), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting::population
