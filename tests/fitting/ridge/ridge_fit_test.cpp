// SPDX-License-Identifier: Apache-2.0
#include "fitting/ridge/ridge_fit.hpp"

#include <cmath>

#include "fitting/projection/nodes.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

/// Franke's function on [0, 1]^2, in x = (1 + x1)/2, y = (1 + x2)/2.
target::Target franke() {
  return target::resolve(
      "3/4*exp(-((9*x1+5)^2+(9*x2+5)^2)/16) + 3/4*exp(-(9*x1+11)^2/196-(9*x2+11)/20)"
      " + 1/2*exp(-((9*x1-5)^2+(9*x2+3)^2)/16) - 1/5*exp(-(9*x1+1)^2/4-(9*x2-5)^2/4)",
      2);
}
target::Target cosr2() { return target::resolve("cos(x1^2+x2^2)", 2); }

RidgeFit reaches(target::Target const& f, RidgeKind kind, int n, double bar, RidgeOptions options = {}) {
  options.kind = kind;
  RidgeFit const fit = fit_ridge(f, n, options);
  EXPECT_LE(fit.l2_validated, bar * 1.002);
  EXPECT_GE(fit.l2_validated, bar * 0.5) << "far better than ever measured: is the error right?";
  EXPECT_NEAR(fit.l2_validated, fit.l2, 0.15 * fit.l2);
  EXPECT_GE(fit.sup_sampled, fit.l2_validated / 2);  // the square has area 4
  EXPECT_LE(fit.l2, fit.starts.front().l2 * (1 + 1e-9));
  return fit;
}

RidgeOptions with_exchanges(int exchanges) {
  RidgeOptions options;
  options.exchanges = exchanges;
  return options;
}

// Bars are the best of the measured methods (greedy growth with variable projection, or random starts). Larger networks
// reach theirs as well but take too long for a test.
TEST(RidgeFit, reaches_the_measured_errors_of_relu) {
  reaches(franke(), RidgeKind::relu(), 32, 1.406e-2, with_exchanges(3));
}
TEST(RidgeFit, reaches_the_measured_errors_of_relu_squared) {
  reaches(franke(), RidgeKind::relu_power(2), 32, 6.181e-3, with_exchanges(3));
}
TEST(RidgeFit, reaches_the_measured_errors_of_polyrelu) {
  reaches(cosr2(), RidgeKind::polyrelu(3), 16, 1.18e-3, with_exchanges(4));
}

TEST(RidgeFit, reports_every_start_and_repeats_itself) {
  RidgeOptions options;
  options.nodes = 16;
  options.validation = 50;
  options.random_starts = 2;
  options.seed = 5;
  options.max_iterations = 30;
  options.exchanges = 1;
  RidgeFit const a = fit_ridge(cosr2(), 5, options), b = fit_ridge(cosr2(), 5, options);
  ASSERT_EQ(a.starts.size(), 3u);
  EXPECT_TRUE(a.starts[0].greedy);
  EXPECT_EQ(a.starts[1].seed, 5u);
  EXPECT_EQ(a.starts[2].seed, 6u);
  for (RidgeStart const& s : a.starts) EXPECT_GE(s.l2, a.l2);
  EXPECT_EQ(a.l2, b.l2);
  EXPECT_EQ(a.function.offsets, b.function.offsets);
  for (int i = 0; i < 5; ++i) EXPECT_NEAR(a.function.directions.row(i).norm(), 1, 1e-12);
}

TEST(RidgeFit, recovers_a_plane_wave_of_one_neuron_in_three_variables) {
  target::Target const f = target::resolve("relu(x1*2/3 + x2*2/3 - x3/3 + 1/5)^2 - x2/2 + 1/4", 3);
  RidgeOptions options;
  options.kind = RidgeKind::relu_power(2);
  options.nodes = 10;
  options.validation = 12;
  options.exchanges = 0;
  RidgeFit const fit = fit_ridge(f, 1, options);
  EXPECT_LT(fit.l2_validated, 1e-6);
  EXPECT_NEAR(fit.function.directions(0, 0), 2.0 / 3, 1e-5);
  EXPECT_NEAR(fit.function.directions(0, 2), -1.0 / 3, 1e-5);
  EXPECT_NEAR(fit.function.offsets[0], 0.2, 1e-5);
}

TEST(RidgeFit, refuses_bad_input) {
  EXPECT_THROW(fit_ridge(target::resolve("x"), 4), InvalidInput);
  EXPECT_THROW(fit_ridge(cosr2(), 0), InvalidInput);
  RidgeOptions none;
  none.greedy = false;
  EXPECT_THROW(fit_ridge(cosr2(), 4, none), InvalidInput);
  RidgeOptions negative;
  negative.exchanges = -1;
  EXPECT_THROW(fit_ridge(cosr2(), 4, negative), InvalidInput);
  RidgeOptions few;
  few.nodes = 2;
  EXPECT_THROW(fit_ridge(cosr2(), 8, few), InvalidInput);
  EXPECT_THROW(fit_ridge(target::resolve("log(x1+x2)", 2), 4), InvalidInput);
}

TEST(Nodes, integrate_and_sample) {
  Nodes const gauss_nodes = tensor_gauss(3, 4), cells = midpoints(2, 10);
  EXPECT_NEAR(gauss_nodes.weight.sum(), 8, 1e-13);
  EXPECT_NEAR(cells.weight.sum(), 4, 1e-13);
  EXPECT_NEAR(gauss_nodes.weight.dot(sample(target::resolve("x1^6*x2^2*x3^4", 3), gauss_nodes)), 8.0 / (7 * 3 * 5),
              1e-13);
  EXPECT_THROW(tensor_gauss(4, 60), InvalidInput);
  EXPECT_THROW(tensor_gauss(0, 3), InvalidInput);
  EXPECT_THROW(midpoints(2, 0), InvalidInput);
  EXPECT_THROW(sample(cosr2(), gauss_nodes), InvalidInput);
  Nodes const panels = panel_gauss(Function::of("abs(x-1/3)"), 4, 2);
  EXPECT_EQ(panels.x.rows(), 10);  // 5 panels: one is cut
  EXPECT_NEAR(panels.weight.dot(sample(Function::of("abs(x-1/3)"), panels)), (16.0 / 9 + 4.0 / 9) / 2, 1e-14);
}

}  // namespace
}  // namespace nwidth::fitting
