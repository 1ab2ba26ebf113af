// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/gauss.hpp"

#include <gtest/gtest.h>

#include "theory/number/error.hpp"
#include "theory/number/real.hpp"

namespace nwidth::fitting {
namespace {

TEST(GaussRule, integrates_powers_exactly_and_no_more) {
  for (int q : {1, 2, 3, 8, 10, 40}) {
    GaussRule<Real> const& rule = gauss_rule<Real>(q);
    ASSERT_EQ(rule.node.size(), static_cast<std::size_t>(q));
    for (int k = 0; k <= 2 * q; ++k) {
      Real sum = 0;
      for (std::size_t i = 0; i < rule.node.size(); ++i) sum += rule.weight[i] * pow(rule.node[i], k);
      Real const gap = abs(Real(sum - Real(1) / (k + 1)));
      if (k < 2 * q)
        EXPECT_LT(gap, Real(1e-95)) << q << ' ' << k;
      else
        EXPECT_GT(gap, Real(1e-60)) << q << ' ' << k;  // (q!)^4 / ((2q+1) ((2q)!)^2)
    }
  }
}

TEST(GaussRule, in_double_is_the_rounded_one) {
  for (int q : {1, 7, 64, 128}) {
    GaussRule<double> const& rule = gauss_rule<double>(q);
    GaussRule<Real> const& fine = gauss_rule<Real>(q);
    for (std::size_t i = 0; i < rule.node.size(); ++i) {
      EXPECT_EQ(rule.node[i], static_cast<double>(fine.node[i]));
      EXPECT_EQ(rule.weight[i], static_cast<double>(fine.weight[i]));
      if (i > 0) {
        EXPECT_LT(rule.node[i - 1], rule.node[i]);
      }
    }
  }
  EXPECT_THROW(gauss_rule<double>(0), InvalidInput);
  EXPECT_THROW(gauss_rule<double>(129), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
