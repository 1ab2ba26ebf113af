// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/log_free_relu.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "tests/theory/construct/perfect_splines.hpp"
#include "theory/construct/two_level.hpp"
#include "theory/number/error.hpp"

namespace nwidth::construct {
namespace {

using target::Target;

struct Case {
  int n, N1, N2, m;
};
std::vector<Case> cases() {
  return {{1, 5, 6, 8}, {2, 6, 8, 10}, {2, 2, 2, 3}, {3, 4, 6, 9}, {4, 4, 6, 9}, {4, 5, 4, 2}};
}

Rational random_point(std::mt19937_64& g, TwoLevelGrid const& grid) {
  if (g() % 3 != 0) return test::random_in(g, -1, 1, 4096);
  // in and at the ends of the overlaps, where both products count
  Rational const u = static_cast<int>(test::uniform(g, 0, grid.N1)) + grid.overlap * test::uniform(g, 0, 8) / 8;
  return u * grid.pitch() - 1;
}

TEST(LogFreeRelu, IsTheTwoLevelSplineUpToItsProvedTerms) {
  for (Case c : cases())
    for (Rational const& overlap : {power_of_two(-1), power_of_two(-6)})
      test::for_random(2, [&](std::mt19937_64& g) {
        Target const f = test::random_perfect_spline(g, c.n, 30);
        LogFreeRelu const r = log_free_relu(f, c.n, c.N1, c.N2, c.m, overlap);
        Network const exact = two_level_network(f, c.n, c.N1, c.N2, overlap);
        Rational const bound = r.product_error + r.power_error + 2 * r.rounding;
        EXPECT_LE(r.power_error, power_of_two(-c.m) * two_level_bound(c.n, c.N1, c.N2, overlap).upper());
        for (int k = 0; k < 25; ++k) {
          Rational const x = random_point(g, r.grid);
          EXPECT_LE(abs(Rational(r.network(x) - exact(x))), bound) << "n = " << c.n << ", x = " << exact_string(x);
        }
      });
}

TEST(LogFreeRelu, StaysBelowItsBoundOnTheClass) {
  for (Case c : cases())
    test::for_random(2, [&](std::mt19937_64& g) {
      Target const f = test::random_perfect_spline(g, c.n, 60);
      LogFreeRelu const r = log_free_relu(f, c.n, c.N1, c.N2, c.m);
      Rational const bound = r.error_bound().upper();
      for (int k = 0; k < 40; ++k) {
        Rational const x = random_point(g, r.grid);
        EXPECT_LE(abs(Rational((*f.network)(x)-r.network(x))), bound) << "n = " << c.n << ", x = " << exact_string(x);
      }
    });
}

TEST(LogFreeRelu, StaysBelowItsBoundOnSmoothTargets) {
  PrecisionScope const scope(200);
  for (Case c : {Case{2, 16, 20, 8}, Case{3, 8, 10, 7}, Case{4, 6, 8, 7}}) {
    Target const wave = target::resolve("sin(9*x)/9^" + std::to_string(c.n)), growth = target::resolve("exp(x)/3");
    for (Target const& f : {wave, growth}) {
      LogFreeRelu const r = log_free_relu(f, c.n, c.N1, c.N2, c.m);
      Ball const bound = r.error_bound();
      Rational worst = 0;
      for (int k = 0; k <= 97; ++k) {
        Ball const x(Rational(Rational(2 * k) / 97 - 1));
        worst = std::max(worst, abs(f(x) - r.network(x)).upper());
      }
      EXPECT_LE(worst, bound.upper()) << f.name;
      EXPECT_GE(worst, bound.lower() / 100) << f.name;
    }
  }
}

TEST(LogFreeRelu, IsExactWhereOneCellCountsAlone) {
  // mul(1, y) = y and mul(0, y) = 0 exactly, so for n <= 2 no product errs there
  test::for_random(10, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 1, 2));
    Rational const overlap = power_of_two(-3);
    Target const f = test::random_perfect_spline(g, n, 30);
    LogFreeRelu const r = log_free_relu(f, n, 5, 4, 1, overlap);
    CellPowers const cells = cell_powers(f, r.grid, false);
    for (int i = 0; i < 5; ++i) {
      Rational const x = r.grid.point(i, test::random_in(g, overlap, 1));  // the same range if the cell is reflected
      EXPECT_EQ(r.network(x), test::cell_value(r.grid, cells, i, x)) << i;
    }
  });
}

