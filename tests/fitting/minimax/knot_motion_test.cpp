// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/knot_motion.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/fitting/minimax/random_spline.hpp"
#include "theory/number/real.hpp"

namespace nwidth::fitting {
namespace {

TEST(KnotMotion, polynomials_do_not_notice_where_their_knots_go) {
  test::for_random(40, [](std::mt19937_64& g) {
    SplineClass const kind = test::pick(g, test::spline_classes());
    int const n = static_cast<int>(test::uniform(g, 1, 5));
    // a polynomial: a spline without knots, carried to n knots
    auto const p = test::random_spline<double>(g, kind, 0);
    auto const knots = test::random_spline<double>(g, kind, n).knots,
               others = test::random_spline<double>(g, kind, n).knots;
    auto const s = carried_over(p, kind, knots), moved = transported(s, others);
    for (int i = 0; i < 10; ++i) {
      double const x = test::uniform_real(g, -1, 1);
      EXPECT_NEAR(s(x), p(x), 1e-12);
      EXPECT_NEAR(moved(x), p(x), 1e-10);
    }
    for (CoefficientMotion<double> const& m : motion(s))
      for (std::size_t k = 0; k < m.by_knot.size(); ++k) EXPECT_TRUE(std::isfinite(m.by_knot[k]));
  });
}

TEST(KnotMotion, a_larger_space_holds_the_same_spline) {
  test::for_random(40, [](std::mt19937_64& g) {
    SplineClass const kind = test::pick(g, test::spline_classes());
    auto const s = test::random_spline<double>(g, kind, static_cast<int>(test::uniform(g, 0, 4)));
    SplineClass larger = kind;
    larger.multiplicity = static_cast<int>(test::uniform(g, kind.multiplicity, kind.degree));
    std::vector<double> knots = s.knots;
    knots.push_back(test::uniform_real(g, -0.99, 0.99));
    std::sort(knots.begin(), knots.end());
    auto const same = carried_over(s, larger, knots);
    for (int i = 0; i < 10; ++i) {
      double const x = test::uniform_real(g, -1, 1);
      EXPECT_NEAR(same(x), s(x), 1e-10);
    }
  });
}

TEST(KnotMotion, its_derivative_is_that_of_the_coefficients) {
  test::for_random(30, [](std::mt19937_64& g) {
    SplineClass const kind = test::pick(g, test::spline_classes());
    int const n = static_cast<int>(test::uniform(g, 1, 4)), k = static_cast<int>(test::uniform(g, 1, n));
    auto const s = test::random_spline<Real>(g, kind, n);
    std::vector<CoefficientMotion<Real>> const m = motion(s);
    auto knots = s.knots;
    Real const step("1e-40");
    knots[static_cast<std::size_t>(k)] += step;
    auto const moved = transported(s, knots);
    for (std::size_t j = 0; j < s.coefficients.size(); ++j) {
      int const own = k - m[j].first;
      bool const touched = 0 <= own && own < static_cast<int>(m[j].by_knot.size());
      Real const expected = touched ? m[j].by_knot[static_cast<std::size_t>(own)] : Real(0);
      EXPECT_LT(static_cast<double>(abs(Real((moved.coefficients[j] - s.coefficients[j]) / step - expected))), 1e-30);
    }
  });
}

TEST(KnotMotion, standing_still_changes_nothing) {
  test::for_random(20, [](std::mt19937_64& g) {
    auto const s = test::random_spline<double>(g, test::pick(g, test::spline_classes()), 3);
    auto const same = transported(s, s.knots);
    for (std::size_t j = 0; j < s.coefficients.size(); ++j) EXPECT_NEAR(same.coefficients[j], s.coefficients[j], 1e-12);
  });
  auto const s = FreeKnotSpline<double>{SplineClass::relu(), {-1, 1}, {0, 1}};
  EXPECT_THROW((void)carried_over(s, SplineClass::relu_power(2), {-1.0, 1.0}), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
