// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/start.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nwidth::fitting::rational {

std::vector<double> chebyshev_reference(double a, double b, int count) {
  std::vector<double> x;
  for (int i = 0; i < count; ++i) {
    double const u = -std::cos(std::numbers::pi * i / (count - 1));
    x.push_back(a + (b - a) * (u + 1 + 0.05 * (1 - u * u)) / 2);
  }
  x.front() = a;
  x.back() = b;
  return x;
}

std::vector<double> transplanted(std::vector<double> const& reference, double a, double b,
                                 std::vector<double> const& singular, int count, double stretch) {
  std::vector<double> unit;  // the least distance of the reference to each singular point
  for (double s : singular) {
    double least = b - a;
    for (double x : reference)
      if (x != s) least = std::min(least, std::abs(x - s));
    unit.push_back(least);
  }
  auto coordinate = [&](double x) {
    if (singular.empty()) return x;
    double y = 0;
    for (std::size_t k = 0; k < singular.size(); ++k) y += std::asinh((x - singular[k]) / unit[k]);
    return y;
  };
  auto inverse = [&](double y) {
    double lo = a, hi = b;
    for (int i = 0; i < 200 && lo < hi; ++i) {
      double const middle = lo + (hi - lo) / 2;
      if (middle <= lo || middle >= hi) break;
      (coordinate(middle) < y ? lo : hi) = middle;
    }
    return hi;
  };
  std::size_t const last = reference.size() - 1;
  std::vector<double> x;
  for (int i = 0; i < count; ++i) {
    double const at = static_cast<double>(i) * static_cast<double>(last) / (count - 1);
    std::size_t const j = std::min(static_cast<std::size_t>(at), last - 1);
    double const share = at - static_cast<double>(j);
    if (share == 0) {
      x.push_back(reference[j]);
    } else if (share == 1) {
      x.push_back(reference[j + 1]);
    } else {
      x.push_back(inverse((1 - share) * coordinate(reference[j]) + share * coordinate(reference[j + 1])));
    }
    double nearest = 0, distance = b - a;
    for (double s : singular)
      if (std::abs(x.back() - s) <= distance) {
        nearest = s;
        distance = std::abs(x.back() - s);
      }
    double room = b - a;  // half way to the next singular point or to an end
    for (double s : singular)
      if (s != nearest) room = std::min(room, std::abs(s - nearest) / 2);
    for (double e : {a, b})
      if (e != nearest) room = std::min(room, std::abs(e - nearest));
    if (!singular.empty() && distance > 0 && distance < room)
      x.back() = nearest + (x.back() < nearest ? -1 : 1) * room * std::pow(distance / room, stretch);
  }
  std::sort(x.begin(), x.end());
  for (std::size_t i = 1; i < x.size(); ++i)
    if (!(x[i - 1] < x[i])) x[i] = std::nextafter(x[i - 1], b + 1);
  return x;
}

}  // namespace nwidth::fitting::rational
