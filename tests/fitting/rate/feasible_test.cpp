// SPDX-License-Identifier: Apache-2.0
#include "fitting/rate/feasible.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/fitting/rate/sequences.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting {
namespace {

void expect_bounds(FeasibleExponents const& e, double lower, double upper, double tolerance = 1e-7) {
  EXPECT_FALSE(e.empty);
  EXPECT_NEAR(to_double(e.p.lower), lower, tolerance);
  EXPECT_NEAR(to_double(e.p.upper), upper, tolerance);
}

// The values are those of a linear program solved with HiGHS.
TEST(FeasibleExponents, are_those_of_the_linear_program) {
  auto const small = test::dyadic(4, 64), large = test::dyadic(16, 512);
  struct Row {
    Rational factor;
    std::vector<long> N;
    double power[2], log[2];
  };
  std::vector<Row> const rows{
      {Rational(10001, 10000), small, {1.9971897377764, 2.0029695275710}, {1.9799402120259, 2.0176070834192}},
      {Rational(10001, 10000), large, {1.9995768937332, 2.0004255966922}, {1.9955239683764, 2.0042995857069}},
      {Rational(105, 100), small, {1.9782815340037, 2.0230565947053}, {1.8413404300032, 2.1554958061659}},
      {Rational(105, 100), large, {1.9850262175246, 2.0150416727573}, {1.8521690180353, 2.1475333719844}},
      {Rational(3, 2), small, {1.8496382407963, 2.1516998879128}, {0.8588036902756, 3.1380325458935}},
      {Rational(3, 2), large, {1.8821115829586, 2.1179563073232}, {0.8230226723758, 3.1766797176439}}};
  for (Row const& row : rows) {
    auto const points = test::exp_sequence(row.N, row.factor).points();
    expect_bounds(feasible_exponents(points, RateModel::power), row.power[0], row.power[1]);
    expect_bounds(feasible_exponents(points, RateModel::log), row.log[0], row.log[1]);
  }
}

/// Is there a curve with this p (and s)? By the definition, in double: log C and q from what the points leave.
bool possible(std::vector<RatePoint> const& points, double kappa, double p, double s, bool with_log, double slack) {
  std::vector<double> lo, hi, ll;
  for (RatePoint const& x : points) {
    auto const n = static_cast<double>(x.N);
    lo.push_back(std::log(to_double(x.error.lower)) - kappa / n + p * std::log(n + s) - slack);
    hi.push_back(std::log(to_double(x.error.upper)) + kappa / n + p * std::log(n + s) + slack);
    ll.push_back(std::log(std::log(n)));
  }
  if (!with_log) return *std::max_element(lo.begin(), lo.end()) <= *std::min_element(hi.begin(), hi.end());
  double least = -10, most = 10;  // lo <= log C + q ll <= hi
  for (std::size_t i = 0; i < lo.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      least = std::max(least, (lo[i] - hi[j]) / (ll[i] - ll[j]));
      most = std::min(most, (hi[i] - lo[j]) / (ll[i] - ll[j]));
    }
  return least <= most;
}

std::vector<RatePoint> random_points(std::mt19937_64& g, double p, double s, double q) {
  RateSequence sequence(Abscissa::segments);
  long n = test::uniform(g, 2, 8);
  for (int i = static_cast<int>(test::uniform(g, 3, 7)); i > 0; --i) {
    auto const x = static_cast<double>(n);
    double const e = std::pow(x + s, -p) * std::pow(std::log(x), q);
    double const below = std::exp(-test::uniform_real(g, 0.001, 0.2)),
                 above = std::exp(test::uniform_real(g, 0.001, 0.2));
    sequence.add(n, exact(e * below), exact(e * above), Status::converged);
    n = n * test::uniform(g, 3, 5) / 2 + 1;
  }
  return sequence.points();
}

TEST(FeasibleExponents, hold_every_curve_and_end_where_curves_end) {
  test::for_random(60, [](std::mt19937_64& g) {
    double const p = test::uniform_real(g, 0.3, 4);
    auto const model = static_cast<RateModel>(g() % 3);
    bool const log = model == RateModel::log;
    double const s = model == RateModel::shifted ? test::uniform_real(g, -1, 4) : 0,
                 q = log ? test::uniform_real(g, -2, 2) : 0;
    auto const points = random_points(g, p, s, q);
    FeasibleOptions options;
    options.kappa = Rational(test::uniform(g, 0, 2)) / 20;
    options.shift = Bounds{-1, 4};
    double const kappa = to_double(options.kappa);
    FeasibleExponents const e = feasible_exponents(points, model, options);
    ASSERT_FALSE(e.empty);
    EXPECT_TRUE(e.tight);
    double const least = to_double(e.p.lower), most = to_double(e.p.upper);
    EXPECT_LE(least, p);
    EXPECT_GE(most, p);
    auto any = [&](double exponent, double slack) {
      if (model != RateModel::shifted) return possible(points, kappa, exponent, 0, log, slack);
      for (int i = 0; i <= 1000; ++i)
        if (possible(points, kappa, exponent, -1 + 0.005 * i, false, slack)) return true;
      return false;
    };
    double const inside = model == RateModel::shifted ? 1.5e-2 * most : 1e-9;
    EXPECT_TRUE(any(least + inside, 1e-12));
    EXPECT_TRUE(any(most - inside, 1e-12));
    EXPECT_FALSE(any(least - 1e-9, -1e-12));
    EXPECT_FALSE(any(most + 1e-9, -1e-12));
  });
}

TEST(FeasibleExponents, prove_that_there_is_no_curve) {
  auto const knee =
      test::sequence(Abscissa::segments, test::dyadic(4, 256), [](double n) { return n < 40 ? 1 / n : 40 / (n * n); });
  EXPECT_TRUE(feasible_exponents(knee.points(), RateModel::power).empty);
  EXPECT_TRUE(feasible_exponents(knee.points(), RateModel::log).empty);
  EXPECT_TRUE(feasible_exponents(knee.points(), RateModel::shifted).empty);
  // against knots: C/(k + 1)^2 is a curve with a shift only
  auto const knots =
      test::sequence(Abscissa::knots, test::dyadic(4, 64), [](double k) { return 1 / ((k + 1) * (k + 1)); });
  EXPECT_TRUE(feasible_exponents(knots.points(), RateModel::power).empty);
  FeasibleOptions exactly;
  exactly.kappa = 0;
  FeasibleExponents const e = feasible_exponents(knots.points(), RateModel::shifted, exactly);
  ASSERT_FALSE(e.empty);
  EXPECT_LE(to_double(e.p.lower), 2);
  EXPECT_GE(to_double(e.p.upper), 2);
  EXPECT_LT(to_double(e.p.upper - e.p.lower), 2e-4);
  EXPECT_TRUE(feasible_exponents(knots.points(), RateModel::log, exactly).empty);
}

TEST(FeasibleExponents, refuse_what_determines_nothing) {
  auto const two = test::exp_sequence({4, 8}, 1).points();
  EXPECT_FALSE(feasible_exponents(two, RateModel::power).empty);
  EXPECT_THROW(feasible_exponents(two, RateModel::log), InvalidInput);
  EXPECT_THROW(feasible_exponents(two, RateModel::shifted), InvalidInput);
  EXPECT_THROW(feasible_exponents({two[0]}, RateModel::power), InvalidInput);
  auto const one = test::exp_sequence({1, 2, 4}, 1).points();
  EXPECT_THROW(feasible_exponents(one, RateModel::log), InvalidInput);
  FeasibleOptions options;
  options.kappa = -1;
  EXPECT_THROW(feasible_exponents(two, RateModel::power, options), InvalidInput);
  options = {};
  options.shift = Bounds{-1, 1};
  EXPECT_THROW(feasible_exponents(one, RateModel::shifted, options), InvalidInput);
  options.shift = Bounds{1, 0};
  EXPECT_THROW(feasible_exponents(one, RateModel::shifted, options), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
