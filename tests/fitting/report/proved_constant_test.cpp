// SPDX-License-Identifier: Apache-2.0
#include "fitting/report/proved_constant.hpp"

#include <gtest/gtest.h>

namespace nwidth::fitting {
namespace {

TEST(ProvedConstant, reaches_the_digits_asked) {
  Function const f = Function::of("exp(x)");
  for (Norm norm : {Norm::sup, Norm::l2})
    for (int digits : {5, 60}) {
      ProvedConstant const r = proved_constant(f, SplineClass::relu_power(2), 2, norm, digits);
      EXPECT_EQ(r.claim, norm == Norm::sup ? Claim::least_error : Claim::local_minimum) << r.reason;
      EXPECT_TRUE(r.reached) << r.reason;
      Rational const relative = Rational(1) / power(Rational(10), static_cast<unsigned>(digits));
      EXPECT_LE(r.error.upper() - r.error.lower(), r.error.upper() * relative);
      EXPECT_NEAR(r.fitted, r.error.to_double(), 1e-9);
      ASSERT_EQ(r.knots.size(), 2u);
      for (Ball const& t : r.knots) EXPECT_LE(t.upper() - t.lower(), 2 * relative);
      EXPECT_EQ(r.points.size(), norm == Norm::sup ? 8u : 0u);
      EXPECT_EQ(r.jumps.size(), 2u);
    }
}

TEST(ProvedConstant, is_no_less_in_sup_than_in_l2) {
  // ||e||_2 <= sqrt(b - a) sup |e|: the least error in sup bounds that of the minimum in L2, if it is the least there
  Function const f = Function::of("exp(x)+x^2/3", 0, Rational(7) / 3);
  for (SplineClass const& kind : {SplineClass::relu(), SplineClass::polyrelu()}) {
    ProvedConstant const sup = proved_constant(f, kind, 2, Norm::sup, 20);
    ProvedConstant const l2 = proved_constant(f, kind, 2, Norm::l2, 20);
    ASSERT_EQ(sup.claim, Claim::least_error) << sup.reason;
    ASSERT_EQ(l2.claim, Claim::local_minimum) << l2.reason;
    EXPECT_TRUE(certainly_less(power(l2.error, 2), Ball(Rational(7) / 3) * power(sup.error, 2)));
    EXPECT_TRUE(certainly_less(Ball(Rational(7) / 3) * power(sup.error, 2), Ball(4) * power(l2.error, 2)));
  }
}

TEST(ProvedConstant, claims_nothing_without_a_reason) {
  ProvedConstant const r = proved_constant(Function::of("sin(4*pi*x)"), SplineClass::relu(), 4, Norm::sup, 20);
  EXPECT_EQ(r.claim, Claim::nothing);
  EXPECT_FALSE(r.reached);
  EXPECT_FALSE(r.reason.empty());
  ProvedConstant const idle = proved_constant(Function::of("abs(x)^1.5"), SplineClass::relu_power(2), 1, Norm::sup, 20);
  EXPECT_EQ(idle.claim, Claim::nothing);
  EXPECT_NE(idle.reason.find("does nothing"), std::string::npos) << idle.reason;
  Function const f = Function::of("exp(x)");
  EXPECT_THROW(proved_constant(f, SplineClass::relu(), 65, Norm::sup, 20), InvalidInput);
  EXPECT_THROW(proved_constant(f, SplineClass::relu(), 1, Norm::sup, 61), InvalidInput);
  EXPECT_THROW(proved_constant(Function::of("wild-spline:n=2"), SplineClass::relu(), 1, Norm::l2, 20), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
