// SPDX-License-Identifier: Apache-2.0
#include "experiments/fit/curves.hpp"

#include <algorithm>

namespace nwidth::fit {
namespace {

constexpr int grid_points = 1601;

}  // namespace

record::Json curves(fitting::Function const& f, fitting::ProvedFit const& fit, fitting::Norm norm) {
  double const a = to_double(f.begin()), b = to_double(f.end());
  std::vector<double> x = fit.alternation;
  x.insert(x.end(), fit.spline.knots.begin(), fit.spline.knots.end());
  for (int i = 0; i < grid_points; ++i) x.push_back(a + (b - a) * i / (grid_points - 1));
  std::sort(x.begin(), x.end());
  x.erase(std::unique(x.begin(), x.end()), x.end());
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
  j["sup_upper"] = fit.sup.bounded ? to_double(fit.sup.upper) : std::numeric_limits<double>::quiet_NaN();
  if (norm == fitting::Norm::sup && fit.bound) j["bound"] = to_double(fit.bound->lower);
  j["neurons"] = fit.network.neurons();
  return j;
}

}  // namespace nwidth::fit
