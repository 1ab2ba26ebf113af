// SPDX-License-Identifier: Apache-2.0
#include "fitting/projection/gauss.hpp"

#include <algorithm>
#include <array>
#include <boost/math/special_functions/legendre.hpp>
#include <cmath>
#include <iterator>
#include <mutex>

#include "theory/number/error.hpp"

namespace nwidth::fitting {

GaussRule const& gauss(int q) {
  constexpr int most = 200;
  if (q < 1 || q > most)
    throw InvalidInput("a Gauss rule has 1 to " + std::to_string(most) + " nodes, not " + std::to_string(q));
  static std::array<GaussRule, most + 1> rules;
  static std::mutex guard;
  std::lock_guard<std::mutex> const lock(guard);
  GaussRule& rule = rules[static_cast<std::size_t>(q)];
  if (rule.node.empty()) {
    std::vector<double> const half = boost::math::legendre_p_zeros<double>(q);  // those >= 0, ascending
    for (auto x = half.rbegin(); x != half.rend(); ++x)
      if (*x != 0) rule.node.push_back(-*x);
    rule.node.insert(rule.node.end(), half.begin(), half.end());
    for (double x : rule.node) {
      double const slope = boost::math::legendre_p_prime(q, x);
      rule.weight.push_back(2 / ((1 - x) * (1 + x) * slope * slope));
    }
  }
  return rule;
}

CompositeRule composite_gauss(int q, double a, double b, std::vector<double> const& knots,
                              std::vector<double> const& fixed) {
  std::vector<double> ends{a};
  std::merge(knots.begin(), knots.end(), fixed.begin(), fixed.end(), std::back_inserter(ends));
  ends.push_back(b);
  GaussRule const& rule = gauss(q);
  CompositeRule result;
  result.node.reserve(rule.node.size() * ends.size());
  result.weight.reserve(rule.node.size() * ends.size());
  for (std::size_t i = 1; i < ends.size(); ++i) {
    double const center = (ends[i - 1] + ends[i]) / 2, half = (ends[i] - ends[i - 1]) / 2;
    for (std::size_t j = 0; j < rule.node.size(); ++j) {
      result.node.push_back(center + half * rule.node[j]);
      result.weight.push_back(half * rule.weight[j]);
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
