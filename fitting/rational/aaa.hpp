// SPDX-License-Identifier: Apache-2.0
/// Rational approximation from samples in double precision: AAA, near-best in no norm but never lost, and Lawson's
/// iteration on top, which comes near the best in the sup norm.
#pragma once
#include <vector>

namespace nwidth::fitting::rational {

/// r(x) = sum_j alpha_j/(x - t_j) / sum_j beta_j/(x - t_j): type (n, n) with n + 1 support points, alpha_j/beta_j at
/// t_j.
template <class T>
struct Barycentric {
  std::vector<T> points, alpha, beta;

  int degree() const { return static_cast<int>(points.size()) - 1; }
  T operator()(T const& x) const {
    T p(0), q(0);
    for (std::size_t j = 0; j < points.size(); ++j) {
      if (x == points[j]) return alpha[j] / beta[j];
      T const share = T(1) / (x - points[j]);
      p += alpha[j] * share;
      q += beta[j] * share;
    }
    return p / q;
  }
};

/// AAA: support points one by one where the error over the samples is largest, weights by the smallest singular vector
/// of the Loewner matrix. Stops early when the error is below 1e-14 max|f|; then the degree is less than n.
/// Cost: n SVDs of (samples x n).
/// @cite nakatsukasa2018aaa
/// @param x,f  samples, x distinct; at least 2 n + 2 of them
/// @throws InvalidInput if counts do not fit or n is negative
Barycentric<double> aaa(std::vector<double> const& x, std::vector<double> const& f, int n);

/// Lawson's iteration from r: weighted linearised least squares for (alpha, beta) with the support points of r, weights
/// multiplied by the error each time. Returns the iterate with the least sampled error, which may be r itself: there is
/// no proof of convergence.
/// @cite nakatsukasa2020lawson
Barycentric<double> lawson(std::vector<double> const& x, std::vector<double> const& f, Barycentric<double> const& r,
                           int iterations = 30);

/// max |f - r| over the samples; infinite if r is not finite at one.
double sampled_error(std::vector<double> const& x, std::vector<double> const& f, Barycentric<double> const& r);

}  // namespace nwidth::fitting::rational
