// SPDX-License-Identifier: Apache-2.0
#include "theory/number/ball_matrix.hpp"

namespace nwidth {

BallMatrix::BallMatrix(std::size_t rows, std::size_t cols, std::vector<Ball> const& entries) : BallMatrix(rows, cols) {
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < cols; ++j) set(i, j, entries[i * cols + j]);
}

void BallMatrix::set_product(BallMatrix const& a, BallMatrix const& b) {
  arb_mat_mul(m_, a.m_, b.m_, working_precision());
}

void BallMatrix::subtract_identity() {
  for (std::size_t i = 0; i < rows(); ++i) arb_sub_ui(at(i, i), at(i, i), 1, working_precision());
}

bool BallMatrix::set_approximate_inverse(BallMatrix const& a) {
  BallMatrix middle(a.rows(), a.cols());
  arb_mat_get_mid(middle.get(), a.get());
  bool const good = arb_mat_approx_inv(m_, middle.get(), working_precision()) != 0;
  take_midpoints();
  return good;
}

bool BallMatrix::certainly_positive_definite() const {
  BallMatrix factor(rows(), cols());
  return arb_mat_cho(factor.get(), m_, working_precision()) != 0;
}

std::vector<Ball> operator*(BallMatrix const& a, std::vector<Ball> const& v) {
  std::vector<Ball> r(a.rows());
  for (std::size_t i = 0; i < r.size(); ++i)
    for (std::size_t j = 0; j < v.size(); ++j) arb_addmul(r[i].get(), a.at(i, j), v[j].get(), working_precision());
  return r;
}

Ball mid(Ball x) {
  arb_get_mid_arb(x.get(), x.get());
  return x;
}

Ball symmetric(Ball const& x, unsigned long factor) {
  Ball r;
  mag_t m, floor;
  mag_init(m);
  mag_init(floor);
  arb_get_mag(m, x.get());
  mag_mul_ui(m, m, factor);
  mag_set_ui_2exp_si(floor, 1, -working_precision());
  mag_add(m, m, floor);
  arb_add_error_mag(r.get(), m);
  mag_clear(m);
  mag_clear(floor);
  return r;
}

}  // namespace nwidth
