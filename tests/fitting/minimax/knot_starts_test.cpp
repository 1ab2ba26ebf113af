// SPDX-License-Identifier: Apache-2.0
#include "fitting/minimax/knot_starts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

void expect_inside(std::vector<double> const& knots, int n, double a = -1, double b = 1) {
  ASSERT_EQ(static_cast<int>(knots.size()), n);
  for (double t : knots) {
    EXPECT_LT(a, t);
    a = t;
  }
  EXPECT_LT(a, b);
}

TEST(KnotStarts, equidistribution_is_exact_for_powers) {
  // |f''| = c x^{-3/2}: |f''|^{1/2} has the integral 4 x^{1/4}, apart from the floor of 1e-3
  std::vector<double> const knots = equidistributed_knots(Function::of("sqrt(x)", 0, 1), 2, 7);
  expect_inside(knots, 7, 0);
  for (int i = 1; i <= 7; ++i) EXPECT_NEAR(knots[static_cast<std::size_t>(i - 1)], std::pow(i / 8.0, 4), 3e-3) << i;
  std::vector<double> const even = equidistributed_knots(Function::of("x^3"), 3, 9);
  for (int i = 1; i <= 9; ++i) EXPECT_NEAR(even[static_cast<std::size_t>(i - 1)], i / 5.0 - 1, 1e-12);
  std::vector<double> const flat = equidistributed_knots(Function::of("x"), 3, 3);  // nothing to distribute
  EXPECT_NEAR(flat[0], -0.5, 1e-12);
}

TEST(KnotStarts, are_ascending_for_every_kind_of_target) {
  for (char const* text : {"exp(x)", "abs(x)", "abs(x)^(3/2)", "sqrt(x+1)", "1/(1+25*x^2)", "x", "0",
                           "exp(-1000*(x+1))", "max(x,x^2,1/3)"})
    for (int n : {0, 1, 2, 9, 40})
      for (int r : {2, 3, 4}) {
        Function const f = Function::of(text);
        expect_inside(equidistributed_knots(f, r, n), n);
        expect_inside(segment_greedy_knots(f, r, n), n);
        if (std::vector<double> const k = knots_at_breaks(f, r, n); !k.empty()) {
          expect_inside(k, n);
          for (double b : f.breaks()) EXPECT_EQ(std::count(k.begin(), k.end(), b), 1);
        }
      }
  EXPECT_TRUE(knots_at_breaks(Function::of("exp(x)"), 2, 3).empty());
  EXPECT_TRUE(knots_at_breaks(Function::of("abs(x)+abs(x-1/2)"), 2, 1).empty());
  EXPECT_THROW((void)equidistributed_knots(Function::of("x"), 8, 1), InvalidInput);
  EXPECT_THROW((void)segment_greedy_knots(Function::of("x"), 2, -1), InvalidInput);
}

TEST(KnotStarts, polynomial_errors_are_known) {
  Function const f = Function::of("exp(x)");
  std::vector<double> const errors{1.1752011936438014,   .2788015857955023,    4.501738840281901e-2,
                                   5.528370108687589e-3, 5.466676005137979e-4, 4.520551192611583e-5};
  for (int r = 1; r <= 6; ++r) {
    double const e = polynomial_error(f, r, -1, 1), best = errors[static_cast<std::size_t>(r - 1)];
    EXPECT_LE(e, best * (1 + 1e-9)) << r;  // of samples: not above
    EXPECT_GE(e, best * (1 - 1e-2)) << r;
  }
  EXPECT_EQ(polynomial_error(Function::of("x^2-x"), 3, -1, 1), 0);
  EXPECT_EQ(polynomial_error(f, 3, 0.5, 0.5), 0);
  EXPECT_NEAR(polynomial_error(Function::of("x^2"), 3 - 1, -1, 1), 0.5, 1e-3);  // even, no symmetric reference
}

TEST(KnotStarts, longest_segments_are_level) {
  for (char const* text : {"exp(x)", "1/(1+25*x^2)", "abs(x)^(3/2)"})
    for (int r : {2, 4}) {
      Function const f = Function::of(text);
      std::vector<double> t = segment_greedy_knots(f, r, 12);
      t.insert(t.begin(), -1);
      t.push_back(1);
      double least = 1, largest = 0;
      for (std::size_t k = 1; k < t.size(); ++k) {
        double const e = polynomial_error(f, r, t[k - 1], t[k]);
        largest = std::max(largest, e);
        if (k + 1 < t.size()) least = std::min(least, e);
      }
      EXPECT_LT(largest, least * 1.1) << text << " " << r;
    }
}

TEST(KnotStarts, a_transplant_moves_one_knot) {
  Function const f = Function::of("exp(8*x)");
  std::vector<double> const knots{-1, -0.8, -0.6, 0, 1};
  std::vector<double> const moved = transplanted_knots(f, 2, knots);
  EXPECT_EQ(moved, (std::vector<double>{-0.6, 0, 0.5}));
  EXPECT_TRUE(transplanted_knots(f, 2, {-1, 1}).empty());
}

}  // namespace
}  // namespace nwidth::fitting
