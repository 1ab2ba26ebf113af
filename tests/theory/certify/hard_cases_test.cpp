// SPDX-License-Identifier: Apache-2.0
/// Cases on which sampling, naive intervals or doubles give a wrong or no answer; each truth is known in closed form or
/// to 18 digits.
#include <cmath>

#include "tests/theory/certify/networks.hpp"
#include "theory/certify/sup_norm.hpp"

namespace nwidth::certify {
namespace {

using test::layer;

Network affine_network(Rational const& slope, Rational const& offset) {
  return Network(1, {layer({{slope}}, {offset}, Activation::identity())});
}
Network const zero = affine_network(0, 0);

void expect_encloses(Enclosure const& e, std::string const& truth, Rational const& slack = 0) {
  Rational const t = parse_rational(truth);
  ASSERT_TRUE(e.proved) << e.reason;
  EXPECT_LE(e.lower, t + slack) << decimal_below(e.lower, 20);
  EXPECT_GE(e.upper, t - slack) << decimal_above(e.upper, 20);
  EXPECT_LE(e.upper - e.lower, e.upper / 1000000);
}
/// for a truth given to `digits` decimal digits after its leading one
Rational last_digit(std::string const& truth, int digits) {
  return abs(parse_rational(truth)) / power(Rational(10), static_cast<unsigned>(digits));
}

TEST(HardCases, a_spike_no_grid_sees) {  // 1
  Rational const c = parse_rational("1431655765") * power_of_two(-32), w = power_of_two(-30);
  Network const spike(1, {layer({{1}, {1}, {1}}, {w - c, -c, -c - w}, Activation::relu()),
                          layer({{1 / w, -2 / w, 1 / w}}, {0}, Activation::identity())});
  expect_encloses(sup_error(spike, target::resolve("0"), 0, 1), "1");
}

TEST(HardCases, a_kink_at_one_third) {  // 2
  Network const net(1, {layer({{3}}, {-1}, Activation::relu()), layer({{1}}, {1}, Activation::identity())});
  std::string const truth = "0.395612425086089528628";
  expect_encloses(sup_error(net, target::resolve("exp(x)"), 0, 1), truth, last_digit(truth, 19));
}

TEST(HardCases, the_chebyshev_polynomial_in_monomials) {  // 3
  // T_40 as an expression in the power basis: coefficients up to 10^14, value at most 1.
  std::vector<Integer> before{1}, now{0, 1};
  for (int k = 2; k <= 40; ++k) {
    std::vector<Integer> next(now.size() + 1);
    for (std::size_t i = 0; i < now.size(); ++i) next[i + 1] += 2 * now[i];
    for (std::size_t i = 0; i < before.size(); ++i) next[i] -= before[i];
    before = std::move(now);
    now = std::move(next);
  }
  std::string text = "0";
  for (std::size_t i = 0; i < now.size(); ++i)
    if (now[i] != 0) text += " + (" + now[i].str() + ")*x^" + std::to_string(i);
  expect_encloses(sup_error(zero, target::resolve(text), -1, 1), "1");
}

TEST(HardCases, the_same_as_one_neuron) {  // 3, as a PolyReLU neuron of degree 12: T_12(x) = P(relu(x + 1))
  // P(t) = T_12(t - 1): coefficients by the recurrence in t.
  std::vector<Rational> before{1}, now{-1, 1};
  for (int k = 2; k <= 12; ++k) {
    std::vector<Rational> next(now.size() + 1);
    for (std::size_t i = 0; i < now.size(); ++i) {
      next[i + 1] += 2 * now[i];
      next[i] -= 2 * now[i];
    }
    for (std::size_t i = 0; i < before.size(); ++i) next[i] -= before[i];
    before = std::move(now);
    now = std::move(next);
  }
  Network const net(1, {layer({{1}}, {1}, Activation::polyrelu(now)), layer({{1}}, {0}, Activation::identity())});
  expect_encloses(sup_norm(net, -1, 1), "1");
}

TEST(HardCases, x_log_x_at_zero) {  // 5
  std::string const truth = "0.367879441171442321596";
  expect_encloses(sup_error(zero, target::resolve("x*log(x)"), 0, 1), truth, last_digit(truth, 19));
}

TEST(HardCases, the_square_root_against_its_best_spline) {  // 6: 1/(4 N (N + 1)), N = 16, knots (i(i+1)/272)^2
  int const N = 16;
  std::vector<std::vector<Rational>> w;
  std::vector<Rational> b, jumps;
  auto knot = [&](int i) { return power(Rational(i * (i + 1)) / (N * (N + 1)), 2); };
  Rational const E = Rational(1) / (4 * N * (N + 1));
  // On each piece the chord of sqrt through the piece's ends, shifted: sqrt - s = +-E; the ends' values are sqrt(knot)
  // -+ E.
  auto value = [&](int i) { return Rational(i * (i + 1)) / (N * (N + 1)) + E; };
  Rational slope = 0;
  for (int i = 0; i < N; ++i) {
    Rational const next = (value(i + 1) - value(i)) / (knot(i + 1) - knot(i));
    w.push_back({1});
    b.push_back(-knot(i));
    jumps.push_back(next - slope);
    slope = next;
  }
  Network const net(1, {layer(w, b, Activation::relu()), layer({jumps}, {value(0)}, Activation::identity())});
  expect_encloses(sup_error(net, target::resolve("sqrt(x)"), 0, 1), "1/1088");
}

TEST(HardCases, flat_everywhere) {  // 7
  auto with_bias = [](Rational const& bias) {
    return Network(
        1, {layer({{1}, {-1}}, {0, 0}, Activation::relu_power(2)), layer({{1, 1}}, {bias}, Activation::identity())});
  };
  expect_encloses(sup_error(with_bias(Rational(1, 10)), target::resolve("x^2"), -1, 1), "1/10");
  Enclosure const e = sup_error(with_bias(exact(0.1)), target::resolve("x^2"), -1, 1);
  expect_encloses(e, exact_string(exact(0.1)));
  EXPECT_GT(e.upper, Rational(1, 10));  // "<= 1/10" is false for the double
}

TEST(HardCases, a_removable_singularity) {  // 9
  target::Target const f = target::resolve("sin(x)/x - (1 - x^2/6)");
  std::string const truth = "0.00813765147456317331917";
  expect_encloses(sup_error(zero, f, -1, 1), truth, last_digit(truth, 18));
}

TEST(HardCases, a_difference_below_double_precision) {  // 14
  Enclosure const e = sup_error(affine_network(Rational(3, 4), power_of_two(-60)), target::resolve("x^3"), -1, 1);
  expect_encloses(e, exact_string(Rational(1, 4) + power_of_two(-60)));
  EXPECT_GE(e.upper, Rational(1, 4) + power_of_two(-60));
}

TEST(HardCases, an_interpolant_with_rational_knots) {  // 16
  Network const net(1, {layer({{1}, {1}, {1}}, {0, Rational(-1, 3), Rational(-2, 3)}, Activation::relu()),
                        layer({{Rational(1, 3), Rational(2, 3), Rational(2, 3)}}, {0}, Activation::identity())});
  expect_encloses(sup_error(net, target::resolve("x^2"), 0, 1), "1/36");
}

TEST(HardCases, gelu_against_relu) {  // 17: flat beyond any scale far from 0
  Network const gelu(1, {layer({{1}}, {0}, Activation::gelu()), layer({{1}}, {0}, Activation::identity())});
  std::string const truth = "0.169971207479903661693868";
  expect_encloses(sup_error(gelu, target::resolve("relu(x)"), -40, 40), truth, last_digit(truth, 20));
}

TEST(HardCases, silu_against_relu_on_a_long_interval) {  // 19, on [-40, 40]: the maximum is inside
  Network const silu(1, {layer({{1}}, {0}, Activation::silu()), layer({{1}}, {0}, Activation::identity())});
  std::string const truth = "0.278464542761073795109";
  expect_encloses(sup_error(silu, target::resolve("relu(x)"), -40, 40), truth, last_digit(truth, 19));
}

TEST(HardCases, a_rational_activation_and_its_pole) {
  Network const net(
      1, {layer({{1}}, {0}, Activation::rational({1}, {1, 0, 25})), layer({{1}}, {0}, Activation::identity())});
  expect_encloses(sup_error(net, target::resolve("0"), -1, 1), "1");
  Network const pole(1,
                     {layer({{1}}, {0}, Activation::rational({1}, {0, 1})), layer({{1}}, {0}, Activation::identity())});
  Enclosure const e = sup_error(pole, target::resolve("0"), -1, 1);
  EXPECT_FALSE(e.proved);
  EXPECT_FALSE(e.bounded);
  EXPECT_FALSE(e.reason.empty());
}

TEST(HardCases, a_target_undefined_inside_is_refused_with_a_place) {
  for (char const* text : {"log(x)", "1/x", "sqrt(x)", "tan(2*x)"}) {
    Enclosure const e = sup_error(zero, target::resolve(text), -1, 1);
    EXPECT_FALSE(e.bounded) << text;
    EXPECT_FALSE(e.proved) << text;
    EXPECT_NE(e.reason.find("x = "), std::string::npos) << text << ": " << e.reason;
    EXPECT_LT(e.seconds, 20) << text;
  }
}

TEST(HardCases, an_error_that_vanishes) {
  // Exactly, seen exactly; and through weights that are not dyadic, where no relative enclosure exists.
  Enclosure const exact_zero = sup_error(affine_network(1, 0), target::resolve("x"), -1, 1);
  EXPECT_TRUE(exact_zero.proved) << exact_zero.reason;
  EXPECT_EQ(exact_zero.upper, 0);
  Network const thirds(1, {layer({{Rational(1, 3)}, {Rational(-1, 3)}}, {0, 0}, Activation::relu()),
                           layer({{3, -3}}, {0}, Activation::identity())});
  Enclosure const e = sup_error(thirds, target::resolve("x"), -1, 1);
  EXPECT_TRUE(e.bounded);
  EXPECT_LT(e.upper, power_of_two(-100));
  EXPECT_EQ(e.lower, 0);
  if (!e.proved) EXPECT_FALSE(e.reason.empty());
}

}  // namespace
}  // namespace nwidth::certify
