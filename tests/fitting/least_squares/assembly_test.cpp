// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/assembly.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "theory/number/real.hpp"

namespace nwidth::fitting {
namespace {

std::vector<SplineClass> const classes{SplineClass::relu(),      SplineClass::relu_power(2), SplineClass::relu_power(3),
                                       SplineClass::polyrelu(3), SplineClass::polyrelu(2),   {3, 2}};

template <class T>
FreeKnotSpline<T> random_spline(std::mt19937_64& g, SplineClass kind, int n) {
  FreeKnotSpline<T> s{kind, {T(-1)}, {}};
  for (int i = 1; i <= n; ++i) s.knots.push_back(T(2.0 * i / (n + 1) - 1 + test::uniform_real(g, -0.4, 0.4) / (n + 1)));
  s.knots.push_back(T(1));
  for (int i = 0; i < kind.dimension(n); ++i) s.coefficients.push_back(T(test::uniform_real(g, -1, 1)));
  return s;
}

Real& variable(FreeKnotSpline<Real>& s, int v) {
  for (int k = 1; k <= s.interior_knots(); ++k)
    if (variable_of_knot(s.kind, k) == v) return s.knots[index(k)];
  for (int j = 0; j < s.kind.dimension(s.interior_knots()); ++j)
    if (variable_of_coefficient(s.kind, s.interior_knots(), j) == v) return s.coefficients[index(j)];
  throw std::logic_error("no variable " + std::to_string(v));
}

Real total(Function const& f, MovingNodes<Real> const& nodes, Objective const& objective,
           FreeKnotSpline<Real> const& s) {
  Real sum = 0;
  for (Real const& v : segment_values(f, nodes, objective, s, Real(0.25))) sum += v;
  return sum;
}

// differences of step 1e-25 in 100 digits: nothing is left to tolerance but 1e-18
TEST(SecondOrder, is_the_derivative_of_the_objective) {
  std::size_t turn = 0;  // every class with 1 to 4 knots: near the ends the band of the Hessian is a matter of both
  test::for_random(static_cast<int>(4 * classes.size()), [&turn](std::mt19937_64& g) {
    SplineClass const kind = classes[turn % classes.size()];
    int const n = 1 + static_cast<int>(turn++ / classes.size() % 4);
    FreeKnotSpline<Real> s = random_spline<Real>(g, kind, n);
    Function const f = Function::of(test::coin(g) ? "exp(x)" : "relu(x-1/5)^5+sin(2*x)");  // with a break, and without
    MovingNodes<Real> const nodes(f, {6, 2, 4});
    Objective objective;
    objective.p = test::coin(g) ? 2 : 4;
    if (test::coin(g)) objective.weights = {0.5, 2};
    Real const step(1e-25);
    SecondOrder<Real> const here = second_order(f, nodes, objective, s, Real(0.25));
    Real const value = total(f, nodes, objective, s);
    EXPECT_LT(abs(Real(here.value - value)), Real(1e-90) * value);
    int const size = here.hessian.size();
    ASSERT_EQ(size, n + kind.dimension(n));
    int const v = static_cast<int>(g() % static_cast<std::uint64_t>(size));
    FreeKnotSpline<Real> up = s, down = s;
    variable(up, v) += step;
    variable(down, v) -= step;
    Real const slope = (total(f, nodes, objective, up) - total(f, nodes, objective, down)) / (2 * step);
    EXPECT_LT(abs(Real(slope - here.gradient[index(v)])), Real(1e-18) * (1 + abs(slope)));
    SecondOrder<Real> const above = second_order(f, nodes, objective, up, Real(0.25));
    SecondOrder<Real> const below = second_order(f, nodes, objective, down, Real(0.25));
    for (int w = 0; w < size; ++w) {
      Real const bend = (above.gradient[index(w)] - below.gradient[index(w)]) / (2 * step);
      int const high = std::max(v, w), low = std::min(v, w);
      Real const entry = high - low <= here.hessian.band() ? here.hessian.at(high, low) : Real(0);
      EXPECT_LT(abs(Real(bend - entry)), Real(1e-18) * (1 + abs(bend))) << v << ' ' << w;
    }
  });
}

TEST(BernsteinMap, is_the_blossom) {
  test::for_random(40, [](std::mt19937_64& g) {
    SplineClass const kind = classes[g() % classes.size()];
    auto const s = random_spline<double>(g, kind, static_cast<int>(g() % 5));
    for (int i = 0; i < s.segments(); ++i) {
      BernsteinMap<double> const map = bernstein_map(s, i);
      std::vector<double> const b = s.bernstein(i);
      for (int k = 0; k <= kind.degree; ++k) {
        double sum = map.constant ? s.coefficients[index(s.first_coefficient(i) + k)] : 0;
        for (int j = 0; !map.constant && j <= kind.degree; ++j)
          sum += map.value(k, j) * s.coefficients[index(s.first_coefficient(i) + j)];
        EXPECT_NEAR(sum, b[index(k)], 1e-13);
      }
    }
  });
}

TEST(FitCoefficients, finds_a_member_of_the_class_and_the_orthogonal_error) {
  test::for_random(10, [](std::mt19937_64& g) {
    SplineClass const kind = classes[g() % classes.size()];
    auto s = random_spline<double>(g, kind, 3);
    Function const f = Function::of("exp(x)");
    MovingNodes<double> const nodes(f, {kind.degree + 7, 1, 12});
    double condition = 0;
    ASSERT_TRUE(fit_coefficients<double>(f, nodes, {1}, s, &condition));
    EXPECT_GE(condition, 1);
    EXPECT_LT(condition, 50);  // B-splines: independent of the knots, de Boor
    SecondOrder<double> const at = second_order(f, nodes, Objective{}, s, 1.0);
    for (int j = 0; j < kind.dimension(3); ++j)  // stationary in the coefficients
      EXPECT_LT(std::abs(at.gradient[index(variable_of_coefficient(kind, 3, j))]), 1e-14);
  });
}

TEST(Objective, is_checked) {
  EXPECT_THROW(check({1, {1}}, SplineClass::relu()), InvalidInput);
  EXPECT_THROW(check({std::nan(""), {1}}, SplineClass::relu()), InvalidInput);
  EXPECT_THROW(check({2, {}}, SplineClass::relu()), InvalidInput);
  EXPECT_THROW(check({2, {0, 0}}, SplineClass::relu()), InvalidInput);
  EXPECT_THROW(check({2, {1, -1}}, SplineClass::relu()), InvalidInput);
  EXPECT_THROW(check({2, {1, 1, 1}}, SplineClass::relu()), InvalidInput);  // s'' is no function
  EXPECT_NO_THROW(check({2, {1, 1, 1}}, SplineClass::relu_power(2)));
}

}  // namespace
}  // namespace nwidth::fitting
