// SPDX-License-Identifier: Apache-2.0
#include "fitting/shared/shared_polyrelu.hpp"

#include <algorithm>
#include <cmath>

#include "fitting/least_squares/fit_spline.hpp"
#include "fitting/projection/gauss.hpp"
#include "fitting/projection/separable.hpp"
#include "fitting/shared/spacings.hpp"
#include "theory/construct/gadgets_frozen.hpp"

namespace nwidth::fitting {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

constexpr double least_spacing = 1e-8;  // of b - a

/// Nodes between knots and breaks, and the polynomial part: what the two models below have in common.
class KnotModel : public SeparableModel {
 public:
  KnotModel(Function const& f, int n, int degree, int nodes)
      : f_(f), a_(to_double(f.begin())), b_(to_double(f.end())), n_(n), degree_(degree), nodes_(nodes) {
    int const breaks = static_cast<int>(f.breaks().size());
    fixed_ = graded_points(a_, b_, 16, f.breaks(), breaks <= 4 ? 10 : 0);
  }
  int rows() const override { return nodes_ * (n_ + 1 + static_cast<int>(fixed_.size())); }
  int columns() const override { return n_ + degree_ + 1; }

 protected:
  /// The nodes of the knots u; false if two knots are too close.
  bool place(Eigen::Ref<Vector const> u, Spacings& s, CompositeRule& rule) const {
    s = spacings(a_, b_, u);
    if (!(s.least > least_spacing * (b_ - a_))) return false;
    rule = composite_gauss(nodes_, a_, b_, s.knots, fixed_);
    for (double& w : rule.weight) w = std::sqrt(w);
    return true;
  }
  void fill_polynomial(CompositeRule const& rule, Matrix& phi, Vector& y) const {
    for (Eigen::Index q = 0; q < phi.rows(); ++q) {
      double const x = rule.node[static_cast<std::size_t>(q)], w = rule.weight[static_cast<std::size_t>(q)];
      y[q] = w > 0 ? w * f_(x) : 0;
      double power = w;
      for (int k = 0; k <= degree_; ++k, power *= x - a_) phi(q, n_ + k) = power;
    }
  }

