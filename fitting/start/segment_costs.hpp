// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "fitting/problem/function.hpp"

namespace nwidth::fitting {

/// For cells G_0 < G_1 < ... of the domain and each run of at most `window` of them: the square of the L2 distance of f
/// to the polynomials of degree d. Merged cell by cell from best polynomials, so that only nonnegative numbers are
/// added: relatively accurate until the distance itself is at rounding level. Rounded: nothing is proved.
class SegmentCosts {
 public:
  /// @param ends  of the cells, ascending, breaks of f among them
  /// Cost: cells x window x O(d^2) and as many numbers of memory; 12 + d values of f a cell.
  SegmentCosts(Function const& f, std::vector<double> ends, int d, int window);

  int cells() const { return static_cast<int>(ends_.size()) - 1; }
  int window() const { return window_; }
  std::vector<double> const& ends() const { return ends_; }
  /// Of the cells from, ..., to - 1: 0 <= from < to <= cells, to - from <= window.
  double operator()(int from, int to) const {
    return cost_[static_cast<std::size_t>(from) * static_cast<std::size_t>(window_) +
                 static_cast<std::size_t>(to - from - 1)];
  }

 private:
  std::vector<double> ends_, cost_;
  int window_;
};

/// Cells for splines of order r with n knots: half of them share |f^(r)|^{1/(r+1/2)} equally, half are of equal length;
/// breaks of f are ends of cells, with halving cells towards each.
std::vector<double> graded_cells(Function const& f, int r, int n, int count);

}  // namespace nwidth::fitting
