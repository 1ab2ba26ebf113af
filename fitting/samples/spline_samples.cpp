// SPDX-License-Identifier: Apache-2.0
#include <ceres/jet.h>

#include <algorithm>
#include <cmath>

#include "fitting/samples/robust.hpp"
#include "fitting/samples/samples.hpp"
#include "fitting/shared/spacings.hpp"

namespace nwidth::fitting {
namespace {

using Vector = Eigen::VectorXd;
using Matrix = Eigen::MatrixXd;

constexpr int most_degree = 5;

/// B-splines at samples. theta = interior knots (as they are: standard errors are wanted for them) or their
/// log-spacings.
class SplineModel final : public SeparableModel {
 public:
  SplineModel(SplineClass kind, double a, double b, std::vector<double> knots, bool free, bool plain, Samples const& s)
      : kind_(kind), a_(a), b_(b), fixed_(std::move(knots)), free_(free), plain_(plain), x_(s.x.col(0)) {
    root_ = s.weight.size() == 0 ? Vector::Ones(s.y.size()) : Vector(s.weight.cwiseSqrt());
    y_ = s.y.cwiseProduct(root_);
  }
  std::vector<ParameterBlock> blocks() const override {
    int const n = static_cast<int>(fixed_.size());
    if (!free_ || n == 0) return {};
    return {{plain_ ? n : n + 1, false}};
  }
  int rows() const override { return static_cast<int>(x_.size()); }
  int columns() const override { return kind_.dimension(static_cast<int>(fixed_.size())); }

  /// The knots with their ends and a spline of the coefficients c.
  FreeKnotSpline<double> spline(Vector const& theta, Vector const& c) const {
    FreeKnotSpline<double> s{kind_, {a_}, {c.begin(), c.end()}};
    std::vector<double> inner = fixed_;
    if (theta.size() > 0)
      inner = plain_ ? std::vector<double>(theta.begin(), theta.end()) : spacings(a_, b_, theta).knots;
    s.knots.insert(s.knots.end(), inner.begin(), inner.end());
    s.knots.push_back(b_);
    return s;
  }

  bool evaluate(Vector const& theta, Matrix& phi, Vector& y) const override {
    FreeKnotSpline<double> const s = spline(theta, Vector::Zero(columns()));
    for (std::size_t i = 1; i < s.knots.size(); ++i)
      if (!(s.knots[i] - s.knots[i - 1] > 1e-8 * (b_ - a_))) return false;
    phi.setZero();
    for (Eigen::Index q = 0; q < x_.size(); ++q) {
      int const i = s.segment_of(x_[q]);
      std::vector<double> const u = s.local_knots(i), v = bspline_values(kind_.degree, u.data(), x_[q]);
      for (int j = 0; j <= kind_.degree; ++j)
        phi(q, s.first_coefficient(i) + j) = root_[q] * v[static_cast<std::size_t>(j)];
    }
    y = y_;
    return true;
  }

  void differentiate(Vector const& theta, Vector const& c, Matrix& d) const override {
    using Jet = ceres::Jet<double, 2 * most_degree>;
    FreeKnotSpline<double> const s = spline(theta, c);
    int const degree = kind_.degree, m = kind_.multiplicity, n = s.interior_knots();
    Matrix by_knot = Matrix::Zero(x_.size(), n);
    for (Eigen::Index q = 0; q < x_.size(); ++q) {
      int const i = s.segment_of(x_[q]);
      std::vector<double> const u = s.local_knots(i);
      std::vector<Jet> jets;
      for (std::size_t k = 0; k < u.size(); ++k) jets.emplace_back(u[k], static_cast<int>(k));
      std::vector<Jet> const v = bspline_values(degree, jets.data(), Jet(x_[q]));
      Jet sum(0.0);
      for (int j = 0; j <= degree; ++j) sum += v[static_cast<std::size_t>(j)] * c[s.first_coefficient(i) + j];
      for (int j = 0; j < degree; ++j) {  // which knot each of the local ones is: see FreeKnotSpline::local_knots
        int const left = i - j / m, right = i + 1 + j / m;
        if (left >= 1) by_knot(q, left - 1) += root_[q] * sum.v[degree - 1 - j];
        if (right <= n) by_knot(q, right - 1) += root_[q] * sum.v[degree + j];
      }
    }
    d = plain_ ? by_knot : Matrix(by_knot * spacings(a_, b_, theta).derivative);
  }

