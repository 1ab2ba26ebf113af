// SPDX-License-Identifier: Apache-2.0
#include "fitting/ridge/ridge_model.hpp"

#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

TEST(RidgeModel, has_the_values_and_the_derivatives_of_its_network) {
  test::for_random(20, [](std::mt19937_64& g) {
    int const d = static_cast<int>(test::uniform(g, 2, 3)), n = 3;
    RidgeKind const kind =
        test::pick(g, std::vector<RidgeKind>{RidgeKind::relu(), RidgeKind::relu_power(2), RidgeKind::polyrelu(3)});
    Nodes const nodes = tensor_gauss(d, 5);
    RidgeModel const model(nodes, Eigen::VectorXd::Zero(nodes.x.rows()), kind, n);
    Eigen::VectorXd const theta = random_ridges(d, n, g());
    Eigen::VectorXd c(model.columns());
    for (double& v : c) v = test::uniform_real(g, -1, 1);
    Eigen::MatrixXd phi(model.rows(), model.columns()), jac(model.rows(), theta.size());
    Eigen::VectorXd y(model.rows());
    model.evaluate(theta, phi, y);
    model.differentiate(theta, c, jac);
    Eigen::VectorXd const root = nodes.weight.cwiseSqrt();
    EXPECT_LT((phi * c - root.cwiseProduct(model.network(theta, c).values(nodes.x))).norm(), 1e-12);
    for (Eigen::Index k = 0; k < theta.size(); ++k) {
      double const h = 1e-7;
      Eigen::VectorXd up = theta, down = theta;
      up[k] += h;
      down[k] -= h;
      Eigen::MatrixXd a = phi, b = phi;
      model.evaluate(up, a, y);
      model.evaluate(down, b, y);
      EXPECT_LT(((a - b) * c / (2 * h) - jac.col(k)).norm(), 1e-5);
    }
  });
}

TEST(GrowRidges, find_a_neuron_of_the_dictionary_at_once) {
  Nodes const nodes = tensor_gauss(2, 16);
  double const angle = 2 * 3.14159265358979323846 * 7 / 48;
  Eigen::Vector2d const w(std::cos(angle), std::sin(angle));
  double const b = (0.98 - 1.94 * 30 / 48) * w.lpNorm<1>();
  Eigen::VectorXd const y = ((nodes.x * w).array() + b).max(0.0);
  Eigen::VectorXd const theta = grow_ridges(nodes, y, RidgeKind::relu(), Eigen::VectorXd(0), 2);
  ASSERT_EQ(theta.size(), 6);
  EXPECT_NEAR(theta[0], w[0], 1e-12);
  EXPECT_NEAR(theta[1], w[1], 1e-12);
  EXPECT_NEAR(theta[2], b, 1e-12);
}

TEST(GrowRidges, never_do_worse_with_more_neurons) {
  Nodes const nodes = tensor_gauss(2, 14);
  Eigen::VectorXd const y = sample(target::resolve("cos(x1^2+x2^2)", 2), nodes);
  for (RidgeKind kind : {RidgeKind::relu(), RidgeKind::polyrelu(2)}) {
    Eigen::VectorXd theta;
    double before = y.norm();
    for (int n : {1, 2, 4, 8}) {
      theta = grow_ridges(nodes, y, kind, theta, n);
      double const error = fit_separable(RidgeModel(nodes, y, kind, n), theta, {.max_iterations = 0}).error;
      EXPECT_LT(error, before);
      before = error;
    }
  }
}

TEST(DropRidges, take_the_neuron_whose_loss_costs_least) {
  test::for_random(10, [](std::mt19937_64& g) {
    Nodes const nodes = tensor_gauss(2, 12);
    Eigen::VectorXd const y = sample(target::resolve("exp(-4*((x1-3/10)^2+(x2+1/5)^2))", 2), nodes);
    int const n = 5;
    Eigen::VectorXd const theta = random_ridges(2, n, g());
    auto error = [&](Eigen::VectorXd const& t) {
      return fit_separable(RidgeModel(nodes, y, RidgeKind::polyrelu(3), static_cast<int>(t.size()) / 3), t,
                           {.max_iterations = 0, .rank_tolerance = 1e-10})
          .error;
    };
    double least = 1e300;
    for (int i = 0; i < n; ++i) {
      Eigen::VectorXd rest(3 * (n - 1));
      rest << theta.head(3 * i), theta.tail(3 * (n - 1 - i));
      least = std::min(least, error(rest));
    }
    EXPECT_NEAR(error(drop_ridges(nodes, y, RidgeKind::polyrelu(3), theta, 1)), least, 1e-3 * least);
    EXPECT_EQ(drop_ridges(nodes, y, RidgeKind::polyrelu(3), theta, 5).size(), 0);
  });
}

}  // namespace
}  // namespace nwidth::fitting
