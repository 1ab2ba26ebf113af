// SPDX-License-Identifier: Apache-2.0
#include "fitting/ridge/ridge_network.hpp"

#include <cmath>

#include "fitting/ridge/ridge_model.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

RidgeNetwork random_network(std::mt19937_64& g, RidgeKind kind, int d, int n) {
  Eigen::VectorXd const theta = random_ridges(d, n, g());
  Eigen::VectorXd c(1 + d + n * kind.terms());
  for (double& v : c) v = test::uniform_real(g, -2, 2);
  return RidgeModel({Eigen::MatrixXd::Zero(1, d), Eigen::VectorXd::Ones(1)}, Eigen::VectorXd::Ones(1), kind, n)
      .network(theta, c);
}

TEST(RidgeNetwork, is_the_function_of_its_network) {
  test::for_random(30, [](std::mt19937_64& g) {
    RidgeKind const kind =
        test::pick(g, std::vector<RidgeKind>{RidgeKind::relu(), RidgeKind::relu_power(2), RidgeKind::relu_power(3),
                                             RidgeKind::polyrelu(3), RidgeKind::polyrelu(2)});
    int const d = static_cast<int>(test::uniform(g, 2, 4)), n = static_cast<int>(test::uniform(g, 1, 6));
    RidgeNetwork s = random_network(g, kind, d, n);
    if (test::coin(g)) s.coefficients.row(0).setZero();  // a dead neuron is left out
    Network const net = s.to_network();
    int const carriers = kind.low == 1 ? 1 : kind.high;
    EXPECT_EQ(net.neurons(), static_cast<std::size_t>(n + carriers - (s.coefficients.row(0).isZero(0) ? 1 : 0)));
    EXPECT_EQ(net.inputs(), d);
    for (Layer const& layer : net.layers()) {
      for (Entry const& e : layer.weights.entries()) EXPECT_TRUE(is_dyadic(e.value));
      for (Rational const& b : layer.bias) EXPECT_TRUE(is_dyadic(b));
    }
    for (int i = 0; i < 20; ++i) {
      std::vector<double> x;
      std::vector<Rational> exact_x;
      for (int k = 0; k < d; ++k) {
        x.push_back(i == 0 ? 1 : test::uniform_real(g, -1, 1));
        exact_x.push_back(exact(x.back()));
      }
      EXPECT_NEAR(to_double(net(exact_x)[0]), s(x), 1e-12 * n * 100);
    }
  });
}

TEST(RidgeNetwork, without_affine_part_or_neurons_is_still_a_network) {
  RidgeNetwork s{RidgeKind::relu_power(2), Eigen::MatrixXd(0, 2), Eigen::VectorXd(0), Eigen::Vector3d(0.5, 0, 0),
                 Eigen::MatrixXd(0, 1)};
  EXPECT_EQ(s.to_network()(std::vector<Rational>{1, 1})[0], Rational(1) / 2);
  s.affine = Eigen::Vector3d(0.5, 1e-8, -3e5);
  EXPECT_NEAR(to_double(s.to_network()(std::vector<Rational>{1, Rational(1) / 3})[0]), s({1, 1.0 / 3}), 1e-9);
}

TEST(RidgeKind, refuses_what_no_neuron_has) {
  EXPECT_THROW((RidgeKind{0, 1}.validate()), InvalidInput);
  EXPECT_THROW((RidgeKind{2, 1}.validate()), InvalidInput);
  EXPECT_THROW((RidgeKind{2, 3}.validate()), InvalidInput);
  EXPECT_THROW((RidgeKind{1, 9}.validate()), InvalidInput);
  EXPECT_NO_THROW((RidgeKind{1, 8}.validate()));
}

}  // namespace
}  // namespace nwidth::fitting
