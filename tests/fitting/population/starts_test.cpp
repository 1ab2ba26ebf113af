// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/starts.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fitting/population/population_loss.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

TEST(Starts, at_random_depend_on_the_seed_alone_and_sit_on_their_gauges) {
  PopulationLoss const loss(GaussianField(2, 1, 4, 10), 12);
  for (char const* unit : {"relu", "polyrelu3", "silu"}) {
    NetworkModel const model({2, {5, 4}, Unit::of(unit)}, loss.coordinates());
    std::vector<double> const p = random_start(model, 9);
    EXPECT_EQ(p, random_start(model, 9));
    EXPECT_NE(p, random_start(model, 10));
    Eigen::Index at = 0;
    for (ParameterBlock const& b : model.blocks()) {
      if (b.sphere) {
        EXPECT_NEAR(Eigen::Map<Eigen::VectorXd const>(p.data() + at, b.size).norm(), 1, 1e-14);
      }
      at += b.size;
    }
    Eigen::MatrixXd phi;
    model.basis(p.data(), phi);
    EXPECT_TRUE(phi.allFinite());
  }
}

TEST(Starts, that_grow_hold_the_smaller_network) {
  test::for_random(20, [](std::mt19937_64& g) {
    char const* const units[] = {"relu", "relu2", "polyrelu3", "gelu"};
    Unit const unit = Unit::of(units[g() % 4]);
    int const d = static_cast<int>(test::uniform(g, 1, 2));
    PopulationLoss const loss(GaussianField(d, 1, g(), 10), d == 1 ? 120 : 12);
    int const w = static_cast<int>(test::uniform(g, 1, 4)), more = static_cast<int>(test::uniform(g, 0, 4));
    int const depth = static_cast<int>(test::uniform(g, 1, 2));
    std::vector<int> const few(static_cast<std::size_t>(depth), w), many(static_cast<std::size_t>(depth), w + more);
    NetworkModel const small({d, few, unit}, loss.coordinates()), large({d, many, unit}, loss.coordinates());
    ProjectedProblem const inner{&small, loss.root_weights(), loss.logits()};
    ProjectedProblem const outer{&large, loss.root_weights(), loss.logits()};
    std::vector<double> const p = random_start(small, g());
    ProjectedValue const value = projected_value(inner, p, false);
    std::vector<double> const q = grown_start(outer, large, small, p, value, 5);
    double const after = projected_value(outer, q, false).loss;
    EXPECT_LE(after, value.loss * (1 + 1e-10)) << unit.name();
    EXPECT_EQ(q, grown_start(outer, large, small, p, value, 5));
    if (depth == 1 &&
        more > 0) {  // greedy: better than the same number of random neurons is not sure, but better than none
      EXPECT_LT(after, value.loss * 0.999);
    }
  });
}

TEST(Starts, replace_dead_neurons) {
  PopulationLoss const loss(GaussianField(1, 1, 2, 20), 100);
  NetworkModel const model({1, {3}, Unit::of("relu")}, loss.coordinates());
  ProjectedProblem const problem{&model, loss.root_weights(), loss.logits()};
  std::vector<double> const p{0.8, 0.6, 0.6, -0.8, 0.8, 0.1};  // the second is 0 on [-1, 1]
  ProjectedValue const value = projected_value(problem, p, false);
  ASSERT_EQ(value.rank, 4);
  std::vector<double> const q = grown_start(problem, model, model, p, value, 5);
  ProjectedValue const after = projected_value(problem, q, false);
  EXPECT_EQ(after.rank, 5);
  EXPECT_LT(after.loss, value.loss * 0.999);
}

TEST(Starts, refuse_to_grow_out_of_something_else) {
  PopulationLoss const loss(GaussianField(1, 1, 2, 20), 100);
  NetworkModel const small({1, {2}, Unit::of("relu")}, loss.coordinates());
  ProjectedProblem const inner{&small, loss.root_weights(), loss.logits()};
  std::vector<double> const p = random_start(small, 1);
  ProjectedValue const value = projected_value(inner, p, false);
  auto grow = [&](std::vector<int> hidden, char const* unit) {
    NetworkModel const large({1, std::move(hidden), Unit::of(unit)}, loss.coordinates());
    ProjectedProblem const outer{&large, loss.root_weights(), loss.logits()};
    return grown_start(outer, large, small, p, value, 1);
  };
  EXPECT_NO_THROW(grow({2}, "relu"));
  EXPECT_THROW(grow({1}, "relu"), InvalidInput);
  EXPECT_THROW(grow({4}, "gelu"), InvalidInput);
  EXPECT_THROW(grow({4, 4}, "relu"), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting::population
