// SPDX-License-Identifier: Apache-2.0
#include "fitting/projection/separable.hpp"

#include <Eigen/LU>
#include <Eigen/QR>
#include <cmath>

#include "fitting/projection/uniform.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

Matrix random_matrix(std::mt19937_64& g, int rows, int columns) {
  Matrix m(rows, columns);
  for (int j = 0; j < columns; ++j)
    for (int i = 0; i < rows; ++i) m(i, j) = test::uniform_real(g, -1, 1);
  return m;
}

/// y ~ sum_j c_j exp(-theta_j x) at even points.
class Exponentials : public SeparableModel {
 public:
  Exponentials(Vector y, int terms) : y_(std::move(y)), terms_(terms) {}
  std::vector<ParameterBlock> blocks() const override { return {{terms_, false}}; }
  int rows() const override { return static_cast<int>(y_.size()); }
  int columns() const override { return terms_; }
  bool evaluate(Vector const& theta, Matrix& phi, Vector& y) const override {
    if (theta.minCoeff() < -5) return false;
    for (int i = 0; i < rows(); ++i)
      for (int j = 0; j < terms_; ++j) phi(i, j) = std::exp(-theta[j] * node(i));
    y = y_;
    return true;
  }
  void differentiate(Vector const& theta, Vector const& c, Matrix& d) const override {
    for (int i = 0; i < rows(); ++i)
      for (int j = 0; j < terms_; ++j) d(i, j) = -c[j] * node(i) * std::exp(-theta[j] * node(i));
  }
  static double node(int i) { return 0.05 * i; }

 private:
  Vector y_;
  int terms_;
};

/// The best function c w.x of x in R^3, |w| = 1: w is the direction of the data.
class Direction : public SeparableModel {
 public:
  Direction(Matrix x, Vector y) : x_(std::move(x)), y_(std::move(y)) {}
  std::vector<ParameterBlock> blocks() const override { return {{3, true}}; }
  int rows() const override { return static_cast<int>(y_.size()); }
  int columns() const override { return 1; }
  bool evaluate(Vector const& theta, Matrix& phi, Vector& y) const override {
    phi.col(0) = x_ * theta;
    y = y_;
    return true;
  }
  void differentiate(Vector const&, Vector const& c, Matrix& d) const override { d = x_ * c[0]; }

 private:
  Matrix x_;
  Vector y_;
};

TEST(Projection, solves_least_squares) {
  test::for_random(40, [](std::mt19937_64& g) {
    int const m = static_cast<int>(test::uniform(g, 1, 6)), n = m + static_cast<int>(test::uniform(g, 0, 20));
    Matrix phi = random_matrix(g, n, m);
    for (int j = 0; j < m; ++j) phi.col(j) *= std::pow(10.0, test::uniform_real(g, -5, 5));
    Vector const y = random_matrix(g, n, 1);
    Projection const p(phi, y);
    ASSERT_EQ(p.rank(), m);
    Vector const r = y - phi * p.coefficients();
    EXPECT_NEAR(p.error(), r.norm(), 1e-9);
    for (int j = 0; j < m; ++j) EXPECT_LT(std::abs(phi.col(j).dot(r)), 1e-9 * phi.col(j).norm());
    // what project() keeps of d is orthogonal to Phi, and its products with the residual are those of d
    Matrix d = random_matrix(g, n, 3), const_d = d;
    p.project(d);
    Matrix const normal = const_d.transpose() * const_d -
                          const_d.transpose() * phi * (phi.transpose() * phi).inverse() * phi.transpose() * const_d;
    EXPECT_LT((d.transpose() * d - normal).norm(), 1e-3 * const_d.squaredNorm());  // the inverse loses digits, not d
    EXPECT_LT((d.transpose() * p.residual() - const_d.transpose() * r).norm(), 1e-9);
  });
}

