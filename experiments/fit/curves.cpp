// SPDX-License-Identifier: Apache-2.0
#include "experiments/fit/curves.hpp"

#include <algorithm>

#include "theory/number/ball.hpp"

namespace nwidth::fit {
namespace {

constexpr int grid_points = 1601;
constexpr int label_digits = 6;

/// The grid and the given points, sorted, each once.
std::vector<double> grid(double a, double b, std::vector<double> x) {
  for (int i = 0; i < grid_points; ++i) x.push_back(a + (b - a) * i / (grid_points - 1));
  std::sort(x.begin(), x.end());
  x.erase(std::unique(x.begin(), x.end()), x.end());
  return x;
}

}  // namespace

record::Json curves(fitting::Function const& f, fitting::ProvedFit const& fit, fitting::Norm norm) {
  double const a = to_double(f.begin()), b = to_double(f.end());
  std::vector<double> x = fit.alternation;
  x.insert(x.end(), fit.spline.knots.begin(), fit.spline.knots.end());
  x = grid(a, b, std::move(x));
  std::vector<double> target, network, error;
  for (double const t : x) {
    Real const y = f(Real(t)), s = fit.network(Real(t));
    target.push_back(static_cast<double>(y));
    network.push_back(static_cast<double>(s));
    error.push_back(static_cast<double>(Real(y - s)));
  }
  record::Json j;
  j["schema"] = "nwidth.fit/1";
  j["target"] = f.target().name;
  j["norm"] = norm == fitting::Norm::sup ? "sup" : "l2";
  j["x"] = x;
  j["f"] = target;
  j["network"] = network;
  j["error"] = error;
  j["knots"] = std::vector<double>(fit.spline.knots.begin() + 1, fit.spline.knots.end() - 1);
  j["alternation"] = fit.alternation;
  auto const line = [](Rational const& at, std::string const& text) {
    return record::Json{{"at", to_double(at)}, {"text", text}};
  };
  if (fit.sup.bounded) j["sup_upper"] = line(fit.sup.upper, decimal_above(fit.sup.upper, label_digits));
  if (norm == fitting::Norm::sup && fit.bound)
    j["bound"] = line(fit.bound->lower, decimal_below(fit.bound->lower, label_digits));
  j["neurons"] = fit.network.neurons();
  return j;
}

record::Json curves(std::string const& name, fitting::Samples const& samples, fitting::SplineSampleFit const& fit,
                    Network const& network) {
  std::vector<double> const& knots = fit.function.knots;
  std::vector<double> const x = grid(knots.front(), knots.back(), knots);
  std::vector<double> values, at, y, residual;
  for (double const t : x) values.push_back(static_cast<double>(network(Real(t))));
  for (Eigen::Index i = 0; i < samples.y.size(); ++i) {
    at.push_back(samples.x(i, 0));
    y.push_back(samples.y[i]);
    residual.push_back(samples.y[i] - fit.function(samples.x(i, 0)));
  }
  record::Json j;
  j["schema"] = "nwidth.fit/1";
  j["target"] = name;
  j["norm"] = "l2";
  j["x"] = x;
  j["network"] = values;
  j["samples"] = {{"x", at}, {"y", y}, {"error", residual}};
  j["knots"] = std::vector<double>(knots.begin() + 1, knots.end() - 1);
  j["neurons"] = network.neurons();
  return j;
}

}  // namespace nwidth::fit
