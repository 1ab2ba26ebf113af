// SPDX-License-Identifier: Apache-2.0
#include "fitting/least_squares/moving_nodes.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

struct Case {
  char const* text;
  double (*primitive)(double);
};
Case const cases[] = {
    {"exp(x)", [](double x) { return std::exp(x); }},
    {"abs(x)^1.5", [](double x) { return std::copysign(std::pow(std::abs(x), 2.5) / 2.5, x); }},
    {"relu(x-1/3)", [](double x) { return x > 1.0 / 3 ? (x - 1.0 / 3) * (x - 1.0 / 3) / 2 : 0.0; }},
    {"abs(x+1/2)", [](double x) { return (x + 0.5) * std::abs(x + 0.5) / 2; }},
    {"abs(x-1/4)^(7/4)", [](double x) { return std::copysign(std::pow(std::abs(x - 0.25), 2.75) / 2.75, x - 0.25); }},
};

TEST(MovingNodes, integrate_through_kinks_and_singular_points) {
  for (Case const& c : cases) {
    Function const f = Function::of(c.text);
    MovingNodes<double> const nodes(f, {10, 1, 12});
    test::for_random(40, [&](std::mt19937_64& g) {
      double l = test::uniform_real(g, -1, 1), r = test::uniform_real(g, -1, 1);
      if (test::coin(g)) l = 0;  // a knot may sit on the singular point
      if (r < l) std::swap(l, r);
      if (!(r - l > 1e-6)) return;
      std::vector<Node<double>> at;
      nodes.on(l, r, at);
      double sum = 0, by_l = 0, by_r = 0;
      for (Node<double> const& n : at) {
        ASSERT_GE(n.x, l);
        ASSERT_LE(n.x, r);
        double const y = f(n.x), slope = f.taylor(n.x, 2)[1];
        sum += n.weight * y;
        by_l += n.weight_l * y + n.weight * slope * n.x_l;
        by_r += n.weight_r * y + n.weight * slope * n.x_r;
      }
      EXPECT_NEAR(sum, c.primitive(r) - c.primitive(l), 2e-13) << c.text << ' ' << l << ' ' << r;
      EXPECT_NEAR(by_r, f(r), 1e-8) << c.text;  // the integral moves with its ends
      EXPECT_NEAR(by_l, -f(l), 1e-8) << c.text;
    });
  }
}

TEST(MovingNodes, are_few_where_f_is_smooth) {
  MovingNodes<double> const smooth(Function::of("exp(x)"), {10, 3, 12});
  std::vector<Node<double>> at;
  smooth.on(-0.5, 0.75, at);
  EXPECT_EQ(at.size(), 30u);
  MovingNodes<double> const kinked(Function::of("abs(x)"), {10, 1, 12});
  kinked.on(-0.5, 0.75, at);
  EXPECT_EQ(at.size(), 20u);
  MovingNodes<double> const singular(Function::of("abs(x)^1.5"), {10, 1, 12});
  singular.on(-0.5, 0.75, at);
  EXPECT_EQ(at.size(), 260u);
}

}  // namespace
}  // namespace nwidth::fitting
