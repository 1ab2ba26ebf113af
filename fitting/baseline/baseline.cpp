// SPDX-License-Identifier: Apache-2.0
#include "fitting/baseline/baseline.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "fitting/problem/minimiser.hpp"
#include "fitting/projection/gauss.hpp"
#include "fitting/projection/uniform.hpp"
#include "theory/construct/gadgets_frozen.hpp"

namespace nwidth::fitting {

using Vector = Eigen::VectorXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

double RawNetwork::operator()(double x) const {
  double sum = constant + slope * x;
  for (std::size_t i = 0; i < w.size(); ++i) {
    double const z = std::max(w[i] * x + b[i], 0.0);
    double p = 0;
    for (std::size_t k = activation.size(); k-- > 0;) p = p * z + activation[k];
    sum += c[i] * p;
  }
  return sum;
}

std::vector<double> RawNetwork::kinks() const {
  std::vector<double> t;
  for (std::size_t i = 0; i < w.size(); ++i) {
    double const x = -b[i] / w[i];
    if (begin < x && x < end) t.push_back(x);
  }
  std::sort(t.begin(), t.end());
  return t;
}

Network RawNetwork::to_network() const {
  std::vector<Rational> a, bias;
  std::vector<std::vector<Rational>> weights, out(1);
  for (double v : activation) a.push_back(exact(v));
  Rational c0 = exact(constant);
  if (slope != 0) {
    constexpr long bits = 160;
    Rational const reach = exact(std::max(std::abs(begin), std::abs(end)));
    construct::Shifts const s = construct::shifts({a}, {0, exact(slope)}, reach);
    c0 += round_to_dyadic(s.constant, bits);
    for (std::size_t j = 0; j < s.b.size(); ++j) {
      weights.push_back({1});
      bias.push_back(s.b[j]);
      out[0].push_back(round_to_dyadic(s.v[j], bits));
    }
  }
  for (std::size_t i = 0; i < w.size(); ++i) {
    weights.push_back({exact(w[i])});
    bias.push_back(exact(b[i]));
    out[0].push_back(exact(c[i]));
  }
  Activation const act = a.size() == 2   ? Activation::relu()
                         : a.size() == 3 ? Activation::relu_power(2)
                                         : Activation::polyrelu(a);
  return Network(1,
                 {{SparseMatrix::dense(weights), bias, act}, {SparseMatrix::dense(out), {c0}, Activation::identity()}});
}

namespace {

/// The numbers in one vector: w, b, c, s_0, s_1 and, for polyrelu, a_1 ... a_3.
class RawModel {
 public:
  RawModel(Function const& f, int neurons, BaselineOptions const& o) : n_(neurons), kind_(o.kind) {
    double const a = to_double(f.begin()), h = (to_double(f.end()) - a) / o.samples;
    x_.resize(o.samples);
    y_.resize(o.samples);
    for (int i = 0; i < o.samples; ++i) {
      x_[i] = a + h * (i + 0.5);
      y_[i] = f(x_[i]);
    }
    weight_ = h;
  }
  int size() const { return 3 * n_ + 2 + (kind_ == RawKind::polyrelu_shared ? 3 : 0); }
  int samples() const { return static_cast<int>(x_.size()); }
  double weight() const { return weight_; }

  Vector start(std::uint64_t seed) const {
    Uniform random(seed);
    Vector p(size());
    double const k = 1 / std::sqrt(static_cast<double>(n_));
    for (int i = 0; i < 2 * n_; ++i) p[i] = random(-1, 1);
    for (int i = 2 * n_; i <= 3 * n_; ++i) p[i] = random(-k, k);
    p[3 * n_ + 1] = 0;
    if (kind_ == RawKind::polyrelu_shared) p.tail(3).setConstant(1.0 / 3);
    return p;
  }

  std::vector<double> activation(double const* p) const {
    if (kind_ == RawKind::relu) return {0, 1};
    if (kind_ == RawKind::relu_squared) return {0, 0, 1};
    return {0, p[3 * n_ + 2], p[3 * n_ + 3], p[3 * n_ + 4]};
  }

  /// Residuals s - y, and if wanted their derivatives, or the gradient of half the sum of their squares.
  void evaluate(double const* p, double* residual, double* jacobian, double* gradient) const {
    std::vector<double> const a = activation(p);
    int const m = size();
    std::vector<double> row(static_cast<std::size_t>(m));
    if (gradient != nullptr) std::fill(gradient, gradient + m, 0.0);
    for (Eigen::Index q = 0; q < x_.size(); ++q) {
      double const x = x_[q];
      double* const r = jacobian != nullptr ? jacobian + q * m : row.data();
      double sum = p[3 * n_] + p[3 * n_ + 1] * x, by_a[3] = {0, 0, 0};
      for (int i = 0; i < n_; ++i) {
        double const t = p[i] * x + p[n_ + i], z = t > 0 ? t : 0, c = p[2 * n_ + i];
        double value = 0, slope = 0;
        for (std::size_t k = a.size(); k-- > 0;) {
          slope = slope * z + value;
          value = value * z + a[k];
        }
        slope = t > 0 ? slope * c : 0;
        r[i] = slope * x;
        r[n_ + i] = slope;
        r[2 * n_ + i] = value;
        sum += c * value;
        if (kind_ == RawKind::polyrelu_shared) {
          by_a[0] += c * z;
          by_a[1] += c * z * z;
          by_a[2] += c * z * z * z;
        }
      }
      r[3 * n_] = 1;
      r[3 * n_ + 1] = x;
      if (kind_ == RawKind::polyrelu_shared) std::copy(by_a, by_a + 3, r + 3 * n_ + 2);
      residual[q] = sum - y_[q];
      if (gradient != nullptr)
        for (int k = 0; k < m; ++k) gradient[k] += residual[q] * row[static_cast<std::size_t>(k)];
    }
  }

