// SPDX-License-Identifier: Apache-2.0
#include "theory/number/series.hpp"

#include <arb_poly.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/random.hpp"
#include "theory/network/network.hpp"
#include "theory/number/error.hpp"

using namespace nwidth;

namespace {

using Function = Series (*)(Series const&);

Series random_series(std::mt19937_64& g, int length, Rational const& lo, Rational const& hi, bool affine,
                     double radius = 0) {
  std::vector<Ball> c;
  for (int k = 0; k < length; ++k)
    c.emplace_back(affine && k > 1 ? Rational(0) : k == 0 ? test::random_in(g, lo, hi) : test::random_in(g, -2, 2));
  if (radius > 0) mag_set_d(arb_radref(c[0].get()), radius);
  return Series::from(std::move(c));
}

/// The same by Arb's own power series: another algorithm and other code.
Series by_arb(Series const& u, std::function<void(arb_poly_t, arb_poly_t, long)> const& f) {
  arb_poly_t in, out;
  arb_poly_init(in);
  arb_poly_init(out);
  for (int k = 0; k < u.length(); ++k) arb_poly_set_coeff_arb(in, k, u[k].get());
  f(out, in, u.length());
  std::vector<Ball> c(static_cast<std::size_t>(u.length()));
  for (int k = 0; k < u.length(); ++k) arb_poly_get_coeff_arb(c[static_cast<std::size_t>(k)].get(), out, k);
  arb_poly_clear(in);
  arb_poly_clear(out);
  return Series::from(std::move(c));
}

struct Case {
  char const* name;
  Function ours;
  std::function<void(arb_poly_t, arb_poly_t, long)> arb;
  Rational lo, hi;  // of the constant term
};

long const bits = 128;

std::vector<Case> const& cases() {
  static std::vector<Case> const all{
      {"exp", exp, [](auto r, auto u, long n) { arb_poly_exp_series(r, u, n, bits); }, -3, 3},
      {"log", log, [](auto r, auto u, long n) { arb_poly_log_series(r, u, n, bits); }, Rational(1, 8), 3},
      {"sin", sin, [](auto r, auto u, long n) { arb_poly_sin_series(r, u, n, bits); }, -3, 3},
      {"cos", cos, [](auto r, auto u, long n) { arb_poly_cos_series(r, u, n, bits); }, -3, 3},
      {"tan", tan, [](auto r, auto u, long n) { arb_poly_tan_series(r, u, n, bits); }, -1, 1},
      {"sinh", sinh, [](auto r, auto u, long n) { arb_poly_sinh_series(r, u, n, bits); }, -3, 3},
      {"cosh", cosh, [](auto r, auto u, long n) { arb_poly_cosh_series(r, u, n, bits); }, -3, 3},
      {"tanh", tanh,
       [](auto r, auto u, long n) {
         arb_poly_t s, c;
         arb_poly_init(s);
         arb_poly_init(c);
         arb_poly_sinh_cosh_series(s, c, u, n, bits);
         arb_poly_div_series(r, s, c, n, bits);
         arb_poly_clear(s);
         arb_poly_clear(c);
       },
       -1, 1},
      {"atan", atan, [](auto r, auto u, long n) { arb_poly_atan_series(r, u, n, bits); }, -2, 2},
      {"sqrt", sqrt, [](auto r, auto u, long n) { arb_poly_sqrt_series(r, u, n, bits); }, Rational(1, 8), 3},
      {"power 5/3", [](Series const& u) { return power(u, 5, 3); },
       [](auto r, auto u, long n) {
         Ball const e = Ball(5) / Ball(3);
         arb_poly_pow_arb_series(r, u, e.get(), n, bits);
       },
       Rational(1, 8), 3},
      {"power -3", [](Series const& u) { return power(u, -3); },
       [](auto r, auto u, long n) {
         Ball const e(-3);
         arb_poly_pow_arb_series(r, u, e.get(), n, bits);
       },
       Rational(1, 8), 3},
      {"power 4", [](Series const& u) { return power(u, 4); },
       [](auto r, auto u, long n) { arb_poly_pow_ui_trunc_binexp(r, u, 4, n, bits); }, -3, 3},
      {"1/u", [](Series const& u) { return Series(1) / u; },
       [](auto r, auto u, long n) { arb_poly_inv_series(r, u, n, bits); }, Rational(1, 8), 3},
      {"u u", [](Series const& u) { return u * u; }, [](auto r, auto u, long n) { arb_poly_mullow(r, u, u, n, bits); },
       -3, 3},
  };
  return all;
}

TEST(Series, agrees_with_arb) {
  for (Case const& c : cases()) {
    SCOPED_TRACE(c.name);
    test::for_random(40, [&](std::mt19937_64& g) {
      int const length = static_cast<int>(test::uniform(g, 1, 16));
      Series const u = random_series(g, length, c.lo, c.hi, test::coin(g));
      Series const ours = c.ours(u), theirs = by_arb(u, c.arb);
      ASSERT_EQ(ours.length(), length);
      EXPECT_EQ(ours.status(), Series::Status::ok);
      for (int k = 0; k < length; ++k) {
        EXPECT_TRUE(overlaps(ours[k], theirs[k])) << k;
        double const radius = mag_get_d(arb_radref(ours[k].get()));
        EXPECT_LE(radius, 1e-24 * (1 + theirs[k].magnitude())) << k;  // tight: 128 bits, at most 40 lost here
      }
    });
  }
}

TEST(Series, over_an_interval_holds_the_coefficients_at_each_point) {
  for (Case const& c : cases()) {
    SCOPED_TRACE(c.name);
    test::for_random(25, [&](std::mt19937_64& g) {
      int const length = static_cast<int>(test::uniform(g, 1, 10));
      double const radius = std::ldexp(test::uniform01(g), -static_cast<int>(test::uniform(g, 4, 12)));
      Series const whole =
          random_series(g, length, c.lo + Rational(1, 16), c.hi - Rational(1, 16), test::coin(g), radius);
      std::vector<Ball> at = whole.coefficients(length);
      mag_zero(arb_radref(at[0].get()));
      at[0] += Ball(radius * test::uniform_real(g, -1, 1));
      Series const image = c.ours(whole), point = c.ours(Series::from(at));
      for (int k = 0; k < length; ++k) {
        EXPECT_TRUE(overlaps(image[k], point[k])) << k;
        EXPECT_TRUE(!image[k].is_finite() || image[k].contains(point[k].midpoint())) << k;
      }
    });
  }
}

TEST(Series, erf_and_gelu) {
  // erf' = 2/sqrt(pi) e^{-x^2}: coefficients at 0 are 2/sqrt(pi) (-1)^j / (j! (2j+1))
  Series const e = erf(Series::variable(Ball(0), 8));
  double const c[] = {0, 1.1283791670955126, 0, -0.37612638903183754, 0, 0.11283791670955126, 0, -0.026866170645131252};
  for (int k = 0; k < 8; ++k) EXPECT_NEAR(e[k].to_double(), c[k], 1e-16);
  // GELU's second derivative at 0 is 2/sqrt(2 pi)
  Series const gelu = activation::gelu(Series::variable(Ball(0), 3));
  EXPECT_NEAR(2 * gelu[2].to_double(), 0.79788456080286536, 1e-15);
  EXPECT_NEAR(gelu[1].to_double(), 0.5, 1e-16);
}

TEST(Series, constants_fit_any_length) {
  Series const x = Series::variable(Ball(2), 5), half = Series(Rational(1, 2));
  EXPECT_TRUE((half * half + Series(1)).is_constant());
  EXPECT_EQ((half * x).length(), 5);
  EXPECT_EQ((x - half).length(), 5);
  EXPECT_EQ((half / x).length(), 5);
  EXPECT_EQ((x * Series::variable(Ball(1), 3)).length(), 3);
  EXPECT_TRUE(exp(half).is_constant());
  std::vector<Ball> const c = half.coefficients(3);
  EXPECT_EQ(c[0].midpoint(), Rational(1, 2));
  EXPECT_EQ(c[2].upper(), 0);
  EXPECT_FALSE(x.coefficients(6)[5].is_finite());
  EXPECT_TRUE(sqrt(Series(0)).is_constant());
  EXPECT_EQ(sqrt(Series(0)).status(), Series::Status::ok);
}

TEST(Series, kinks_go_right) {
  Series const x = Series::variable(Ball(0), 4);
  Series const a = abs(-x);
  EXPECT_EQ(a.status(), Series::Status::kink);
  EXPECT_EQ(a[1].midpoint(), 1);
  EXPECT_EQ(relu(-x)[0].midpoint(), 0);
  EXPECT_EQ(relu(-x).status(), Series::Status::kink);
  EXPECT_EQ(max(x, -x)[1].midpoint(), 1);
  EXPECT_EQ(min(x, -x)[1].midpoint(), -1);
  EXPECT_EQ(relu(x + Series(1)).status(), Series::Status::ok);
  EXPECT_EQ(relu(x - Series(1)).status(), Series::Status::ok);
  // undecided: both branches
  Ball fat;
  mag_set_d(arb_radref(fat.get()), 0.5);
  Series const r = relu(Series::variable(fat, 2));
  EXPECT_EQ(r.status(), Series::Status::kink);
  EXPECT_TRUE(r[1].contains(0) && r[1].contains(1));
  EXPECT_TRUE(r[0].contains(Rational(1, 2)));
}

TEST(Series, roots_at_zero_exist_as_far_as_they_do) {
  Series const x = Series::variable(Ball(0), 5);
  Series const r = power(x, 5, 2);
  EXPECT_EQ(r.status(), Series::Status::singular);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(r[k].upper(), 0) << k;
  EXPECT_FALSE(r[3].is_finite());
  Series const s = sqrt(x * x);  // |x|, from the right
  EXPECT_EQ(s.status(), Series::Status::kink);
  EXPECT_EQ(s[1].midpoint(), 1);
  EXPECT_EQ(s[2].upper(), 0);
  EXPECT_FALSE((Series(1) / x)[0].is_finite());
  EXPECT_EQ((Series(1) / x).status(), Series::Status::singular);
  EXPECT_FALSE(log(x)[0].is_finite());
  EXPECT_EQ(power(x, 0)[0].midpoint(), 1);
  EXPECT_THROW(power(x, 1, 0), InvalidInput);
}

TEST(Series, quotients_by_the_argument) {
  struct {
    Function g;
    std::vector<double> at_zero;  // coefficients of (g(x) - g(0))/x
  } const known[] = {{sin, {1, 0, -1.0 / 6, 0, 1.0 / 120}},         {sinh, {1, 0, 1.0 / 6, 0, 1.0 / 120}},
                     {exp, {1, 0.5, 1.0 / 6, 1.0 / 24, 1.0 / 120}}, {atan, {1, 0, -1.0 / 3, 0, 1.0 / 5}},
                     {tan, {1, 0, 1.0 / 3, 0, 2.0 / 15}},           {tanh, {1, 0, -1.0 / 3, 0, 2.0 / 15}}};
  for (auto const& [g, at_zero] : known) {
    Series const h = divided(g, Series::variable(Ball(0), 5));
    for (int k = 0; k < 5; ++k) EXPECT_NEAR(h[k].to_double(), at_zero[static_cast<std::size_t>(k)], 1e-15);
    // near 0 the downward recurrence, at many bits the plain quotient as referee
    for (double const x : {1e-9, -0.003, 0.1, -0.4, 0.49, 0.51, 1.2}) {
      Series const near = divided(g, Series::variable(Ball(x), 12));
      PrecisionScope const scope(900);
      Series const u = Series::variable(Ball(x), 12);
      Series const plain = (g(u) - g(Series(0))) / u;
      for (int k = 0; k < 12; ++k) {
        EXPECT_TRUE(overlaps(near[k], plain[k])) << x << " " << k;
        EXPECT_LE(mag_get_d(arb_radref(near[k].get())), 1e-28 * (1 + plain[k].magnitude())) << x << " " << k;
      }
    }
    // over an interval around 0, and of a series that is not affine
    Ball fat(0.01);
    mag_set_d(arb_radref(fat.get()), 0.125);
    Series const whole = divided(g, power(Series::variable(fat, 4), 2) + Series::variable(fat, 4));
    for (double const x : {-0.1, 0.0, 0.05, 0.13}) {
      Series const v = Series::variable(Ball(x), 4);
      Series const point = divided(g, power(v, 2) + v);
      for (int k = 0; k < 4; ++k) EXPECT_TRUE(whole[k].contains(point[k].midpoint())) << x << " " << k;
    }
  }
}

TEST(Series, networks_of_every_activation) {
  for (Activation const& a :
       {Activation::relu(), Activation::relu_power(3), Activation::polyrelu({1, Rational(1, 3), 2}), Activation::gelu(),
        Activation::silu(), Activation::rational({1, 2, 1}, {3, 0, 1})}) {
    Layer hidden{SparseMatrix(2, 1, {{0, 0, 1}, {1, 0, Rational(-2, 3)}}), {Rational(1, 4), Rational(1, 5)}, a};
    Layer out{SparseMatrix(1, 2, {{0, 0, 2}, {0, 1, Rational(1, 7)}}), {Rational(1, 9)}, Activation::identity()};
    Network const net(1, {hidden, out});
    Series const s = net(Series::variable(Ball(Rational(1, 8)), 5));
    EXPECT_EQ(s.status(), Series::Status::ok);
    // the polynomial agrees with the network nearby to the order it has
    double const t = 1e-3;
    double sum = 0;
    for (int k = 4; k >= 0; --k) sum = sum * t + s[k].to_double();
    EXPECT_NEAR(sum, net(0.125 + t), 1e-12);
  }
}

TEST(Series, ErfcLog1pAndSigmoidOfAVariable) {
  test::for_random(50, [](std::mt19937_64& g) {
    Series const x = Series::variable(Ball(test::uniform_real(g, -3, 3)), 8), one(1);
    Series const sum = erf(x) + erfc(x), p = activation::ops<Series>::sigmoid(x);
    Series const q = activation::ops<Series>::sigmoid(-x), logarithm = log1p(exp(x)), other = log(one + exp(x));
    Series const rise = activation::ops<Series>::expm1(x) + one, e = exp(x);
    for (int k = 0; k < 8; ++k) {
      EXPECT_TRUE(sum[k].contains(k == 0 ? 1 : 0)) << k;
      EXPECT_TRUE((p + q)[k].contains(k == 0 ? 1 : 0)) << k;
      EXPECT_TRUE(overlaps(logarithm[k], other[k])) << k;
      EXPECT_TRUE(overlaps(rise[k], e[k])) << k;
    }
  });
}

TEST(Series, SelectGoesByTheCertainSign) {
  auto const at = [](Ball const& x) {
    Series const t = Series::variable(x, 3);
    return select(t, t * t, Series(7) * t);
  };
  EXPECT_TRUE(at(Ball(2))[1].contains(4));
  EXPECT_TRUE(at(Ball(-2))[1].contains(7));
  EXPECT_EQ(at(Ball(-2)).status(), Series::Status::ok);
  Series const undecided = at(Ball::from_bounds(-1, 1));
  EXPECT_EQ(undecided.status(), Series::Status::kink);
  EXPECT_TRUE(undecided[1].contains(7) && undecided[1].contains(2) && undecided[0].contains(-7));
}

}  // namespace
