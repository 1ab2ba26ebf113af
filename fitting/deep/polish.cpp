// SPDX-License-Identifier: Apache-2.0
#include "fitting/deep/polish.hpp"

#include <cmath>

#include "fitting/problem/minimiser.hpp"
#include "theory/number/real.hpp"

namespace nwidth::fitting {
namespace {

using Vector = Eigen::VectorXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The network in double, its free numbers in one vector: for each layer the nonzero weights by rows, the nonzero
/// biases and, if asked, the nonzero activation coefficients.
class Tape {
 public:
  Tape(Network const& net, bool coefficients) : net_(net), coefficients_(coefficients) {
    for (Layer const& layer : net.layers()) {
      for (Entry const& e : layer.weights.entries()) add(e.value);
      for (Rational const& b : layer.bias)
        if (b != 0) add(b);
      for (auto const& a : layer.activation.coefficients) {
        std::vector<double> row;
        for (Rational const& q : a) {
          row.push_back(to_double(q));
          if (coefficients && q != 0) add(q);
        }
        fixed_.push_back(row);
      }
    }
  }
  std::vector<double> const& start() const { return start_; }

  /// The value at x; the gradient by the free numbers if wanted.
  double value(double const* p, Eigen::Ref<Eigen::RowVectorXd const> x, double* gradient) const {
    std::size_t const depth = net_.layers().size();
    std::vector<std::vector<double>> h(depth + 1), pre(depth), slope(depth);
    h[0].assign(x.begin(), x.end());
    std::vector<std::size_t> first(depth);  // of the numbers of each layer
    std::size_t at = 0, vector = 0;
    std::vector<std::size_t> first_vector(depth);
    std::vector<std::vector<double>> a = fixed_;
    for (std::size_t l = 0; l < depth; ++l) {
      Layer const& layer = net_.layers()[l];
      first[l] = at;
      first_vector[l] = vector;
      std::vector<double>& t = pre[l];
      t.assign(layer.bias.size(), 0.0);
      for (Entry const& e : layer.weights.entries())
        t[static_cast<std::size_t>(e.row)] += p[at++] * h[l][static_cast<std::size_t>(e.column)];
      for (std::size_t i = 0; i < layer.bias.size(); ++i)
        if (layer.bias[i] != 0) t[i] += p[at++];
      for (auto const& exact_row : layer.activation.coefficients) {
        if (coefficients_)
          for (std::size_t k = 0; k < exact_row.size(); ++k)
            if (exact_row[k] != 0) a[vector][k] = p[at++];
        ++vector;
      }
      slope[l].resize(t.size());
      h[l + 1].resize(t.size());
      for (std::size_t i = 0; i < t.size(); ++i) {
        std::size_t const own = layer.activation.per_neuron() ? first_vector[l] + i : first_vector[l];
        static std::vector<double> const none;
        apply(layer.activation, own < a.size() ? a[own] : none, t[i], h[l + 1][i], slope[l][i]);
      }
    }
    double const result = h[depth][0];
    if (gradient == nullptr) return result;

    std::vector<double> back{1.0};  // by h of the layer
    for (std::size_t l = depth; l-- > 0;) {
      Layer const& layer = net_.layers()[l];
      std::vector<double> by_t(back.size()), before(h[l].size(), 0.0);
      for (std::size_t i = 0; i < back.size(); ++i) by_t[i] = back[i] * slope[l][i];
      std::size_t g = first[l];
      std::size_t w = first[l];
      for (Entry const& e : layer.weights.entries()) {
        std::size_t const row = static_cast<std::size_t>(e.row), column = static_cast<std::size_t>(e.column);
        gradient[g++] = by_t[row] * h[l][column];
        before[column] += p[w++] * by_t[row];
      }
      for (std::size_t i = 0; i < layer.bias.size(); ++i)
        if (layer.bias[i] != 0) gradient[g++] = by_t[i];
      if (coefficients_)
        for (std::size_t v = 0; v < layer.activation.coefficients.size(); ++v)
          for (std::size_t k = 0; k < layer.activation.coefficients[v].size(); ++k)
            if (layer.activation.coefficients[v][k] != 0) {
              double sum = 0;
              for (std::size_t i = 0; i < back.size(); ++i)
                if (!layer.activation.per_neuron() || i == v) sum += back[i] * power(pre[l][i], k);
              gradient[g++] = sum;
            }
      back = std::move(before);
    }
    return result;
  }

  Network network(std::vector<double> const& p) const {
    std::vector<Layer> layers = net_.layers();
    std::size_t at = 0;
    for (Layer& layer : layers) {
      std::vector<Entry> entries = layer.weights.entries();
      for (Entry& e : entries) e.value = exact(p[at++]);
      layer.weights = SparseMatrix(layer.weights.rows(), layer.weights.columns(), std::move(entries));
      for (Rational& b : layer.bias)
        if (b != 0) b = exact(p[at++]);
      if (coefficients_)
        for (auto& a : layer.activation.coefficients)
          for (Rational& q : a)
            if (q != 0) q = exact(p[at++]);
    }
    return Network(net_.inputs(), std::move(layers));
  }

