// SPDX-License-Identifier: Apache-2.0
#include "kernels/activation/stored_order.hpp"

#include <gtest/gtest.h>

#include <span>

#include "kernels/activation/polyrelu.hpp"

namespace {

using namespace nwidth;

TEST(StoredOrder, FirstIsTheHighestPower) {
  double const cubic[3] = {2, 0, 0}, linear[3] = {0, 0, 5};
  double a[4];
  activation::theory_order(cubic, 7.0, a);  // 2 u^3 + 7
  EXPECT_EQ(activation::polyrelu(3.0, std::span<double const>(a)), 61);
  activation::theory_order(linear, 0.0, a);  // 5 u
  EXPECT_EQ(activation::polyrelu(3.0, std::span<double const>(a)), 15);
  double const quadratic[2] = {2, 3};
  double b[3];
  activation::theory_order(quadratic, 1.0, b);  // 2 u^2 + 3 u + 1
  EXPECT_EQ(activation::polyrelu(10.0, std::span<double const>(b)), 231);
}

TEST(StoredOrder, GoesBack) {
  double const a[5] = {1, 2, 3, 4, 5};
  double w[4], b = 0, again[5];
  activation::stored_order(a, w, b);
  EXPECT_EQ(b, 1);
  EXPECT_EQ(w[0], 5);
  EXPECT_EQ(w[3], 2);
  activation::theory_order(w, b, again);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(again[i], a[i]);
}

}  // namespace
