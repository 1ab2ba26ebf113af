// SPDX-License-Identifier: Apache-2.0
#include "fitting/shared/spacings.hpp"

#include <algorithm>
#include <cmath>

namespace nwidth::fitting {

Spacings spacings(double a, double b, Eigen::Ref<Eigen::VectorXd const> u) {
  Eigen::Index const n = u.size() - 1;
  Eigen::VectorXd e = (u.array() - u.maxCoeff()).exp();
  e /= e.sum();
  Spacings s;
  s.derivative = Eigen::MatrixXd::Zero(n, n + 1);
  s.least = (b - a) * e.minCoeff();
  double sum = 0;
  for (Eigen::Index j = 0; j < n; ++j) {
    sum += e[j];
    s.knots.push_back(a + (b - a) * sum);
    for (Eigen::Index i = 0; i <= n; ++i) s.derivative(j, i) = (b - a) * ((i <= j ? 1.0 : 0.0) - sum) * e[i];
  }
  return s;
}

Eigen::VectorXd log_spacings(double a, double b, std::vector<double> const& knots) {
  Eigen::VectorXd u(static_cast<Eigen::Index>(knots.size()) + 1);
  for (std::size_t i = 0; i <= knots.size(); ++i) {
    double const left = i == 0 ? a : knots[i - 1], right = i == knots.size() ? b : knots[i];
    if (!(left < right))
      throw InvalidInput("knots must ascend inside the domain, but " + std::to_string(right) + " follows " +
                         std::to_string(left));
    u[static_cast<Eigen::Index>(i)] = std::log(right - left);
  }
  return u;
}

std::vector<double> equidistributed_knots(Function const& f, int n, int r) {
  if (n < 0 || r < 1 || r > 7)
    throw InvalidInput("equidistributed knots need n >= 0 and 1 <= r <= 7, not n = " + std::to_string(n) +
                       ", r = " + std::to_string(r));
  constexpr std::size_t cells = 4096;
  double const a = to_double(f.begin()), b = to_double(f.end()), h = (b - a) / cells;
  std::vector<double> g(cells);
  double mean = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    double const d = std::abs(f.taylor(a + h * (static_cast<double>(i) + 0.5), r + 1)[static_cast<std::size_t>(r)]);
    g[i] = std::isfinite(d) ? std::pow(d, 1 / (r + 0.5)) : 0;
    mean += g[i] / cells;
  }
  double const floor = mean > 0 ? 1e-3 * mean : 1;
  double const total = cells * (mean + floor);
  std::vector<double> knots;
  double sum = 0;
  for (std::size_t i = 0; i < cells && static_cast<int>(knots.size()) < n; ++i) {
    double const next = sum + g[i] + floor;
    for (;;) {
      double const goal = total * (static_cast<double>(knots.size()) + 1) / (n + 1);
      if (static_cast<int>(knots.size()) == n || goal > next) break;
      knots.push_back(a + h * (static_cast<double>(i) + (goal - sum) / (next - sum)));
    }
    sum = next;
  }
  while (static_cast<int>(knots.size()) < n) knots.push_back(knots.empty() ? (a + b) / 2 : (knots.back() + b) / 2);
  return knots;
}

}  // namespace nwidth::fitting
