// SPDX-License-Identifier: Apache-2.0
#include "fitting/population/projection.hpp"

#include <Eigen/QR>
#include <cmath>
#include <limits>

namespace nwidth::fitting::population {
namespace {

constexpr double least_pivot = 1e-13;

}  // namespace

Projection project(Eigen::MatrixXd& phi, Eigen::VectorXd const& y, bool with_range) {
  Eigen::Index const n = phi.rows(), m = phi.cols();
  Projection result;
  Eigen::VectorXd scale(m);
  for (Eigen::Index j = 0; j < m; ++j) {
    double const norm = phi.col(j).norm();
    if (!std::isfinite(norm)) {
      result.residual = Eigen::VectorXd::Constant(n, std::numeric_limits<double>::quiet_NaN());
      result.coefficients = Eigen::VectorXd::Zero(m);
      return result;
    }
    scale[j] = norm > 0 ? 1 / norm : 0;
    phi.col(j) *= scale[j];
  }
  Eigen::HouseholderQR<Eigen::Ref<Eigen::MatrixXd>> const qr(phi);
  Eigen::Index const k = std::min(n, m);
  Eigen::MatrixXd const r = qr.matrixQR().topRows(k).triangularView<Eigen::Upper>();
  Eigen::ColPivHouseholderQR<Eigen::MatrixXd> const pivoted(r);
  auto const diagonal = pivoted.matrixQR().diagonal();
  Eigen::Index rank = 0;
  while (rank < k && std::abs(diagonal[rank]) > least_pivot * std::abs(diagonal[0])) ++rank;
  result.rank = rank;

  Eigen::MatrixXd inner = Eigen::MatrixXd::Identity(k, rank);  // the first columns of the inner Q
  inner.applyOnTheLeft(pivoted.householderQ());
  Eigen::VectorXd z = y;
  z.applyOnTheLeft(qr.householderQ().adjoint());
  Eigen::VectorXd const along = inner.transpose() * z.head(k);
  Eigen::VectorXd c = Eigen::VectorXd::Zero(m);
  c.head(rank) = pivoted.matrixQR().topLeftCorner(rank, rank).triangularView<Eigen::Upper>().solve(along);
  result.coefficients = scale.asDiagonal() * (pivoted.colsPermutation() * c);
  z.head(k) -= inner * along;
  z.applyOnTheLeft(qr.householderQ());
  result.residual = -z;
  if (with_range) {
    result.range = Eigen::MatrixXd::Zero(n, rank);
    result.range.topRows(k) = inner;
    result.range.applyOnTheLeft(qr.householderQ());
  }
  return result;
}

}  // namespace nwidth::fitting::population
