// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/segment_bound.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "fitting/bound/polynomial_remez.hpp"
#include "tests/fitting/bound/targets.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

using namespace test_targets;

struct Row {
  char const* name;
  Function f;
  int degree, k;
  double bound, unit;  // a bound proved by another program, and a unit of its last digit
  double fit;          // an error that was reached: no bound may lie above
};

TEST(SegmentBound, is_as_good_as_the_table_and_below_every_fit) {
  std::vector<Row> const rows{
      {"exp, degree 1", exp(), 1, 32, 2.4935522e-4, 1e-11, 2.4966e-4},
      {"exp, degree 3", exp(), 3, 8, 8.2770e-7, 1e-11, 8.2870e-7},
      {"sin4pi, degree 1", sin4pi(), 1, 16, 5.25190824e-2, 1e-10, 5.2527e-2},
      {"sin4pi, degree 3", sin4pi(), 3, 8, 4.4915e-3, 1e-7, 4.4950e-3},
      {"runge, degree 1", runge(), 1, 4, 3.93943e-2, 1e-7, 3.9405e-2},
      {"runge, degree 1", runge(), 1, 32, 9.05393e-4, 1e-9, 9.0879e-4},
      {"runge, degree 3", runge(), 3, 8, 2.079e-4, 1e-7, 2.321e-4},
      {"abs1.5, degree 1", abs_power(), 1, 16, 1.17448687e-3, 1e-11, 1.1749e-3},
      {"abs1.5, degree 3", abs_power(), 3, 16, 1.5787e-6, 1e-10, 1.6500e-6},
      {"w2inf, degree 1", w2inf(), 1, 16, 3.64592594e-4, 1e-12, 3.649e-4},
  };
  for (Row const& row : rows) {
    SegmentBound const r = segment_bound(row.f, row.degree, row.k);
    ASSERT_TRUE(r.bound.proved) << row.name << ": " << r.bound.reason;
    EXPECT_GE(to_double(r.bound.lower), row.bound - 0.5 * row.unit) << row.name << ' ' << row.k;
    EXPECT_LT(to_double(r.bound.lower), row.fit * (1 + 1e-4)) << row.name << ' ' << row.k;
    EXPECT_LT(to_double(r.bound.lower), r.reachable) << row.name;
    EXPECT_GT(to_double(r.bound.lower), r.reachable * (1 - 1e-8)) << row.name;
    EXPECT_EQ(r.outcome.status, Status::converged);
    EXPECT_EQ(r.knots.size(), static_cast<std::size_t>(row.k));
    EXPECT_TRUE(std::is_sorted(r.knots.begin(), r.knots.end()));
  }
}

TEST(SegmentBound, is_the_minimum_for_convex_functions) {
  // Piecewise linear: the levelled pieces of a convex f join up. Known to 33 digits from Newton's method.
  Rational const best = parse_rational("0.0108746230763740708508596372218864");
  SegmentBound const r = segment_bound(exp(), 1, 4);
  EXPECT_LT(r.bound.lower, best);
  EXPECT_GT(r.bound.lower, best * (1 - parse_rational("1e-11")));
  SegmentBound const none = segment_bound(exp(), 1, 0);  // no knot: the best line
  EXPECT_LT(none.bound.lower, parse_rational("0.2788016"));
  EXPECT_GT(none.bound.lower, parse_rational("0.2788015"));
}

