// SPDX-License-Identifier: Apache-2.0
/// A target on small cells as polynomials with remainders, in intervals of doubles.
#pragma once
#include <vector>

#include "theory/number/interval.hpp"
#include "theory/target/target.hpp"

namespace nwidth::fitting {

/// f(x) = sum_{l<m} c_l (x - mid)^l + c_m(x) (x - mid)^m on [left, right], c_m(x) in c[m] for each x, m = c.size() - 1.
struct CellModel {
  double left = 0, right = 0, mid = 0, half = 0;  ///< mid and half are exact
  std::vector<Interval> c;

  /// How far the model may be from a polynomial: infinity if it is unbounded.
  double remainder() const;
};

/// The model of an order <= `order` with the least remainder, as far as a search downwards shows; of order 0 from f's
/// range if there is no other, then possibly unbounded. Networks of one hidden layer of relu or relu_power are taken
/// apart exactly; of others only the range is known.
/// @throws InvalidInput unless left < right and (left + right)/2 and (right - left)/2 are exact in double
CellModel cell_model(target::Target const& f, double left, double right, int order);

}  // namespace nwidth::fitting
