// SPDX-License-Identifier: Apache-2.0
#include "fitting/shared/shared_polyrelu.hpp"

#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

/// The L2 norm of f - net on [-1, 1] by the midpoint rule: independent of the fit's quadrature.
double l2(Function const& f, SharedPolyReLU const& s) {
  int const cells = 20000;
  double sum = 0;
  for (int i = 0; i < cells; ++i) {
    double const x = -1 + (i + 0.5) * 2 / cells, e = f(x) - s(x);
    sum += e * e * 2 / cells;
  }
  return std::sqrt(sum);
}

void reaches(char const* text, int n, double bar) {
  Function const f = Function::of(text);
  SharedFit const fit = fit_shared_polyrelu(f, n);
  EXPECT_LE(fit.l2, bar * 1.002) << text << ' ' << n;
  EXPECT_GE(fit.l2, bar * 0.9) << "better than ever measured: is the error right?";
  EXPECT_NEAR(l2(f, fit.function), fit.l2, 1e-4 * fit.l2);
  EXPECT_LT(fit.l2, 0.5 * fit.closure_l2);
  ASSERT_EQ(fit.start_l2.size(), 3u);
  for (double e : fit.start_l2) EXPECT_GE(e, fit.l2 * (1 - 1e-6));
  EXPECT_TRUE(is_usable(fit.outcome.status) || fit.outcome.status == Status::max_iterations) << fit.outcome.detail;
}

TEST(SharedPolyReLU, reaches_the_measured_errors_on_exp) {
  reaches("exp(x)", 4, 7.461e-6);
  reaches("exp(x)", 8, 7.1032e-7);
}
TEST(SharedPolyReLU, reaches_the_measured_errors_on_runge) {
  reaches("1/(1+25*x^2)", 8, 1.64e-4);  // 1.5939e-4 is the best that is known
  reaches("1/(1+25*x^2)", 16, 1.0235e-5);
}
TEST(SharedPolyReLU, reaches_the_measured_errors_on_sine) { reaches("sin(4*pi*x)", 32, 4.3022e-5); }

TEST(SharedPolyReLU, is_a_network_with_one_coefficient_vector) {
  Function const f = Function::of("exp(x)*sin(3*x)", 0, 2);
  for (int r : {2, 3, 4}) {
    SharedOptions options;
    options.degree = r;
    options.max_iterations = 60;
    SharedFit const fit = fit_shared_polyrelu(f, 5, options);
    Network const net = fit.to_network();
    EXPECT_EQ(net.neurons(), static_cast<std::size_t>(5 + r));
    EXPECT_EQ(net.depth(), 1);
    EXPECT_FALSE(net.layers()[0].activation.per_neuron());
    for (Layer const& layer : net.layers()) {
      for (Entry const& e : layer.weights.entries()) EXPECT_TRUE(is_dyadic(e.value));
      for (Rational const& b : layer.bias) EXPECT_TRUE(is_dyadic(b));
    }
    double scale = 0;
    for (double c : fit.function.polynomial) scale += std::abs(c) * std::pow(2.0, r);
    for (int i = 0; i <= 64; ++i) {
      Rational const x = Rational(i) / 32;
      EXPECT_NEAR(to_double(net(x)), fit.function(to_double(x)), 1e-12 * (1 + scale)) << r << ' ' << x;
    }
  }
}

TEST(SharedPolyReLU, recovers_a_member_of_its_class) {
  Function const f =
      Function::of("x/2 - x^3/3 + relu(x+1/2)/50 + relu(x+1/2)^3 - (relu(x-1/4)/50 + relu(x-1/4)^3)*2/5");
  SharedFit const fit = fit_shared_polyrelu(f, 2, {.max_iterations = 1000});
  EXPECT_LT(fit.l2, 1e-7);
  EXPECT_NEAR(fit.function.knots[0], -0.5, 1e-5);
  EXPECT_NEAR(fit.function.knots[1], 0.25, 1e-5);
}

TEST(SharedPolyReLU, is_the_same_on_every_call) {
  Function const f = Function::of("1/(1+x^2)");
  SharedFit const a = fit_shared_polyrelu(f, 3), b = fit_shared_polyrelu(f, 3);
  EXPECT_EQ(a.l2, b.l2);
  EXPECT_EQ(a.function.knots, b.function.knots);
  EXPECT_EQ(a.function.coefficients, b.function.coefficients);
}

TEST(SharedPolyReLU, refuses_bad_options) {
  Function const f = Function::of("exp(x)");
  EXPECT_THROW(fit_shared_polyrelu(f, 0), InvalidInput);
  EXPECT_THROW(fit_shared_polyrelu(f, 3, {.degree = 1}), InvalidInput);
  EXPECT_THROW(fit_shared_polyrelu(f, 3, {.degree = 6}), InvalidInput);
  EXPECT_THROW(fit_shared_polyrelu(f, 3, {.nodes = 3}), InvalidInput);
  SharedOptions options;
  options.starts = {};
  EXPECT_THROW(fit_shared_polyrelu(f, 3, options), InvalidInput);
  options.starts = {{-1, 1}};
  EXPECT_THROW(fit_shared_polyrelu(f, 3, options), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
