// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/aaa.hpp"

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "theory/number/error.hpp"

namespace nwidth::fitting::rational {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

/// The right singular vector of the least singular value.
Vector least_vector(Matrix const& a) {
  Eigen::HouseholderQR<Matrix> const qr(a);  // first, since there are many more rows than columns
  Matrix const r = qr.matrixQR().topRows(a.cols()).template triangularView<Eigen::Upper>();
  Eigen::JacobiSVD<Matrix> const svd(r, Eigen::ComputeFullV);
  return svd.matrixV().col(a.cols() - 1);
}

}  // namespace

double sampled_error(std::vector<double> const& x, std::vector<double> const& f, Barycentric<double> const& r) {
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const e = std::abs(f[i] - r(x[i]));
    if (!std::isfinite(e)) return std::numeric_limits<double>::infinity();
    most = std::max(most, e);
  }
  return most;
}

Barycentric<double> aaa(std::vector<double> const& x, std::vector<double> const& f, int n) {
  if (n < 0 || x.size() != f.size() || x.size() < static_cast<std::size_t>(2 * n + 2))
    throw InvalidInput("AAA of degree " + std::to_string(n) + " needs 2 n + 2 samples and values or more, not " +
                       std::to_string(x.size()) + " and " + std::to_string(f.size()));
  double mean = 0, scale = 0;
  for (double v : f) {
    mean += v / static_cast<double>(f.size());
    scale = std::max(scale, std::abs(v));
  }
  std::vector<bool> used(x.size(), false);
  std::vector<std::size_t> support;
  Barycentric<double> r;
  for (int k = 0; k <= n; ++k) {
    std::size_t worst = x.size();
    double most = -1;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (used[i]) continue;
      double const e = std::abs(f[i] - (k == 0 ? mean : r(x[i])));
      if (e > most || !std::isfinite(e)) {
        most = std::isfinite(e) ? e : std::numeric_limits<double>::infinity();
        worst = i;
      }
    }
    if (k > 0 && most <= 1e-14 * scale) break;
    used[worst] = true;
    support.push_back(worst);
    Matrix loewner(static_cast<Eigen::Index>(x.size() - support.size()), k + 1);
    Eigen::Index row = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (used[i]) continue;
      for (std::size_t j = 0; j < support.size(); ++j)
        loewner(row, static_cast<Eigen::Index>(j)) = (f[i] - f[support[j]]) / (x[i] - x[support[j]]);
      ++row;
    }
    Vector const w = least_vector(loewner);
    r = {};
    for (std::size_t j = 0; j < support.size(); ++j) {
      double const beta = w(static_cast<Eigen::Index>(j));
      r.points.push_back(x[support[j]]);
      r.beta.push_back(beta);
      r.alpha.push_back(beta * f[support[j]]);
    }
  }
  return r;
}

Barycentric<double> lawson(std::vector<double> const& x, std::vector<double> const& f, Barycentric<double> const& r,
                           int iterations) {
  auto const count = static_cast<Eigen::Index>(r.points.size());
  Barycentric<double> best = r;
  double best_error = sampled_error(x, f, r);
  std::vector<double> weight(x.size(), 1);
  for (int it = 0; it < iterations; ++it) {
    Matrix a(static_cast<Eigen::Index>(x.size()), 2 * count);
    for (std::size_t i = 0; i < x.size(); ++i) {
      auto const row = static_cast<Eigen::Index>(i);
      double const w = std::sqrt(weight[i]);
      auto const at = std::find(r.points.begin(), r.points.end(), x[i]);
      for (Eigen::Index j = 0; j < count; ++j) {
        std::size_t const k = static_cast<std::size_t>(j);
        double const c = at == r.points.end() ? 1 / (x[i] - r.points[k]) : at - r.points.begin() == j ? 1 : 0;
        a(row, j) = w * f[i] * c;
        a(row, count + j) = -w * c;
      }
    }
    Vector const v = least_vector(a);
    Barycentric<double> next{r.points, {}, {}};
    for (Eigen::Index j = 0; j < count; ++j) {
      next.beta.push_back(v(j));
      next.alpha.push_back(v(count + j));
    }
    double const error = sampled_error(x, f, next);
    if (error < best_error) {
      best = next;
      best_error = error;
    }
    if (!std::isfinite(error) || error == 0) break;
    double most = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      weight[i] *= std::abs(f[i] - next(x[i])) / error;
      most = std::max(most, weight[i]);
    }
    for (double& w : weight) w = std::max(w / most, 1e-200);
  }
  return best;
}

}  // namespace nwidth::fitting::rational
