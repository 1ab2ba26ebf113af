// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/optimal_spline.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "tests/theory/construct/perfect_splines.hpp"
#include "theory/construct/spline_basis.hpp"
#include "theory/number/error.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::construct {
namespace {

using target::Target;

/// |f - net| at x, exactly, for a target that is a network.
Rational error_at(Target const& f, Network const& net, Rational const& x) {
  return abs(Rational((*f.network)(x)-net(x)));
}

/// d_N(W^n) where a closed form is known, else the digits of the literature to 9 places (below).
double known_width(int n, int N) {
  if (n == 1) return 1.0 / N;
  if (n == 2) return 1 / (2 * std::pow(N - 2 + std::sqrt(2.0), 2));
  if (n == 3) return 1 / (3 * std::pow(N - 1.0, 3));
  if (n == 4 && N == 4) return 1.0 / 192;
  if (n == 4 && N == 6) return 4.9932781320216949e-4;
  if (n == 4 && N == 12) return 1.7012629395125022e-5;
  if (n == 5 && N == 8) return 1.6511057300844617e-5;
  throw InvalidInput("not tabulated");
}

TEST(OptimalSpline, AttainsTheWidthOnThePerfectSpline) {
  struct Case {
    int n, N;
  };
  for (auto [n, N] : {Case{2, 2}, Case{2, 7}, Case{2, 40}, Case{3, 5}, Case{3, 16}, Case{4, 4}, Case{4, 6}, Case{4, 12},
                      Case{5, 8}}) {
    width::OptimalSpace const space = width::optimal_space(n, N);
    Target const g = test::perfect_spline(n, space.knots);
    Network const net = optimal_spline_network(g, n, N);
    // g - S g is the least-norm perfect spline itself: its extrema lie between its zeros, and at -1 and 1
    double worst = 0, least = 1;
    for (int i = 0; i <= N; ++i) {
      Rational const a = i == 0 ? Rational(-1) : space.nodes[static_cast<std::size_t>(i - 1)];
      Rational const b = i == N ? Rational(1) : space.nodes[static_cast<std::size_t>(i)];
      double here = 0;
      for (int k = 0; k <= 40; ++k) here = std::max(here, error_at(g, net, a + (b - a) * k / 40).convert_to<double>());
      worst = std::max(worst, here);
      least = std::min(least, here);
    }
    double const d = known_width(n, N);
    EXPECT_LE(worst, d * (1 + 1e-11)) << n << " " << N;
    EXPECT_GE(least, d * (1 - 5e-3)) << n << " " << N;  // the grid misses the extremum by its mesh
    // equality at the end, which the grid does not miss
    EXPECT_NEAR(error_at(g, net, 1).convert_to<double>() / d, 1, 1e-11) << n << " " << N;
  }
}

TEST(OptimalSpline, IsBoundedByThePerfectSplinePointwise) {
  test::for_random(60, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 2, 6)), N = n + static_cast<int>(test::uniform(g, 0, 10));
    Target const p = test::perfect_spline(n, width::optimal_space(n, N).knots),
                 f = test::random_perfect_spline(g, n, 20);
    Network const sp = optimal_spline_network(p, n, N), sf = optimal_spline_network(f, n, N);
    Rational const slack = error_at(p, sp, 1) / 100000000000;  // rounding of both networks and of their knots
    for (int i = 0; i < 40; ++i) {
      Rational const x = test::random_in(g, -1, 1, 4096);
      EXPECT_LE(error_at(f, sf, x), error_at(p, sp, x) + slack)
          << "n = " << n << ", N = " << N << ", x = " << exact_string(x);
    }
  });
}

TEST(OptimalSpline, DegreeOneStaysWithinTheWidth) {
  test::for_random(60, [](std::mt19937_64& g) {
    int const N = static_cast<int>(test::uniform(g, 2, 40));
    Target const f = test::random_perfect_spline(g, 1, 60);
    Network const net = optimal_spline_network(f, 1, N);
    EXPECT_EQ(net.neurons(), static_cast<std::size_t>(N));
    EXPECT_LE(net.size(), static_cast<std::size_t>(3 * N + 1));
    Rational const bound = Rational(1) / N * (1 + rounding_share());
    for (int i = 0; i < 60; ++i) EXPECT_LE(error_at(f, net, test::random_in(g, -1, 1, 4096)), bound) << N;
  });
  // equality for the zigzag with its kinks midway between the nodes
  int const N = 9;
  std::vector<Rational> kinks;
  for (int i = 1; i < N; ++i) kinks.push_back(Rational(2 * i) / N - 1);
  Target const zigzag = test::perfect_spline(1, kinks);
  Network const net = optimal_spline_network(zigzag, 1, N);
  EXPECT_LE(abs(Rational(error_at(zigzag, net, 1) - Rational(1) / N)), rounding_share());
}

