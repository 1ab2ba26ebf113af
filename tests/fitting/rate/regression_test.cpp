// SPDX-License-Identifier: Apache-2.0
#include "fitting/rate/regression.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "tests/fitting/rate/sequences.hpp"
#include "tests/random.hpp"
#include "theory/number/ball.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting {
namespace {

RateFit const& fit_of(RateReport const& r, RateModel m) {
  for (RateFit const& f : r.fits)
    if (f.model == m) return f;
  throw InvalidInput("no such fit");
}

/// 1/16 (int |f''|^{1/2})^2 for exp on [-1, 1]
Bounds exp_constant() {
  Ball const root = exp(Ball(Rational(1, 2)));
  Ball const c = power(Ball(2) * (root - Ball(1) / root), 2) / Ball(16);
  return {c.lower(), c.upper()};
}

TEST(Analyse, of_exp_by_segments_finds_rate_two_and_its_constant) {
  RateOptions options;
  options.known = KnownConstant{2, exp_constant()};
  Rational const width = 1 + power_of_two(-60);
  RateReport const r = analyse(test::exp_sequence(test::dyadic(4, 64), width), options);
  double const slopes[] = {2.0020090, 2.0005075, 2.0001272, 2.0000318};
  ASSERT_EQ(r.slopes.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(to_double(r.slopes[i].p.lower), slopes[i], 2e-6);
    EXPECT_LE(r.slopes[i].p.upper - r.slopes[i].p.lower, power_of_two(-58));
    EXPECT_LE(r.slopes[i].p.lower, r.slopes[i].p.upper);
    EXPECT_EQ(r.slopes[i].to, 2 * r.slopes[i].from);
  }
  ASSERT_EQ(r.extrapolated.size(), 3U) << r.not_extrapolated;
  double const extrapolated[] = {1.9990, 1.9997, 1.9999};
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(to_double(r.extrapolated[i].p.upper), extrapolated[i], 6e-5);
  RateFit const &shifted = fit_of(r, RateModel::shifted), &log = fit_of(r, RateModel::log);
  EXPECT_NEAR(fit_of(r, RateModel::power).p, 2.0006, 5e-5);
  EXPECT_NEAR(shifted.p, 1.99959, 1e-5);  // the least squares over all s, found by a grid of 10^-6
  EXPECT_NEAR(shifted.s, -0.00622, 1e-5);
  EXPECT_FALSE(shifted.at_edge);
  EXPECT_NEAR(log.p, 1.998, 5e-4);
  EXPECT_FALSE(r.logarithm_separable);
  EXPECT_FALSE(log.q.has_value());
  double const ratios[] = {1.86e-3, 4.70e-4, 1.18e-4, 2.95e-5, 7.37e-6};
  ASSERT_EQ(r.ratios.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(to_double(r.ratios[i].ratio.lower - 1), ratios[i], 0.005 * ratios[i]);
    EXPECT_LE(r.ratios[i].ratio.lower, r.ratios[i].ratio.upper);
  }
}

TEST(Analyse, against_knots_is_misled_without_a_shift_and_says_so) {
  auto const f = [](double k) { return 0.25 / ((k + 1) * (k + 1)); };
  RateReport const r = analyse(test::sequence(Abscissa::knots, test::dyadic(4, 64), f));
  double const slopes[] = {1.6960, 1.8351, 1.9139, 1.9559};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(to_double(r.slopes[i].p.lower), slopes[i], 5e-5);
  EXPECT_NEAR(fit_of(r, RateModel::power).p, 1.8551, 1e-4);
  RateFit const &shifted = fit_of(r, RateModel::shifted), &log = fit_of(r, RateModel::log);
  EXPECT_NEAR(shifted.p, 2, 1e-6);
  EXPECT_NEAR(shifted.s, 1, 1e-5);
  EXPECT_NEAR(shifted.constant, 0.25, 1e-5);
  // the logarithmic model fits as well to the eye and is wrong: p = 2.17 with q = 0.81 behind it, which is not given
  EXPECT_NEAR(log.p, 2.173, 1e-3);
  EXPECT_LT(log.misfit, 0.01);
  double const n = 64, q = (std::log(f(n)) + log.p * std::log(n) - std::log(log.constant)) / std::log(std::log(n));
  EXPECT_NEAR(q, 0.814, 2e-3);
  EXPECT_FALSE(log.q.has_value());
  EXPECT_FALSE(r.logarithm_separable);
  EXPECT_NE(table(r).find("no q is given"), std::string::npos);
  // what is proved: no power law alone, a shifted one with p near 2
  EXPECT_TRUE(r.feasible[0].exponents.empty);
  ASSERT_EQ(r.feasible[1].model, RateModel::shifted);
  EXPECT_FALSE(r.feasible[1].exponents.empty);
  EXPECT_LT(r.feasible[1].exponents.p.lower, 2);
  EXPECT_GT(r.feasible[1].exponents.p.upper, 2);
}

TEST(Analyse, gives_a_power_of_the_logarithm_on_three_decades_only) {
  auto const f = [](double n) { return std::log(n) / (n * n); };
  RateReport const r = analyse(test::sequence(Abscissa::neurons, test::dyadic(4, 4096), f));
  EXPECT_TRUE(r.logarithm_separable);
  RateFit const& log = fit_of(r, RateModel::log);
  ASSERT_TRUE(log.q.has_value());
  EXPECT_NEAR(*log.q, 1, 1e-9);
  EXPECT_NEAR(log.p, 2, 1e-9);
  EXPECT_NEAR(fit_of(r, RateModel::power).p, 1.7591, 1e-4);
  EXPECT_NEAR(to_double(r.slopes.back().p.upper), 1.8745, 5e-5);
  EXPECT_NEAR(to_double(r.extrapolated.back().p.lower), 1.89, 5e-3);
  RateReport const shorter = analyse(test::sequence(Abscissa::neurons, test::dyadic(4, 2048), f));
  EXPECT_FALSE(shorter.logarithm_separable);
  EXPECT_FALSE(fit_of(shorter, RateModel::log).q.has_value());
  EXPECT_NEAR(fit_of(shorter, RateModel::log).p, 2, 1e-9);
}

TEST(Analyse, of_x_squared_is_exact_in_all_it_proves) {
  // (b - a)^2/(8 N^2) on [-1, 1], exactly
  RateSequence s(Abscissa::segments);
  for (long n : {1L, 2L, 3L, 4L, 8L, 64L}) {
    Rational const e = Rational(1) / (2 * n * n);
    s.add(n, e, e, Status::converged);
  }
  RateOptions options;
  options.feasible.kappa = 0;
  options.known = KnownConstant{2, {Rational(1, 2), Rational(1, 2)}};
  RateReport const r = analyse(s, options);
  for (Slope const& slope : r.slopes) {
    EXPECT_LE(slope.p.lower, 2);
    EXPECT_GE(slope.p.upper, 2);
    EXPECT_LT(slope.p.upper - slope.p.lower, power_of_two(-100));
  }
  for (ConstantRatio const& c : r.ratios) EXPECT_EQ(c.ratio, (Bounds{1, 1}));
  ASSERT_EQ(r.feasible[0].model, RateModel::power);
  EXPECT_FALSE(r.feasible[0].exponents.empty);
  EXPECT_LT(r.feasible[0].exponents.p.upper - r.feasible[0].exponents.p.lower, power_of_two(-100));
  EXPECT_EQ(r.not_extrapolated, "N does not double from 2");
}

TEST(Analyse, extrapolates_monotone_slopes_only) {
  auto const wave = [](double n) { return (1 + 0.1 * std::sin(n)) / (n * n); };
  RateReport const r = analyse(test::sequence(Abscissa::segments, test::dyadic(4, 128), wave));
  EXPECT_TRUE(r.extrapolated.empty());
  EXPECT_EQ(r.not_extrapolated, "the slopes are not certainly monotone");
  // monotone values in enclosures that are too wide for it
  RateReport const wide = analyse(test::exp_sequence(test::dyadic(4, 64), Rational(101, 100)));
  EXPECT_TRUE(wide.extrapolated.empty());
  EXPECT_EQ(wide.not_extrapolated, "the slopes are not certainly monotone");
  EXPECT_EQ(analyse(test::exp_sequence({4, 8, 16}, 1)).not_extrapolated, "fewer than 3 slopes");
}

TEST(Analyse, encloses_slopes_of_every_function_between_the_bounds) {
  test::for_random(50, [](std::mt19937_64& g) {
    RateSequence s(Abscissa::size);
    std::vector<double> e;
    long n = test::uniform(g, 2, 9);
    std::vector<long> N;
    for (int i = 0; i < 5; ++i, n += test::uniform(g, 1, 3) * n) {
      double const lower = std::exp(test::uniform_real(g, -30, 0)), upper = lower * (1 + test::uniform01(g));
      s.add(n, exact(lower), exact(upper), Status::flat);
      e.push_back(lower + (upper - lower) * test::uniform01(g));
      N.push_back(n);
    }
    RateReport const r = analyse(s);
    ASSERT_EQ(r.slopes.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
      double const p = std::log(e[i] / e[i + 1]) / std::log(static_cast<double>(N[i + 1]) / static_cast<double>(N[i]));
      EXPECT_LE(to_double(r.slopes[i].p.lower), p + 1e-12);
      EXPECT_GE(to_double(r.slopes[i].p.upper), p - 1e-12);
    }
  });
}

TEST(Analyse, is_not_moved_by_points_that_did_not_converge) {
  auto good = test::exp_sequence(test::dyadic(4, 64), 1), mixed = good;
  mixed.add(128, Rational(1, 30000), Rational(1, 30000), Status::max_iterations);  // twice the true error
  RateReport const a = analyse(good), b = analyse(mixed);
  EXPECT_EQ(a.slopes.size(), b.slopes.size());
  EXPECT_EQ(fit_of(a, RateModel::shifted).p, fit_of(b, RateModel::shifted).p);
  EXPECT_EQ(a.feasible[0].exponents.p, b.feasible[0].exponents.p);
  EXPECT_EQ(b.excluded.size(), 1U);
  EXPECT_NE(table(b).find("128         left out: "), std::string::npos);
}

TEST(Analyse, of_few_points_says_little_and_of_bad_constants_nothing) {
  RateReport const none = analyse(RateSequence(Abscissa::segments));
  EXPECT_TRUE(none.slopes.empty() && none.fits.empty() && none.feasible.empty());
  EXPECT_FALSE(table(none).empty());
  RateReport const two = analyse(test::exp_sequence({4, 8}, 1));
  EXPECT_EQ(two.fits.size(), 1U);
  EXPECT_EQ(two.feasible.size(), 1U);
  RateOptions options;
  options.known = KnownConstant{2, {0, 1}};
  EXPECT_THROW(analyse(test::exp_sequence({4, 8}, 1), options), InvalidInput);
  options.known = KnownConstant{0, {1, 1}};
  EXPECT_THROW(analyse(test::exp_sequence({4, 8}, 1), options), InvalidInput);
}

TEST(Table, shows_every_figure_rounded_outward_in_narrow_lines) {
  RateOptions options;
  options.known = KnownConstant{2, exp_constant()};
  RateReport const r = analyse(test::exp_sequence(test::dyadic(4, 64), Rational(105, 100)), options);
  std::string const text = table(r);
  for (auto const& p : r.points) EXPECT_NE(text.find(decimal_below(p.error.lower, 6)), std::string::npos);
  auto digits = [](std::string const& decimal) { return decimal.substr(0, decimal.find('e')); };
  for (auto const& s : r.slopes) EXPECT_NE(text.find(digits(decimal_above(s.p.upper, 6)) + "]"), std::string::npos);
  for (auto const& c : r.ratios) EXPECT_NE(text.find(digits(decimal_above(c.ratio.upper, 6)) + "]"), std::string::npos);
  for (auto const& f : r.feasible)
    EXPECT_NE(text.find(digits(decimal_below(f.exponents.p.lower, 6)) + ", "), std::string::npos);
  EXPECT_NE(text.find("s in [-18/5, 8]"), std::string::npos);
  EXPECT_NE(text.find("q in [-10, 10]"), std::string::npos);
  EXPECT_NE(text.find("exp(+-1/20/N)"), std::string::npos);
  EXPECT_EQ(text.find("+-1.96"), std::string::npos);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 120U);
    EXPECT_TRUE(line.empty() || line.back() != ' ');
  }
  if (std::getenv("NWIDTH_TEST_PRINT") != nullptr) std::cout << text;
}

}  // namespace
}  // namespace nwidth::fitting
