// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/linear_program.hpp"

#include <Eigen/SparseCholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "theory/number/error.hpp"

namespace nwidth::fitting {
namespace {

using Sparse = Eigen::SparseMatrix<double, Eigen::RowMajor>;
using Eigen::ArrayXd;
using Eigen::VectorXd;

constexpr double violation = 1e-7;  // what counts as infeasible after rows are scaled

/// A' D A + a little, factorised for one weight D after the other. Rows of splines are short, so this matrix is a band
/// with a border, and stays one under the ordering chosen.
class NormalMatrix {
 public:
  explicit NormalMatrix(Sparse const& A) : A_(A), transposed_(A.transpose()) {}

  void factorise(VectorXd const& weight) {
    Eigen::SparseMatrix<double> M = transposed_ * weight.asDiagonal() * A_;
    VectorXd diagonal = VectorXd::Zero(A_.cols());
    for (Eigen::Index j = 0; j < A_.cols(); ++j) diagonal[j] = M.coeff(j, j);
    double const largest = std::max(diagonal.maxCoeff(), std::numeric_limits<double>::min());
    Eigen::SparseMatrix<double> shift(A_.cols(), A_.cols());
    shift.setIdentity();
    for (double share = 1e-15;; share *= 100) {
      shift.diagonal() = share * (largest * 1e-3 + diagonal.array());
      Eigen::SparseMatrix<double> const shifted = M + shift;
      if (!analysed_) factor_.analyzePattern(shifted);
      analysed_ = true;
      factor_.factorize(shifted);
      if (factor_.info() == Eigen::Success || !(share < 1)) return;
    }
  }
  VectorXd solve(VectorXd const& rhs) const { return factor_.solve(rhs); }