TEST(Projection, freezes_dead_and_repeated_columns_at_zero) {
  test::for_random(20, [](std::mt19937_64& g) {
    Matrix phi = random_matrix(g, 12, 4);
    phi.col(1).setZero();
    phi.col(3) = 7 * phi.col(0);
    Vector const y = random_matrix(g, 12, 1);
    Projection const p(phi, y);
    EXPECT_EQ(p.live_columns(), 3);
    EXPECT_EQ(p.rank(), 2);
    EXPECT_EQ(p.coefficients()[1], 0);
    EXPECT_TRUE(p.coefficients()[0] == 0 || p.coefficients()[3] == 0);
    Matrix two(12, 2);
    two << phi.col(0), phi.col(2);
    EXPECT_NEAR(p.error(), Projection(two, y).error(), 1e-12);
  });
  Projection const none(Matrix::Zero(3, 2), Vector::Ones(3));
  EXPECT_EQ(none.rank(), 0);
  EXPECT_DOUBLE_EQ(none.error(), std::sqrt(3.0));
}

TEST(Projection, is_onto_the_span_whatever_the_rank) {
  test::for_random(60, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 5, 40)), m = static_cast<int>(test::uniform(g, 1, n));
    int const rank = static_cast<int>(test::uniform(g, 1, m));
    Matrix phi = random_matrix(g, n, rank);
    if (rank < m) {
      Matrix const mixed = phi * random_matrix(g, rank, m - rank);
      phi.conservativeResize(n, m);
      phi.rightCols(m - rank) = mixed;
    }
    Vector const y = random_matrix(g, n, 1);
    Matrix const first = phi.leftCols(rank);
    Matrix const u = Eigen::HouseholderQR<Matrix>(first).householderQ() * Matrix::Identity(n, rank);
    for (int j = 0; j < m; ++j) phi.col(j) *= std::ldexp(1.0, static_cast<int>(test::uniform(g, -12, 12)));
    Projection const p(phi, y);
    ASSERT_EQ(p.rank(), rank);
    EXPECT_NEAR(p.error(), (y - u * (u.transpose() * y)).norm(), 1e-11);
    EXPECT_LT((phi * p.coefficients() - u * (u.transpose() * y)).norm(), 1e-9);
    EXPECT_EQ((p.coefficients().array() != 0).count(), rank);
  });
}

TEST(Projection, resolves_residuals_near_rounding_and_clears_what_is_left_of_the_span) {
  test::for_random(20, [](std::mt19937_64& g) {
    Matrix const phi = random_matrix(g, 50, 8);
    Vector const y = phi * random_matrix(g, 8, 1);
    Projection const p(phi, y);
    EXPECT_LT(p.error(), 1e-14 * y.norm());
    Matrix d(50, 3);
    d << phi * random_matrix(g, 8, 2), random_matrix(g, 50, 1);
    Matrix all = d;
    p.project(all);
    p.project(d, 1e-11);
    EXPECT_GT(all.col(0).norm(), 0);
    EXPECT_EQ(d.leftCols(2).norm(), 0);
    EXPECT_EQ(d.col(2), all.col(2));
  });
}

TEST(FitSeparable, has_the_gradient_of_the_projected_error) {
  test::for_random(20, [](std::mt19937_64& g) {
    Exponentials const model(random_matrix(g, 30, 1), 2);
    Vector const theta = Vector{{test::uniform_real(g, 0.2, 1), test::uniform_real(g, 2, 4)}};
    auto at = [&](Vector const& t) {
      Matrix phi(30, 2);
      Vector y(30);
      model.evaluate(t, phi, y);
      return Projection(phi, y);
    };
    Projection const p = at(theta);
    Matrix d(30, 2);
    model.differentiate(theta, p.coefficients(), d);
    p.project(d);
    for (int j = 0; j < 2; ++j) {
      Vector up = theta, down = theta;
      up[j] += 1e-6;
      down[j] -= 1e-6;
      double const slope = (std::pow(at(up).error(), 2) - std::pow(at(down).error(), 2)) / 4e-6;
      EXPECT_NEAR(-d.col(j).dot(p.residual()), slope, 1e-7);
    }
  });
}

