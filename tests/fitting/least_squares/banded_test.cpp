// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/banded.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>

#include "tests/random.hpp"
#include "theory/number/real.hpp"

namespace nwidth::fitting {
namespace {

TEST(BandedLeastSquares, agrees_with_dense_orthogonal_solvers) {
  test::for_random(40, [](std::mt19937_64& g) {
    int const width = 1 + static_cast<int>(g() % 5), columns = width + static_cast<int>(g() % 20);
    int const each = width + 2, rows = each * (columns - width + 1);
    BandedLeastSquares<double> system(columns, width);
    BandedLeastSquares<Real> fine(columns, width);
    Eigen::MatrixXd a = Eigen::MatrixXd::Zero(rows, columns);
    Eigen::VectorXd y(rows);
    for (int i = 0; i < rows; ++i) {
      std::vector<double> row;
      for (int j = 0; j < width; ++j) row.push_back(a(i, i / each + j) = test::uniform_real(g, -1, 1));
      y(i) = test::uniform_real(g, -1, 1);
      system.add(i / each, row, y(i));
      fine.add(i / each, std::vector<Real>(row.begin(), row.end()), Real(y(i)));
    }
    std::vector<double> c;
    std::vector<Real> c_fine;
    ASSERT_TRUE(system.solve(c, 1e-13));
    ASSERT_TRUE(fine.solve(c_fine, Real(1e-90)));
    Eigen::VectorXd const truth = a.colPivHouseholderQr().solve(y);
    for (int j = 0; j < columns; ++j) {
      EXPECT_NEAR(c[index(j)], truth(j), 1e-9);
      EXPECT_NEAR(c[index(j)], static_cast<double>(c_fine[index(j)]), 1e-9);
    }
    for (int j = 0; j < columns; ++j) a.col(j).normalize();
    Eigen::VectorXd const sigma = a.jacobiSvd().singularValues();
    double const condition = sigma(0) / sigma(columns - 1);
    EXPECT_LE(system.condition(), condition * (1 + 1e-9));
    EXPECT_GE(system.condition(), condition * 0.7);
  });
}

TEST(BandedLeastSquares, sees_that_columns_are_dependent) {
  BandedLeastSquares<double> system(3, 2);
  for (double s : {1.0, 2.0, 3.0}) system.add(0, {s, 2 * s}, s);
  system.add(1, {0, 1}, 1);
  std::vector<double> c;
  EXPECT_FALSE(system.solve(c, 1e-13));
}

TEST(BandedSymmetric, solves_and_refuses_what_is_not_definite) {
  test::for_random(40, [](std::mt19937_64& g) {
    int const n = 1 + static_cast<int>(g() % 12), band = static_cast<int>(g() % 5);
    BandedSymmetric<double> h(n, band);
    Eigen::MatrixXd a = Eigen::MatrixXd::Zero(n, n);
    for (int i = 0; i < n; ++i)
      for (int j = std::max(0, i - std::min(band, n - 1)); j <= i; ++j)
        h.at(i, j) = a(i, j) = a(j, i) = test::uniform_real(g, -1, 1) + (i == j ? 2 : 0);
    bool const definite = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(a).eigenvalues()(0) > 0;
    ASSERT_EQ(h.factor(), definite);
    if (!definite) return;
    std::vector<double> x;
    for (int i = 0; i < n; ++i) x.push_back(test::uniform_real(g, -1, 1));
    Eigen::VectorXd const right = Eigen::Map<Eigen::VectorXd>(x.data(), n);
    h.solve(x);
    EXPECT_LT((a * Eigen::Map<Eigen::VectorXd>(x.data(), n) - right).norm(), 1e-9);
  });
}

}  // namespace
}  // namespace nwidth::fitting
