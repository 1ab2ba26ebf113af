// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/projection.hpp"

#include <gtest/gtest.h>

#include <Eigen/SVD>
#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting::population {
namespace {

Eigen::MatrixXd random_matrix(std::mt19937_64& g, Eigen::Index n, Eigen::Index m) {
  Eigen::MatrixXd a(n, m);
  for (Eigen::Index i = 0; i < a.size(); ++i) a.data()[i] = test::uniform_real(g, -1, 1);
  return a;
}

TEST(Projection, agrees_with_singular_values_whatever_the_rank_and_the_scales) {
  test::for_random(60, [](std::mt19937_64& g) {
    Eigen::Index const n = test::uniform(g, 5, 40), m = test::uniform(g, 1, n), rank = test::uniform(g, 1, m);
    Eigen::MatrixXd phi = random_matrix(g, n, rank);
    if (rank < m) {
      Eigen::MatrixXd const mixed = phi * random_matrix(g, rank, m - rank);
      phi.conservativeResize(n, m);
      phi.rightCols(m - rank) = mixed;
    }
    Eigen::VectorXd const y = random_matrix(g, n, 1);
    Eigen::BDCSVD<Eigen::MatrixXd> svd(phi, Eigen::ComputeThinU);
    Eigen::MatrixXd const u = svd.matrixU().leftCols(rank);
    Eigen::VectorXd const residual = u * (u.transpose() * y) - y;
    for (Eigen::Index j = 0; j < m; ++j) phi.col(j) *= std::ldexp(1.0, static_cast<int>(test::uniform(g, -200, 200)));
    Eigen::MatrixXd spent = phi;
    Projection const p = project(spent, y, true);
    ASSERT_EQ(p.rank, rank);
    EXPECT_LT((p.residual - residual).norm(), 1e-11);
    EXPECT_LT((phi * p.coefficients - y - p.residual).norm(), 1e-9);
    EXPECT_LT((p.range.transpose() * p.range - Eigen::MatrixXd::Identity(rank, rank)).norm(), 1e-13);
    EXPECT_LT((p.range - u * (u.transpose() * p.range)).norm(), 1e-11);
    EXPECT_EQ((p.coefficients.array() != 0).count(), rank);
    spent = phi;
    Projection const quick = project(spent, y, false);
    EXPECT_EQ(quick.residual, p.residual);  // steps are judged by the very numbers that the Jacobian goes with
    EXPECT_EQ(quick.range.size(), 0);
  });
}

TEST(Projection, resolves_residuals_near_rounding) {
  test::for_random(20, [](std::mt19937_64& g) {
    Eigen::MatrixXd phi = random_matrix(g, 50, 8);
    Eigen::VectorXd const y = phi * random_matrix(g, 8, 1);
    EXPECT_LT(project(phi, y, false).residual.norm(), 1e-14 * y.norm());
  });
}

TEST(Projection, survives_zeros_and_says_nan) {
  Eigen::VectorXd const y = Eigen::VectorXd::LinSpaced(6, 0, 1);
  Eigen::MatrixXd phi = Eigen::MatrixXd::Zero(6, 3);
  Projection p = project(phi, y, true);
  EXPECT_EQ(p.rank, 0);
  EXPECT_EQ(p.residual, -y);
  phi = Eigen::MatrixXd::Zero(6, 3);
  phi.col(1).setOnes();
  p = project(phi, y, true);
  EXPECT_EQ(p.rank, 1);
  EXPECT_NEAR(p.coefficients[1], 0.5, 1e-15);
  EXPECT_EQ(p.coefficients[0], 0);
  phi = Eigen::MatrixXd::Constant(6, 3, std::nan(""));
  EXPECT_FALSE(project(phi, y, false).residual.allFinite());
  phi = Eigen::MatrixXd::Constant(6, 3, HUGE_VAL);
  EXPECT_FALSE(project(phi, y, true).residual.allFinite());
}

}  // namespace
}  // namespace nwidth::fitting::population