TEST(FitSeparable, finds_the_rates_of_a_sum_of_exponentials) {
  Vector y(60);
  for (int i = 0; i < 60; ++i) y[i] = 2 * std::exp(-0.5 * Exponentials::node(i)) - std::exp(-3 * Exponentials::node(i));
  Exponentials const model(y, 2);
  ProjectionResult const fit = fit_separable(model, Vector{{0.3, 5}});
  EXPECT_NEAR(fit.theta[0], 0.5, 1e-6);
  EXPECT_NEAR(fit.theta[1], 3, 1e-6);
  EXPECT_NEAR(fit.coefficients[0], 2, 1e-6);
  EXPECT_LT(fit.error, 1e-9);
  EXPECT_EQ(fit.rank, 2);
}

TEST(FitSeparable, is_stationary_where_it_says_converged_and_the_same_each_time) {
  Uniform noise(3);
  Vector y(60);
  for (int i = 0; i < 60; ++i)
    y[i] = 2 * std::exp(-0.5 * Exponentials::node(i)) - std::exp(-3 * Exponentials::node(i)) + 0.01 * noise.normal();
  Exponentials const model(y, 2);
  ProjectionResult const one = fit_separable(model, Vector{{0.3, 5}}), two = fit_separable(model, Vector{{0.3, 5}});
  EXPECT_EQ(one.outcome.status, Status::converged) << one.outcome.detail;
  EXPECT_LT(one.scaled_gradient, 1e-6);
  EXPECT_EQ(one.theta, two.theta);
  EXPECT_EQ(one.coefficients, two.coefficients);
  for (int j = 0; j < 2; ++j)
    for (double step : {-1e-3, 1e-3}) {
      Vector t = one.theta;
      t[j] += step;
      Matrix phi(60, 2);
      Vector out(60);
      model.evaluate(t, phi, out);
      EXPECT_GT(Projection(phi, out).error(), one.error);
    }
}

TEST(FitSeparable, keeps_directions_on_the_sphere) {
  test::for_random(10, [](std::mt19937_64& g) {
    Matrix const x = random_matrix(g, 40, 3);
    Vector const truth = Vector(random_matrix(g, 3, 1)).normalized();
    Direction const model(x, x * truth * 5);
    ProjectionResult const fit = fit_separable(model, Vector(random_matrix(g, 3, 1)).normalized());
    EXPECT_NEAR(fit.theta.norm(), 1, 1e-12);
    EXPECT_NEAR(std::abs(fit.theta.dot(truth)), 1, 1e-9);
    EXPECT_NEAR(std::abs(fit.coefficients[0]), 5, 1e-8);
  });
}

TEST(FitSeparable, names_how_it_ended) {
  Vector const y = Vector::LinSpaced(40, 1, 2).array().square();
  EXPECT_EQ(fit_separable(Exponentials(y, 2), Vector{{1, 1}}, {.max_iterations = 0}).outcome.status,
            Status::rank_deficient);
  EXPECT_EQ(fit_separable(Exponentials(y, 2), Vector{{1, 4}}, {.max_iterations = 1}).outcome.status,
            Status::max_iterations);
  Vector const exact_y = (-Vector::LinSpaced(40, 0, 0.05 * 39).array()).exp();
  EXPECT_EQ(fit_separable(Exponentials(exact_y, 1), Vector{{1}}).outcome.status, Status::below_precision);
}

TEST(FitSeparable, refuses_starts_that_make_no_sense) {
  Exponentials const model(Vector::Ones(10), 2);
  EXPECT_THROW(fit_separable(model, Vector{{1, -6}}), InvalidInput);
  EXPECT_THROW(fit_separable(model, Vector{{1, std::nan("")}}), InvalidInput);
  EXPECT_THROW(fit_separable(model, Vector{{1}}), InvalidInput);
  EXPECT_THROW(fit_separable(model, Vector{{1, 2}}, {.max_iterations = -1}), InvalidInput);
  EXPECT_THROW(fit_separable(Exponentials(Vector::Ones(1), 2), Vector{{1, 2}}), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
