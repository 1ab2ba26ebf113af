// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/krawczyk.hpp"

#include <algorithm>
#include <cmath>

#include "theory/number/ball_matrix.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting {
namespace {

constexpr int most_newton_steps = 10;

}  // namespace

EnclosedZero krawczyk(BallSystem const& system, std::vector<Ball> const& near, long bits) {
  PrecisionScope const precision(bits);
  std::size_t const n = system.size();
  EnclosedZero r;
  if (near.size() != n)
    throw InvalidInput("a start for " + std::to_string(n) + " unknowns has not " + std::to_string(near.size()));
  std::vector<Ball> centre, F, J;
  for (Ball const& x : near) centre.push_back(mid(x));
  BallMatrix Y(n, n);
  bool near_enough = false;  // the steps double the digits: the last one of 2^(-bits/2) leaves about 2^-bits
  for (int it = 0;; ++it) {
    if (!system.evaluate(centre, F, &J, r.reason)) return r;
    if (!Y.set_approximate_inverse(BallMatrix(n, n, J))) {
      r.reason = "the Jacobian is singular to working precision";
      return r;
    }
    if (near_enough || it == most_newton_steps) break;
    std::vector<Ball> const step = Y * F;
    near_enough = true;
    for (std::size_t i = 0; i < n; ++i) {
      centre[i] = mid(centre[i] - step[i]);
      near_enough =
          near_enough && step[i].magnitude() <= std::ldexp(1.0, static_cast<int>(std::max(-bits / 2, -1000L)));
    }
  }
  std::vector<Ball> const newton = Y * F;
  std::vector<Ball> image;
  for (Ball const& s : newton) image.push_back(-s);
  for (int it = 0; it < 8; ++it) {
    std::vector<Ball> radius, box;
    for (std::size_t i = 0; i < n; ++i) {
      radius.push_back(symmetric(image[i], 4));  // room for the terms of second order
      box.push_back(centre[i] + radius.back());
      if (!radius.back().is_finite()) {
        r.reason = "the Krawczyk image is unbounded";
        return r;
      }
    }
    std::vector<Ball> unused;
    if (!system.evaluate(box, unused, &J, r.reason)) return r;
    BallMatrix R(n, n);
    R.set_product(Y, BallMatrix(n, n, J));
    R.subtract_identity();
    std::vector<Ball> const second = R * radius;
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