 private:
  Sparse const& A_;
  Eigen::SparseMatrix<double> transposed_;
  Eigen::SimplicialLLT<Eigen::SparseMatrix<double>> factor_;
  bool analysed_ = false;
};

/// The step at which the first entry gets zero.
double blocking_step(VectorXd const& at, VectorXd const& direction) {
  double step = std::numeric_limits<double>::max();
  for (Eigen::Index i = 0; i < at.size(); ++i)
    if (direction[i] < 0) step = std::min(step, -at[i] / direction[i]);
  return step;
}

/// The method itself: optimal or stalled.
LinearProgramSolution iterate(LinearProgram const& P, double tolerance, int max_iterations) {
  Sparse const& A = P.A;
  double const m = static_cast<double>(A.rows());
  LinearProgramSolution best;
  best.gap = std::numeric_limits<double>::infinity();

  // Mehrotra's start: least squares, then shifted into the positive orthant
  NormalMatrix normal(A);
  normal.factorise(VectorXd::Ones(A.rows()));
  VectorXd x = normal.solve(A.transpose() * P.b), s = P.b - A * x, y = -(A * normal.solve(P.c));
  best.x = x;
  best.y = y;
  s.array() += std::max(0.0, -1.5 * s.minCoeff());
  y.array() += std::max(0.0, -1.5 * y.minCoeff());
  double const product = s.dot(y);
  s.array() += product > 0 ? 0.5 * product / y.sum() : 1;
  y.array() += product > 0 ? 0.5 * product / s.sum() : 1;

  double const b_size = 1 + P.b.lpNorm<Eigen::Infinity>(), c_size = 1 + P.c.lpNorm<Eigen::Infinity>();
  int worse = 0;
  for (int iteration = 0; iteration <= max_iterations; ++iteration) {
    VectorXd const dual = A.transpose() * y + P.c, primal = A * x + s - P.b;
    double const mu = s.dot(y) / m, value = P.c.dot(x);
    double const gap = std::max({primal.lpNorm<Eigen::Infinity>() / b_size, dual.lpNorm<Eigen::Infinity>() / c_size,
                                 m * mu / (1 + std::abs(value))});
    if (!(mu < 1e30) || !std::isfinite(primal.sum() + dual.sum() + value)) break;  // no solution: the iterates diverge
    if (gap < best.gap) {
      best.x = x;
      best.y = y;
      best.gap = gap;
      worse = 0;
    } else if (++worse > 12) {
      break;
    }
    best.iterations = iteration;
    if (gap <= tolerance) {
      best.status = LinearProgramSolution::Status::optimal;
      break;
    }
    normal.factorise(y.cwiseQuotient(s));
    VectorXd dx, ds, dy;
    auto const newton = [&](ArrayXd const& complementarity) {  // s dy + y ds = -complementarity
      VectorXd const q = (-complementarity + y.array() * primal.array()) / s.array();
      dx = normal.solve(-dual - A.transpose() * q);
      VectorXd const Adx = A * dx;
      ds = -primal - Adx;
      dy = q + VectorXd(y.array() / s.array() * Adx.array());
    };
    newton(s.array() * y.array());
    double const affine_s = std::min(1.0, blocking_step(s, ds)), affine_y = std::min(1.0, blocking_step(y, dy));
    double const affine_mu = (s + affine_s * ds).dot(y + affine_y * dy) / m;
    double const center = std::pow(std::clamp(affine_mu / mu, 0.0, 1.0), 3);
    newton(s.array() * y.array() + ds.array() * dy.array() - center * mu);
    double const back = std::max(0.99, 1 - mu);
    double const step_s = std::min(1.0, back * blocking_step(s, ds));
    double const step_y = std::min(1.0, back * blocking_step(y, dy));
    x += step_s * dx;
    s += step_s * ds;
    y += step_y * dy;
    s = s.cwiseMax(std::numeric_limits<double>::min());
    y = y.cwiseMax(std::numeric_limits<double>::min());
  }
  return best;
}

/// Columns, then rows, divided by their largest entry, so that "violated by 1e-7" has a meaning.
LinearProgram scaled(LinearProgram const& P, VectorXd& row_scale, VectorXd& column_scale) {
  LinearProgram Q = P;
  auto const inverse = [](double largest) { return largest > 0 ? 1 / largest : 1; };
  column_scale = VectorXd::Zero(P.A.cols());
  row_scale = VectorXd::Zero(P.A.rows());
  for (Eigen::Index row = 0; row < P.A.rows(); ++row)
    for (Sparse::InnerIterator i(P.A, row); i; ++i)
      column_scale[i.col()] = std::max(column_scale[i.col()], std::abs(i.value()));
  column_scale = column_scale.unaryExpr(inverse);
  for (Eigen::Index row = 0; row < P.A.rows(); ++row) {
    for (Sparse::InnerIterator i(Q.A, row); i; ++i) {
      i.valueRef() *= column_scale[i.col()];
      row_scale[row] = std::max(row_scale[row], std::abs(i.value()));
    }
    row_scale[row] = inverse(row_scale[row]);
    for (Sparse::InnerIterator i(Q.A, row); i; ++i) i.valueRef() *= row_scale[row];
  }
  Q.b = P.b.cwiseProduct(row_scale);
  Q.c = P.c.cwiseProduct(column_scale);
  return Q;
}

/// P's rows and, for each of the columns from `first` on, the rows x <= high, -x <= -low.
LinearProgram with_bounds(Sparse const& A, VectorXd const& b, Eigen::Index columns, Eigen::Index first, double low,
                          double high, double extra) {
  std::vector<Eigen::Triplet<double>> entries;
  for (Eigen::Index row = 0; row < A.rows(); ++row) {
    for (Sparse::InnerIterator i(A, row); i; ++i)
      entries.emplace_back(static_cast<int>(row), static_cast<int>(i.col()), i.value());
    if (columns > A.cols()) entries.emplace_back(static_cast<int>(row), static_cast<int>(A.cols()), extra);
  }
  int row = static_cast<int>(A.rows());
  for (Eigen::Index j = first; j < columns; ++j, row += 2) {
    entries.emplace_back(row, static_cast<int>(j), 1.0);
    entries.emplace_back(row + 1, static_cast<int>(j), -1.0);
  }
  LinearProgram Q;
  Q.A.resize(row, columns);
  Q.A.setFromTriplets(entries.begin(), entries.end());
  Q.b.resize(row);
  Q.b.head(A.rows()) = b;
  for (Eigen::Index i = A.rows(); i < row; i += 2) {
    Q.b[i] = high;
    Q.b[i + 1] = -low;
  }
  Q.c = VectorXd::Zero(columns);
  return Q;
}

}  // namespace

char const* name(LinearProgramSolution::Status s) {
  switch (s) {
    case LinearProgramSolution::Status::optimal: return "optimal";
    case LinearProgramSolution::Status::infeasible: return "infeasible";
    case LinearProgramSolution::Status::unbounded: return "unbounded";
    case LinearProgramSolution::Status::stalled: return "stalled";
  }
  return "unknown";
}

LinearProgramSolution solve(LinearProgram const& program, double tolerance, int max_iterations) {
  using Status = LinearProgramSolution::Status;
  Eigen::Index const m = program.A.rows(), n = program.A.cols();
  if (n < 1 || program.b.size() != m || program.c.size() != n)
    throw InvalidInput("a linear program needs n >= 1 costs for n columns and m bounds for m rows, not " +
                       std::to_string(program.c.size()) + " for " + std::to_string(n) + " and " +
                       std::to_string(program.b.size()) + " for " + std::to_string(m));
  bool finite = program.b.allFinite() && program.c.allFinite();
  for (Eigen::Index k = 0; k < program.A.nonZeros() && program.A.isCompressed(); ++k)
    finite = finite && std::isfinite(program.A.valuePtr()[k]);
  if (!finite) throw InvalidInput("the entries of a linear program must be finite");
  if (m == 0) {
    LinearProgramSolution s;
    s.status = program.c.isZero(0) ? Status::optimal : Status::unbounded;
    s.x = VectorXd::Zero(n);
    return s;
  }
  VectorXd row_scale, column_scale;
  LinearProgram const P = scaled(program, row_scale, column_scale);
  LinearProgramSolution result = iterate(P, tolerance, max_iterations);
  if (result.status == Status::stalled && result.gap > 1e-6) {
    // least violation t >= -1 of A x <= b + t: it has a solution, and so has its dual
    LinearProgram least = with_bounds(P.A, P.b, n + 1, n, -1, 1 + P.b.lpNorm<Eigen::Infinity>(), -1);
    least.c[n] = 1;
    LinearProgramSolution const t = iterate(least, 1e-9, 2 * max_iterations);
    double const size = 1 + P.b.lpNorm<Eigen::Infinity>();
    if (t.gap < 1e-8 && t.x[n] > violation * size) {
      result.status = Status::infeasible;
    } else if (t.gap < 1e-8) {
      LinearProgram cone = with_bounds(P.A, VectorXd::Zero(m), n, 0, -1, 1, 0);
      cone.c = P.c;
      LinearProgramSolution const d = iterate(cone, 1e-9, 2 * max_iterations);
      if (d.gap < 1e-8 && P.c.dot(d.x) < -violation * P.c.lpNorm<Eigen::Infinity>()) result.status = Status::unbounded;
    }
  }
  result.x = result.x.cwiseProduct(column_scale);
  result.y = result.y.cwiseProduct(row_scale);
  return result;
}

}  // namespace nwidth::fitting
