// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/joined_bound.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "fitting/bound/segment_bound.hpp"
#include "fitting/minimax/minimax.hpp"
#include "fitting/network/shallow_network.hpp"
#include "tests/fitting/bound/targets.hpp"
#include "tests/random.hpp"
#include "theory/certify/sup_norm.hpp"

namespace nwidth::fitting {
namespace {

using namespace test_targets;

MinimaxFit<double> best(Function const& f, int degree, int k) {
  return fit_minimax(f, SplineClass::polyrelu(degree), segment_bound(f, degree, k, 1e-4).knots);
}

/// An error that the spline's network has for sure.
Rational certified(Function const& f, FreeKnotSpline<double> const& s) {
  return certify::sup_error(shallow_network(s).network, f.target(), f.begin(), f.end()).upper;
}

struct Case {
  char const* name;
  Function f;
  int degree, k;
  double segments;  // the factor that bound A leaves, at least
};

TEST(JoinedBound, closes_what_segments_leave_open) {
  std::vector<Case> const cases{
      {"cusp", abs_power(), 3, 8, 1.06},      {"runge", runge(), 3, 8, 1.11},       {"runge, 6", runge(), 3, 6, 1.0002},
      {"broken lines", runge(), 1, 8, 1.005}, {"sin 4 pi x", sin4pi(), 3, 4, 1.08},
  };
  for (Case const& c : cases) {
    MinimaxFit<double> const fit = best(c.f, c.degree, c.k);
    JoinedBound const r = joined_bound(c.f, fit.spline);
    ASSERT_TRUE(r.bound.proved) << c.name << ": " << r.bound.reason;
    Rational const error = certified(c.f, fit.spline);
    EXPECT_GE(to_double(error / segment_bound(c.f, c.degree, c.k).bound.lower), c.segments) << c.name;
    EXPECT_LE(r.bound.lower, error) << c.name;
    EXPECT_LE(to_double(error / r.bound.lower), 1 + 1e-5) << c.name;
    EXPECT_EQ(r.outcome.status, Status::converged);
    EXPECT_TRUE(r.knots.empty());
    EXPECT_EQ(r.bound.knots, c.k);
    EXPECT_TRUE(r.bound.covers(SplineClass::polyrelu(c.degree)));
  }
}

TEST(JoinedBound, is_never_above_an_error_that_is_reached) {
  // the least certified error of any spline with as many knots; starts at random, so that most are far from the best
  for (Case const& c : {Case{"runge", runge(), 3, 3, 1}, Case{"sin", sin4pi(), 1, 4, 1},
                        Case{"cusp", abs_power(), 2, 3, 1}, Case{"cusp", abs_power(), 3, 4, 1}}) {
    Rational least = certified(c.f, best(c.f, c.degree, c.k).spline), bound = 0;
    JoinedOptions options;
    options.boxes = 60;
    int proved = 0;
    test::for_random(3, [&](std::mt19937_64& g) {
      std::vector<double> t;
      for (int i = 0; i < c.k; ++i) t.push_back(-1 + 2 * (i + test::uniform_real(g, 0.1, 0.9)) / c.k);
      MinimaxOptions some;
      some.max_iterations = static_cast<int>(test::uniform(g, 0, 12));
      MinimaxFit<double> const fit = fit_minimax(c.f, SplineClass::polyrelu(c.degree), t, some);
      least = std::min(least, certified(c.f, fit.spline));
      JoinedBound const r = joined_bound(c.f, fit.spline, options);
      if (!r.bound.proved) return;
      ++proved;
      bound = std::max(bound, r.bound.lower);
      EXPECT_EQ(r.knots.empty(), r.outcome.status == Status::converged);
    });
    EXPECT_GT(proved, 0) << c.name;
    EXPECT_LE(bound, least) << c.name;
  }
}

TEST(JoinedBound, finds_knots_that_are_better_than_a_local_minimum) {
  Function const f = runge();
  MinimaxFit<double> const poor = fit_minimax(f, SplineClass::polyrelu(3), {-0.9, -0.2, 0.5, 0.9});
  JoinedOptions options;
  options.boxes = 300;
  JoinedBound const r = joined_bound(f, poor.spline, options);
  MinimaxFit<double> const good = best(f, 3, 4);
  ASSERT_GT(poor.level, good.level * 1.01);  // or this shows nothing
  EXPECT_EQ(r.outcome.status, Status::max_iterations);
  ASSERT_EQ(r.knots.size(), 4U);
  EXPECT_TRUE(std::is_sorted(r.knots.begin(), r.knots.end()));
  EXPECT_LE(r.bound.lower, certified(f, good.spline));
  EXPECT_LT(fit_minimax(f, SplineClass::polyrelu(3), r.knots).level, poor.level * 0.999);
}

/// A witness for the cusp with 4 knots.
struct Proof {
  Function f = abs_power();
  int k = 4;
  JoinedWitness witness = joined_bound(f, best(f, 3, 4).spline).witness;

