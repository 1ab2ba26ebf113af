// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/linear_program.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <limits>
#include <optional>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting {
namespace {

using Status = LinearProgramSolution::Status;

LinearProgram program(Eigen::MatrixXd const& A, Eigen::VectorXd const& b, Eigen::VectorXd const& c) {
  return {A.sparseView(0, 0), b, c};
}

/// The least c'x over the vertices of A x <= b: every choice of n rows.
std::optional<double> best_vertex(Eigen::MatrixXd const& A, Eigen::VectorXd const& b, Eigen::VectorXd const& c) {
  Eigen::Index const m = A.rows(), n = A.cols();
  std::optional<double> best;
  std::vector<bool> chosen(static_cast<std::size_t>(m), false);
  std::fill(chosen.begin(), chosen.begin() + n, true);
  do {
    Eigen::MatrixXd B(n, n);
    Eigen::VectorXd rhs(n);
    Eigen::Index row = 0;
    for (Eigen::Index i = 0; i < m; ++i)
      if (chosen[static_cast<std::size_t>(i)]) {
        B.row(row) = A.row(i);
        rhs[row++] = b[i];
      }
    Eigen::FullPivLU<Eigen::MatrixXd> lu(B);
    if (!lu.isInvertible()) continue;
    Eigen::VectorXd const x = lu.solve(rhs);
    if (((A * x - b).array() <= 1e-9).all() && (!best || c.dot(x) < *best)) best = c.dot(x);
  } while (std::prev_permutation(chosen.begin(), chosen.end()));
  return best;
}

/// Small integers, so that degenerate vertices and parallel rows occur often.
Eigen::MatrixXd integers(std::mt19937_64& g, Eigen::Index rows, Eigen::Index columns, long size) {
  Eigen::MatrixXd A(rows, columns);
  for (Eigen::Index i = 0; i < rows; ++i)
    for (Eigen::Index j = 0; j < columns; ++j) A(i, j) = static_cast<double>(test::uniform(g, -size, size));
  return A;
}

TEST(LinearProgram, finds_the_best_vertex_of_bounded_programs) {
  test::for_random(300, [](std::mt19937_64& g) {
    Eigen::Index const n = test::uniform(g, 1, 3), m = test::uniform(g, 1, 6);
    Eigen::MatrixXd A(m + 2 * n, n);
    A << integers(g, m, n, 3), Eigen::MatrixXd::Identity(n, n), -Eigen::MatrixXd::Identity(n, n);
    Eigen::VectorXd b(m + 2 * n);
    b << integers(g, m, 1, 4), Eigen::VectorXd::Constant(2 * n, 5);
    Eigen::VectorXd const c = integers(g, n, 1, 3);
    LinearProgramSolution const s = solve(program(A, b, c));
    std::optional<double> const value = best_vertex(A, b, c);
    if (!value) {  // the box makes it bounded: no vertex, no point
      EXPECT_EQ(s.status, Status::infeasible) << name(s.status);
      return;
    }
    ASSERT_EQ(s.status, Status::optimal) << name(s.status) << " gap " << s.gap;
    EXPECT_NEAR(c.dot(s.x), *value, 1e-7);
    EXPECT_LE((A * s.x - b).maxCoeff(), 1e-8);
    EXPECT_GE(s.y.minCoeff(), 0);
    EXPECT_LE((A.transpose() * s.y + c).lpNorm<Eigen::Infinity>(), 1e-7);
    EXPECT_NEAR(-b.dot(s.y), *value, 1e-7);  // strong duality
  });
}

TEST(LinearProgram, names_unbounded_programs) {
  test::for_random(100, [](std::mt19937_64& g) {
    Eigen::Index const n = test::uniform(g, 1, 4), m = test::uniform(g, 1, 8);
    Eigen::MatrixXd A = integers(g, m, n, 3);
    Eigen::VectorXd const inside = integers(g, n, 1, 3);
    Eigen::VectorXd direction = integers(g, n, 1, 3), c = integers(g, n, 1, 3);
    if (direction.isZero()) direction[0] = 1;
    for (Eigen::Index i = 0; i < m; ++i)
      if (A.row(i).dot(direction) > 0) A.row(i) *= -1;  // the ray stays inside
    if (c.dot(direction) > 0) c = -c;
    if (c.dot(direction) == 0) c -= direction;
    Eigen::VectorXd const b = A * inside + Eigen::VectorXd::Ones(m);
    EXPECT_EQ(solve(program(A, b, c)).status, Status::unbounded);
  });
}

TEST(LinearProgram, names_infeasible_programs) {
  test::for_random(100, [](std::mt19937_64& g) {
    Eigen::Index const n = test::uniform(g, 1, 4), m = test::uniform(g, 1, 6);
    Eigen::MatrixXd A(m + 2, n);
    A.topRows(m) = integers(g, m, n, 3);
    A.row(m) = integers(g, 1, n, 3);
    if (A.row(m).isZero()) A(m, 0) = 1;
    A.row(m + 1) = -A.row(m);
    Eigen::VectorXd b = integers(g, m + 2, 1, 4);
    b[m + 1] = -b[m] - 0.125;  // a'x <= b and a'x >= b + 1/8
    EXPECT_EQ(solve(program(A, b, integers(g, n, 1, 3))).status, Status::infeasible);
  });
}

TEST(LinearProgram, finds_the_best_line_through_a_parabola) {
  // min z with |x^2 - a - b x| <= z at 101 points of [-1, 1]: the best line is 1/2, its error 1/2
  Eigen::MatrixXd A(202, 3);
  Eigen::VectorXd b(202);
  for (int i = 0; i <= 100; ++i) {
    double const x = i / 50.0 - 1;
    A.row(2 * i) << -1, -x, -1;
    A.row(2 * i + 1) << 1, x, -1;
    b[2 * i] = -x * x;
    b[2 * i + 1] = x * x;
  }
  LinearProgramSolution const s = solve(program(A, b, Eigen::Vector3d(0, 0, 1)));
  ASSERT_EQ(s.status, Status::optimal);
  EXPECT_NEAR(s.x[0], 0.5, 1e-8);
  EXPECT_NEAR(s.x[1], 0, 1e-8);
  EXPECT_NEAR(s.x[2], 0.5, 1e-9);
  EXPECT_NEAR(s.y.sum(), 1, 1e-8);  // the multipliers of a best approximation weigh one
}

TEST(LinearProgram, rejects_what_is_not_a_program) {
  Eigen::MatrixXd const A = Eigen::MatrixXd::Ones(2, 2);
  EXPECT_THROW((void)solve(program(A, Eigen::VectorXd::Ones(3), Eigen::VectorXd::Ones(2))), InvalidInput);
  EXPECT_THROW((void)solve(program(A, Eigen::VectorXd::Ones(2), Eigen::VectorXd::Ones(1))), InvalidInput);
  Eigen::VectorXd b = Eigen::VectorXd::Ones(2);
  b[1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW((void)solve(program(A, b, Eigen::VectorXd::Ones(2))), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