  Function const& f_;
  double a_, b_;
  int n_, degree_, nodes_;
  std::vector<double> fixed_;
};

/// C^{r-1} splines of degree r: p + sum_i c_i relu(x - t_i)^r, the closure w -> infinity.
class ClosureModel final : public KnotModel {
 public:
  using KnotModel::KnotModel;
  std::vector<ParameterBlock> blocks() const override { return {{n_ + 1, false}}; }
  bool evaluate(Vector const& u, Matrix& phi, Vector& y) const override {
    Spacings s;
    CompositeRule rule;
    if (!place(u, s, rule)) return false;
    for (Eigen::Index i = 0; i < n_; ++i)
      for (Eigen::Index q = 0; q < phi.rows(); ++q) {
        double const z = rule.node[static_cast<std::size_t>(q)] - s.knots[static_cast<std::size_t>(i)];
        phi(q, i) = z > 0 ? rule.weight[static_cast<std::size_t>(q)] * std::pow(z, degree_) : 0;
      }
    fill_polynomial(rule, phi, y);
    return true;
  }
  void differentiate(Vector const& u, Vector const& c, Matrix& d) const override {
    Spacings s;
    CompositeRule rule;
    place(u, s, rule);
    Matrix dt(d.rows(), n_);
    for (Eigen::Index i = 0; i < n_; ++i)
      for (Eigen::Index q = 0; q < d.rows(); ++q) {
        double const z = rule.node[static_cast<std::size_t>(q)] - s.knots[static_cast<std::size_t>(i)];
        dt(q, i) = z > 0 ? -rule.weight[static_cast<std::size_t>(q)] * c[i] * degree_ * std::pow(z, degree_ - 1) : 0;
      }
    d = dt * s.derivative;
  }
};

/// theta = (u_0 ... u_n, log w_1 ... log w_n, a_2 ... a_r). Columns are P(relu(w_i (x - t_i))) / scale(w_i): as w_i^r
/// spans many orders, small columns would else pass for dead ones.
class SharedModel final : public KnotModel {
 public:
  using KnotModel::KnotModel;
  /// w + |a_2| w^2 + ... + |a_r| w^r
  double scale(Vector const& theta, Eigen::Index i) const {
    double const w = std::exp(theta[n_ + 1 + i]);
    double sum = 0;
    for (Eigen::Index k = degree_ - 2; k >= 0; --k) sum = (sum + std::abs(theta[2 * n_ + 1 + k])) * w;
    return (1 + sum) * w;
  }
  std::vector<ParameterBlock> blocks() const override { return {{2 * n_ + degree_, false}}; }
  bool evaluate(Vector const& theta, Matrix& phi, Vector& y) const override {
    Spacings s;
    CompositeRule rule;
    if (!place(theta.head(n_ + 1), s, rule)) return false;
    Vector const w = theta.segment(n_ + 1, n_).array().exp();
    auto const a = theta.tail(degree_ - 1);
    for (Eigen::Index i = 0; i < n_; ++i) {
      double const size = scale(theta, i);
      for (Eigen::Index q = 0; q < phi.rows(); ++q) {
        double const z = w[i] * (rule.node[static_cast<std::size_t>(q)] - s.knots[static_cast<std::size_t>(i)]);
        if (!(z > 0)) {
          phi(q, i) = 0;
          continue;
        }
        double p = 0;
        for (Eigen::Index k = degree_ - 2; k >= 0; --k) p = (p + a[k]) * z;
        phi(q, i) = rule.weight[static_cast<std::size_t>(q)] * (1 + p) * z / size;
      }
    }
    fill_polynomial(rule, phi, y);
    return true;
  }
  void differentiate(Vector const& theta, Vector const& c, Matrix& d) const override {
    Spacings s;
    CompositeRule rule;
    place(theta.head(n_ + 1), s, rule);
    Vector const w = theta.segment(n_ + 1, n_).array().exp();
    auto const a = theta.tail(degree_ - 1);
    Matrix dt = Matrix::Zero(d.rows(), n_);
    d.setZero();
    for (Eigen::Index i = 0; i < n_; ++i) {
      double const share = c[i] / scale(theta, i);  // the change of the scale is along the column: projected away
      for (Eigen::Index q = 0; q < d.rows(); ++q) {
        double const z = w[i] * (rule.node[static_cast<std::size_t>(q)] - s.knots[static_cast<std::size_t>(i)]);
        if (!(z > 0)) continue;
        double const scaled = rule.weight[static_cast<std::size_t>(q)] * share;
        double slope = 0;  // P'(z) - 1
        for (Eigen::Index k = degree_ - 2; k >= 0; --k) slope = (slope + static_cast<double>(k + 2) * a[k]) * z;
        dt(q, i) = -scaled * w[i] * (1 + slope);
        d(q, n_ + 1 + i) = scaled * z * (1 + slope);
        double power = scaled * z;
        for (Eigen::Index k = 0; k < degree_ - 1; ++k) d(q, 2 * n_ + 1 + k) += power *= z;
      }
    }
    d.leftCols(n_ + 1) = dt * s.derivative;
  }
};

double l2_error(Function const& f, SharedPolyReLU const& s, int nodes) {
  std::vector<double> const fixed = graded_points(s.begin, s.end, 16, f.breaks(), f.breaks().size() <= 4 ? 10 : 0);
  CompositeRule const rule = composite_gauss(2 * nodes, s.begin, s.end, s.knots, fixed);
  double sum = 0;
  for (std::size_t q = 0; q < rule.node.size(); ++q) {
    if (!(rule.weight[q] > 0)) continue;
    double const e = f(rule.node[q]) - s(rule.node[q]);
    sum += rule.weight[q] * e * e;
  }
  return std::sqrt(sum);
}

}  // namespace

double SharedPolyReLU::operator()(double x) const {
  double sum = 0, z = x - begin;
  for (auto c = polynomial.rbegin(); c != polynomial.rend(); ++c) sum = sum * z + *c;
  for (std::size_t i = 0; i < knots.size(); ++i)
    sum += coefficients[i] * nwidth::activation::polyrelu(slopes[i] * (x - knots[i]), activation);
  return sum;
}