 private:
  SplineClass kind_;
  double a_, b_;
  std::vector<double> fixed_;
  bool free_, plain_;
  Vector x_, root_, y_;
};

/// Interior knots with as many samples in each segment, as far as different samples allow.
std::vector<double> quantile_knots(Samples const& s, int n, double a, double b) {
  std::vector<double> x;
  for (Eigen::Index i = 0; i < s.y.size(); ++i)
    if ((s.weight.size() == 0 || s.weight[i] > 0) && s.x(i, 0) > a && s.x(i, 0) < b) x.push_back(s.x(i, 0));
  std::sort(x.begin(), x.end());
  x.erase(std::unique(x.begin(), x.end()), x.end());
  std::vector<double> knots;
  for (int i = 1; i <= n; ++i) {
    double const at = static_cast<double>(x.size() - 1) * i / (n + 1);
    std::size_t const k = static_cast<std::size_t>(at);
    knots.push_back(k + 1 < x.size() ? x[k] + (at - static_cast<double>(k)) * (x[k + 1] - x[k]) : x[k]);
  }
  return knots;
}

}  // namespace

SplineSampleFit fit_spline_samples(SplineClass kind, int n, double a, double b, Samples const& samples,
                                   SplineSampleOptions const& options) {
  if (kind.degree < 1 || kind.degree > most_degree || kind.multiplicity < 1 || kind.multiplicity > kind.degree)
    throw InvalidInput(
        "fits to samples take splines of degree 1 to 5 with knots of multiplicity 1 to the degree, not " +
        std::to_string(kind.degree) + ", " + std::to_string(kind.multiplicity));
  if (n < 0) throw InvalidInput("a spline needs n >= 0 interior knots, not " + std::to_string(n));
  if (!(a < b)) throw InvalidInput("the domain must have its ends in ascending order");
  if (samples.x.cols() != 1)
    throw InvalidInput("a spline takes samples of one input, not " + std::to_string(samples.x.cols()));
  samples.validate(kind.dimension(n) + (options.free_knots ? n : 0));
  for (Eigen::Index i = 0; i < samples.y.size(); ++i)
    if (!(a <= samples.x(i, 0) && samples.x(i, 0) <= b))
      throw InvalidInput("sample " + std::to_string(i) + " at " + std::to_string(samples.x(i, 0)) +
                         " lies outside the domain");
  std::vector<double> knots = options.knots.empty() ? quantile_knots(samples, n, a, b) : options.knots;
  if (static_cast<int>(knots.size()) != n)
    throw InvalidInput("there are " + std::to_string(knots.size()) + " knots to begin with, n is " + std::to_string(n));
  Vector const start = log_spacings(a, b, knots);  // also checks that they ascend

  bool const free = options.free_knots && n > 0;
  SplineModel const model(kind, a, b, knots, free, false, samples);
  ProjectionOptions solver;
  solver.max_iterations = options.max_iterations;
  ProjectionResult fit = fit_separable(model, free ? start : Vector(0), solver);
  SplineSampleFit result;
  SampleReport& report = result.report;
  report.start_l2 = {fit.error};

  std::vector<bool> live;
  for (Eigen::Index i = 0; i < samples.y.size(); ++i) {
    live.push_back(samples.weight.size() == 0 || samples.weight[i] > 0);
    report.samples += live.back();
  }
  std::vector<ProjectionResult> starts{fit};
  if (free) {  // the knots that were asked for, not yet drawn to outliers
    ProjectionOptions still = solver;
    still.max_iterations = 0;
    starts.push_back(fit_separable(model, start, still));
  }
  report.loss_scale = refine_with_loss(model, options.loss, options.max_iterations, live, starts, fit);
  result.function = model.spline(fit.theta, fit.coefficients);

  SplineModel const plain(kind, a, b, knots, free, true, samples);
  ProjectionResult at = fit;
  at.theta = free ? Vector(Eigen::Map<Vector const>(result.function.knots.data() + 1, n)) : Vector(0);
  StandardErrors const errors = standard_errors(plain, at, options.loss, report.loss_scale, report.samples);
  result.coefficient_errors.assign(errors.coefficients.begin(), errors.coefficients.end());
  result.knot_errors.assign(static_cast<std::size_t>(n), 0.0);
  if (free) result.knot_errors.assign(errors.theta.begin(), errors.theta.end());
  report.sigma = errors.sigma;
  report.l2 = fit.error;
  report.parameters = errors.parameters;
  report.iterations = fit.iterations;
  report.outcome = fit.outcome;
  double least = b - a;
  for (std::size_t i = 1; i < result.function.knots.size(); ++i)
    least = std::min(least, result.function.knots[i] - result.function.knots[i - 1]);
  if (errors.rank < errors.parameters)
    report.outcome = {Status::rank_deficient, "the samples determine " + std::to_string(errors.rank) + " of " +
                                                  std::to_string(errors.parameters) + " parameters"};
  else if (least < 2e-8 * (b - a))
    report.outcome = {Status::knot_collapse, "two knots run together"};
  return result;
}

}  // namespace nwidth::fitting
