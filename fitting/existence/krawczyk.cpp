// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/krawczyk.hpp"

#include <arb_mat.h>

#include <algorithm>

#include "theory/number/error.hpp"

namespace nwidth::fitting {
namespace {

class Matrix {
 public:
  explicit Matrix(std::size_t n) : n_(n) { arb_mat_init(m_, static_cast<slong>(n), static_cast<slong>(n)); }
  Matrix(std::size_t n, std::vector<Ball> const& rows) : Matrix(n) {
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) arb_set(at(i, j), rows[i * n + j].get());
  }
  ~Matrix() { arb_mat_clear(m_); }
  Matrix(Matrix const&) = delete;
  Matrix& operator=(Matrix const&) = delete;
  arb_ptr at(std::size_t i, std::size_t j) { return arb_mat_entry(m_, i, j); }
  arb_mat_struct* get() { return m_; }
  std::size_t size() const { return n_; }

 private:
  std::size_t n_;
  arb_mat_t m_;
};

std::vector<Ball> product(Matrix& a, std::vector<Ball> const& v) {
  std::vector<Ball> r(a.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < a.size(); ++j) arb_addmul(r[i].get(), a.at(i, j), v[j].get(), working_precision());
  return r;
}

Ball midpoint(Ball x) {
  arb_get_mid_arb(x.get(), x.get());
  return x;
}

/// [-r, r], r = 4 max|x| + 2^-bits: room for the terms of second order.
Ball symmetric(Ball const& x) {
  Ball r;
  mag_t m, floor;
  mag_init(m);
  mag_init(floor);
  arb_get_mag(m, x.get());
  mag_mul_ui(m, m, 4);
  mag_set_ui_2exp_si(floor, 1, -working_precision());
  mag_add(m, m, floor);
  arb_add_error_mag(r.get(), m);
  mag_clear(m);
  mag_clear(floor);
  return r;
}

/// The inverse of the midpoints of the Jacobian, about.
bool invert(Matrix& Y, std::size_t n, std::vector<Ball> const& jacobian) {
  Matrix J(n, jacobian);
  arb_mat_get_mid(J.get(), J.get());
  bool const good = arb_mat_approx_inv(Y.get(), J.get(), working_precision()) != 0;
  arb_mat_get_mid(Y.get(), Y.get());
  return good;
}

}  // namespace

EnclosedZero krawczyk(BallSystem const& system, std::vector<Ball> const& near, long bits) {
  PrecisionScope const precision(bits);
  std::size_t const n = system.size();
  EnclosedZero r;
  if (near.size() != n)
    throw InvalidInput("a start for " + std::to_string(n) + " unknowns has not " + std::to_string(near.size()));
  std::vector<Ball> centre, F, J;
  for (Ball const& x : near) centre.push_back(midpoint(x));
  Matrix Y(n);
  for (int it = 0; it <= 4; ++it) {  // the start has the digits of Real or double; the last step only prepares Y
    if (!system.evaluate(centre, F, &J, r.reason)) return r;
    if (!invert(Y, n, J)) {
      r.reason = "the Jacobian is singular to working precision";
      return r;
    }
    if (it == 4) break;
    std::vector<Ball> const step = product(Y, F);
    for (std::size_t i = 0; i < n; ++i) centre[i] = midpoint(centre[i] - step[i]);
  }
  std::vector<Ball> const newton = product(Y, F);
  std::vector<Ball> image;
  for (Ball const& s : newton) image.push_back(-s);
  for (int it = 0; it < 8; ++it) {
    std::vector<Ball> radius, box;
    for (std::size_t i = 0; i < n; ++i) {
      radius.push_back(symmetric(image[i]));
      box.push_back(centre[i] + radius.back());
      if (!radius.back().is_finite()) {
        r.reason = "the Krawczyk image is unbounded";
        return r;
      }
    }
    std::vector<Ball> unused;
    if (!system.evaluate(box, unused, &J, r.reason)) return r;
    Matrix over(n, J), R(n);
    arb_mat_mul(R.get(), Y.get(), over.get(), working_precision());
    for (std::size_t i = 0; i < n; ++i) arb_sub_ui(R.at(i, i), R.at(i, i), 1, working_precision());
    std::vector<Ball> const second = product(R, radius);
    bool inside = true;
    double largest = 0, widest = 0;
    for (std::size_t i = 0; i < n; ++i) {
      image[i] = -newton[i] - second[i];
      // box[i] is rounded outward from centre + radius: the interior of the exact box is what counts
      inside = inside && image[i].is_finite() && arb_contains_interior(radius[i].get(), image[i].get()) != 0;
      largest = std::max(largest, image[i].magnitude());
      widest = std::max(widest, radius[i].magnitude());
    }
    r.contraction = widest > 0 ? largest / widest : 0;
    if (!inside) continue;
    for (std::size_t i = 0; i < n; ++i) r.x.push_back(centre[i] + image[i]);
    r.proved = true;
    r.reason.clear();
    return r;
  }
  r.reason = "the Krawczyk image is not inside its box";
  return r;
}

}  // namespace nwidth::fitting
