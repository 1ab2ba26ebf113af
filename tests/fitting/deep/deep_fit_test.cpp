// SPDX-License-Identifier: Apache-2.0
#include "fitting/deep/deep_fit.hpp"

#include <Eigen/QR>
#include <cmath>

#include "fitting/least_squares/gauss.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

/// The L2 error of the best polynomial of degree 9 to exp, from Legendre polynomials.
double degree_nine_limit() {
  GaussRule<double> const& rule = gauss_rule<double>(60);
  Eigen::MatrixXd phi(60, 10);
  Eigen::VectorXd y(60);
  for (int q = 0; q < 60; ++q) {
    double const x = 2 * rule.node[static_cast<std::size_t>(q)] - 1;
    double const w = std::sqrt(2 * rule.weight[static_cast<std::size_t>(q)]);
    y[q] = w * std::exp(x);
    for (int k = 0; k < 10; ++k) phi(q, k) = w * std::legendre(static_cast<unsigned>(k), x);
  }
  return (y - phi * phi.householderQr().solve(y)).norm();
}

TEST(DeepFit, started_active_is_the_best_polynomial_of_degree_nine) {
  double const limit = degree_nine_limit();
  EXPECT_NEAR(limit, 4.821976e-10, 1e-15);
  DeepOptions options;
  options.starts = 3;
  DeepFit const fit = fit_deep(Function::of("exp(x)"), 4, options);
  EXPECT_LE(fit.l2_validated, 4.821976e-10 * 1.002);
  EXPECT_GE(fit.l2_validated, limit * 0.999);  // no kink enters the domain
  EXPECT_EQ(fit.function.parameters(), 40);
  ASSERT_EQ(fit.seeds.size(), 3u);
  for (double e : fit.start_l2) EXPECT_GE(e, fit.l2);
}

TEST(DeepFit, is_a_network_of_two_layers) {
  Function const f = Function::of("1/(1+25*x^2)", -1, 2);
  for (DeepStart start : {DeepStart::active, DeepStart::knots, DeepStart::random}) {
    DeepOptions options;
    options.start = start;
    options.starts = 2;
    options.max_iterations = 20;
    options.panels = 40;
    DeepFit const fit = fit_deep(f, 3, options);
    Network const net = fit.to_network();
    EXPECT_EQ(net.depth(), 2);
    EXPECT_EQ(net.width(), 6);
    EXPECT_FALSE(net.layers()[0].activation.per_neuron());
    double sum = 0, size = 0;
    for (int i = 0; i < 300; ++i) {
      double const x = -1 + (i + 0.5) / 100, s = fit.function(x), e = f(x) - s;
      EXPECT_NEAR(to_double(net(exact(x))), s, 1e-8 * (1 + std::abs(s)));
      sum += e * e / 100;
      size += f(x) * f(x) / 100;
    }
    EXPECT_NEAR(std::sqrt(sum), fit.l2_validated, 0.02 * std::sqrt(size));
    EXPECT_LT(fit.l2, 0.5 * std::sqrt(size));
  }
}

TEST(DeepFit, repeats_itself) {
  DeepOptions options;
  options.starts = 1;
  options.max_iterations = 10;
  options.start = DeepStart::random;
  Function const f = Function::of("sin(4*x)");
  DeepFit const a = fit_deep(f, 3, options), b = fit_deep(f, 3, options);
  EXPECT_EQ(a.l2, b.l2);
  EXPECT_EQ(a.function.W, b.function.W);
}

TEST(DeepFit, refuses_bad_options) {
  Function const f = Function::of("exp(x)");
  EXPECT_THROW(fit_deep(f, 0), InvalidInput);
  DeepOptions options;
  options.starts = 0;
  EXPECT_THROW(fit_deep(f, 2, options), InvalidInput);
  options.starts = 1;
  options.panels = 2;
  EXPECT_THROW(fit_deep(f, 2, options), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
