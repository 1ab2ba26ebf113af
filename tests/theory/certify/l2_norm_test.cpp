// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/l2_norm.hpp"

#include <gtest/gtest.h>

#include <boost/math/quadrature/gauss.hpp>
#include <set>

#include "tests/theory/certify/networks.hpp"
#include "theory/certify/sup_norm.hpp"
#include "theory/construct/optimal_spline.hpp"
#include "theory/construct/sawtooth.hpp"
#include "theory/number/real.hpp"

namespace nwidth::certify {
namespace {

using test::layer;

void expect_holds(Enclosure const& e, Real const& truth, char const* what) {
  ASSERT_TRUE(e.proved) << what << ": " << e.reason;
  EXPECT_LE(Real(e.lower), truth * (1 + Real("1e-60"))) << what;
  EXPECT_GE(Real(e.upper), truth * (1 - Real("1e-60"))) << what;
  EXPECT_LE(e.upper - e.lower, Rational(1, 1000000) * e.upper) << what;
}

Network constant(Rational const& c) { return Network(1, {layer({{0}}, {c}, Activation::identity())}); }

TEST(L2Error, is_right_where_the_norm_has_a_closed_form) {
  expect_holds(l2_error(constant(0), target::resolve("x"), -1, 1), sqrt(Real(2) / 3), "x");
  expect_holds(l2_error(constant(0), target::resolve("exp(x)"), -1, 1), sqrt(sinh(Real(2))), "exp");
  expect_holds(l2_error(constant(1), target::resolve("cos(3*x)"), 0, 1),
               sqrt(Real(3) / 2 + sin(Real(6)) / 12 - 2 * sin(Real(3)) / 3), "1 - cos 3x");
  expect_holds(l2_error(constant(0), target::resolve("abs(x)^1.5"), -1, 1), sqrt(Real(1) / 2), "|x|^1.5");
  expect_holds(l2_error(constant(0), target::resolve("sqrt(x)"), 0, 1), sqrt(Real(1) / 2), "sqrt");
  expect_holds(l2_error(constant(0), target::resolve("x^(-1/4)"), Rational(1, 3), 1), sqrt(2 - 2 / sqrt(Real(3))),
               "an end that is no dyadic");
  expect_holds(l2_error(constant(0), target::resolve("x*log(x)"), 0, 1), sqrt(Real(2) / 27), "x log x");
}

TEST(L2Error, finds_a_spike_that_no_sampling_meets) {
  Rational const c = Rational(1431655765) * power_of_two(-32), w = power_of_two(-30);
  Network const spike(1, {layer({{1}, {1}, {1}}, {w - c, -c, -c - w}, Activation::relu()),
                          layer({{1 / w, -2 / w, 1 / w}}, {0}, Activation::identity())});
  expect_holds(l2_error(spike, target::resolve("0"), 0, 1), sqrt(Real(2) * Real(w) / 3), "spike");
}

TEST(L2Error, of_an_interpolant_of_x_squared) {
  // at 0, 1/3, 2/3, 1: slopes 1/3, 1, 5/3
  Network const net(1, {layer({{1}, {1}, {1}}, {0, Rational(-1, 3), Rational(-2, 3)}, Activation::relu()),
                        layer({{Rational(1, 3), Rational(2, 3), Rational(2, 3)}}, {0}, Activation::identity())});
  expect_holds(l2_error(net, target::resolve("x^2"), 0, 1), 1 / (9 * sqrt(Real(30))), "x^2");
}

TEST(L2Error, of_pieces_longer_than_the_radius_of_convergence) {
  // int_{-1}^{1} (1 + c x^2)^-2 dx = 1/(1 + c) + atan(sqrt c)/sqrt c
  for (int c : {25, 400, 10000}) {
    Real const root = sqrt(Real(c));
    expect_holds(l2_error(constant(0), target::resolve("1/(1+" + std::to_string(c) + "*x^2)"), -1, 1),
                 sqrt(1 / Real(1 + c) + atan(root) / root), "runge");
  }
}

TEST(L2Error, of_a_deep_sawtooth) {
  // on each of 2^m pieces x^2 less its chord is -h^2 t (1 - t), h = 2^-m; shifted, h^2/8 more
  for (int m : {1, 4, 8}) {
    Real const h2 = pow(Real(4), -m);
    expect_holds(l2_error(construct::sawtooth_square(m, false), target::resolve("x^2"), 0, 1), h2 * sqrt(Real(1) / 30),
                 "sawtooth");
    expect_holds(l2_error(construct::sawtooth_square(m, true), target::resolve("x^2"), 0, 1),
                 h2 * sqrt(Real(1) / 30 - Real(1) / 24 + Real(1) / 64), "shifted sawtooth");
  }
}

TEST(L2Error, holds_what_gauss_quadrature_says_of_random_networks) {
  test::for_random(40, [](std::mt19937_64& g) {
    // one hidden layer: the kinks are known, so that Gauss's rule converges between them
    int const n = 1 + test::below(g, 6);
    std::vector<std::vector<Rational>> inner, outer(1);
    std::vector<Rational> bias;
    std::set<Rational> cuts{-1, 1};
    for (int i = 0; i < n; ++i) {
      Rational const w = test::small_weight(g) + Rational(1, 7), b = test::small_weight(g);
      inner.push_back({w});
      bias.push_back(b);
      outer[0].push_back(test::small_weight(g));
      if (w != 0 && abs(Rational(b / w)) < 1) cuts.insert(-b / w);
    }
    Activation const a = test::below(g, 2) == 0 ? Activation::relu() : Activation::relu_power(3);
    Network const net(1, {layer(inner, bias, a), layer(outer, {test::small_weight(g)}, Activation::identity())});
    target::Target const f = target::resolve(test::below(g, 2) == 0 ? "exp(x)*sin(4*x)" : "1/(3+x)^2-tanh(2*x)");
    Real sum = 0;
    for (auto c = cuts.begin(); std::next(c) != cuts.end(); ++c)
      sum += boost::math::quadrature::gauss<Real, 60>::integrate(
          [&](Real const& x) {
            Real const e = f(x) - net(x);
            return Real(e * e);
          },
          Real(*c), Real(*std::next(c)));
    Enclosure const e = l2_error(net, f, -1, 1);
    ASSERT_TRUE(e.proved) << e.reason;
    Real const truth = sqrt(sum), slack = truth * Real("1e-20");
    EXPECT_LE(Real(e.lower), truth + slack);
    EXPECT_GE(Real(e.upper), truth - slack);
  });
}

TEST(L2Error, is_below_the_sup_norm_times_the_root_of_the_length) {
  test::for_random(15, [](std::mt19937_64& g) {
    Network const net = test::random_network(g, 1 + test::below(g, 3), 4);
    target::Target const f = target::resolve("cos(5*x)");
    Enclosure const l2 = l2_error(net, f, -1, 1), sup = sup_error(net, f, -1, 1);
    ASSERT_TRUE(l2.proved) << l2.reason;
    EXPECT_LE(l2.lower * l2.lower, 2 * sup.upper * sup.upper);
  });
}

TEST(L2Error, resolves_errors_far_below_double_precision) {
  target::Target const f = target::resolve("exp(x)");
  Network const net = construct::optimal_spline_network(f, 4, 600);
  Enclosure const l2 = l2_error(net, f, -1, 1), sup = sup_error(net, f, -1, 1);
  ASSERT_TRUE(l2.proved) << l2.reason;
  EXPECT_LT(l2.upper, 2 * sup.upper);
  EXPECT_GT(l2.lower, sup.lower / 10);
}

TEST(L2Error, takes_smooth_activations) {
  Network const gelu(1, {layer({{1}}, {0}, Activation::gelu()), layer({{1}}, {0}, Activation::identity())});
  Network const silu(1, {layer({{1}}, {0}, Activation::silu()), layer({{1}}, {0}, Activation::identity())});
  for (Network const* net : {&gelu, &silu}) {
    Real const truth = sqrt(boost::math::quadrature::gauss<Real, 60>::integrate(
        [&](Real const& x) {
          Real const e = exp(x) - (*net)(x);
          return Real(e * e);
        },
        Real(-1), Real(1)));
    expect_holds(l2_error(*net, target::resolve("exp(x)"), -1, 1), truth, "smooth");
  }
}

TEST(L2Error, says_what_it_cannot_prove) {
  Enclosure const e = l2_error(constant(0), target::resolve("1/x"), -1, 1);
  EXPECT_FALSE(e.bounded);
  EXPECT_FALSE(e.proved);
  EXPECT_FALSE(e.reason.empty());
  Options few;
  few.most_pieces = 10;
  Enclosure const deep = l2_error(construct::sawtooth_square(8, true), target::resolve("x^2"), 0, 1, few);
  EXPECT_FALSE(deep.bounded);
  EXPECT_NE(deep.reason.find("10 polynomial pieces"), std::string::npos);
}

TEST(L2Error, is_zero_where_there_is_no_error) {
  Network const net(1, {layer({{1}}, {0}, Activation::identity())});
  Options o;
  o.absolute = power_of_two(-100);
  Enclosure const e = l2_error(net, target::resolve("x"), -1, 1, o);
  EXPECT_TRUE(e.proved) << e.reason;
  EXPECT_EQ(e.lower, 0);
  EXPECT_LE(e.upper, o.absolute);
}

TEST(L2Error, refuses_wrong_shapes_and_domains) {
  EXPECT_THROW(l2_error(constant(0), target::resolve("x"), 1, 1), InvalidInput);
  EXPECT_THROW(l2_error(constant(0), target::resolve("x1", 2), -1, 1), InvalidInput);
  EXPECT_THROW(l2_error(Network(2, {layer({{1, 1}}, {0}, Activation::identity())}), target::resolve("x"), -1, 1),
               InvalidInput);
}

}  // namespace
}  // namespace nwidth::certify
