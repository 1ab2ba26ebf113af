// SPDX-License-Identifier: Apache-2.0
#include "fitting/deep/deep_fit.hpp"

#include <cmath>

#include "fitting/projection/nodes.hpp"
#include "fitting/projection/separable.hpp"
#include "fitting/projection/uniform.hpp"
#include "fitting/shared/spacings.hpp"
#include "fitting/start/equidistribution.hpp"

namespace nwidth::fitting {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

/// theta = (w, b, W by rows, d, a_1, a_2); columns: second layer, 1, x.
class DeepModel final : public SeparableModel {
 public:
  DeepModel(Nodes const& nodes, Vector const& y, int width)
      : x_(nodes.x.col(0)), root_(nodes.weight.cwiseSqrt()), y_(y.cwiseProduct(root_)), n_(width) {}
  std::vector<ParameterBlock> blocks() const override { return {{n_ * n_ + 3 * n_ + 6, false}}; }
  int rows() const override { return static_cast<int>(x_.size()); }
  int columns() const override { return n_ + 2; }

  bool evaluate(Vector const& theta, Matrix& phi, Vector& y) const override {
    Pass const p(*this, theta);
    phi.leftCols(n_) = root_.asDiagonal() * p.h2;
    phi.col(n_) = root_;
    phi.col(n_ + 1) = root_.cwiseProduct(x_);
    y = y_;
    return true;
  }

  void differentiate(Vector const& theta, Vector const& c, Matrix& jac) const override {
    Pass const p(*this, theta);
    Matrix const D2 = root_.asDiagonal() * p.slope2 * c.head(n_).asDiagonal();  // by t2
    Matrix const G1 = D2 * p.W;                                                 // by h1
    Matrix const D1 = G1.cwiseProduct(p.slope1);
    jac.leftCols(n_) = x_.asDiagonal() * D1;
    jac.middleCols(n_, n_) = D1;
    for (int i = 0; i < n_; ++i) jac.middleCols(2 * n_ + i * n_, n_) = D2.col(i).asDiagonal() * p.h1;
    int const at = 2 * n_ + n_ * n_;
    jac.middleCols(at, n_) = D2;
    Matrix power1 = p.z1, power2 = p.z2;
    for (int k = 0; k < 3; ++k) {
      jac.col(at + n_ + k) = G1.cwiseProduct(power1).rowwise().sum();
      jac.col(at + n_ + 3 + k) = root_.cwiseProduct(power2 * c.head(n_));
      power1 = power1.cwiseProduct(p.z1);
      power2 = power2.cwiseProduct(p.z2);
    }
  }

  DeepPolyReLU network(Function const& f, Vector const& theta, Vector const& c) const {
    int const at = 2 * n_ + n_ * n_;
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return {to_double(f.begin()),
            to_double(f.end()),
            theta.head(n_),
            theta.segment(n_, n_),
            Eigen::Map<RowMajor const>(theta.data() + 2 * n_, n_, n_),
            theta.segment(at, n_),
            theta.segment<3>(at + n_),
            theta.segment<3>(at + n_ + 3),
            c.head(n_),
            c[n_],
            c[n_ + 1]};
  }

 private:
  struct Pass {
    Pass(DeepModel const& m, Vector const& theta) {
      int const n = m.n_, at = 2 * n + n * n;
      using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
      W = Eigen::Map<RowMajor const>(theta.data() + 2 * n, n, n);
      Matrix t1 = m.x_ * theta.head(n).transpose();
      t1.rowwise() += theta.segment(n, n).transpose();
      apply(t1, theta.segment<3>(at + n), z1, h1, slope1);
      Matrix t2 = h1 * W.transpose();
      t2.rowwise() += theta.segment(at, n).transpose();
      apply(t2, theta.segment<3>(at + n + 3), z2, h2, slope2);
    }
    static void apply(Matrix const& t, Eigen::Vector3d const& a, Matrix& z, Matrix& h, Matrix& slope) {
      z = t.cwiseMax(0.0);
      h = (z.array() * (a[0] + z.array() * (a[1] + z.array() * a[2]))).matrix();
      slope = (t.array() > 0).select(a[0] + z.array() * (2 * a[1] + z.array() * (3 * a[2])), 0.0).matrix();
    }
    Matrix W, z1, h1, slope1, z2, h2, slope2;
  };

