// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/levelled.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::rational {
namespace {

template <class T>
std::vector<T> random_reference(std::mt19937_64& g, int count, bool positive) {
  std::vector<double> x;
  for (int i = 0; i < count; ++i) x.push_back((i + test::uniform_real(g, 0.2, 0.8)) / count);
  if (!positive)
    for (double& xi : x) xi = 2 * xi - 1;
  return std::vector<T>(x.begin(), x.end());
}

/// True if there was a denominator of one sign.
template <class T>
bool expect_levelled(std::mt19937_64& g, double tolerance) {
  using std::exp;
  int const m = static_cast<int>(test::uniform(g, 0, 5)), n = static_cast<int>(test::uniform(g, 0, 4));
  Symmetry const symmetry = test::pick(g, std::vector<Symmetry>{Symmetry::none, Symmetry::even, Symmetry::odd});
  std::vector<T> const x = random_reference<T>(g, m + n + 2, symmetry != Symmetry::none);
  std::vector<T> f;
  for (T const& xi : x) f.push_back(T(exp(xi)) + T(test::uniform_real(g, -1, 1) * 1e-9));
  Levelled<T> const l = levelled_reference(x, f, m, n, symmetry);
  EXPECT_EQ(l.r.p.size(), static_cast<std::size_t>(m) + 1);
  EXPECT_EQ(l.r.q.size(), static_cast<std::size_t>(n) + 1);
  if (!l.is_valid()) return false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_GT(l.r.denominator(x[i]), 0);
    T const e = f[i] - l.r(x[i]), want = i % 2 == 0 ? l.level : T(-l.level);
    EXPECT_LT(std::abs(static_cast<double>(T(e - want))), tolerance / std::min(1.0, static_cast<double>(l.positivity)));
  }
  return true;
}

TEST(Levelled, has_an_error_of_equal_size_and_alternating_sign) {
  int valid = 0, all = 0;
  test::for_random(40, [&](std::mt19937_64& g) {
    all += 2;
    valid += expect_levelled<Real>(g, 1e-85);
    valid += expect_levelled<double>(g, 1e-10);
  });
  EXPECT_TRUE(all < 40 || 2 * valid >= all) << valid << " of " << all;
}

TEST(Levelled, of_polynomials_is_the_divided_difference) {
  // x^2 on -1, 0, 1 by lines: the level is 1/2, f - r = x^2 - 1/2
  Levelled<Real> const l = levelled_reference<Real>({-1, 0, 1}, {1, 0, 1}, 1, 0);
  ASSERT_TRUE(l.is_valid());
  EXPECT_EQ(l.level, Real(0.5));
  EXPECT_LT(abs(Real(l.r(Real(0.3)) - Real(0.5))), Real(1e-95));
}

TEST(Levelled, finds_a_quotient_again_with_its_jet) {
  test::for_random(20, [](std::mt19937_64& g) {
    double const a = test::uniform_real(g, 1.5, 3), b = test::uniform_real(g, -1, 1), c = test::uniform_real(g, 0.5, 1);
    std::vector<Real> const x = random_reference<Real>(g, 4, false);
    std::vector<Real> f;  // r + (-1)^i c for r = (1 + b x)/(a - x)
    for (std::size_t i = 0; i < x.size(); ++i)
      f.push_back((1 + Real(b) * x[i]) / (Real(a) - x[i]) + Real(i % 2 == 0 ? c : -c));
    Levelled<Real> const l = levelled_reference(x, f, 1, 1);
    ASSERT_TRUE(l.is_valid());
    EXPECT_LT(abs(Real(l.level - Real(c))), Real(1e-90));
    Real const y(test::uniform_real(g, -1, 1)), d = Real(a) - y, s = 1 + Real(a) * Real(b);
    std::array<Real, 3> const jet = l.r.jet(y);
    EXPECT_LT(abs(Real(jet[0] - (1 + Real(b) * y) / d)), Real(1e-88));
    EXPECT_LT(abs(Real(jet[1] - s / (d * d))), Real(1e-88));
    EXPECT_LT(abs(Real(jet[2] - 2 * s / (d * d * d))), Real(1e-88));
    EXPECT_LT(abs(Real(jet[0] - l.r(y))), Real(1e-95));
  });
}

TEST(Levelled, says_when_no_denominator_has_one_sign) {
  // c/q of one sign would need |level| > 1 at the ends, and then has the other sign in the middle
  Levelled<Real> const l = levelled_reference<Real>({-1, 0, 1}, {-1, Real(-0.2), 1}, 0, 1);
  EXPECT_FALSE(l.is_valid());
}

TEST(Levelled, refuses_what_is_no_reference) {
  using V = std::vector<double>;
  EXPECT_THROW(levelled_reference(V{0, 1}, V{0, 1}, 1, 0), InvalidInput);
  EXPECT_THROW(levelled_reference(V{0, 1, 1}, V{0, 1, 2}, 1, 0), InvalidInput);
  EXPECT_THROW(levelled_reference(V{0, std::nan(""), 1}, V{0, 1, 2}, 1, 0), InvalidInput);
  EXPECT_THROW(levelled_reference(V{0, 1}, V{0, 1}, -1, 1), InvalidInput);
  EXPECT_THROW(levelled_reference(V{0, 1, 2}, V{0, 1, 2}, 1, 0, Symmetry::odd), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting::rational
