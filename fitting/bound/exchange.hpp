// SPDX-License-Identifier: Apache-2.0
/// Steps of exchange algorithms: which points of an alternation stay, and where an extremum is.
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

namespace nwidth::fitting {

/// Drops points, least error first and in pairs inside, until `count` alternating ones are left.
/// @param size  of the error at a point
template <class Point, class Size>
void prune_alternation(std::vector<Point>& points, std::size_t count, Size const& size) {
  while (points.size() > count) {
    std::size_t const last = points.size() - 1;
    std::size_t least = 0;
    for (std::size_t i = 1; i <= last; ++i)
      if (size(points[i]) < size(points[least])) least = i;
    if (points.size() == count + 1) least = size(points[0]) < size(points[last]) ? 0 : last;
    auto const at = points.begin() + static_cast<std::ptrdiff_t>(least);
    if (least == 0 || least == last) {
      points.erase(at);
    } else if (size(points[least - 1]) < size(points[least + 1])) {
      points.erase(at - 1, at + 1);
    } else {
      points.erase(at, at + 2);
    }
  }
}

/// The top of the parabola through the values at -l, 0 and r, or 0 if it is not between them.
template <class T>
T parabola_top(T const& l, T const& r, T const& at_l, T const& at_0, T const& at_r) {
  using std::abs;
  T const left = (at_0 - at_l) / l, right = (at_r - at_0) / r;  // slopes
  T const curvature = (right - left) / (r + l);
  if (!(abs(curvature) > 0)) return T(0);
  T const shift = -(left + curvature * l) / (2 * curvature);
  return -l < shift && shift < r ? shift : T(0);
}

}  // namespace nwidth::fitting
