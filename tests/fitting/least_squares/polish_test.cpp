// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/polish.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fitting/least_squares/fit_l2.hpp"
#include "fitting/start/equidistribution.hpp"

namespace nwidth::fitting {
namespace {

PolishedFit polished(char const* text, SplineClass kind, int n, int digits) {
  Function const f = Function::of(text);
  return polish(f, fit_l2(f, kind, equidistribution(f, kind.order(), 2, n)).spline, digits);
}

// found by Newton's method with other coordinates and quadrature in 50 digits and more
TEST(Polish, reaches_the_known_constants_of_exp) {
  struct Row {
    int pieces, digits;
    char const* error;
  };
  for (Row const& row : {Row{2, 18, ".056594365850319913679"}, Row{4, 18, ".014097114174510042114"},
                         Row{5, 30, ".0090181232353797467494128463391704"}, Row{8, 18, ".0035209910266529841690"},
                         Row{16, 18, ".00088004105724780631857"}, Row{32, 18, ".00021999732573148561164"}}) {
    PolishedFit const r = polished("exp(x)", SplineClass::relu(), row.pieces - 1, row.digits);
    EXPECT_EQ(r.outcome.status, Status::converged) << r.outcome.detail;
    Real const truth(row.error);
    EXPECT_LT(abs(Real(r.error - truth)), truth * pow(Real(10), -row.digits)) << row.pieces << ' ' << r.error;
  }
}

TEST(Polish, finds_one_minimum_for_all_digits_asked) {
  for (SplineClass kind : {SplineClass::relu_power(2), SplineClass::relu_power(3), SplineClass::polyrelu(3)}) {
    PolishedFit const rough = polished("exp(x)", kind, 3, 12), fine = polished("exp(x)", kind, 3, 32);
    EXPECT_EQ(fine.outcome.status, Status::converged) << fine.outcome.detail;
    EXPECT_LT(abs(Real(rough.error / fine.error - 1)), Real(1e-12));
    for (std::size_t k = 0; k < fine.spline.knots.size(); ++k)
      EXPECT_LT(abs(Real(rough.spline.knots[k] - fine.spline.knots[k])), Real(1e-9));
  }
}

TEST(Polish, goes_on_where_double_ends) {
  Function const f = Function::of("exp(x/8)");  // the error of 4 cubic segments: 1e-10 relative in double
  SplineFit const fit = fit_l2(f, SplineClass::polyrelu(3), equidistribution(f, 4, 2, 24));
  PolishedFit const r = polish(f, fit.spline, 16);
  EXPECT_EQ(r.outcome.status, Status::converged) << r.outcome.detail;
  // the constant 1/5040 of continuous cubics: K (int |f^(4)|^s)^{1/s} N^-4, s = 2/9; corrections are of order N^-2
  double const s = 2.0 / 9, a = s / 8, integral = 2 * std::sinh(a) / a;
  double const leading = std::pow(integral, 1 / s) / 5040 * std::pow(0.125, 4) * std::pow(25.0, -4);
  EXPECT_NEAR(static_cast<double>(r.error) / leading, 1, 1e-4);
}

TEST(Polish, refuses_bad_input) {
  Function const f = Function::of("exp(x)");
  FreeKnotSpline<double> const line{SplineClass::relu(), {-1, 1}, {0, 1}};
  EXPECT_THROW(polish(f, line, 41), InvalidInput);
  EXPECT_THROW(polish(f, line, 0), InvalidInput);
  EXPECT_EQ(polish(Function::of("x"), line, 20).outcome.status, Status::below_precision);
}

}  // namespace
}  // namespace nwidth::fitting