  Vector x_, root_, y_;
  int n_;
};

Vector start_of(Function const& f, int n, DeepStart kind, std::uint64_t seed) {
  Uniform random(seed);
  double const a = to_double(f.begin()), b = to_double(f.end()), center = (a + b) / 2, half = (b - a) / 2;
  double const range = 1 / std::sqrt(static_cast<double>(n));
  Vector w(n), bias(n), d(n);
  Matrix W(n, n);
  for (double& v : w) v = random(-1, 1);
  for (double& v : bias) v = random(-1, 1);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) W(i, j) = random(-range, range);
  for (double& v : d) v = random(-range, range);
  auto hidden = [](double t) { return t > 0 ? (t + t * t + t * t * t) / 3 : 0; };
  if (kind == DeepStart::knots) {
    std::vector<double> const knots = equidistribution(f, 4, 2, n);
    for (int j = 0; j < n; ++j) {
      w[j] = random() < 0.5 ? -1 : 1;
      bias[j] = -w[j] * (knots[static_cast<std::size_t>(j)] - center) / half;
    }
  }
  if (kind == DeepStart::active) {
    for (int j = 0; j < n; ++j) bias[j] = std::abs(w[j]) + random(0.1, 1);
    for (int i = 0; i < n; ++i) {  // each pre-activation of layer 2 spans 1/2 and begins at 0.1 to 0.5
      double least = 0, most = 0;
      for (int q = 0; q <= 100; ++q) {
        double t = 0;
        for (int j = 0; j < n; ++j) t += W(i, j) * hidden(w[j] * (q / 50.0 - 1) + bias[j]);
        least = q == 0 ? t : std::min(least, t);
        most = q == 0 ? t : std::max(most, t);
      }
      double const scale = 0.5 / std::max(most - least, 1e-3);
      W.row(i) *= scale;
      d[i] = random(0.1, 0.5) - scale * least;
    }
  }
  Vector theta(n * n + 3 * n + 6);
  theta.head(n) = w / half;  // the start is one for [-1, 1]
  theta.segment(n, n) = bias - w * (center / half);
  for (int i = 0; i < n; ++i) theta.segment(2 * n + i * n, n) = W.row(i).transpose();
  theta.segment(2 * n + n * n, n) = d;
  theta.tail(6).setConstant(1.0 / 3);  // where the layers of PolyCom begin
  return theta;
}

}  // namespace

DeepFit fit_deep(Function const& f, int width, DeepOptions const& options) {
  if (width < 1 || options.starts < 1 || options.panels < 1 || options.nodes < 1)
    throw InvalidInput("a deep fit needs width, starts, panels and nodes of 1 or more, not " + std::to_string(width) +
                       ", " + std::to_string(options.starts) + ", " + std::to_string(options.panels) + ", " +
                       std::to_string(options.nodes));
  Nodes const nodes = panel_gauss(f, options.panels, options.nodes);
  if (nodes.x.rows() <= width * width + 4 * width + 8)
    throw InvalidInput("a deep fit of width " + std::to_string(width) + " needs more than " +
                       std::to_string(nodes.x.rows()) + " nodes");
  DeepModel const model(nodes, sample(f, nodes), width);
  ProjectionOptions solver;
  solver.max_iterations = options.max_iterations;
  solver.flat_tolerance = 1e-10;
  DeepFit best;
  ProjectionResult least;
  for (int s = 0; s < options.starts; ++s) {
    std::uint64_t const seed = options.seed + static_cast<std::uint64_t>(s);
    ProjectionResult const fit = fit_separable(model, start_of(f, width, options.start, seed), solver);
    best.seeds.push_back(seed);
    best.start_l2.push_back(fit.error);
    if (s == 0 || fit.error < least.error) least = fit;
  }
  best.function = model.network(f, least.theta, least.coefficients);
  best.l2 = least.error;
  best.iterations = least.iterations;
  best.outcome = least.outcome;
  Nodes const check = panel_gauss(f, 4 * options.panels, options.nodes);
  Vector const y = sample(f, check);
  double sum = 0;
  for (Eigen::Index q = 0; q < y.size(); ++q) {
    double const e = y[q] - best.function(check.x(q, 0));
    sum += check.weight[q] * e * e;
  }
  best.l2_validated = std::sqrt(sum);
  return best;
}

}  // namespace nwidth::fitting
