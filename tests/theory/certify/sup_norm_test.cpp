// SPDX-License-Identifier: Apache-2.0
/// The certifier against a referee that shares nothing with it: 100-digit sampling, dense and then refined.
#include "theory/certify/sup_norm.hpp"

#include <algorithm>
#include <cmath>

#include "tests/theory/certify/networks.hpp"
#include "theory/construct/log_free_relu.hpp"
#include "theory/construct/two_level.hpp"

namespace nwidth::certify {
namespace {

using test::below;

Real error_at(Network const& net, target::Target const& f, Real const& x) { return abs(f(x) - net(x)); }

/// max |f - net| over a dense grid in doubles, then by golden sections at 100 digits around the five leaders.
Real sampled_maximum(Network const& net, target::Target const& f, Rational const& a, Rational const& b, int points) {
  double const l = a.convert_to<double>(), r = b.convert_to<double>();
  std::vector<std::pair<double, double>> grid;  // |e|, x
  for (int i = 0; i <= points; ++i) {
    double const x = l + (r - l) * i / points;
    double const e = std::fabs(f(x) - net(x));
    grid.emplace_back(std::isfinite(e) ? e : 0, x);
  }
  std::size_t const leaders = std::min<std::size_t>(5, grid.size());
  std::partial_sort(grid.begin(), grid.begin() + static_cast<long>(leaders), grid.end(), std::greater<>());
  Real best = std::max(error_at(net, f, to_real(a)), error_at(net, f, to_real(b)));
  Real const golden = (sqrt(Real(5)) - 1) / 2;
  for (std::size_t k = 0; k < leaders; ++k) {
    Real const step = Real(r - l) / points;
    Real lo = std::max(Real(grid[k].second) - step, to_real(a)), hi = std::min(Real(grid[k].second) + step, to_real(b));
    Real p = hi - golden * (hi - lo), q = lo + golden * (hi - lo);
    Real ep = error_at(net, f, p), eq = error_at(net, f, q);
    for (int i = 0; i < 60; ++i) {
      if (ep > eq) {
        hi = q;
        q = p;
        eq = ep;
        p = hi - golden * (hi - lo);
        ep = error_at(net, f, p);
      } else {
        lo = p;
        p = q;
        ep = eq;
        q = lo + golden * (hi - lo);
        eq = error_at(net, f, q);
      }
    }
    best = std::max({best, ep, eq});
  }
  return best;
}

target::Target random_target(std::mt19937_64& g) {
  auto number = [&g] { return Rational(Rational(test::uniform(g, 1, 40)) / test::uniform(g, 1, 8)).str(); };
  auto signed_number = [&] { return (test::coin(g) ? "(-" : "(") + number() + ")"; };
  std::string const w = "(" + number() + ")", c = signed_number();
  std::vector<std::string> const forms{"exp(x)",
                                       "sin(" + w + "*x + " + c + ")",
                                       "1/(1 + " + w + "*x^2)",
                                       "abs(x - " + c + "/64)",
                                       "abs(x - 0.1)^(5/2)",
                                       "relu(" + w + "*x - " + c + "/8)^2 - x",
                                       "sqrt(x + 1)",
                                       "sqrt(2 + sin(" + w + "*x))",
                                       "log(2 + x)*" + c,
                                       "x^3 - " + c + "*x",
                                       "min(exp(x), 1 + " + w + "*x)",
                                       "max(cos(" + w + "*x), x/3)",
                                       "tanh(" + w + "*x)",
                                       "atan(x*" + c + ") + abs(x)/3",
                                       c + "/7",
                                       "cosh(x) - sinh(x/2)*tan(x/2)"};
  return target::resolve(test::pick(g, forms));
}

void check_pair(Network const& net, target::Target const& f, Rational const& a, Rational const& b) {
  Enclosure const e = sup_error(net, f, a, b);
  std::string const where = f.name + " on [" + exact_string(a) + ", " + exact_string(b) + "]";
  Real const sampled = sampled_maximum(net, f, a, b, 400);
  // No upper bound is below what was seen, ever.
  if (e.bounded) EXPECT_LE(exact(sampled), e.upper) << where;
  // The lower bound is attained where the certifier says, and sampling comes as near as the tolerance allows.
  if (e.lower > 0) EXPECT_GE(exact(error_at(net, f, to_real(e.at))), e.lower * (1 - power_of_two(-200))) << where;
  EXPECT_TRUE(e.proved) << where << ": " << e.reason;
  if (e.proved) EXPECT_LE(e.upper - e.lower, e.upper / 1000000) << where;
}

TEST(SupNorm, encloses_the_sampled_maximum_for_shallow_networks) {
  test::for_random(260,
                   [](std::mt19937_64& g) { check_pair(test::random_network(g, 1, 10), random_target(g), -1, 1); });
}

TEST(SupNorm, encloses_the_sampled_maximum_for_deep_networks) {
  test::for_random(160, [](std::mt19937_64& g) {
    check_pair(test::random_network(g, 2 + below(g, 2), 5), random_target(g), -1, 1);
  });
}

TEST(SupNorm, encloses_the_sampled_maximum_on_any_domain) {
  test::for_random(100, [](std::mt19937_64& g) {
    Rational const a = Rational(test::uniform(g, -30, 20)) / 30, b = a + Rational(test::uniform(g, 1, 30)) / 37;
    check_pair(test::random_network(g, 1 + below(g, 2), 6), random_target(g), a, b);
  });
}

TEST(SupNorm, encloses_the_sampled_maximum_for_log_free_relu_networks) {
  // Products and powers are emulated: enclosed by error bounds first, by their teeth near the maximum.
  test::for_random(8, [](std::mt19937_64& g) {
    int const n = 1 + below(g, 4);
    std::vector<std::string> const forms{"sin(3*x)/81", "exp(x)/3", "1/(20 + x)", "atan(x)/24", "abs(x - 0.3)/2"};
    target::Target const f = target::resolve(test::pick(g, forms));
    check_pair(construct::log_free_relu_network(f, n, 2 + below(g, 4), n + 1 + below(g, 3), 2 + below(g, 4)), f, -1, 1);
  });
}

TEST(SupNorm, encloses_the_sampled_maximum_for_large_two_level_networks) {
  test::for_random(4, [](std::mt19937_64& g) {
    int const n = 1 + below(g, 4);
    target::Target const f = target::resolve(test::coin(g) ? "sin(8*x)/4096" : "1/(1 + 9*x^2)");
    check_pair(construct::two_level_network(f, n, 12 + below(g, 8), 30 + below(g, 30)), f, -1, 1);
  });
}

TEST(SupNorm, splits_do_not_matter) {
  // The sup over [a, b] is the larger of the sups over two parts, wherever they meet.
  test::for_random(40, [](std::mt19937_64& g) {
    Network const net = test::random_network(g, 1 + below(g, 2), 6);
    target::Target const f = random_target(g);
    Rational const m = Rational(test::uniform(g, -90, 90)) / 91;
    Enclosure const whole = sup_error(net, f, -1, 1), left = sup_error(net, f, -1, m), right = sup_error(net, f, m, 1);
    ASSERT_TRUE(whole.bounded && left.bounded && right.bounded) << f.name;
    EXPECT_LE(whole.lower, std::max(left.upper, right.upper)) << f.name;
    EXPECT_GE(whole.upper, std::max(left.lower, right.lower)) << f.name;
  });
}

TEST(SupNorm, gets_sharper_when_asked) {
  test::for_random(20, [](std::mt19937_64& g) {
    Network const net = test::random_network(g, 1, 6);
    target::Target const f = target::resolve("exp(sin(3*x))");
    Options sharp;
    sharp.relative = Rational(1, 1000000000000);
    Enclosure const rough = sup_error(net, f, -1, 1), fine = sup_error(net, f, -1, 1, sharp);
    EXPECT_TRUE(fine.proved) << fine.reason;
    EXPECT_LE(rough.lower, fine.upper);
    EXPECT_GE(rough.upper, fine.lower);
  });
}

TEST(SupNorm, limits_end_with_a_reason_and_what_was_proved) {
  std::mt19937_64 g(7);
  Network const net = test::random_network(g, 1, 10);
  target::Target const f = target::resolve("exp(x)");
  Options few;
  few.most_pieces = 1;
  Enclosure const e = sup_error(net, f, -1, 1, few);
  EXPECT_FALSE(e.proved);
  EXPECT_FALSE(e.bounded);
  EXPECT_NE(e.reason.find("pieces"), std::string::npos);
  Options no_time;
  no_time.most_seconds = 0;
  Enclosure const t = sup_error(net, f, -1, 1, no_time);
  EXPECT_TRUE(t.proved || t.reason.find("time") != std::string::npos) << t.reason;
}

TEST(SupNorm, refuses_wrong_shapes_and_empty_domains) {
  std::mt19937_64 g(8);
  Network const net = test::random_network(g, 1, 3);
  target::Target const f = target::resolve("exp(x)");
  EXPECT_THROW(sup_error(net, f, 1, 1), InvalidInput);
  EXPECT_THROW(sup_error(net, f, 1, -1), InvalidInput);
  Network const two(2, {test::layer({{1, 1}}, {0}, Activation::relu())});
  EXPECT_THROW(sup_error(two, f, -1, 1), InvalidInput);
  EXPECT_THROW(sup_error(net, target::resolve("x1 + x2", 2), -1, 1), InvalidInput);
}

}  // namespace
}  // namespace nwidth::certify