TEST(OptimalSpline, ReproducesPolynomialsUpToRounding) {
  test::for_random(40, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 1, 6)),
              N = std::max(n, 2) + static_cast<int>(test::uniform(g, 0, 40));
    // degree < n: one neuron relu(x + 2) with the coefficients of a polynomial in x + 2
    std::vector<Rational> a;
    for (int i = 0; i < n; ++i) a.push_back(test::random_rational(g));
    std::vector<Layer> layers(2);
    layers[0] = {SparseMatrix(1, 1, {{0, 0, Rational(1)}}), {Rational(2)}, Activation::polyrelu(a)};
    layers[1] = {SparseMatrix(1, 1, {{0, 0, Rational(1)}}), {Rational(0)}, Activation::identity()};
    Target f;
    f.name = "polynomial";
    f.network = Network(1, std::move(layers));
    Network const net = optimal_spline_network(f, n, N);
    for (int i = 0; i < 20; ++i)
      EXPECT_LE(error_at(f, net, test::random_in(g, -1, 1)), rounding_share() * width_floor(n, N)) << n << " " << N;
  });
}

TEST(OptimalSpline, RoundingStaysBelowTheShareItIsGiven) {
  // against the enclosed spline itself, through the same nodes
  for (int n = 2; n <= 6; ++n)
    for (int N : {n, n + 1, 20, 61}) {
      Target const f = target::resolve("exp(x)");
      width::OptimalSpace const space = width::optimal_space(n, N, 60);
      PrecisionScope const scope(400);
      width::Spline const s = width::SplineSpace(space, 400).spline(*values_at(f, space.nodes));
      Rational const tolerance = rounding_share() * width_floor(n, N);
      auto const sum = power_sum(s, tolerance);
      ASSERT_TRUE(sum);
      EXPECT_FALSE(power_sum(s, Rational(0)));
      for (int i = 0; i <= 50; ++i) {
        Rational const x = Rational(i) / 25 - 1;
        Rational v = sum->constant;
        for (std::size_t j = 0; j < sum->knots.size(); ++j)
          if (x > sum->knots[j])
            v += sum->weights[j] * power(Rational(x - sum->knots[j]), static_cast<unsigned>(sum->p));
        EXPECT_TRUE(certainly_less(abs(Ball(v) - s(x)), Ball(tolerance))) << n << " " << N << " " << i;
      }
      for (Rational const& w : sum->weights) EXPECT_TRUE(is_dyadic(w));
    }
}

TEST(OptimalSpline, HasTheSizeOfTheTheorem) {
  for (int n = 2; n <= 6; ++n)
    for (int N : {n, n + 1, 30, 31}) {
      Network const net = optimal_spline_network(target::resolve("exp(x)"), n, N);
      EXPECT_EQ(net.depth(), 1);
      EXPECT_EQ(net.neurons(), static_cast<std::size_t>(N - 1));
      bool const zero_is_knot = (N - n) % 2 == 1;  // its bias vanishes
      EXPECT_EQ(net.size(), static_cast<std::size_t>(3 * N - 2 - (zero_is_knot ? 1 : 0))) << n << " " << N;
    }
}

TEST(OptimalSpline, ConvergesOnSmoothTargetsAtFourThousand) {
  for (int n : {2, 4, 6}) {
    Network const net = optimal_spline_network(target::resolve("exp(x)"), n, 4000);
    Rational const x = Rational(1) / 3 + Rational(1) / 4001;
    PrecisionScope const scope(256);
    Ball const error = abs(exp(Ball(x)) - net(Ball(x)));
    // |f^(n)| <= e, and d_N <= kappa_n / (N - 3)^n with kappa_n <= 1
    EXPECT_TRUE(certainly_less(error, Ball(3) / power(Ball(3997), static_cast<unsigned>(n)))) << n;
  }
}

TEST(OptimalSpline, RefusesBadInput) {
  Target const f = target::resolve("exp(x)");
  EXPECT_THROW(optimal_spline_network(f, 0, 4), InvalidInput);
  EXPECT_THROW(optimal_spline_network(f, 7, 9), InvalidInput);
  EXPECT_THROW(optimal_spline_network(f, 3, 2), InvalidInput);
  EXPECT_THROW(optimal_spline_network(f, 1, 1), InvalidInput);
  EXPECT_THROW(optimal_spline_network(target::resolve("log(x)"), 2, 8), InvalidInput);
}

}  // namespace
}  // namespace nwidth::construct
