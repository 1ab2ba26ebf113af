// SPDX-License-Identifier: Apache-2.0
#include "fitting/shared/spacings.hpp"

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

}  // namespace nwidth::fitting
