// SPDX-License-Identifier: Apache-2.0
#include "fitting/start/equidistribution.hpp"

#include <cmath>
#include <string>

namespace nwidth::fitting {
namespace {

struct Cells {
  std::vector<double> end, value;  // cell i is [end[i], end[i+1]], f^(r)/r! at its midpoint
};

Cells sample(Function const& f, int r, int n, int fineness = 40) {
  if (n < 0 || r < 1 || r > 7)
    throw InvalidInput("starts need n >= 0 knots and an order from 1 to 7, not " + std::to_string(n) + ", " +
                       std::to_string(r));
  double const a = to_double(f.begin()), b = to_double(f.end()), wanted = (b - a) / (2000 + fineness * n);
  Cells cells{{a}, {}};
  std::vector<double> ends = f.breaks();
  ends.push_back(b);
  for (double const end : ends) {
    double const from = cells.end.back();
    int const count = std::max(1, static_cast<int>(std::ceil((end - from) / wanted)));
    for (int i = 0; i < count; ++i) {
      double const left = cells.end.back(), right = i + 1 == count ? end : from + (end - from) * (i + 1) / count;
      double const x = left + (right - left) / 2, value = f.taylor(x, r + 1)[static_cast<std::size_t>(r)];
      if (!std::isfinite(value))
        throw InvalidInput("derivative " + std::to_string(r) + " of '" + f.target().name +
                           "' is not finite at x = " + std::to_string(x));
      cells.end.push_back(right);
      cells.value.push_back(value);
    }
  }
  return cells;
}

}  // namespace

std::vector<double> equidistribution(Function const& f, int r, double p, int n, int fineness) {
  if (!(p >= 1)) throw InvalidInput("the norm of a start is L^p with p >= 1, not " + std::to_string(p));
  Cells const cells = sample(f, r, n, fineness);
  std::vector<double> mass;
  double total = 0;
  for (std::size_t i = 0; i < cells.value.size(); ++i) {
    mass.push_back(std::pow(std::abs(cells.value[i]), 1 / (r + 1 / p)) * (cells.end[i + 1] - cells.end[i]));
    total += mass.back();
  }
  double const length = cells.end.back() - cells.end.front();
  double const floor = total > 0 ? total / length / 1000 : 1;
  total += floor * length;
  std::vector<double> knots;
  double passed = 0;
  for (std::size_t i = 0; i < mass.size(); ++i) {
    double const width = cells.end[i + 1] - cells.end[i], here = mass[i] + floor * width;
    while (static_cast<int>(knots.size()) < n) {
      double const share = total * static_cast<double>(knots.size() + 1) / (n + 1);
      if (!(share < passed + here)) break;
      knots.push_back(cells.end[i] + width * std::max(0.0, share - passed) / here);
    }
    passed += here;
  }
  return knots;
}

int sign_changes(Function const& f, int r, int n) {
  Cells const cells = sample(f, r, n);
  double largest = 0;
  for (double v : cells.value) largest = std::max(largest, std::abs(v));
  int changes = 0;
  double last = 0;
  for (double v : cells.value) {
    if (std::abs(v) <= 1e-12 * largest) continue;
    if (last != 0 && (last < 0) != (v < 0)) ++changes;
    last = v;
  }
  return changes;
}

}  // namespace nwidth::fitting
