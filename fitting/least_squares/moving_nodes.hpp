// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "fitting/least_squares/gauss.hpp"
#include "fitting/problem/function.hpp"

namespace nwidth::fitting {

/// A node of quadrature on a segment [l, r] with its derivatives by l and r: all second ones vanish.
template <class T>
struct Node {
  T x, weight;
  T x_l, x_r, weight_l, weight_r;
};

/// How finely integrals over segments are taken.
struct Resolution {
  int nodes = 10;   ///< q of the Gauss rule on each panel
  int pieces = 1;   ///< panels of equal length in each segment, or in each part of it between knots and breaks
  int levels = 12;  ///< halvings of the last panel towards a singular point of f
};

/// Gauss nodes that move with the knots, so that integrals over segments are smooth in the knots: panels whose ends are
/// breaks of f stay with the breaks, and panels towards singular points (|x|^{3/2} at 0) are graded.
/// Fixed samples would meet kinks of the spline and stall every fit.
template <class T>
class MovingNodes {
 public:
  MovingNodes(Function const& f, Resolution resolution);
  /// The nodes on [l, r], l < r, ascending panel by panel. Their number depends on the breaks inside.
  void on(T const& l, T const& r, std::vector<Node<T>>& nodes) const;
  Resolution const& resolution() const { return resolution_; }

 private:
  struct Special {
    T at;
    bool singular_left, singular_right;  // a derivative of f is unbounded on that side
  };
  void part(T const& from, T const& to, bool with_l, bool with_r, std::vector<Node<T>>& nodes) const;

  Resolution resolution_;
  GaussRule<T> const* rule_;
  std::vector<Special> special_;  // breaks and the ends of the domain, ascending
};

}  // namespace nwidth::fitting
