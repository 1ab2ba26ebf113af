// SPDX-License-Identifier: Apache-2.0
/// Matrices of balls, and what Krawczyk's method does with balls: a small RAII type over arb_mat.
#pragma once
#include <arb_mat.h>

#include <vector>

#include "theory/number/ball.hpp"

namespace nwidth {

/// rows x cols balls, 0 at first. Operations round outward to the working precision.
class BallMatrix {
 public:
  BallMatrix(std::size_t rows, std::size_t cols) {
    arb_mat_init(m_, static_cast<slong>(rows), static_cast<slong>(cols));
  }
  /// @param entries  row by row, rows * cols of them
  BallMatrix(std::size_t rows, std::size_t cols, std::vector<Ball> const& entries);
  ~BallMatrix() { arb_mat_clear(m_); }
  BallMatrix(BallMatrix const&) = delete;
  BallMatrix& operator=(BallMatrix const&) = delete;

  std::size_t rows() const { return static_cast<std::size_t>(arb_mat_nrows(m_)); }
  std::size_t cols() const { return static_cast<std::size_t>(arb_mat_ncols(m_)); }
  arb_ptr at(std::size_t i, std::size_t j) { return arb_mat_entry(m_, i, j); }
  arb_srcptr at(std::size_t i, std::size_t j) const { return arb_mat_entry(m_, i, j); }
  void set(std::size_t i, std::size_t j, Ball const& x) { arb_set(at(i, j), x.get()); }
  arb_mat_struct* get() { return m_; }
  arb_mat_struct const* get() const { return m_; }

  /// Every entry to its midpoint.
  void take_midpoints() { arb_mat_get_mid(m_, m_); }
  /// this := a b, neither of which is this.
  void set_product(BallMatrix const& a, BallMatrix const& b);
  void subtract_identity();
  /// this := about the inverse of the midpoints of the square matrix a, without radii: a preconditioner, no enclosure.
  /// @return false if they are singular to working precision
  bool set_approximate_inverse(BallMatrix const& a);
  /// True only if every symmetric matrix whose lower triangle lies in this one's is positive definite: by Cholesky's
  /// factors in balls.
  bool certainly_positive_definite() const;

 private:
  arb_mat_t m_;
};

std::vector<Ball> operator*(BallMatrix const& a, std::vector<Ball> const& v);

/// The midpoint as a ball of radius 0.
Ball mid(Ball x);
/// [-r, r] with r = factor * max|x| + 2^-bits, bits the working precision.
Ball symmetric(Ball const& x, unsigned long factor);

}  // namespace nwidth
