// SPDX-License-Identifier: Apache-2.0
#include "fitting/network/shallow_network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/random.hpp"
#include "theory/certify/sup_norm.hpp"

namespace nwidth::fitting {
namespace {

using Kind = Activation::Kind;
std::size_t at(int i) { return static_cast<std::size_t>(i); }

std::vector<SplineClass> const classes{SplineClass::relu(),
                                       SplineClass::relu_power(2),
                                       SplineClass::relu_power(3),
                                       SplineClass::relu_power(4),
                                       SplineClass::relu_power(5),
                                       SplineClass::polyrelu(3),
                                       SplineClass::polyrelu(2),
                                       {4, 2},
                                       {3, 2}};
std::vector<Facing> const facings{Facing::right, Facing::left, Facing::both};

/// n interior knots in [a, b], all numbers doubles.
template <class T = double>
FreeKnotSpline<T> random_spline(std::mt19937_64& g, SplineClass kind, int n, double a = -1, double b = 1) {
  FreeKnotSpline<T> s{kind, {T(a)}, {}};
  for (int i = 1; i <= n; ++i) s.knots.push_back(T(a + (b - a) * (i + test::uniform_real(g, -0.4, 0.4)) / (n + 1)));
  s.knots.push_back(T(b));
  for (int i = 0; i < kind.dimension(n); ++i) s.coefficients.push_back(T(test::uniform_real(g, -1, 1)));
  s.validate();
  return s;
}

/// A spline near f with n equal steps: for multiplicity 1 Schoenberg's, for C^0 cubics the interpolant at four points
/// of each segment.
FreeKnotSpline<double> near(std::function<double(double)> const& f, SplineClass kind, int n) {
  FreeKnotSpline<double> s{kind, {}, {}};
  for (int i = 0; i <= n + 1; ++i) s.knots.push_back(-1 + 2.0 * i / (n + 1));
  int const d = kind.degree;
  if (kind.multiplicity == 1) {
    for (int j = 0; j < kind.dimension(n); ++j) {  // at the means of d knots
      double sum = 0;
      for (int k = j + 1; k <= j + d; ++k) sum += s.knots[at(std::min(std::max(k - d, 0), n + 1))];
      s.coefficients.push_back(f(sum / d));
    }
  } else {
    for (int i = 0; i <= n; ++i) {
      double const l = s.knots[at(i)], h = s.knots[at(i + 1)] - l;
      double const y[] = {f(l), f(l + h / 3), f(l + 2 * h / 3), f(l + h)};
      if (i == 0) s.coefficients.push_back(y[0]);
      s.coefficients.push_back((-5 * y[0] + 18 * y[1] - 9 * y[2] + 2 * y[3]) / 6);
      s.coefficients.push_back((2 * y[0] - 9 * y[1] + 18 * y[2] - 5 * y[3]) / 6);
      s.coefficients.push_back(y[3]);
    }
  }
  s.validate();
  return s;
}

FreeKnotSpline<Rational> exactly(FreeKnotSpline<double> const& s) {
  FreeKnotSpline<Rational> r{s.kind, {}, {}};
  for (double t : s.knots) r.knots.push_back(exact(t));
  for (double c : s.coefficients) r.coefficients.push_back(exact(c));
  return r;
}

template <class F>
void for_each_number(Network const& net, F&& f) {
  for (Layer const& l : net.layers()) {
    for (Entry const& e : l.weights.entries()) f(e.value);
    for (Rational const& b : l.bias) f(b);
    for (auto const& c : l.activation.coefficients)
      for (Rational const& a : c) f(a);
  }
}

int significant_bits(Rational const& q) {
  if (q == 0) return 0;
  EXPECT_TRUE(is_dyadic(q));
  Integer const m = abs(numerator(q));
  return static_cast<int>(msb(m) - lsb(m)) + 1;
}

TEST(ShallowNetwork, without_rounding_is_the_spline_whatever_way_its_neurons_face) {
  test::for_random(40, [](std::mt19937_64& g) {
    SplineClass const kind = test::pick(g, classes);
    double const a = test::uniform_real(g, -3, 3), b = a + test::uniform_real(g, 0.1, 5);
    auto const s = random_spline(g, kind, static_cast<int>(g() % 6), a, b);
    auto const r = exactly(s);
    for (Facing facing : facings) {
      Network const net = shallow_network(s, {facing, 0}).network;
      for (int i = 0; i < 8; ++i) {
        Rational const x = test::random_in(g, exact(a), exact(b));
        EXPECT_EQ(net(x), r(x));
      }
      for (Rational const& t : r.knots) EXPECT_EQ(net(t), r(t));
    }
  });
}

TEST(ShallowNetwork, has_the_neurons_that_it_promises) {
  test::for_random(30, [](std::mt19937_64& g) {
    SplineClass const kind = test::pick(g, classes);
    int const n = static_cast<int>(g() % 7), k = kind.degree;
    ShallowNetwork const net = shallow_network(random_spline(g, kind, n), {test::pick(g, facings), 53});
    EXPECT_EQ(net.knot_neurons, n);
    EXPECT_EQ(net.always_on, kind.multiplicity == 1 ? k : 1);
    EXPECT_EQ(net.network.neurons(), static_cast<std::size_t>(net.knot_neurons + net.always_on));
    EXPECT_EQ(net.network.depth(), 1);
    Activation const& a = net.network.layers()[0].activation;
    EXPECT_EQ(a.kind, kind.multiplicity > 1 ? Kind::polyrelu : k == 1 ? Kind::relu : Kind::relu_power);
    EXPECT_EQ(a.power, a.kind == Kind::relu_power ? k : 1);
  });
  // a polynomial needs no neurons at its knots, a constant one that is idle
  FreeKnotSpline<double> const line{SplineClass::relu(), {-1, 0, 0.5, 1}, {-2, 0, 1, 2}};
  EXPECT_EQ(shallow_network(line).knot_neurons, 0);
  FreeKnotSpline<double> const constant{SplineClass::polyrelu(2), {-1, 0, 1}, {3, 3, 3, 3, 3}};
  EXPECT_EQ(shallow_network(constant).network(Rational(1, 3)), 3);
}

TEST(ShallowNetwork, rounds_knots_and_weights_once_and_to_nearest) {
  test::for_random(30, [](std::mt19937_64& g) {
    auto const s = random_spline(g, test::pick(g, classes), static_cast<int>(g() % 6));
    ShallowNetwork const net = shallow_network(s);
    for_each_number(net.network, [](Rational const& q) { EXPECT_EQ(exact(to_double(q)), q); });
    // the same network without rounding differs by half a unit in the last place; doubles of s are kept as knots
    ShallowNetwork const peer = shallow_network(s, {Facing::both, 0});
    ASSERT_EQ(peer.pivot, net.pivot);
    for (std::size_t l = 0; l < 2; ++l) {
      auto const &a = net.network.layers()[l].weights.entries(), &b = peer.network.layers()[l].weights.entries();
      ASSERT_EQ(a.size(), b.size());
      auto const first_of_knots = static_cast<std::size_t>(net.always_on);
      for (std::size_t i = first_of_knots; i < a.size(); ++i) {
        EXPECT_LE(abs(a[i].value - b[i].value), abs(b[i].value) * power_of_two(-53));
        EXPECT_TRUE(l == 1 || a[i].value == b[i].value);
      }
    }
    for (int bits : {2, 8, 11, 24, 100}) {
      FreeKnotSpline<double> const coarse{
          s.kind, {-1, -0.5, 0.75, 1}, std::vector<double>(at(s.kind.dimension(2)), 0.3)};
      auto varied = coarse;
      for (double& c : varied.coefficients) c += test::uniform_real(g, -0.1, 0.1);
      for_each_number(shallow_network(varied, {Facing::both, bits}).network,
                      [bits](Rational const& q) { EXPECT_LE(significant_bits(q), bits); });
    }
  });
  EXPECT_EQ(round_to_bits(Rational(11), 3), 12);
  EXPECT_EQ(round_to_bits(Rational(-1, 3), 2), Rational(-3, 8));
  EXPECT_EQ(round_to_bits(Rational(1, 3), 53), exact(1.0 / 3));
  EXPECT_EQ(round_to_bits(Rational(1, 3), 0), Rational(1, 3));
}

TEST(ShallowNetwork, certified_effect_of_rounding_is_what_its_terms_predict) {
  certify::Options options;
  options.relative = Rational(1, 100);
  test::for_random(6, [&](std::mt19937_64& g) {
    SplineClass const kind = test::pick(g, classes);
    int const n = static_cast<int>(g() % 12);
    auto const s = random_spline(g, kind, n);
    for (int bits : {53, 24, 90}) {
      ShallowNetwork const net = shallow_network(s, {test::pick(g, facings), bits});
      certify::Enclosure const e = rounding_effect(s, net.network, options);
      ASSERT_TRUE(e.proved) << e.reason;
      if (bits == 53) {  // knots are doubles already: half a unit of each term; 2 because terms are sampled
        double const bound = 2 * 0x1p-53 * net.largest_term;
        EXPECT_LE(to_double(e.upper), bound);
      }
      auto const r = exactly(s);
      Rational sampled = 0;
      for (int i = 0; i <= 64; ++i) {
        Rational const x = Rational(i - 32) / 32;
        sampled = std::max(sampled, Rational(abs(net.network(x) - r(x))));
      }
      EXPECT_LE(sampled, e.upper);
      EXPECT_GE(to_double(sampled), to_double(e.lower) / 50) << "an enclosure far above what can be seen";
    }
  });
}

TEST(ShallowNetwork, of_many_digits_is_rounded_from_all_of_them) {
  certify::Options options;
  options.relative = Rational(1, 100);
  test::for_random(4, [&](std::mt19937_64& g) {
    auto s = random_spline<Real>(g, test::pick(g, classes), 8);
    for (std::size_t i = 1; i + 1 < s.knots.size(); ++i) s.knots[i] += Real(1) / 3e5;
    for (Real& c : s.coefficients) c += Real(1) / 7;
    std::vector<double> effects;
    for (int bits : {53, 113, 200}) {
      certify::Enclosure const e = rounding_effect(s, shallow_network(s, {Facing::both, bits}).network, options);
      ASSERT_TRUE(e.proved) << e.reason;
      effects.push_back(to_double(e.upper));
    }
    EXPECT_LT(effects[0], 1e-11);
    EXPECT_GT(effects[0], 1e-18);
    EXPECT_LT(effects[1], effects[0] * 0x1p-50);
    EXPECT_GT(effects[1], effects[0] * 0x1p-70);
    EXPECT_LT(effects[2], effects[1] * 0x1p-77);
  });
}

TEST(ShallowNetwork, certifies_to_the_error_that_its_spline_has) {
  // x^2 - (its interpolant at steps h) has the sup h^2/4; with dyadic knots all weights are exact
  FreeKnotSpline<double> s{SplineClass::relu(), {}, {}};
  for (int i = 0; i <= 8; ++i) {
    s.knots.push_back(-1 + 0.25 * i);
    s.coefficients.push_back(s.knots.back() * s.knots.back());
  }
  Network const net = shallow_network(s).network;
  certify::Enclosure const e = certify::sup_error(net, target::resolve("x^2"), -1, 1);
  ASSERT_TRUE(e.proved) << e.reason;
  EXPECT_LE(e.lower, Rational(1, 64));
  EXPECT_GE(e.upper, Rational(1, 64));
  EXPECT_EQ(rounding_effect(s, net).upper, 0);
  // C^0 cubics through four points of each segment: |f''''| (h/3)^4/24 max|u(u-1)(u-2)(u-3)| = h^4 |f''''|/1944
  auto const cubics = near([](double x) { return std::exp(x); }, SplineClass::polyrelu(3), 15);
  certify::Enclosure const c = certify::sup_error(shallow_network(cubics).network, target::resolve("exp(x)"), -1, 1);
  ASSERT_TRUE(c.proved) << c.reason;
  double const h = 0.125, largest = std::exp(1.0) * std::pow(h, 4) / 1944;
  EXPECT_LT(to_double(c.upper), largest);
  EXPECT_GT(to_double(c.lower), 0.9 * largest);
}

/// The continuous piecewise linear function nearest to exp on [-1, 1]: each piece is its chord lowered by E.
FreeKnotSpline<Real> best_for_exp(int pieces) {
  auto secant = [](auto const& f, Real x, Real y) {
    Real fx = f(x), fy = f(y);
    for (int i = 0; i < 60 && abs(Real(y - x)) > Real("1e-95"); ++i) {
      Real const z = y - fy * (y - x) / (fy - fx);
      x = y;
      fx = fy;
      y = z;
      fy = f(y);
      if (fy == fx) break;
    }
    return y;
  };
  auto error = [](Real const& a, Real const& b) {  // half the height of the arc over [a, b]
    Real const slope = (exp(b) - exp(a)) / (b - a), x = log(slope);
    return Real((exp(a) + slope * (x - a) - slope) / 2);
  };
  std::vector<Real> knots;
  auto end = [&](Real const& level) {
    knots = {Real(-1)};
    for (int i = 0; i < pieces; ++i) {
      Real const a = knots.back(), h = sqrt(Real(16 * level / exp(a)));
      knots.push_back(secant([&](Real const& b) { return Real(error(a, b) - level); }, a + h * Real(0.8), a + h));
    }
    return Real(knots.back() - 1);
  };
  Real const guess = Real(0.2715) / (pieces * pieces), level = secant(end, guess, guess * Real(1.01));
  end(level);
  FreeKnotSpline<Real> s{SplineClass::relu(), knots, {}};
  s.knots.back() = 1;
  for (Real const& t : s.knots) s.coefficients.push_back(exp(t) - level);
  return s;
}

TEST(ShallowNetwork, of_the_best_spline_is_certified_a_rounding_above_the_optimum) {
  struct Row {
    int pieces;
    char const* optimum;
  };
  certify::Options options;
  options.relative = parse_rational("1e-12");
  options.most_seconds = 5;
  for (Row const& row : {Row{5, "0.0108746230763740708508596372218864"}, Row{32, "0.00026518390288716830547"}}) {
    Rational const optimum = parse_rational(row.optimum);
    ShallowNetwork const net = shallow_network(best_for_exp(row.pieces));
    EXPECT_EQ(net.network.neurons(), static_cast<std::size_t>(row.pieces));
    certify::Enclosure const e = certify::sup_error(net.network, target::resolve("exp(x)"), -1, 1, options);
    ASSERT_TRUE(e.proved) << e.reason;
    EXPECT_GE(e.upper, optimum * (1 - parse_rational("1e-19")));  // nothing is better
    EXPECT_LE(to_double(e.upper - optimum), 1e-15 + 1e-12 * to_double(optimum));
    certify::Enclosure const many =
        certify::sup_error(shallow_network(best_for_exp(row.pieces), {Facing::both, 100}).network,
                           target::resolve("exp(x)"), -1, 1, options);
    ASSERT_TRUE(many.proved) << many.reason;
    EXPECT_LE(abs(many.upper - optimum), optimum * parse_rational("1.1e-12"));
  }
}

TEST(ShallowNetwork, facing_both_ways_cancels_least_and_does_not_get_worse_with_the_knots) {
  auto const wave = [](double x) { return std::sin(4 * std::acos(-1.0) * x); };
  auto const runge = [](double x) { return 1 / (1 + 25 * x * x); };
  auto const exponential = [](double x) { return std::exp(x); };
  struct Case {
    std::function<double(double)> f;
    char const* name;
  };
  for (Case const& c : {Case{exponential, "exp"}, Case{wave, "sin4pi"}, Case{runge, "runge"}})
    for (SplineClass kind :
         {SplineClass::relu(), SplineClass::relu_power(2), SplineClass::relu_power(3), SplineClass::polyrelu(3)}) {
      std::vector<double> both;
      for (int n : {31, 63, 127}) {
        auto const s = near(c.f, kind, n);
        double const right = shallow_network(s, {Facing::right, 53}).amplification();
        double const left = shallow_network(s, {Facing::left, 53}).amplification();
        ShallowNetwork const net = shallow_network(s);
        both.push_back(net.amplification());
        EXPECT_LE(both.back(), std::min(left, right));
      }
      EXPECT_LT(both.back(), 1.5 * both[0]) << c.name << ' ' << kind.degree << '/' << kind.multiplicity;
    }
}

TEST(ShallowNetwork, carries_polynomials_with_bounded_terms) {
  double const bounds[] = {3, 7, 91, 316, 3467};  // of |p| <= 1, as the header says
  test::for_random(60, [&](std::mt19937_64& g) {
    int const k = static_cast<int>(test::uniform(g, 1, 5));
    auto s = random_spline(g, SplineClass::relu_power(k), 0);
    for (double& c : s.coefficients) c = test::coin(g) ? 1 : c;
    EXPECT_LE(shallow_network(s).largest_term, bounds[k - 1]);  // the B-spline coefficients bound |p|
    auto const moved = random_spline(g, SplineClass::relu_power(k), 0, 100.1, 101.7);  // slopes are rounded to 5 bits
    EXPECT_LE(shallow_network(moved).largest_term, 1.5 * bounds[k - 1]);
  });
}

TEST(ShallowNetwork, keeps_weights_moderate) {
  for (int k : {1, 2, 3}) {
    auto const s = near([](double x) { return std::sin(12 * x + 1); }, SplineClass::relu_power(k), 63);
    ShallowNetwork const net = shallow_network(s);
    auto const &inner = net.network.layers()[0].weights, &outer = net.network.layers()[1].weights;
    ASSERT_EQ(net.knot_neurons, 63);
    for (int i = net.always_on; i < inner.rows(); ++i) {
      std::size_t const from_the_end = at(inner.rows() - i);
      Rational const w = abs(inner.row_begin(i)->value), v = abs((outer.row_end(0) - from_the_end)->value);
      EXPECT_LE(v, w * power_of_two(k + 1));
      EXPECT_LE(w, v * power_of_two(k + 1));
    }
  }
  auto const s = near([](double x) { return std::sin(12 * x + 1); }, SplineClass::polyrelu(3), 63);
  Network const net = shallow_network(s).network;
  for (auto const& c : net.layers()[0].activation.coefficients) {
    Rational most = 0;
    for (Rational const& a : c) most = std::max(most, Rational(abs(a)));
    EXPECT_LE(most, 2);
    EXPECT_GE(most, Rational(1, 8));
  }
}

TEST(ShallowNetwork, refuses_what_cannot_be_rounded) {
  FreeKnotSpline<double> s{SplineClass::relu(), {-1, 0.5, 0.5 + 0x1p-20, 1}, {0, 1, 0, 1}};
  EXPECT_NO_THROW(shallow_network(s, {Facing::both, 53}));
  EXPECT_THROW(shallow_network(s, {Facing::both, 8}), InvalidInput);  // equal knots
  EXPECT_THROW(shallow_network(s, {Facing::both, 1}), InvalidInput);
  EXPECT_THROW(shallow_network(s, {Facing::both, -3}), InvalidInput);
  s.coefficients[1] = std::nan("");
  EXPECT_THROW(shallow_network(s), InvalidInput);
  s.coefficients[1] = 0x1p1023;
  s.knots = {-1, 0.5, 0.5 + 0x1p-50, 1};
  s.coefficients[2] = -0x1p1023;
  EXPECT_NO_THROW(shallow_network(s, {Facing::both, 60}));  // 60 bits without limits of range
  FreeKnotSpline<double> far{SplineClass::relu_power(2), {0x1p60, 0x1p60 + 4096}, {1, 2, 1}};
  EXPECT_THROW(shallow_network(far, {Facing::both, 12}), InvalidInput);
  EXPECT_NO_THROW(shallow_network(far, {Facing::both, 0}));
}

}  // namespace
}  // namespace nwidth::fitting
