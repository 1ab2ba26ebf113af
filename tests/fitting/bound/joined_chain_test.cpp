// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/joined_chain.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

/// A chain of q + 1 pieces with a box of knots, points in order, and a continuous piecewise polynomial on it.
struct Random {
  int d, q;
  std::vector<double> lo, hi, t;            // the box, and knots in it
  ChainPoints<double> points;               // values: those of the piecewise polynomial
  std::vector<std::vector<double>> pieces;  // Taylor coefficients at the left knot (0 for the first)

  explicit Random(std::mt19937_64& g)
      : d(static_cast<int>(test::uniform(g, 1, 4))), q(static_cast<int>(test::uniform(g, 1, 3))) {
    double x = 0;
    auto const step = [&] { return x += test::uniform_real(g, 0.05, 0.3); };
    for (int j = 0; j <= q; ++j) {
      points.x.emplace_back();
      for (int i = 0; i < d + (j == 0 || j == q ? 1 : 0); ++i) points.x.back().push_back(step());
      if (j == q) break;
      lo.push_back(step());
      hi.push_back(step());
      t.push_back(test::uniform_real(g, lo.back(), hi.back()));
    }
    for (int j = 0; j <= q; ++j) {
      std::vector<double> c;
      for (int i = 0; i <= d; ++i) c.push_back(test::uniform_real(g, -1, 1));
      if (j > 0) c[0] = piece(j - 1, t[static_cast<std::size_t>(j) - 1]);
      pieces.push_back(c);
      points.y.emplace_back();
      for (double at : points.x[static_cast<std::size_t>(j)]) points.y.back().push_back(piece(j, at));
    }
  }
  double piece(int j, double x) const {
    double const from = j == 0 ? 0 : t[static_cast<std::size_t>(j) - 1];
    auto const& c = pieces[static_cast<std::size_t>(j)];
    double v = 0;
    for (std::size_t i = c.size(); i-- > 0;) v = v * (x - from) + c[i];
    return v;
  }
  /// The polynomial with these Bernstein coefficients at t.
  double at(std::vector<double> b, std::vector<double> const& knots) const {
    for (std::size_t k = knots.size(); k-- > 0;) {  // the last knot is the fastest index
      double const s = (knots[k] - lo[k]) / (hi[k] - lo[k]);
      std::vector<double> next;
      std::size_t const r = static_cast<std::size_t>(d) + 1;
      for (std::size_t i = 0; i < b.size(); i += r) {
        std::vector<double> c(b.begin() + static_cast<std::ptrdiff_t>(i),
                              b.begin() + static_cast<std::ptrdiff_t>(i + r));
        for (std::size_t m = r; m > 1; --m)
          for (std::size_t l = 0; l + 1 < m; ++l) c[l] = (1 - s) * c[l] + s * c[l + 1];
        next.push_back(c[0]);
      }
      b = std::move(next);
    }
    return b[0];
  }
};

TEST(JoinedChain, vanishes_on_what_joins_and_bounds_what_does_not) {
  test::for_random(300, [](std::mt19937_64& g) {
    Random const c(g);
    ChainForm<double> const exact = chain_form(c.d, c.points, c.lo, c.hi);
    std::size_t count = 1;
    for (int i = 0; i < c.q; ++i) count *= static_cast<std::size_t>(c.d) + 1;
    ASSERT_EQ(exact.phi.size(), count);
    ASSERT_EQ(exact.lambda.size(), count);
    double const lambda = c.at(exact.lambda, c.t);
    EXPECT_GT(lambda, 0);
    EXPECT_LE(std::abs(c.at(exact.phi, c.t)), 1e-9 * lambda);
    // f = g + e with errors of any kind up to 1, and with those that alternate
    ChainPoints<double> any = c.points, alternating = c.points;
    double sign = 1;
    for (auto& y : any.y)
      for (double& v : y) v += test::uniform_real(g, -1, 1);
    for (auto& y : alternating.y)
      for (double& v : y) v += (sign = -sign);
    double const random = c.at(chain_form(c.d, any, c.lo, c.hi).phi, c.t);
    double const full = c.at(chain_form(c.d, alternating, c.lo, c.hi).phi, c.t);
    EXPECT_LE(std::abs(random), lambda * (1 + 1e-9));
    EXPECT_NEAR(std::abs(full), lambda, 1e-9 * lambda);
  });
}