TEST(SegmentBound, is_never_beaten_where_its_proof_looks) {
  struct Case {
    Function f;
    int degree, k;
  };
  Case const cases[] = {{exp(), 1, 4}, {sin4pi(), 2, 7}, {runge(), 3, 5}, {abs_power(), 2, 6}, {w2inf(), 1, 9}};
  for (Case const& c : cases) {
    SegmentBound const r = segment_bound(c.f, c.degree, c.k);
    ASSERT_TRUE(r.bound.proved);
    test::for_random(12, [&](std::mt19937_64& g) {
      std::vector<double> t = r.knots;  // the best knots moved a little, or any
      double const spread = test::coin(g) ? 1e-3 : 1.0;
      for (double& x : t) x = std::clamp(x + test::uniform_real(g, -spread, spread), -0.999, 0.999);
      std::sort(t.begin(), t.end());
      t.insert(t.begin(), -1);
      t.push_back(1);
      std::vector<BestPolynomial<double>> pieces;  // the best on each piece, exactly as rounded: discontinuous
      for (std::size_t i = 1; i < t.size(); ++i)
        pieces.push_back(polynomial_remez(c.f, c.degree, t[i - 1], std::max(t[i], t[i - 1] + 1e-9)));
      Ball worst(0);
      for (auto const& points : r.witness.points)
        for (Rational const& x : points) {
          // a breakpoint belongs to both sides: take the worse
          for (std::size_t i = 1; i < t.size(); ++i) {
            if (x < exact(t[i - 1]) || x > exact(t[i])) continue;
            BestPolynomial<double> const& q = pieces[i - 1];
            Ball const u = (Ball(x) - Ball(q.centre)) / Ball(q.half);
            Ball y(q.coefficients.back());
            for (std::size_t j = q.nodes.size(); j-- > 0;) y = y * (u - Ball(q.nodes[j])) + Ball(q.coefficients[j]);
            worst = max(worst, abs(c.f(Ball(x)) - y));
          }
        }
      EXPECT_FALSE(certainly_less(worst, Ball(r.bound.lower)));
    });
  }
}

TEST(SegmentBound, refuses_wrong_witnesses) {
  Function const f = sin4pi();
  SegmentBound const r = segment_bound(f, 3, 8);
  auto const prove = [&](SegmentWitness const& w, int k = 8) { return prove_segment_bound(f.target(), -1, 1, k, w); };
  ASSERT_TRUE(prove(r.witness).proved);
  EXPECT_EQ(prove(r.witness).lower, r.bound.lower);

  SegmentWitness w = r.witness;
  w.level *= parse_rational("1.000001");
  EXPECT_FALSE(prove(w).proved);
  EXPECT_EQ(prove(w).lower, 0);

  EXPECT_FALSE(prove(r.witness, 9).proved);  // a knot more
  w = r.witness;
  w.points.pop_back();
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;
  w.points[3].pop_back();
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;
  std::swap(w.points[2][1], w.points[2][2]);
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;
  w.points[2][1] = w.points[2][2];  // twice the same
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;
  std::swap(w.points[2], w.points[3]);
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;
  w.points[3].front() = (w.points[2][3] + w.points[2][4]) / 2;  // overlaps
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;
  w.points.back().back() = 2;
  EXPECT_FALSE(prove(w).proved);
  w = r.witness;  // the same interval twice is two that overlap
  w.points[1] = w.points[0];
  EXPECT_FALSE(prove(w).proved);
  EXPECT_THROW(segment_bound(f, 0, 3), InvalidInput);
  EXPECT_THROW(segment_bound(f, 1, -1), InvalidInput);
}

TEST(SegmentBound, knows_when_nothing_is_left) {
  // two quadratic pieces: with their knot nothing is left
  Function const f = Function::of("relu(x-1/4)^2");
  SegmentBound const r = segment_bound(f, 2, 1);
  EXPECT_FALSE(r.bound.proved);
  EXPECT_EQ(r.bound.lower, 0);
  EXPECT_NE(r.outcome.status, Status::converged);
  EXPECT_TRUE(segment_bound(f, 2, 0).bound.proved);
}

TEST(SegmentBound, goes_below_double_precision) {
  SegmentBound const r = segment_bound(exp(), 7, 6);
  ASSERT_TRUE(r.bound.proved);
  // E ~ 2/r! (I/(4 N))^r for pieces of order r, I = int exp(x/r): what best approximation by pieces tends to
  double const I = 8 * (std::exp(1.0 / 8) - std::exp(-1.0 / 8));
  double const expected = 2.0 / 40320 * std::pow(I / 4 / 7, 8);
  EXPECT_NEAR(to_double(r.bound.lower) / expected, 1, 2e-2);
  EXPECT_LT(expected, 1e-12);
}

}  // namespace
}  // namespace nwidth::fitting
