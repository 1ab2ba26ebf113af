// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/sequential_linear.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/fitting/minimax/random_spline.hpp"

namespace nwidth::fitting {
namespace {

template <class T>
FreeKnotSpline<T> blank(SplineClass kind, std::vector<double> const& knots) {
  FreeKnotSpline<T> s{kind, {}, {}};
  for (double t : knots) s.knots.push_back(T(t));
  s.coefficients.assign(static_cast<std::size_t>(kind.dimension(s.interior_knots())), T(0));
  return s;
}

TEST(LinearMinimax, reaches_the_best_polynomials) {
  Function const f = Function::of("exp(x)");
  std::vector<double> const errors{0,
                                   .2788015857955023404141,
                                   4.501738840281901439579e-2,
                                   5.528370108687588533370e-3,
                                   5.466676005137979474525e-4,
                                   4.520551192611582586092e-5,
                                   3.210877103361146588421e-6};
  for (int d = 1; d <= 6; ++d) {
    SequentialFit<double> const fit = linear_minimax(f, blank<double>(SplineClass::relu_power(d), {-1, 1}));
    EXPECT_NEAR(fit.survey.sup / errors[static_cast<std::size_t>(d)], 1, 1e-8) << d;
    EXPECT_EQ(fit.outcome.status, Status::flat);
  }
}

TEST(LinearMinimax, works_below_the_precision_of_double) {
  // best polynomials of degree 6 for exp(x/2^20) - its error is 7e-40 of the function: 1/(7! 2^6) 2^{-140}
  Function const f = Function::of("exp(x/1048576)");
  SequentialFit<Real> const fit = linear_minimax(f, blank<Real>(SplineClass::relu_power(6), {-1, 1}));
  Real const expected = boost::multiprecision::ldexp(Real(1) / 5040 / 64, -140);
  EXPECT_NEAR(static_cast<double>(fit.survey.sup / expected), 1, 1e-5);
}

TEST(LinearMinimax, is_not_beaten_by_neighbours) {
  Function const f = Function::of("sin(3*x)+abs(x-1/5)");
  test::for_random(15, [&](std::mt19937_64& g) {
    SplineClass const kind = test::pick(g, test::spline_classes());
    auto const start = test::random_spline<double>(g, kind, static_cast<int>(test::uniform(g, 0, 4)));
    SequentialFit<double> const fit = linear_minimax(f, start);
    EXPECT_EQ(fit.spline.knots, start.knots);
    for (int i = 0; i < 30; ++i) {  // the problem is convex: no step in any direction lowers the level
      auto other = fit.spline;
      double const size = fit.survey.sup * std::pow(10, test::uniform_real(g, -5, 0));
      for (double& c : other.coefficients) c += size * test::uniform_real(g, -1, 1);
      EXPECT_GE(ErrorCurve<double>(f, other).survey().sup, fit.survey.sup * (1 - 1e-8));
    }
  });
}

TEST(SequentialLinear, lowers_the_level_and_never_raises_it) {
  std::vector<Function> const functions{Function::of("exp(x)"), Function::of("1/(1+25*x^2)"),
                                        Function::of("abs(x)^(3/2)")};
  test::for_random(12, [&](std::mt19937_64& g) {
    Function const& f = functions[g() % functions.size()];
    std::vector<SplineClass> const kinds{SplineClass::relu(), SplineClass::relu_power(2), SplineClass::polyrelu(3)};
    auto start = test::random_spline<double>(g, test::pick(g, kinds), static_cast<int>(test::uniform(g, 1, 5)));
    double level = ErrorCurve<double>(f, start).survey().sup;
    double const linear = linear_minimax(f, start).survey.sup;
    SequentialOptions one;
    one.max_iterations = 1;
    for (int step = 0; step < 8; ++step) {
      SequentialFit<double> const fit = sequential_linear(f, start, {}, one);
      EXPECT_LE(fit.survey.sup, level);
      level = fit.survey.sup;
      start = fit.spline;
      start.validate();
    }
    EXPECT_LE(level, linear * (1 + 1e-9));
  });
}

TEST(SequentialLinear, samples_move_with_their_segment) {
  // with samples fixed in place the iteration stalls at 1.177e-2: the extrema sit on the knots
  Function const f = Function::of("exp(x)");
  SequentialFit<double> const start =
      linear_minimax(f, blank<double>(SplineClass::relu(), {-1, -0.6, -0.2, 0.2, 0.6, 1}));
  SequentialFit<double> const fit = sequential_linear(f, start.spline, {}, {});
  EXPECT_NEAR(fit.survey.sup / 1.0874623076374e-2, 1, 1e-7);
  KnotMask const held{false, true, true, true};
  SequentialFit<double> const less = sequential_linear(f, start.spline, held, {});
  EXPECT_EQ(less.spline.knots[1], -0.6);
  EXPECT_GT(less.survey.sup, fit.survey.sup * 1.01);
  EXPECT_LT(less.survey.sup, start.survey.sup);
}

}  // namespace
}  // namespace nwidth::fitting