TEST(JoinedChain, has_the_same_coefficients_in_balls_and_a_level_below_its_values) {
  int proved = 0;
  test::for_random(60, [&](std::mt19937_64& g) {
    Random c(g);
    double sign = 1;
    for (auto& y : c.points.y)
      for (double& v : y) v += (sign = -sign) * test::uniform_real(g, 0.5, 1) + test::uniform_real(g, -0.01, 0.01);
    ChainForm<double> const rounded = chain_form(c.d, c.points, c.lo, c.hi);
    auto const balls = [](std::vector<double> const& v) { return std::vector<Ball>(v.begin(), v.end()); };
    ChainPoints<Ball> points;
    for (auto const& x : c.points.x) points.x.push_back(balls(x));
    for (auto const& y : c.points.y) points.y.push_back(balls(y));
    ChainForm<Ball> const form = chain_form(c.d, points, balls(c.lo), balls(c.hi));
    for (std::size_t i = 0; i < form.phi.size(); ++i) {
      EXPECT_NEAR(form.phi[i].to_double(), rounded.phi[i], 1e-10 * std::abs(rounded.lambda[i]) + 1e-10);
      EXPECT_NEAR(form.lambda[i].to_double(), rounded.lambda[i], 1e-10 * std::abs(rounded.lambda[i]));
    }
    Rational const level = chain_level(form);
    EXPECT_GE(level, 0);
    EXPECT_NEAR(to_double(level), chain_level(rounded), 1e-9);
    for (int i = 0; i < 20; ++i) {
      std::vector<double> t;
      for (std::size_t k = 0; k < c.lo.size(); ++k) t.push_back(test::uniform_real(g, c.lo[k], c.hi[k]));
      EXPECT_LE(to_double(level), std::abs(c.at(rounded.phi, t)) / c.at(rounded.lambda, t) + 1e-9);
    }
    proved += level > 0 ? 1 : 0;
  });
  EXPECT_GT(proved, 0);
}

TEST(JoinedChain, proves_nothing_from_coefficients_of_both_signs) {
  EXPECT_EQ(chain_level(ChainForm<double>{{1, -1}, {1, 1}}), 0);
  EXPECT_EQ(chain_level(ChainForm<double>{{1, 1}, {1, 0}}), 0);
  EXPECT_EQ(chain_level(ChainForm<double>{{NAN, 1}, {1, 1}}), 0);
  EXPECT_EQ(chain_level(ChainForm<double>{{-3, -2}, {1, 1}}), 2);
  EXPECT_EQ(chain_level(ChainForm<Ball>{{Ball(1), Ball(-1)}, {Ball(1), Ball(1)}}), 0);
  EXPECT_EQ(chain_level(ChainForm<Ball>{{Ball(1), Ball(1)}, {Ball(1), Ball(0)}}), 0);
  EXPECT_EQ(chain_level(ChainForm<Ball>{{Ball(1), Ball(1) / Ball(0)}, {Ball(1), Ball(1)}}), 0);
  EXPECT_EQ(chain_level(ChainForm<Ball>{{Ball(1) / Ball(0), Ball(1)}, {Ball(1), Ball(1)}}), 0);
  Rational const two = chain_level(ChainForm<Ball>{{Ball(-3), Ball(-2)}, {Ball(1), Ball(1)}});
  EXPECT_LE(two, 2);
  EXPECT_GT(two, Rational(199) / 100);
}

}  // namespace
}  // namespace nwidth::fitting
