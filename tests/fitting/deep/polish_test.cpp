// SPDX-License-Identifier: Apache-2.0
#include "fitting/deep/polish.hpp"

#include <cmath>

#include "tests/random.hpp"
#include "theory/construct/sawtooth.hpp"
#include "theory/network/calculus.hpp"

namespace nwidth::fitting {
namespace {

/// The L2 error on [a, b] by midpoints, exact in the network.
double l2(Network const& net, Function const& f, int cells = 1000) {
  double const a = to_double(f.begin()), h = (to_double(f.end()) - a) / cells;
  double sum = 0;
  for (int i = 0; i < cells; ++i) {
    double const x = a + h * (i + 0.5), e = net(x) - f(x);
    sum += e * e * h;
  }
  return std::sqrt(sum);
}

TEST(Polish, improves_a_deep_construction_and_keeps_its_size) {
  // Yarotsky's square from m = 2 sawtooth layers interpolates x^2: least squares halves the error at least
  Network const square = construct::sawtooth_square(2, false);
  Function const f = Function::of("x^2", 0, 1);
  PolishResult const r = polish(square, f, 32, 6);
  EXPECT_TRUE(r.improved);
  EXPECT_LT(r.l2_after, 0.5 * r.l2_before);
  EXPECT_NEAR(l2(r.network, f), r.l2_after, 0.02 * r.l2_after);
  EXPECT_NEAR(l2(square, f), r.l2_before, 0.02 * r.l2_before);
  EXPECT_LE(r.network.size(), square.size());
  EXPECT_EQ(r.network.depth(), square.depth());
  for (Layer const& layer : r.network.layers())
    for (Entry const& e : layer.weights.entries()) EXPECT_TRUE(is_dyadic(e.value));
}

TEST(Polish, is_never_worse_than_what_it_was_given) {
  test::for_random(12, [](std::mt19937_64& g) {
    int const width = 3;
    auto matrix = [&](int rows, int columns) {
      std::vector<std::vector<Rational>> m(static_cast<std::size_t>(rows));
      for (auto& row : m)
        for (int j = 0; j < columns; ++j) row.push_back(test::random_rational(g, 9));
      return SparseMatrix::dense(m);
    };
    auto bias = [&](int rows) {
      std::vector<Rational> b;
      for (int i = 0; i < rows; ++i) b.push_back(test::random_rational(g, 9));
      return b;
    };
    Activation const second =
        test::coin(g) ? Activation::relu_power(2) : Activation::polyrelu({Rational(1) / 7, 1, 0, 2});
    Network const net(2, {{matrix(width, 2), bias(width), Activation::relu()},
                          {matrix(width, width), bias(width), second},
                          {matrix(1, width), bias(1), Activation::identity()}});
    Nodes const nodes = tensor_gauss(2, 8);
    Eigen::VectorXd const y = sample(target::resolve("cos(x1+2*x2)", 2), nodes);
    PolishResult const r = polish(net, nodes, y, {.max_iterations = 15, .coefficients = test::coin(g)});
    EXPECT_LE(r.l2_after, r.l2_before);
    double sum = 0;
    for (Eigen::Index i = 0; i < y.size(); ++i) {
      double const e = r.network(std::vector<double>{nodes.x(i, 0), nodes.x(i, 1)})[0] - y[i];
      sum += nodes.weight[i] * e * e;
    }
    EXPECT_NEAR(std::sqrt(sum), r.l2_after, 1e-9 * (1 + r.l2_after));
    EXPECT_LE(r.network.size(), net.size());
  });
}

TEST(Polish, returns_an_exact_network_untouched) {
  Network const third = affine(Rational(1) / 3, Rational(1) / 7);  // no double has these weights
  Nodes const nodes = panel_gauss(Function::of("x"), 4, 4);
  // the values of the rounded weights are met exactly by doubles, those of the exact ones only by the exact network
  PolishResult const r = polish(third, nodes, (nodes.x.col(0) / 3).array() + 1.0 / 7);
  EXPECT_LE(r.l2_after, r.l2_before);
  EXPECT_EQ(r.outcome.status, Status::below_precision);
}

TEST(Polish, fits_the_coefficients_of_an_activation) {
  // a layer with P = t + t^3/2 made from one with P = t + t^3/4
  Activation const wrong = Activation::polyrelu({0, 1, 0, Rational(1) / 4});
  Network const net(1, {{SparseMatrix::dense({{1}, {2}}), {Rational(1) / 2, -1}, wrong},
                        {SparseMatrix::dense({{1, 1}}), {0}, Activation::identity()}});
  Function const f = Function::of("relu(x+1/2)+relu(x+1/2)^3/2+relu(2*x-1)+relu(2*x-1)^3/2");
  PolishResult const r = polish(net, f, 16, 8, {.coefficients = true});
  EXPECT_LT(r.l2_after, 1e-10);
}

TEST(Polish, refuses_what_it_cannot_differentiate) {
  Nodes const nodes = panel_gauss(Function::of("x"), 4, 4);
  Eigen::VectorXd const y = nodes.x.col(0);
  Network const gelu(1, {{SparseMatrix::dense({{1}}), {0}, Activation::gelu()}});
  EXPECT_THROW(polish(gelu, nodes, y), InvalidInput);
  Network const two(1, {{SparseMatrix::dense({{1}, {1}}), {0, 0}, Activation::relu()}});
  EXPECT_THROW(polish(two, nodes, y), InvalidInput);
  EXPECT_THROW(polish(affine(1, 0), tensor_gauss(2, 3), Eigen::VectorXd::Zero(9)), InvalidInput);
  EXPECT_THROW(polish(affine(1, 0), nodes, y.array() * std::nan("")), InvalidInput);
  EXPECT_THROW(polish(affine(1, 0), nodes, y.head(3)), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