 private:
  void add(Rational const& q) { start_.push_back(to_double(q)); }
  static double power(double t, std::size_t k) {
    double const z = t > 0 ? t : 0;
    double result = 1;
    for (std::size_t i = 0; i < k; ++i) result *= z;
    return result;
  }
  static void apply(Activation const& act, std::vector<double> const& a, double t, double& value, double& slope) {
    double const z = t > 0 ? t : 0, on = t > 0 ? 1 : 0;
    switch (act.kind) {
      case Activation::Kind::identity:
        value = t;
        slope = 1;
        return;
      case Activation::Kind::relu:
        value = z;
        slope = on;
        return;
      case Activation::Kind::relu_power:
        value = std::pow(z, act.power);
        slope = on * act.power * std::pow(z, act.power - 1);
        return;
      default:
        value = slope = 0;
        for (std::size_t k = a.size(); k-- > 0;) {
          slope = slope * z + value;
          value = value * z + a[k];
        }
        slope *= on;
    }
  }

  Network const& net_;
  bool coefficients_;
  std::vector<double> start_;
  std::vector<std::vector<double>> fixed_;
};

class NetworkCost final : public ceres::CostFunction {
 public:
  NetworkCost(Tape const& tape, Nodes const& nodes, Vector const& y, double scale)
      : tape_(tape), nodes_(nodes), y_(y), root_(nodes.weight.cwiseSqrt() / scale) {
    set_num_residuals(static_cast<int>(y.size()));
    mutable_parameter_block_sizes()->push_back(static_cast<int>(tape.start().size()));
  }
  bool Evaluate(double const* const* p, double* residuals, double** jacobians) const override {
    Eigen::Index const m = static_cast<Eigen::Index>(tape_.start().size());
    double* const jacobian = jacobians != nullptr ? jacobians[0] : nullptr;
    for (Eigen::Index i = 0; i < y_.size(); ++i) {
      double* const row = jacobian != nullptr ? jacobian + i * m : nullptr;
      residuals[i] = root_[i] * (tape_.value(p[0], nodes_.x.row(i), row) - y_[i]);
      if (!std::isfinite(residuals[i])) return false;
      if (row != nullptr) Eigen::Map<Vector>(row, m) *= root_[i];
    }
    return jacobian == nullptr || Eigen::Map<Vector const>(jacobian, m * y_.size()).allFinite();
  }

 private:
  Tape const& tape_;
  Nodes const& nodes_;
  Vector const& y_;
  Vector root_;
};

double l2(Network const& net, Nodes const& nodes, Vector const& y) {
  Real sum = 0;
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    std::vector<Real> x;
    for (double v : nodes.x.row(i)) x.emplace_back(v);
    Real const e = net(x)[0] - y[i];
    sum += nodes.weight[i] * e * e;
  }
  return static_cast<double>(sqrt(sum));
}

}  // namespace

PolishResult polish(Network const& net, Nodes const& nodes, Vector const& y, PolishOptions const& options) {
  if (net.outputs() != 1 || !net.is_piecewise_polynomial())
    throw InvalidInput("polish takes a network with one output and piecewise polynomial activations");
  if (nodes.x.cols() != net.inputs() || nodes.x.rows() != y.size() || nodes.weight.size() != y.size() || y.size() < 1)
    throw InvalidInput("a network of " + std::to_string(net.inputs()) + " inputs needs nodes of as many, not " +
                       std::to_string(nodes.x.cols()) + ", and one value for each");
  if (!y.allFinite() || !nodes.x.allFinite() || !(nodes.weight.minCoeff() >= 0))
    throw InvalidInput("nodes and values must be finite and weights not negative");
  Tape const tape(net, options.coefficients);
  std::vector<double> p = tape.start();
  for (double v : p)
    if (!std::isfinite(v)) throw InvalidInput("a weight of the network is beyond the range of double");
  if (p.empty() || static_cast<double>(p.size()) * static_cast<double>(y.size()) > 5e7)
    throw InvalidInput("nodes times free weights must be 1 to 5e7, not " + std::to_string(y.size()) + " x " +
                       std::to_string(p.size()));

  PolishResult result;
  result.network = net;
  result.parameters = static_cast<int>(p.size());
  result.l2_before = result.l2_after = l2(net, nodes, y);
  double const scale = result.l2_before > 0 ? result.l2_before : 1;
  NetworkCost cost(tape, nodes, y, scale);
  ceres::Problem::Options ownership;
  ownership.cost_function_ownership = ceres::DO_NOT_TAKE_OWNERSHIP;
  ceres::Problem problem(ownership);
  problem.AddResidualBlock(&cost, nullptr, p.data());
  ceres::Solver::Options o = minimiser(options.max_iterations, 1e-13, 1e-16);
  o.max_num_consecutive_invalid_steps = 60;
  ceres::Solver::Summary summary;
  ceres::Solve(o, &problem, &summary);
  result.iterations = static_cast<int>(summary.iterations.size()) - 1;

  Network const refined = tape.network(p);
  double const after = l2(refined, nodes, y);
  if (after < result.l2_before) {
    result.network = refined;
    result.l2_after = after;
    result.improved = true;
  }
  if (result.l2_after < 10 * 2.3e-16 * std::sqrt(y.cwiseAbs2().dot(nodes.weight)))
    result.outcome = {Status::below_precision, "the error is at the rounding of the values"};
  else if (summary.termination_type == ceres::NO_CONVERGENCE)
    result.outcome = {Status::max_iterations, std::to_string(result.iterations) + " iterations"};
  else
    result.outcome = {Status::flat, summary.message};
  if (!result.improved) result.outcome.detail = "no better weights were found: " + result.outcome.detail;
  return result;
}

PolishResult polish(Network const& net, Function const& f, int panels, int q, PolishOptions const& options) {
  Nodes const nodes = panel_gauss(f, panels, q);
  return polish(net, nodes, sample(f, nodes), options);
}

}  // namespace nwidth::fitting
