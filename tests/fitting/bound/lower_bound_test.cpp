// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/lower_bound.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nwidth::fitting {
namespace {

TEST(ProvedFactor, says_what_is_proved) {
  LowerBound const a{BoundKind::segments, 3, 4, Rational(1) / 1000, true, ""};
  ProvedFactor const p = proved_factor(a, SplineClass::relu_power(2), Rational(3) / 2000);
  EXPECT_GE(p.factor, 1.5);
  EXPECT_LT(p.factor, 1.5 + 1e-12);
  EXPECT_EQ(p.statement,
            "over all networks of one hidden layer with 4 neurons, degree 2, the sup error is at least 1.000000e-03 "
            "(proof A); "
            "this fit has at most 1.500000e-03, within a factor 1.5000 of the best possible");
  EXPECT_NE(proved_factor(a, SplineClass::relu_power(2), Rational(1) / 700).statement.find("factor 1.4286 "),
            std::string::npos);
  LowerBound b = a;
  b.kind = BoundKind::alternation;  // says nothing of networks whose neurons have corners
  EXPECT_EQ(proved_factor(b, SplineClass::relu_power(2), Rational(3) / 2000).statement,
            "over all networks of one hidden layer with 4 neurons of ReLU^2, the sup error is at least 1.000000e-03 "
            "(proof B); "
            "this fit has at most 1.500000e-03, within a factor 1.5000 of the best possible");
  EXPECT_THROW(proved_factor(b, SplineClass{2, 2}, 1), InvalidInput);  // B does not cover knots of multiplicity 2
  EXPECT_NO_THROW(proved_factor(a, SplineClass{2, 2}, 1));
  b.kind = BoundKind::joined;  // E covers what is continuous: all multiplicities up to the degree
  EXPECT_NO_THROW(proved_factor(b, SplineClass{2, 2}, 1));
  EXPECT_NO_THROW(proved_factor(b, SplineClass{2, 1}, 1));
  EXPECT_THROW(proved_factor(b, SplineClass::polyrelu(3), 1), InvalidInput);
  EXPECT_STREQ(letter(b.kind), "E");
  EXPECT_THROW(proved_factor(a, SplineClass::relu(), 1), InvalidInput);
  EXPECT_THROW(proved_factor(a, SplineClass::relu_power(2), Rational(1) / 1001), InvalidInput);
  EXPECT_TRUE(std::isinf(
      proved_factor(LowerBound::refused(BoundKind::segments, 3, 4, "why"), SplineClass::relu_power(2), 1).factor));
}

}  // namespace
}  // namespace nwidth::fitting