  LowerBound operator()() const { return prove_joined_bound(f.target(), f.begin(), f.end(), k, witness); }
  JoinedBlock& block() {  // with knots inside
    return *std::max_element(witness.blocks.begin(), witness.blocks.end(),
                             [](auto const& l, auto const& r) { return l.knots < r.knots; });
  }
  JoinedNode& leaf(std::size_t pieces) {
    for (JoinedNode& n : block().tree)
      if (n.points.size() == pieces) return n;
    throw std::logic_error("no leaf of " + std::to_string(pieces) + " pieces");
  }
};

TEST(JoinedBound, refuses_a_planted_witness) {
  Proof const proof;
  LowerBound const good = proof();
  ASSERT_TRUE(good.proved) << good.reason;
  ASSERT_EQ(Proof(proof).block().knots, 2);
  std::vector<std::pair<char const*, std::function<void(Proof&)>>> const faults{
      {"a level too high", [&](Proof& p) { p.witness.level = good.lower * 1000001 / 1000000; }},
      {"more knots", [](Proof& p) { ++p.k; }},
      {"a block missing", [](Proof& p) { p.witness.blocks.pop_back(); }},
      {"a block that says it bears more", [](Proof& p) { ++p.block().knots; }},
      {"overlapping blocks", [](Proof& p) { p.witness.blocks[1].left -= Rational(1) / 1000000; }},
      {"a block longer than the domain", [](Proof& p) { p.witness.blocks.back().right += 1; }},
      {"a smaller domain", [](Proof& p) { p.f = Function::of("abs(x)^1.5", Rational(-1) / 2, 1); }},
      {"a node missing", [](Proof& p) { p.block().tree.pop_back(); }},
      {"a node too many", [](Proof& p) { p.block().tree.push_back(p.block().tree.back()); }},
      {"an empty tree", [](Proof& p) { p.block().tree.clear(); }},
      {"a wrong division", [](Proof& p) { p.block().tree[0].at = p.block().right + 1; }},
      {"a division by no knot", [](Proof& p) { p.block().tree[0].knot = 7; }},
      {"a leaf without points", [](Proof& p) { p.leaf(3).points.clear(); }},
      {"a chain elsewhere", [](Proof& p) { ++p.leaf(3).first; }},
      {"a chain before the first piece", [](Proof& p) { p.leaf(1).first = -1; }},
      {"a point missing", [](Proof& p) { p.leaf(3).points[1].pop_back(); }},
      {"a point beyond a knot", [](Proof& p) { p.leaf(3).points[0].back() = p.leaf(3).points[1].front(); }},
      {"points out of order", [](Proof& p) { std::swap(p.leaf(3).points[1][0], p.leaf(3).points[1][1]); }},
      {"another order", [](Proof& p) { p.witness.order = 5; }},
      {"another function", [](Proof& p) { p.f = Function::of("x^3"); }},
      {"a function that is not finite", [](Proof& p) { p.f = Function::of("1/(x^2+1e-9)-1/(x^2+1e-9)"); }},
  };
  for (auto const& [name, plant] : faults) {
    Proof wrong = proof;
    plant(wrong);
    LowerBound const r = wrong();
    EXPECT_FALSE(r.proved) << name;
    EXPECT_EQ(r.lower, 0) << name;
    EXPECT_FALSE(r.reason.empty()) << name;
  }
  Proof fewer = proof;  // with fewer knots it still holds
  --fewer.k;
  EXPECT_TRUE(fewer().proved);
}

TEST(JoinedBound, says_what_it_cannot_do) {
  Function const f = sin4pi();
  MinimaxFit<double> const fit = best(f, 3, 4);
  JoinedOptions none;
  none.most_inner = 0;
  JoinedBound const r = joined_bound(f, fit.spline, none);
  EXPECT_FALSE(r.bound.proved);
  EXPECT_NE(r.bound.reason.find("knots inside"), std::string::npos) << r.bound.reason;
  EXPECT_TRUE(r.witness.blocks.empty());
  none.most_inner = 7;
  EXPECT_THROW(joined_bound(f, fit.spline, none), InvalidInput);
  EXPECT_THROW(joined_bound(f, fit.spline, {3, 0, 100}), InvalidInput);
  EXPECT_THROW(joined_bound(Function::of("x", 0, 1), fit.spline), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting
