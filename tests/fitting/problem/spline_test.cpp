// SPDX-License-Identifier: Apache-2.0
#include "fitting/problem/spline.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/random.hpp"
#include "theory/number/real.hpp"
#include "theory/width/spline_space.hpp"

namespace nwidth::fitting {
namespace {

double unit(std::mt19937_64& g) { return static_cast<double>(g() >> 11) * 0x1p-53; }

template <class T>
FreeKnotSpline<T> random_spline(std::mt19937_64& g, SplineClass kind, int n) {
  FreeKnotSpline<T> s{kind, {T(-1)}, {}};
  std::vector<double> inner;
  for (int i = 0; i < n; ++i) inner.push_back(static_cast<double>(i + 1) * 2 / (n + 1) - 1 + (unit(g) - 0.5) / (n + 1));
  for (double t : inner) s.knots.push_back(T(t));
  s.knots.push_back(T(1));
  for (int i = 0; i < kind.dimension(n); ++i) s.coefficients.push_back(T(2 * unit(g) - 1));
  s.validate();
  return s;
}

std::vector<SplineClass> const classes{SplineClass::relu(),        SplineClass::relu_power(2),
                                       SplineClass::relu_power(3), SplineClass::polyrelu(3),
                                       SplineClass::polyrelu(2),   {4, 2},
                                       SplineClass::relu_power(5)};

TEST(FreeKnotSpline, agrees_with_the_enclosed_splines_of_theory) {
  test::for_random(20, [](std::mt19937_64& g) {
    int const p = 1 + static_cast<int>(g() % 4), n = static_cast<int>(g() % 6);
    auto const s = random_spline<double>(g, SplineClass::relu_power(p), n);
    std::vector<Rational> knots;
    std::vector<Ball> coefficients;
    for (int i = 1; i <= n; ++i) knots.push_back(exact(Real(s.knots[static_cast<std::size_t>(i)])));
    for (double c : s.coefficients) coefficients.push_back(Ball(c));
    width::Spline const peer(p, knots, coefficients);
    for (int i = 0; i < 10; ++i) {
      double const x = 2 * unit(g) - 1;
      EXPECT_NEAR(s(x), peer(exact(Real(x))).to_double(), 1e-13);
    }
  });
}

TEST(FreeKnotSpline, is_its_bernstein_form_and_its_taylor_polynomial_on_each_segment) {
  test::for_random(40, [](std::mt19937_64& g) {
    SplineClass const kind = classes[g() % classes.size()];
    auto const s = random_spline<double>(g, kind, static_cast<int>(g() % 5));
    for (int i = 0; i < s.segments(); ++i) {
      double const l = s.knots[static_cast<std::size_t>(i)], r = s.knots[static_cast<std::size_t>(i) + 1];
      double const theta = unit(g), x = l + theta * (r - l), center = l + unit(g) * (r - l);
      std::vector<double> b = s.bernstein(i);
      EXPECT_NEAR(b.front(), s(l), 1e-12);
      for (std::size_t level = b.size(); level > 1; --level)
        for (std::size_t j = 0; j + 1 < level; ++j) b[j] = (1 - theta) * b[j] + theta * b[j + 1];
      EXPECT_NEAR(b[0], s(x), 1e-12);
      std::vector<double> const c = s.taylor(i, center);
      double sum = 0, power = 1;
      for (double ck : c) {
        sum += ck * power;
        power *= x - center;
      }
      EXPECT_NEAR(sum, s(x), 1e-11);
    }
  });
}

TEST(FreeKnotSpline, is_smooth_at_knots_as_its_class_says_and_no_smoother) {
  test::for_random(20, [](std::mt19937_64& g) {
    SplineClass const kind = classes[g() % classes.size()];
    auto const s = random_spline<Real>(g, kind, 3);
    for (int i = 1; i <= 3; ++i) {
      Real const t = s.knots[static_cast<std::size_t>(i)];
      std::vector<Real> const left = s.taylor(i - 1, t), right = s.taylor(i, t);
      for (int k = 0; k <= kind.degree; ++k) {
        std::size_t const at = static_cast<std::size_t>(k);
        Real const jump = abs(Real(right[at] - left[at]));
        if (k <= kind.degree - kind.multiplicity)
          EXPECT_LT(jump, Real(1e-80)) << kind.degree << ' ' << kind.multiplicity;
        else
          EXPECT_GT(jump, Real(1e-20)) << kind.degree << ' ' << kind.multiplicity;
      }
    }
  });
}

TEST(FreeKnotSpline, refuses_what_is_no_spline) {
  EXPECT_THROW((FreeKnotSpline<double>{{1, 1}, {-1, 1}, {0}}.validate()), InvalidInput);
  EXPECT_THROW((FreeKnotSpline<double>{{1, 1}, {-1, 0.5, 0.5, 1}, {0, 0, 0, 0}}.validate()), InvalidInput);
  EXPECT_THROW((FreeKnotSpline<double>{{2, 3}, {-1, 1}, {0, 0, 0}}.validate()), InvalidInput);
  double const nan = std::nan("");
  EXPECT_THROW((FreeKnotSpline<double>{{1, 1}, {-1, nan, 1}, {0, 0, 0}}.validate()), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
