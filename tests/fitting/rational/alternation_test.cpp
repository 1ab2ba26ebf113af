// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/alternation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/constants/constants.hpp>
#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting::rational {
namespace {

template <class T>
RationalFunction<T> constant(T const& c) {
  RationalFunction<T> r;
  r.basis.beta = {T(1)};
  r.p = {c};
  r.q = {T(1)};
  return r;
}

TEST(ErrorExtrema, are_those_of_a_cosine) {
  Function const f = Function::of("cos(7*x)");
  SupProblem<Real> const problem(f, Symmetry::none);
  std::vector<Real> reference;
  for (int i = 0; i <= 10; ++i) reference.push_back(Real(i) / 5 - 1);
  ErrorExtrema<Real> const e = error_extrema(problem, constant(Real(0)), reference, 6, Real(1e-50));
  ASSERT_FALSE(e.pole);
  Real const pi = boost::math::constants::pi<Real>();
  ASSERT_EQ(e.points.size(), 5u);  // k pi/7, |k| <= 2
  for (int k = -2; k <= 2; ++k) {
    Extremum<Real> const& p = e.points[static_cast<std::size_t>(k + 2)];
    EXPECT_LT(abs(Real(p.x - k * pi / 7)), Real(1e-49));
    EXPECT_LT(abs(Real(p.error - (k % 2 == 0 ? 1 : -1))), Real(1e-95));
  }
  EXPECT_LT(abs(Real(e.largest() - 1)), Real(1e-95));
}

TEST(ErrorExtrema, stand_at_kinks_and_ends_too) {
  Function const f = Function::of("abs(x-1/3)");
  SupProblem<Real> const problem(f, Symmetry::none);
  ASSERT_EQ(problem.breaks.size(), 1u);
  ErrorExtrema<Real> const e =
      error_extrema(problem, constant(Real(0.5)), {Real(-1), Real(0), Real(1)}, 4, Real(1e-30));
  ASSERT_EQ(e.points.size(), 3u);
  EXPECT_EQ(e.points[0].x, -1);
  EXPECT_LT(abs(Real(e.points[1].x - Real(1) / 3)), Real(1e-36));
  EXPECT_EQ(e.points[2].x, 1);
}

TEST(ErrorExtrema, reports_poles) {
  Function const f = Function::of("exp(x)");
  SupProblem<double> const problem(f, Symmetry::none);
  RationalFunction<double> r = constant(1.0);
  r.basis = {{0.0}, {1, 1}};
  r.q = {0.1, 1};  // 0.1 + x
  ErrorExtrema<double> const e = error_extrema(problem, r, {-1, 0, 1}, 4, 1e-6);
  EXPECT_TRUE(e.pole);
  EXPECT_TRUE(e.points.empty());
  EXPECT_LE(e.pole_at, -0.1);
}

TEST(Alternating, keeps_the_largest_and_the_signs) {
  test::for_random(300, [](std::mt19937_64& g) {
    std::vector<Extremum<double>> points;
    int const all = static_cast<int>(test::uniform(g, 1, 15));
    double most = 0;
    for (int i = 0; i < all; ++i) {
      double const size = test::uniform_real(g, 0.01, 1);
      points.push_back({static_cast<double>(i), i % 2 == 0 ? size : -size});
      most = std::max(most, size);
    }
    std::size_t const count = static_cast<std::size_t>(test::uniform(g, 1, 15));
    std::vector<Extremum<double>> const kept = alternating(points, count);
    if (points.size() < count) {
      EXPECT_TRUE(kept.empty());
      return;
    }
    ASSERT_EQ(kept.size(), count);
    double kept_most = 0;
    for (std::size_t i = 0; i < count; ++i) {
      kept_most = std::max(kept_most, std::abs(kept[i].error));
      if (i == 0) continue;
      EXPECT_LT(kept[i - 1].x, kept[i].x);
      EXPECT_LT(kept[i - 1].error * kept[i].error, 0);
    }
    EXPECT_EQ(kept_most, most);
  });
}

}  // namespace
}  // namespace nwidth::fitting::rational
