// SPDX-License-Identifier: Apache-2.0
#include "fitting/projection/nodes.hpp"

#include <cmath>
#include <string>

#include "fitting/least_squares/gauss.hpp"
#include "fitting/projection/gauss.hpp"

namespace nwidth::fitting {
namespace {

Nodes tensor(int d, std::vector<double> const& node, std::vector<double> const& weight) {
  std::size_t total = 1;
  for (int k = 0; k < d; ++k) {
    total *= node.size();
    if (total > 1000000)
      throw InvalidInput("a tensor rule has at most 10^6 points, not " + std::to_string(node.size()) + "^" +
                         std::to_string(d));
  }
  Nodes result{Eigen::MatrixXd(total, d), Eigen::VectorXd::Ones(static_cast<Eigen::Index>(total))};
  for (std::size_t i = 0; i < total; ++i) {
    std::size_t rest = i;
    for (int k = 0; k < d; ++k, rest /= node.size()) {
      Eigen::Index const row = static_cast<Eigen::Index>(i);
      result.x(row, k) = node[rest % node.size()];
      result.weight[row] *= weight[rest % node.size()];
    }
  }
  return result;
}

}  // namespace

Nodes tensor_gauss(int d, int q) {
  if (d < 1) throw InvalidInput("a tensor rule needs at least one axis, not " + std::to_string(d));
  GaussRule<double> rule = gauss_rule<double>(q);  // on [0, 1]
  for (double& x : rule.node) x = 2 * x - 1;
  for (double& w : rule.weight) w *= 2;
  return tensor(d, rule.node, rule.weight);
}

Nodes midpoints(int d, int m) {
  if (d < 1 || m < 1)
    throw InvalidInput("midpoints need d >= 1 and m >= 1, not " + std::to_string(d) + ", " + std::to_string(m));
  std::vector<double> node;
  for (int i = 0; i < m; ++i) node.push_back((2 * i + 1.0) / m - 1);
  return tensor(d, node, std::vector<double>(node.size(), 2.0 / m));
}

Nodes panel_gauss(Function const& f, int panels, int q) {
  if (panels < 1) throw InvalidInput("a rule needs at least one panel, not " + std::to_string(panels));
  double const a = to_double(f.begin()), b = to_double(f.end());
  CompositeRule const rule = composite_gauss(q, a, b, {}, graded_points(a, b, panels, f.breaks(), 0));
  Eigen::Index const n = static_cast<Eigen::Index>(rule.node.size());
  return {Eigen::Map<Eigen::VectorXd const>(rule.node.data(), n),
          Eigen::Map<Eigen::VectorXd const>(rule.weight.data(), n)};
}

Eigen::VectorXd sample(Function const& f, Nodes const& nodes) {
  if (nodes.x.cols() != 1)
    throw InvalidInput("a function of one variable cannot be sampled at points of " + std::to_string(nodes.x.cols()));
  Eigen::VectorXd y(nodes.x.rows());
  for (Eigen::Index i = 0; i < y.size(); ++i) y[i] = f(nodes.x(i, 0));
  return y;
}

Eigen::VectorXd sample(target::Target const& f, Nodes const& nodes) {
  if (f.inputs != nodes.x.cols())
    throw InvalidInput("'" + f.name + "' has " + std::to_string(f.inputs) + " inputs, the points have " +
                       std::to_string(nodes.x.cols()));
  Eigen::VectorXd y = Eigen::VectorXd::Zero(nodes.x.rows());
  std::vector<double> x(static_cast<std::size_t>(nodes.x.cols()));
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = nodes.x(i, static_cast<Eigen::Index>(k));
    if (f.expression) y[i] += x.size() == 1 ? (*f.expression)(x[0]) : (*f.expression)(x);
    if (f.network) y[i] += (*f.network)(x)[0];
    if (!std::isfinite(y[i])) {
      std::string at;
      for (double v : x) at += (at.empty() ? "" : ", ") + std::to_string(v);
      throw InvalidInput("'" + f.name + "' is not finite at (" + at + ")");
    }
  }
  return y;
}

}  // namespace nwidth::fitting