TEST(LogFreeRelu, HasReluOnlyAndTheSizeStated) {
  Target const f = target::resolve("exp(x)");
  for (Case c : {Case{1, 4, 6, 5}, Case{2, 2, 5, 1}, Case{2, 7, 6, 12}, Case{3, 6, 9, 9}, Case{3, 3, 4, 1},
                 Case{4, 5, 6, 8}, Case{4, 3, 5, 1}}) {
    LogFreeRelu const r = log_free_relu(f, c.n, c.N1, c.N2, c.m);
    EXPECT_EQ(r.network.size(), static_cast<std::size_t>(log_free_relu_size(c.n, c.N1, c.N2, c.m, r.power_levels)))
        << c.n << " " << c.N1 << " " << c.N2 << " " << c.m << " levels " << r.power_levels;
    int const powers = c.n <= 2 ? 0 : c.n == 3 ? r.power_levels : 2 * r.power_levels;
    EXPECT_EQ(r.network.depth(), 6 + powers + c.m);
    EXPECT_EQ(r.power_levels == 0, c.n <= 2);
    for (std::size_t l = 0; l + 1 < r.network.layers().size(); ++l)
      EXPECT_TRUE(r.network.layers()[l].activation.kind == Activation::Kind::relu);
    for (Layer const& layer : r.network.layers())
      for (Entry const& e : layer.weights.entries()) EXPECT_TRUE(is_dyadic(e.value));
  }
}

TEST(LogFreeRelu, ErrorsOfTheTwoProductsCancel) {
  // Against |sum phi_i G_i - net| <= 2^-m |G_i - G_j| on the overlap of cells i and j.
  test::for_random(12, [](std::mt19937_64& g) {
    int const n = static_cast<int>(test::uniform(g, 1, 2)), m = static_cast<int>(test::uniform(g, 1, 6));
    Rational const overlap = power_of_two(test::uniform(g, -4, -1));
    Target const f = test::random_perfect_spline(g, n, 40);
    LogFreeRelu const r = log_free_relu(f, n, 5, 4, m, overlap);
    CellPowers const cells = cell_powers(f, r.grid, false);
    for (int k = 0; k < 20; ++k) {
      int const j = static_cast<int>(test::uniform(g, 1, 4));
      Rational const weight = test::random_in(g, 0, 1, 64), x = (j + weight * overlap) * r.grid.pitch() - 1;
      Rational const left = test::cell_value(r.grid, cells, j - 1, x), right = test::cell_value(r.grid, cells, j, x);
      EXPECT_LE(abs(Rational(r.network(x) - (left + weight * (right - left)))),
                power_of_two(-m) * abs(Rational(right - left)))
          << "m = " << m << ", x = " << exact_string(x);
    }
  });
}

TEST(LogFreeRelu, ChoosesAShapeForASize) {
  Target const f = target::resolve("exp(x)/3");
  for (int n = 1; n <= 4; ++n)
    for (long size : {3000L, 12000L}) {
      TwoLevelShape const shape = log_free_relu_shape(n, size);
      LogFreeRelu const r = log_free_relu(f, n, shape.N1, shape.N2, 10);
      EXPECT_LE(r.network.size(), static_cast<std::size_t>(size)) << n;
      EXPECT_GE(r.network.size(), static_cast<std::size_t>(0.75 * static_cast<double>(size))) << n;
    }
  TwoLevelShape const best = log_free_relu_shape(2, 3000);
  Rational const bound = two_level_bound(2, best.N1, best.N2, power_of_two(-8)).lower();
  for (int N1 = 2; N1 < 60; ++N1) {
    int N2 = 1500;
    while (N2 > 2 && log_free_relu_size(2, N1, N2, 10, 0) > 3000) --N2;
    EXPECT_LE(bound, two_level_bound(2, N1, N2, power_of_two(-8)).upper() * Rational(1001) / 1000) << N1;
  }
  EXPECT_THROW(log_free_relu_shape(2, 100), InvalidInput);
}

TEST(LogFreeRelu, RefusesBadInput) {
  Target const f = target::resolve("exp(x)");
  EXPECT_THROW(log_free_relu_network(f, 5, 4, 8, 8), InvalidInput);
  EXPECT_THROW(log_free_relu_network(f, 2, 4, 8, 0), InvalidInput);
  EXPECT_THROW(log_free_relu_network(f, 2, 4, 8, 1001), InvalidInput);
  EXPECT_THROW(log_free_relu_network(f, 2, 4, 8, 8, Rational(1)), InvalidInput);
}

}  // namespace
}  // namespace nwidth::construct
