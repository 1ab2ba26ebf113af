// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <vector>

#include "fitting/least_squares/banded.hpp"
#include "fitting/least_squares/moving_nodes.hpp"

namespace nwidth::fitting {

/// What is minimised: sum_k weights[k] int |f^(k) - s^(k)|^p. The default is the square of the L2 norm.
struct Objective {
  double p = 2;                    ///< 2 <= p <= 64
  std::vector<double> weights{1};  ///< of the k-th derivatives, k = 0, 1, ...: nonnegative, not all zero
};

/// One node's part W |e|^p, e = (f^(k) - s^(k))(x)/scale, with derivatives by z = (l, r, b_0 ... b_d).
template <class T>
struct Term {
  T weight, weight_l, weight_r;  // W
  T e;
  std::vector<T> e_z;  // d + 3
  T e_ll, e_lr, e_rr;  // second derivatives; those by two b vanish
  std::vector<T> e_lb, e_rb;
};

/// The errors of the polynomial with Bernstein coefficients b on [l, r] against f, node by node, order by order.
template <class T>
class SegmentTerms {
 public:
  /// f and nodes must outlive this. @param scale  errors are divided by it
  SegmentTerms(Function const& f, MovingNodes<T> const& nodes, Objective const& objective, int degree, T scale);

  /// Calls use(Term) for each; derivatives up to `order` (0, 1, 2) are set.
  /// @return false if f or a derivative that is needed is not finite at a node: bad_point() says where
  template <class Use>
  bool each(T const& l, T const& r, T const* b, int order, Use&& use);
  /// Calls use(sqrt(W), f^(k)(x)/scale, row) for each, where row holds the k-th derivatives of the Bernstein
  /// polynomials: the rows of the linear problem for b. @return as each()
  bool rows(T const& l, T const& r, std::function<void(T const&, T const&, std::vector<T> const&)> const& use);
  T const& bad_point() const { return bad_; }
  int degree() const { return d_; }
  double power() const { return p_; }

 private:
  void basis(T const& theta, int most);

  Function const& f_;
  MovingNodes<T> const& nodes_;
  std::vector<double> weights_;
  double p_;
  int d_;
  T scale_, bad_;
  std::vector<Node<T>> node_;
  std::vector<T> basis_;  // B^(j)_i(theta) at j (d+1) + i
  Term<T> term_;
};

/// The sum of the terms of a segment with gradient and Hessian by z = (l, r, b_0 ... b_d).
template <class T>
struct SegmentSum {
  T value;
  std::vector<T> gradient;  // d + 3
  std::vector<T> hessian;   // (d+3) x (d+3), full; empty below order 2
};

/// @return false as SegmentTerms::each
template <class T>
bool segment_sum(SegmentTerms<T>& terms, T const& l, T const& r, T const* b, int order, SegmentSum<T>& sum);

/// The same terms as least squares: d + 4 residuals and their Jacobian by z, row by row, compressed by orthogonal
/// transformations from as many rows as there are terms: the sum of squares and all products with the Jacobian stay.
/// @param jacobian  (d+4) x (d+3), or null
bool segment_residuals(SegmentTerms<double>& terms, double l, double r, double const* b, double* residuals,
                       std::vector<double>* jacobian);

}  // namespace nwidth::fitting