Network SharedPolyReLU::to_network() const {
  std::vector<Rational> a;
  for (double v : activation) a.push_back(exact(v));
  std::vector<std::vector<Rational>> weights, out(1);
  std::vector<Rational> bias;
  Rational constant = exact(polynomial[0]);
  if (std::any_of(polynomial.begin() + 1, polynomial.end(), [](double c) { return c != 0; })) {
    // P(s z) with s a power of two that makes a_r s^r about 1, so that shifts by 1 domain are well apart
    int const r = degree();
    double const last = activation.back() != 0 ? std::abs(activation.back()) : 1;
    Rational const s = power_of_two(-std::lround(std::log2(last) / r));
    construct::Frozen scaled;
    for (int k = 0; k <= r; ++k)
      scaled.a.push_back(a[static_cast<std::size_t>(k)] * power(s, static_cast<unsigned>(k)));
    std::vector<Rational> p;
    for (double c : polynomial) p.push_back(exact(c));
    construct::Shifts const shifts = construct::shifts(scaled, p, exact(end) - exact(begin));
    constexpr long bits = 120;
    constant = round_to_dyadic(shifts.constant, bits);
    for (std::size_t j = 0; j < shifts.b.size(); ++j) {
      weights.push_back({s});
      bias.push_back(s * (shifts.b[j] - exact(begin)));
      out[0].push_back(round_to_dyadic(shifts.v[j], bits));
    }
  }
  for (std::size_t i = 0; i < knots.size(); ++i) {
    weights.push_back({exact(slopes[i])});
    bias.push_back(-exact(slopes[i]) * exact(knots[i]));
    out[0].push_back(exact(coefficients[i]));
  }
  return Network(1, {{SparseMatrix::dense(weights), bias, Activation::polyrelu(a)},
                     {SparseMatrix::dense(out), {constant}, Activation::identity()}});
}

SharedFit fit_shared_polyrelu(Function const& f, int n, SharedOptions const& options) {
  int const r = options.degree;
  if (n < 1) throw InvalidInput("a shared PolyReLU fit needs n >= 1 knots, not " + std::to_string(n));
  if (r < 2 || r > 5) throw InvalidInput("a shared PolyReLU fit needs 2 <= degree <= 5, not " + std::to_string(r));
  if (options.nodes <= r) throw InvalidInput("nodes must exceed the degree, not be " + std::to_string(options.nodes));
  if (options.starts.empty()) throw InvalidInput("a shared PolyReLU fit needs a start");

  double const a = to_double(f.begin()), b = to_double(f.end());
  ProjectionOptions solver;
  solver.max_iterations = options.closure_iterations;
  ClosureModel const closure(f, n, r, options.nodes);
  // the best C^{r-1} spline of degree r: its knots from a search, since the descent below keeps to their neighbourhood
  SplineSearch search;
  search.random_starts = 0;
  FreeKnotSpline<double> const smooth = fit_spline_l2(f, SplineClass::relu_power(r), n, search).fit.spline;
  std::vector<double> const knots(smooth.knots.begin() + 1, smooth.knots.end() - 1);
  ProjectionResult const spline = fit_separable(closure, log_spacings(a, b, knots), solver);

  SharedFit best;
  best.closure_l2 = spline.error;
  SharedModel const model(f, n, r, options.nodes);
  solver.max_iterations = options.max_iterations;
  ProjectionResult least;
  for (SharedStart const& start : options.starts) {
    if (!(start.slope > 0))
      throw InvalidInput("the slope of a start must be positive, not " + std::to_string(start.slope));
    Vector theta(2 * n + r);
    theta.head(n + 1) = spline.theta;
    theta.segment(n + 1, n).setConstant(std::log(start.slope * n * 2 / (b - a)));
    theta.tail(r - 1).setOnes();
    theta[2 * n + 1] = start.a2;
    ProjectionResult const fit = fit_separable(model, theta, solver);
    best.start_l2.push_back(fit.error);
    if (best.start_l2.size() == 1 || fit.error < least.error) least = fit;
  }

  Spacings const at = spacings(a, b, least.theta.head(n + 1));
  SharedPolyReLU& s = best.function;
  s.begin = a;
  s.end = b;
  s.activation = {0, 1};
  for (Eigen::Index k = 0; k < r - 1; ++k) s.activation.push_back(least.theta[2 * n + 1 + k]);
  s.knots = at.knots;
  for (Eigen::Index i = 0; i < n; ++i) {
    s.slopes.push_back(std::exp(least.theta[n + 1 + i]));
    s.coefficients.push_back(least.coefficients[i] / model.scale(least.theta, i));
  }
  for (Eigen::Index k = 0; k <= r; ++k) s.polynomial.push_back(least.coefficients[n + k]);
  best.l2 = l2_error(f, s, options.nodes);
  best.condition = least.condition;
  best.iterations = least.iterations;
  best.outcome = least.outcome;
  if (at.least < 2 * least_spacing * (b - a))
    best.outcome = {Status::knot_collapse, "a spacing of " + std::to_string(at.least / (b - a)) + " of the domain"};
  return best;
}

}  // namespace nwidth::fitting
