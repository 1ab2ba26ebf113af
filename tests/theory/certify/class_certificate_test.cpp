// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/class_certificate.hpp"

#include <cmath>

#include "tests/random.hpp"
#include "theory/number/error.hpp"
#include "theory/width/spline_space.hpp"

namespace nwidth::certify {
namespace {

TEST(ClassCertificate, of_the_optimal_spline_is_the_width) {
  for (int n = 1; n <= 4; ++n)
    for (int N = n; N <= 64; ++N) {
      Enclosure const e = class_certificate(width::optimal_space(n, N));
      ASSERT_TRUE(e.proved) << n << " " << N << ": " << e.reason;
      Ball const d = width::width_value(n, N);
      ASSERT_TRUE(d.is_finite());
      EXPECT_GE(e.upper, d.lower()) << n << " " << N;  // no method is better than the width
      EXPECT_LE(e.upper, d.lower() * Rational(100001, 100000)) << n << " " << N;
    }
}

TEST(ClassCertificate, falls_as_N_to_the_minus_n) {
  for (int n = 1; n <= 4; ++n) {
    int const last = 4000, first = 400;
    double const a = class_certificate(width::optimal_space(n, first)).upper.convert_to<double>();
    double const b = class_certificate(width::optimal_space(n, last)).upper.convert_to<double>();
    EXPECT_NEAR(std::log10(a / b), n, 0.02) << n;
  }
}

/// int |K_x(t)| dt by the definition: K_x from the cardinal splines' values at x, a fine sum over t.
double peano_norm(width::OptimalSpace const& s, double x) {
  width::SplineSpace const space(s);
  std::size_t const N = s.nodes.size();
  std::vector<double> cardinal(N), z(N);
  for (std::size_t i = 0; i < N; ++i) {
    std::vector<Ball> values(N);
    values[i] = Ball(1);
    cardinal[i] = space.spline(values)(exact(x)).to_double();
    z[i] = s.nodes[i].convert_to<double>();
  }
  double const scale = factorial(s.n - 1).convert_to<double>();
  auto truncated = [&](double u) { return u > 0 ? std::pow(u, s.n - 1) / scale : 0.0; };
  int const steps = 20000;
  double sum = 0;
  for (int k = 0; k < steps; ++k) {
    double const t = -1 + (k + 0.5) * 2.0 / steps;
    double kernel = truncated(x - t);
    for (std::size_t i = 0; i < N; ++i) kernel -= cardinal[i] * truncated(z[i] - t);
    sum += std::fabs(kernel) * 2.0 / steps;
  }
  return sum;
}

TEST(ClassCertificate, agrees_with_the_peano_kernel_summed_directly) {
  test::for_random(8, [](std::mt19937_64& g) {
    int const n = 2 + static_cast<int>(test::uniform(g, 0, 3)), N = n + static_cast<int>(test::uniform(g, 1, 5));
    width::OptimalSpace s = width::optimal_space(n, N);
    // knots and nodes moved off their places: the theorem does not need the optimal ones
    for (Rational& t : s.knots) t += Rational(test::uniform(g, -100, 100)) / 8192;
    for (Rational& z : s.nodes) z += Rational(test::uniform(g, -100, 100)) / 8192;
    Enclosure const e = class_certificate(s);
    ASSERT_TRUE(e.proved);
    double const at = e.at.convert_to<double>();
    EXPECT_NEAR(peano_norm(s, at) / e.lower.convert_to<double>(), 1, 2e-4) << n << " " << N;
    for (int k = 0; k < 3; ++k)
      EXPECT_LE(peano_norm(s, test::uniform_real(g, -1, 1)), e.upper.convert_to<double>() * 1.0002);
  });
}

TEST(ClassCertificate, absorbs_short_knots) {
  for (int n = 2; n <= 4; ++n) {
    width::OptimalSpace s = width::optimal_space(n, 8);
    Rational const d = class_certificate(s).upper;
    for (Rational& t : s.knots) t = round_to_dyadic(t, 10);
    Enclosure const e = class_certificate(s);
    EXPECT_TRUE(e.proved);
    EXPECT_LE(e.upper, d * Rational(10005, 10000));
    EXPECT_GE(e.upper, d * Rational(999999, 1000000));
  }
}

TEST(ClassCertificate, of_linear_interpolation_is_exact) {
  width::OptimalSpace s;
  s.n = 1;
  s.N = 3;
  s.nodes = {Rational(-3, 4), Rational(0), Rational(1, 2)};
  s.knots = {Rational(-1, 2), Rational(1, 4)};
  Enclosure const e = class_certificate(s);
  EXPECT_EQ(e.lower, Rational(1, 2));  // f(1) is extrapolated from f(1/2)
  EXPECT_EQ(e.upper, Rational(1, 2));
}

TEST(ClassCertificate, of_two_level_lies_above_its_share_of_the_width) {
  for (int n = 1; n <= 4; ++n) {
    Enclosure const e = class_certificate_two_level(n, 5, 12, power_of_two(-8));
    EXPECT_TRUE(e.proved) << e.reason;
    EXPECT_GE(e.lower, width::width_value(n, 60).lower());
    double const local = width::width_value(n, 12).to_double() * std::pow((1 + 1 / 256.0) / (5 + 1 / 256.0), n);
    EXPECT_NEAR(e.upper.convert_to<double>() / local, 1, 1e-6);
  }
}

TEST(ClassCertificate, of_local_taylor_is_the_value_at_the_middle_of_a_cell) {
  // max_u phi(u) u^n + phi(1-u)(1-u)^n = 2^-n, at u = 1/2.
  for (int n = 1; n <= 6; ++n) {
    Enclosure const e = class_certificate_local_taylor(n, 7);
    EXPECT_TRUE(e.proved) << e.reason;
    Rational const exact_value = power(Rational(1, 7), static_cast<unsigned>(n)) / factorial(n);
    EXPECT_LE(e.lower, exact_value);
    EXPECT_GE(e.upper, exact_value);
  }
}

TEST(ClassCertificate, refuses_what_makes_no_sense) {
  EXPECT_THROW(class_certificate(width::optimal_space(2, 5), Rational(1, 1000), 1), InvalidInput);
  EXPECT_THROW(class_certificate_two_level(2, 1, 5, Rational(1, 256)), InvalidInput);
  EXPECT_THROW(class_certificate_two_level(2, 4, 5, 1), InvalidInput);
  EXPECT_THROW(class_certificate_local_taylor(0, 5), InvalidInput);
}

}  // namespace
}  // namespace nwidth::certify