  RawNetwork network(Function const& f, Vector const& p) const {
    RawNetwork net;
    net.begin = to_double(f.begin());
    net.end = to_double(f.end());
    net.activation = activation(p.data());
    net.w.assign(p.begin(), p.begin() + n_);
    net.b.assign(p.begin() + n_, p.begin() + 2 * n_);
    net.c.assign(p.begin() + 2 * n_, p.begin() + 3 * n_);
    net.constant = p[3 * n_];
    net.slope = p[3 * n_ + 1];
    return net;
  }

 private:
  int n_;
  RawKind kind_;
  Vector x_, y_;
  double weight_ = 0;
};

class RawCost final : public ceres::CostFunction {
 public:
  explicit RawCost(RawModel const& model) : model_(model) {
    set_num_residuals(model.samples());
    mutable_parameter_block_sizes()->push_back(model.size());
  }
  bool Evaluate(double const* const* p, double* residuals, double** jacobians) const override {
    double* const jacobian = jacobians != nullptr ? jacobians[0] : nullptr;
    model_.evaluate(p[0], residuals, jacobian, nullptr);
    double const scale = std::sqrt(model_.weight());
    Eigen::Map<Vector> r(residuals, model_.samples());
    r *= scale;
    if (jacobian != nullptr) Eigen::Map<Vector>(jacobian, r.size() * model_.size()) *= scale;
    return r.allFinite();
  }

 private:
  RawModel const& model_;
};

double l2(Function const& f, RawNetwork const& s) {
  CompositeRule const rule =
      composite_gauss(8, s.begin, s.end, s.kinks(), graded_points(s.begin, s.end, 32, f.breaks(), 0));
  double sum = 0;
  for (std::size_t q = 0; q < rule.node.size(); ++q) {
    double const e = f(rule.node[q]) - s(rule.node[q]);
    sum += rule.weight[q] * e * e;
  }
  return std::sqrt(sum);
}

template <class Descent>
BaselineFit best_of(Function const& f, int neurons, BaselineOptions const& o, Descent const& descend) {
  if (neurons < 1 || o.seeds < 1 || o.samples < 1 || o.steps < 0)
    throw InvalidInput("a baseline needs N, seeds and samples of 1 or more and steps of 0 or more, not " +
                       std::to_string(neurons) + ", " + std::to_string(o.seeds) + ", " + std::to_string(o.samples) +
                       ", " + std::to_string(o.steps));
  RawModel const model(f, neurons, o);
  BaselineFit best;
  for (int s = 0; s < o.seeds; ++s) {
    BaselineFit fit;
    std::uint64_t const seed = o.seed + static_cast<std::uint64_t>(s);
    Vector p = model.start(seed);
    fit.outcome = descend(model, p, fit.iterations);
    fit.function = model.network(f, p);
    fit.l2 = l2(f, fit.function);
    fit.seeds = std::move(best.seeds);
    fit.start_l2 = std::move(best.start_l2);
    fit.seeds.push_back(seed);
    fit.start_l2.push_back(fit.l2);
    if (s == 0 || fit.l2 < best.l2) {
      best = std::move(fit);
    } else {
      best.seeds = std::move(fit.seeds);
      best.start_l2 = std::move(fit.start_l2);
    }
  }
  return best;
}

}  // namespace

BaselineFit fit_raw(Function const& f, int neurons, BaselineOptions const& options) {
  return best_of(f, neurons, options, [&](RawModel const& model, Vector& p, int& iterations) {
    RawCost cost(model);
    ceres::Problem::Options own;
    own.cost_function_ownership = ceres::DO_NOT_TAKE_OWNERSHIP;
    ceres::Problem problem(own);
    problem.AddResidualBlock(&cost, nullptr, p.data());
    ceres::Solver::Summary summary;
    ceres::Solve(minimiser(options.steps > 0 ? options.steps : 400, 1e-15, 1e-15), &problem, &summary);
    iterations = static_cast<int>(summary.iterations.size()) - 1;
    return summary.termination_type == ceres::NO_CONVERGENCE
               ? Outcome{Status::max_iterations, std::to_string(iterations) + " iterations"}
               : Outcome{Status::flat, summary.message};
  });
}

BaselineFit fit_adam(Function const& f, int neurons, BaselineOptions const& options) {
  if (!(options.first_rate > 0) || !(options.last_rate > 0))
    throw InvalidInput("the rates of Adam must be positive, not " + std::to_string(options.first_rate) + ", " +
                       std::to_string(options.last_rate));
  return best_of(f, neurons, options, [&](RawModel const& model, Vector& p, int& iterations) {
    int const steps = options.steps > 0 ? options.steps : 20000;
    Vector residual(model.samples()), gradient(p.size()), mean = Vector::Zero(p.size()), square = mean;
    double decay_mean = 1, decay_square = 1;
    for (int k = 0; k < steps; ++k) {
      model.evaluate(p.data(), residual.data(), nullptr, gradient.data());
      gradient *= 2.0 / model.samples();
      double const rate = options.last_rate +
                          (options.first_rate - options.last_rate) * 0.5 * (1 + std::cos(std::numbers::pi * k / steps));
      mean = 0.9 * mean + 0.1 * gradient;
      square = 0.999 * square + 0.001 * gradient.cwiseAbs2();
      decay_mean *= 0.9;
      decay_square *= 0.999;
      p.array() -= rate * (mean.array() / (1 - decay_mean)) / ((square.array() / (1 - decay_square)).sqrt() + 1e-8);
    }
    iterations = steps;
    return Outcome{Status::max_iterations, std::to_string(steps) + " steps of Adam"};
  });
}

}  // namespace nwidth::fitting
