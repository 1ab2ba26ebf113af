// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/network_model.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fitting/population/starts.hpp"
#include "tests/random.hpp"
#include "theory/network/network.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::population {
namespace {

char const* const all_units[] = {"relu", "relu2", "relu3", "polyrelu2", "polyrelu3", "polyrelu4", "gelu", "silu"};

Eigen::MatrixXd random_points(std::mt19937_64& g, Eigen::Index n, int d) {
  Eigen::MatrixXd z(n, d);
  for (Eigen::Index i = 0; i < z.size(); ++i) z.data()[i] = test::uniform_real(g, -1, 1);
  return z;
}

Activation activation_of(Unit const& unit, double const* a) {
  switch (unit.kind) {
    case Unit::Kind::relu: return Activation::relu();
    case Unit::Kind::relu_power: return Activation::relu_power(unit.degree);
    case Unit::Kind::gelu: return Activation::gelu();
    case Unit::Kind::silu: return Activation::silu();
    default: break;
  }
  std::vector<Rational> c{0};
  for (int i = 0; i < unit.degree; ++i) c.push_back(exact(a[i]));
  return Activation::polyrelu(c);
}

TEST(NetworkModel, is_the_network_of_theory) {
  test::for_random(60, [](std::mt19937_64& g) {
    Unit const unit = Unit::of(all_units[g() % 8]);
    int const d = static_cast<int>(test::uniform(g, 1, 3));
    std::vector<int> hidden{static_cast<int>(test::uniform(g, 1, 5))};
    if (test::coin(g)) hidden.push_back(static_cast<int>(test::uniform(g, 1, 5)));
    NetworkModel const model({d, hidden, unit}, random_points(g, 20, d));
    std::vector<double> p(static_cast<std::size_t>(model.parameters()));
    for (double& x : p) x = test::uniform_real(g, -1, 1);
    Eigen::VectorXd c(model.columns());
    for (double& x : c) x = test::uniform_real(g, -1, 1);

    std::vector<Layer> layers;
    for (int l = 0; l < static_cast<int>(hidden.size()); ++l) {
      std::vector<std::vector<Rational>> rows;
      Layer layer;
      for (int j = 0; j < hidden[static_cast<std::size_t>(l)]; ++j) {
        double const* const block = p.data() + model.neuron_at(l, j);
        rows.emplace_back();
        for (int i = 0; i < model.fan_in(l); ++i) rows.back().push_back(exact(block[i]));
        layer.bias.push_back(exact(block[model.fan_in(l)]));
      }
      layer.weights = SparseMatrix::dense(rows);
      layer.activation = activation_of(unit, p.data() + model.coefficients_at(l));
      layers.push_back(layer);
    }
    Layer out;
    std::vector<Rational> row;
    for (int j = 0; j < hidden.back(); ++j) row.push_back(exact(c[j]));
    out.weights = SparseMatrix::dense({row});
    out.bias = {exact(c[hidden.back()])};
    layers.push_back(out);
    Network const network(d, layers);

    Eigen::MatrixXd phi;
    model.basis(p.data(), phi);
    Eigen::VectorXd const f = phi * c;
    for (Eigen::Index i = 0; i < model.points(); ++i) {
      std::vector<double> x;
      double skip = 0;
      for (int axis = 0; axis < d; ++axis) {
        x.push_back(model.coordinates()(i, axis));
        skip += c[hidden.back() + 1 + axis] * x.back();
      }
      EXPECT_NEAR(f[i], network(x)[0] + skip, 1e-12 * (1 + std::abs(f[i]))) << unit.name();
    }
  });
}

TEST(NetworkModel, has_the_derivatives_of_differences) {
  test::for_random(80, [](std::mt19937_64& g) {
    Unit const unit = Unit::of(all_units[g() % 8]);
    int const d = static_cast<int>(test::uniform(g, 1, 3));
    std::vector<int> hidden{static_cast<int>(test::uniform(g, 1, 4))};
    if (test::coin(g)) hidden.push_back(static_cast<int>(test::uniform(g, 1, 4)));
    NetworkModel const model({d, hidden, unit}, random_points(g, 15, d));
    std::vector<double> p(static_cast<std::size_t>(model.parameters()));
    for (double& x : p) x = test::uniform_real(g, -1.5, 1.5);
    Eigen::VectorXd c(model.columns());
    for (double& x : c) x = test::uniform_real(g, -1, 1);
    Eigen::MatrixXd jacobian, phi;
    model.derivative(p.data(), c, jacobian);
    ASSERT_EQ(jacobian.cols(), model.parameters());
    model.basis(p.data(), phi);
    double const h = 1e-6, rounding = 1e-14 * (phi.cwiseAbs() * c.cwiseAbs()).maxCoeff();
    for (std::size_t k = 0; k < p.size(); ++k) {
      std::vector<double> q = p;
      q[k] = p[k] + h;
      model.basis(q.data(), phi);
      Eigen::VectorXd difference = phi * c;
      q[k] = p[k] - h;
      model.basis(q.data(), phi);
      difference = (difference - phi * c) / (2 * h);
      for (Eigen::Index i = 0; i < difference.size(); ++i) {
        double const got = jacobian(i, static_cast<Eigen::Index>(k));
        double const size = 1 + std::abs(difference[i]) + rounding / h / 1e-6;
        if (unit.kind == Unit::Kind::relu || unit.kind == Unit::Kind::polyrelu) {
          if (std::abs(got - difference[i]) < 1e-6 * size) continue;
          // else a kink lies between the two: it must have gone when the step is a thousandth
          q[k] = p[k] + h / 1000;
          model.basis(q.data(), phi);
          double const up = phi.row(i) * c;
          q[k] = p[k] - h / 1000;
          model.basis(q.data(), phi);
          double const down = phi.row(i) * c;
          EXPECT_NEAR(got, (up - down) / (2 * h / 1000), 1e-3 * size) << unit.name();
        } else {
          EXPECT_NEAR(got, difference[i], 1e-6 * size) << unit.name();
        }
      }
    }
  });
}

TEST(NetworkModel, has_derivative_0_at_kinks) {
  Eigen::MatrixXd z(3, 1);
  z << -0.5, 0, 0.5;
  for (char const* name : {"relu", "polyrelu3"}) {
    NetworkModel const model({1, {1}, Unit::of(name)}, z);
    std::vector<double> p{1, 0, 1, 1, 1};  // kink at 0
    Eigen::VectorXd c(3);
    c << 1, 0, 0;
    Eigen::MatrixXd jacobian;
    model.derivative(p.data(), c, jacobian);
    EXPECT_EQ(jacobian(0, 1), 0);
    EXPECT_EQ(jacobian(1, 1), 0);
    EXPECT_GT(jacobian(2, 1), 0.5);
  }
}

TEST(NetworkModel, refuses_bad_input) {
  Eigen::MatrixXd const z = Eigen::MatrixXd::Zero(4, 2);
  Unit const relu;
  EXPECT_NO_THROW(NetworkModel({2, {256}, relu}, z));
  EXPECT_THROW(NetworkModel({2, {}, relu}, z), InvalidInput);
  EXPECT_THROW(NetworkModel({2, {1, 1, 1}, relu}, z), InvalidInput);
  EXPECT_THROW(NetworkModel({2, {0}, relu}, z), InvalidInput);
  EXPECT_THROW(NetworkModel({2, {257}, relu}, z), InvalidInput);
  EXPECT_THROW(NetworkModel({1, {3}, relu}, z), InvalidInput);
  EXPECT_THROW(NetworkModel({2, {3}, {Unit::Kind::polyrelu, 7}}, z), InvalidInput);
  EXPECT_THROW(Unit::of("tanh"), InvalidInput);
  EXPECT_THROW(Unit::of(""), InvalidInput);
  for (char const* name : all_units) EXPECT_EQ(Unit::of(name).name(), name);
  EXPECT_EQ(Unit::of("polyrelu"), Unit::of("polyrelu3"));
}

}  // namespace
}  // namespace nwidth::fitting::population
