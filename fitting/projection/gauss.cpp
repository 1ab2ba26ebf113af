// SPDX-License-Identifier: Apache-2.0
#include "fitting/projection/gauss.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "fitting/least_squares/gauss.hpp"

namespace nwidth::fitting {

CompositeRule composite_gauss(int q, double a, double b, std::vector<double> const& knots,
                              std::vector<double> const& fixed) {
  std::vector<double> ends{a};
  std::merge(knots.begin(), knots.end(), fixed.begin(), fixed.end(), std::back_inserter(ends));
  ends.push_back(b);
  GaussRule<double> const& rule = gauss_rule<double>(q);
  CompositeRule result;
  result.node.reserve(rule.node.size() * ends.size());
  result.weight.reserve(rule.node.size() * ends.size());
  for (std::size_t i = 1; i < ends.size(); ++i) {
    double const length = ends[i] - ends[i - 1];
    for (std::size_t j = 0; j < rule.node.size(); ++j) {
      result.node.push_back(ends[i - 1] + length * rule.node[j]);
      result.weight.push_back(length * rule.weight[j]);
    }
  }
  return result;
}

std::vector<double> graded_points(double a, double b, int panels, std::vector<double> const& breaks, int grades) {
  std::vector<double> points;
  for (int i = 1; i < panels; ++i) points.push_back(a + (b - a) * i / panels);
  for (double x : breaks) {
    points.push_back(x);
    for (int k = 1; k <= grades; ++k) {
      double const step = (b - a) * std::pow(0.25, k);
      if (x - step > a) points.push_back(x - step);
      if (x + step < b) points.push_back(x + step);
    }
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

}  // namespace nwidth::fitting
