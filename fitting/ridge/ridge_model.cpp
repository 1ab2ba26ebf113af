// SPDX-License-Identifier: Apache-2.0
#include "fitting/ridge/ridge_model.hpp"

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "fitting/projection/uniform.hpp"

namespace nwidth::fitting {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

RidgeModel::RidgeModel(Nodes nodes, Vector const& y, RidgeKind kind, int neurons)
    : x_(std::move(nodes.x)), kind_(kind), neurons_(neurons), d_(static_cast<int>(x_.cols())) {
  kind.validate();
  if (y.size() != x_.rows() || nodes.weight.size() != x_.rows())
    throw InvalidInput("there are " + std::to_string(x_.rows()) + " points, but " + std::to_string(y.size()) +
                       " values and " + std::to_string(nodes.weight.size()) + " weights");
  root_weight_ = nodes.weight.cwiseSqrt();
  y_ = y.cwiseProduct(root_weight_);
}

std::vector<ParameterBlock> RidgeModel::blocks() const {
  std::vector<ParameterBlock> b;
  for (int i = 0; i < neurons_; ++i) {
    b.push_back({d_, d_ > 1});
    b.push_back({1, false});
  }
  return b;
}

bool RidgeModel::evaluate(Vector const& theta, Matrix& phi, Vector& y) const {
  phi.col(0) = root_weight_;
  for (int k = 0; k < d_; ++k) phi.col(1 + k) = x_.col(k).cwiseProduct(root_weight_);
  for (int i = 0; i < neurons_; ++i) {
    auto const block = theta.segment(i * (d_ + 1), d_ + 1);
    Eigen::ArrayXd const z = ((x_ * block.head(d_)).array() + block[d_]).max(0.0);
    Eigen::ArrayXd power = z * root_weight_.array();
    for (int k = 1; k < kind_.low; ++k) power *= z;
    for (int k = 0; k < kind_.terms(); ++k) {
      phi.col(1 + d_ + i * kind_.terms() + k) = power;
      power *= z;
    }
  }
  y = y_;
  return true;
}

void RidgeModel::differentiate(Vector const& theta, Vector const& c, Matrix& d) const {
  for (int i = 0; i < neurons_; ++i) {
    auto const block = theta.segment(i * (d_ + 1), d_ + 1);
    Eigen::ArrayXd const t = (x_ * block.head(d_)).array() + block[d_], z = t.max(0.0);
    Eigen::ArrayXd slope = Eigen::ArrayXd::Zero(z.size());
    for (int k = kind_.high; k >= kind_.low; --k) slope = slope * z + k * c[1 + d_ + i * kind_.terms() + k - kind_.low];
    for (int k = 1; k < kind_.low; ++k) slope *= z;
    slope = (t > 0).select(slope * root_weight_.array(), 0.0);
    for (int k = 0; k < d_; ++k) d.col(i * (d_ + 1) + k) = slope * x_.col(k).array();
    d.col(i * (d_ + 1) + d_) = slope;
  }
}

RidgeNetwork RidgeModel::network(Vector const& theta, Vector const& c) const {
  RidgeNetwork net{kind_, Matrix(neurons_, d_), Vector(neurons_), c.head(1 + d_), Matrix(neurons_, kind_.terms())};
  for (int i = 0; i < neurons_; ++i) {
    net.directions.row(i) = theta.segment(i * (d_ + 1), d_).transpose();
    net.offsets[i] = theta[i * (d_ + 1) + d_];
    net.coefficients.row(i) = c.segment(1 + d_ + i * kind_.terms(), kind_.terms()).transpose();
  }
  return net;
}

Vector random_ridges(int d, int neurons, std::uint64_t seed) {
  Uniform random(seed);
  Vector theta(neurons * (d + 1));
  for (int i = 0; i < neurons; ++i) {
    auto w = theta.segment(i * (d + 1), d);
    do
      for (double& v : w) v = random.normal();
    while (!(w.norm() > 1e-3));
    w.normalize();
    theta[i * (d + 1) + d] = random(-1, 1) * w.lpNorm<1>();
  }
  return theta;
}

namespace {

Matrix dictionary(int d) {
  std::vector<Vector> directions;
  int offsets = 17;
  if (d == 1) {
    directions = {Vector::Ones(1), -Vector::Ones(1)};
    offsets = 257;
  } else if (d == 2) {
    offsets = 49;
    for (int i = 0; i < 48; ++i) {
      double const angle = 2 * std::numbers::pi * i / 48;
      directions.push_back(Vector{{std::cos(angle), std::sin(angle)}});
    }
  } else {
    Uniform random(0);
    for (int i = 0; i < 256; ++i) {
      Vector w(d);
      for (double& v : w) v = random.normal();
      directions.push_back(w.normalized());
    }
  }
  Matrix result(static_cast<Eigen::Index>(directions.size()) * offsets, d + 1);
  Eigen::Index row = 0;
  for (Vector const& w : directions)
    for (int j = 0; j < offsets; ++j, ++row) {
      result.row(row).head(d) = w.transpose();
      result(row, d) = (0.98 - 1.94 * j / (offsets - 1)) * w.lpNorm<1>();  // never beside the cube
    }
  return result;
}

}  // namespace

Vector grow_ridges(Nodes const& nodes, Vector const& y, RidgeKind kind, Vector theta, int neurons) {
  int const d = static_cast<int>(nodes.x.cols()), terms = kind.terms();
  int n = static_cast<int>(theta.size()) / (d + 1);
  if (n >= neurons) return theta;
  RidgeModel const now(nodes, y, kind, n);
  Matrix phi(now.rows(), now.columns());
  Vector r(now.rows());
  now.evaluate(theta, phi, r);
  for (Eigen::Index j = 0; j < phi.cols(); ++j) {
    double const size = phi.col(j).norm();
    if (size > 0) phi.col(j) /= size;
  }
  Eigen::ColPivHouseholderQR<Matrix> qr(phi);
  qr.setThreshold(1e-12);
  Matrix const q = qr.householderQ() * Matrix::Identity(phi.rows(), qr.rank());

  Matrix const entries = dictionary(d);
  Vector const root = nodes.weight.cwiseSqrt();
  std::vector<Matrix> column;  // one for each power: the dictionary, orthogonal to what is there
  std::vector<double> longest;
  Matrix const z = ((nodes.x * entries.leftCols(d).transpose()).rowwise() + entries.col(d).transpose()).cwiseMax(0.0);
  Matrix power = z.array().colwise() * root.array();
  for (int k = 1; k < kind.low; ++k) power.array() *= z.array();
  for (int k = 0; k < terms; ++k) {
    if (k > 0) power.array() *= z.array();
    longest.push_back(power.colwise().norm().maxCoeff());
    column.push_back(power - q * (q.transpose() * power));
  }
  r -= q * (q.transpose() * r);

  Vector grown(neurons * (d + 1));
  grown.head(theta.size()) = theta;
  for (; n < neurons; ++n) {
    Eigen::Index best = 0;
    double most = -1;
    for (std::size_t k = 0; k < column.size(); ++k) {
      Eigen::ArrayXd const size = column[k].colwise().norm().transpose();
      Eigen::ArrayXd const score = (column[k].transpose() * r).array().abs();
      for (Eigen::Index j = 0; j < size.size(); ++j)
        if (size[j] > 1e-8 * longest[k] && score[j] / size[j] > most) {
          most = score[j] / size[j];
          best = j;
        }
    }
    grown.segment(n * (d + 1), d + 1) = entries.row(best).transpose();
    for (int k = 0; k < terms; ++k) {
      Vector v = column[static_cast<std::size_t>(k)].col(best);
      double const size = v.norm();
      if (!(size > 1e-8 * longest[static_cast<std::size_t>(k)])) continue;
      v /= size;
      r -= v * v.dot(r);
      for (Matrix& c : column) c.noalias() -= v * (v.transpose() * c).eval();
    }
  }
  return grown;
}

Vector drop_ridges(Nodes const& nodes, Vector const& y, RidgeKind kind, Vector const& theta, int drop) {
  int const d = static_cast<int>(nodes.x.cols()), terms = kind.terms();
  int const n = static_cast<int>(theta.size()) / (d + 1);
  RidgeModel const model(nodes, y, kind, n);
  Matrix phi(model.rows(), model.columns());
  Vector out(model.rows());
  model.evaluate(theta, phi, out);
  for (Eigen::Index j = 0; j < phi.cols(); ++j) {
    double const size = phi.col(j).norm();
    if (size > 0) phi.col(j) /= size;
  }
  Vector const c = Projection(phi, out).coefficients();
  Matrix gram = phi.transpose() * phi;
  gram.diagonal().array() += 1e-13;  // dead and equal neurons cost nothing
  Matrix const inverse = gram.ldlt().solve(Matrix::Identity(gram.rows(), gram.cols()));
  std::vector<std::pair<double, int>> cost;
  for (int i = 0; i < n; ++i) {
    Eigen::Index const at = 1 + d + i * terms;
    Vector const ci = c.segment(at, terms);
    cost.emplace_back(ci.dot(Matrix(inverse.block(at, at, terms, terms)).ldlt().solve(ci)), i);
  }
  std::sort(cost.begin(), cost.end());
  std::vector<bool> keep(static_cast<std::size_t>(n), true);
  for (int i = 0; i < std::min(drop, n); ++i)
    keep[static_cast<std::size_t>(cost[static_cast<std::size_t>(i)].second)] = false;
  Vector left(std::max(n - drop, 0) * (d + 1));
  int to = 0;
  for (int i = 0; i < n; ++i)
    if (keep[static_cast<std::size_t>(i)]) left.segment((to++) * (d + 1), d + 1) = theta.segment(i * (d + 1), d + 1);
  return left;
}

}  // namespace nwidth::fitting
