// SPDX-License-Identifier: Apache-2.0
/// Random inputs, and results held to their error bounds.
#pragma once
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/kernels/cuda/buffer.hpp"
#include "tests/kernels/cuda/reference.hpp"

namespace nwidth::kernels::cuda {

/// The unit roundoff of what is stored, and of the arithmetic.
template <class E>
double stored_error() {
  return sizeof(E) == 4 ? 0 : 0x1p-8;
}
inline constexpr double u = 0x1p-24;

template <class E>
struct Case {
  Coefficients c;
  std::vector<double> x, g;
  Buffer<E> bx, bg;

  Case(std::mt19937_64& random, std::size_t n, std::size_t offset = 0) : x(n), g(n), bx(n, offset), bg(n, offset) {
    auto const next = [&] { return static_cast<float>(static_cast<double>(random() >> 11) * 0x1p-51 - 2); };
    c = {{next(), next(), next()}, next(), 1e-6F};
    for (std::size_t i = 0; i < n; ++i) {
      bx[i] = from_float<E>(i % 17 == 3 ? 0.F : next());
      bg[i] = from_float<E>(next());
      x[i] = to_float(bx[i]);
      g[i] = to_float(bg[i]);
    }
  }
};

template <class E>
void expect_near(reference::Result const& truth, Buffer<E>& y, Buffer<E>& dx, float const* d, double terms,
                 char const* what) {
  for (std::size_t i = 0; i < truth.y.size(); ++i) {
    double const y_bound = stored_error<E>() * std::abs(truth.y[i]) + terms * u * truth.y_size[i];
    double const dx_bound = stored_error<E>() * std::abs(truth.dx[i]) + terms * u * truth.dx_size[i];
    ASSERT_LE(std::abs(to_float(y[i]) - truth.y[i]), y_bound) << what << " y " << i;
    ASSERT_LE(std::abs(to_float(dx[i]) - truth.dx[i]), dx_bound) << what << " dx " << i;
  }
  for (int q = 0; q < 4; ++q)
    EXPECT_LE(std::abs(static_cast<double>(d[q]) - truth.d[q].value), terms * u * truth.d[q].size) << what << " " << q;
}

// rounding terms of a value: Horner and, for PolyNorm, sums of a row by at most 64 additions a thread and two trees
inline constexpr double polyrelu_terms = 24, polynorm_terms = 48;

}  // namespace nwidth::kernels::cuda
