// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/alternation_bound.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "theory/certify/sup_norm.hpp"

namespace nwidth::fitting::rational {
namespace {

/// sup |f - r| of the network of one neuron and the proved bound differ by the factor 1 + 1e-6 at most.
template <class T>
void expect_proved_best(Function const& f, int m, int n) {
  Minimax<T> const best = minimax<T>(f, m, n);
  ASSERT_EQ(best.outcome.status, Status::converged) << best.outcome.detail;
  AlternationBound const bound = alternation_bound(f, best);
  EXPECT_TRUE(bound.proved) << f.target().name << " (" << m << ", " << n << "): " << bound.reason;
  Network const net = to_network(exact_rational(best.r, f.begin(), f.end()));
  EXPECT_EQ(net.neurons(), 1u);
  certify::Options options;
  options.relative = Rational(1, 10000000);
  certify::Enclosure const sup = certify::sup_error(net, f.target(), f.begin(), f.end(), options);
  EXPECT_TRUE(sup.proved) << f.target().name << " (" << m << ", " << n << "): " << sup.reason;
  EXPECT_LE(bound.lower, sup.upper);
  EXPECT_LE(sup.upper, bound.lower * (1 + Rational(1, 1000000))) << f.target().name << " " << m << ", " << n;
  Rational const level = exact(Real(best.level));
  EXPECT_LE(sup.upper, level * (1 + Rational(1, 1000000)));
  EXPECT_GE(sup.upper, level * (1 - Rational(1, 1000000)));
}

TEST(AlternationBound, meets_the_certified_error_of_the_network) {
  expect_proved_best<Real>(Function::of("exp(x)"), 3, 3);
  expect_proved_best<Real>(Function::of("exp(x)", 0, Rational(1, 3)), 2, 4);
  expect_proved_best<double>(Function::of("exp(x)"), 2, 2);
  expect_proved_best<Real>(Function::of("1/(1+25*x^2)"), 16, 0);
  expect_proved_best<Real>(Function::of("sin(4*x)"), 5, 4);
  expect_proved_best<Real>(Function::of("sin(4*x)"), 8, 0);
}

TEST(AlternationBound, meets_it_at_kinks) {
  expect_proved_best<Real>(Function::of("relu(x)"), 2, 2);
  expect_proved_best<Real>(Function::of("relu(x)"), 6, 6);
  expect_proved_best<Real>(Function::of("abs(x)"), 4, 4);
  expect_proved_best<Real>(Function::of("abs(x)"), 3, 3);  // of type (2, 2)
  expect_proved_best<Real>(Function::of("sqrt(x)", 0, 1), 3, 3);
  expect_proved_best<Real>(Function::of("relu(x)"), 12, 12);
  expect_proved_best<Real>(Function::of("abs(x)"), 16, 16);
  expect_proved_best<Real>(Function::of("abs(x-1/4)+abs(x+1/3)"), 6, 6);
  expect_proved_best<double>(Function::of("relu(x)"), 5, 5);
}

TEST(AlternationBound, knows_that_degenerate_types_need_less) {
  Function const f = Function::of("sin(20*x+1)");
  Minimax<Real> const best = minimax<Real>(f, 8, 8);
  EXPECT_EQ(best.outcome.status, Status::converged) << best.outcome.detail;
  AlternationBound const bound = alternation_bound(f, best);
  EXPECT_TRUE(bound.proved) << bound.reason;
  EXPECT_EQ(bound.needed, 10);  // of 0, in (8, 8); no 18 alternations exist
  EXPECT_GT(bound.lower, 1 - Rational(1, 1000000000));
  EXPECT_LE(bound.lower, 1);
}

TEST(AlternationBound, is_below_any_other_approximation) {
  Function const f = Function::of("exp(x)");
  Minimax<double> const best = minimax<double>(f, 2, 1);
  test::for_random(20, [&](std::mt19937_64& g) {
    // any alternating error bounds from below, any pole-free quotient from above
    ExactRational r = exact_rational(best.r, -1, 1, 53);
    for (auto* c : {&r.numerator, &r.denominator})
      for (Rational& ci : *c) ci *= 1 + Rational(test::uniform(g, -9, 9)) / 100000;
    std::vector<Rational> points;
    for (double x : best.alternation) points.push_back(exact(x));
    AlternationBound const bound = alternation_bound(f, r, 2, 1, points);
    certify::Enclosure const sup = certify::sup_error(to_network(r), f.target(), -1, 1);
    EXPECT_TRUE(bound.proved) << bound.reason;
    EXPECT_TRUE(sup.bounded);
    EXPECT_LE(bound.lower, exact(best.level) * (1 + Rational(1, 1000000)));
    EXPECT_GE(sup.upper, exact(best.level) * (1 - Rational(1, 1000000)));
    EXPECT_LT(bound.lower, sup.lower);
  });
}

TEST(AlternationBound, says_what_is_not_proved) {
  Function const f = Function::of("exp(x)");
  Minimax<Real> const best = minimax<Real>(f, 2, 2);
  ExactRational const r = exact_rational(best.r, -1, 1);
  std::vector<Rational> points;
  for (Real const& x : best.alternation) points.push_back(exact(x));
  ASSERT_EQ(points.size(), 6u);
  EXPECT_TRUE(alternation_bound(f, r, 2, 2, points).proved);
  EXPECT_FALSE(alternation_bound(f, r, 3, 2, points).proved);  // a larger class: 7 points
  EXPECT_FALSE(alternation_bound(f, r, 2, 3, points).proved);
  EXPECT_TRUE(alternation_bound(f, r, 2, 1, points).proved);  // a smaller one
  std::vector<Rational> fewer(points.begin() + 1, points.end());
  AlternationBound const few = alternation_bound(f, r, 2, 2, fewer);
  EXPECT_FALSE(few.proved);
  EXPECT_EQ(few.lower, 0);
  EXPECT_EQ(few.reason, "the error alternates at 5 points, of 6 needed");
  std::vector<Rational> same = points;
  same.push_back(points[2] + Rational(1, 1000));
  EXPECT_FALSE(alternation_bound(f, r, 2, 2, same).proved);  // two neighbours of one sign
  ExactRational pole = r;
  pole.denominator[0] -= 1;  // q changes its sign inside
  AlternationBound const bad = alternation_bound(f, pole, 2, 2, points);
  EXPECT_FALSE(bad.proved);
  EXPECT_EQ(bad.reason, "the denominator vanishes or changes its sign at a point");
  EXPECT_FALSE(certify::sup_error(to_network(pole), f.target(), -1, 1).bounded);
  EXPECT_THROW(alternation_bound(f, r, -1, 2, points), InvalidInput);
  EXPECT_THROW(alternation_bound(f, r, 2, 2, {2}), InvalidInput);
  EXPECT_FALSE(alternation_bound(f, Minimax<double>{}).proved);
}

}  // namespace
}  // namespace nwidth::fitting::rational
