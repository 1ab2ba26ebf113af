// SPDX-License-Identifier: Apache-2.0
#include "theory/construct/two_level.hpp"

#include <gtest/gtest.h>

#include "tests/random.hpp"
#include "tests/theory/construct/perfect_splines.hpp"
#include "theory/construct/two_level_front.hpp"
#include "theory/number/error.hpp"
#include "theory/width/perfect_spline.hpp"

namespace nwidth::construct {
namespace {

using target::Target;

std::size_t size(int i) { return static_cast<std::size_t>(i); }

TwoLevelGrid random_grid(std::mt19937_64& g, int n) {
  return {n, static_cast<int>(test::uniform(g, 2, 9)), static_cast<int>(test::uniform(g, std::max(n, 2), n + 7)),
          power_of_two(test::uniform(g, -8, -1))};
}

/// A random point, often one of those where a cell begins or ends.
Rational random_point(std::mt19937_64& g, TwoLevelGrid const& grid) {
  if (g() % 3 != 0) return test::random_in(g, -1, 1, 4096);
  Rational const u = static_cast<int>(test::uniform(g, 0, grid.N1)) + (test::coin(g) ? grid.overlap : Rational(0));
  return u * grid.pitch() - 1;
}

TEST(TwoLevelFront, CarriesXAndSeesEachCellFromItsEnd) {
  test::for_random(40, [](std::mt19937_64& g) {
    TwoLevelGrid const grid = random_grid(g, static_cast<int>(test::uniform(g, 1, 4)));
    Wiring w(1);
    TwoLevelFront const front = two_level_front(w, grid);
    Network const net = w.close({front.u, front.y[0], front.y[1]});
    auto const [first, last] = grid.range();
    for (int k = 0; k < 30; ++k) {
      Rational const x = random_point(g, grid), u = (x + 1) / grid.pitch();
      auto const h = net(std::vector<Rational>{x});
      EXPECT_EQ(h[0], u);
      for (int parity : {0, 1}) {
        EXPECT_GE(h[size(1 + parity)], 0);
        EXPECT_LE(h[size(1 + parity)], last - first);
      }
      for (int i = 0; i < grid.N1; ++i) {
        if (u < i || u > i + 1 + grid.overlap) continue;
        Rational y = grid.reflected(i) ? Rational(i + 1 + grid.overlap - u) : Rational(u - i);
        EXPECT_EQ(grid.point(i, y), x);
        y = std::min(std::max(y, first), last) - first;
        EXPECT_EQ(h[size(1 + i % 2)], y) << "cell " << i << " of " << grid.N1;
      }
    }
  });
}

TEST(TwoLevelFront, HasAPartitionOfUnity) {
  test::for_random(30, [](std::mt19937_64& g) {
    TwoLevelGrid const grid = random_grid(g, 2);
    Wiring w(1);
    w.open(Activation::relu());
    Form const u = w.neuron((w.input() + Form(1)) / grid.pitch());
    w.open(Activation::relu());
    Ramps const ramps = make_ramps(w, grid, u);
    std::vector<Form> phi;
    for (int i = 0; i < grid.N1; ++i) phi.push_back(ramps.phi(grid, i));
    Network const net = w.close(phi);
    for (int k = 0; k < 30; ++k) {
      Rational const x = random_point(g, grid), at = (x + 1) / grid.pitch();
      auto const h = net(std::vector<Rational>{x});
      Rational sum = 0;
      for (int i = 0; i < grid.N1; ++i) {
        EXPECT_GE(h[size(i)], 0);
        if (at <= i || at >= i + 1 + grid.overlap) {
          if (!(i == 0 && at == 0) && !(i == grid.N1 - 1 && at == grid.N1 + grid.overlap)) {
            EXPECT_EQ(h[size(i)], 0);
          }
        }
        sum += h[size(i)];
      }
      EXPECT_EQ(sum, 1);
    }
  });
}

/// sum_i phi_i(x) G_i(x) from the definitions, in exact arithmetic.
Rational by_definition(TwoLevelGrid const& grid, CellPowers const& c, Rational const& x) {
  Rational const u = (x + 1) / grid.pitch();
  auto ramp = [&](int i) {
    if (i == 0) return Rational(1);
    if (i == grid.N1) return Rational(0);
    return std::min(std::max(Rational((u - i) / grid.overlap), Rational(0)), Rational(1));
  };
  Rational sum = 0;
  for (int i = 0; i < grid.N1; ++i) {
    Rational const G = test::cell_value(grid, c, i, x);
    if (u >= i && u <= i + 1 + grid.overlap) {
      EXPECT_LE(abs(G), c.bound);
    }
    sum += (ramp(i) - ramp(i + 1)) * G;
  }
  return sum;
}

TEST(TwoLevel, IsExactlyTheSumOfTheTheory) {
  test::for_random(24, [](std::mt19937_64& g) {
    TwoLevelGrid const grid = random_grid(g, static_cast<int>(test::uniform(g, 1, 4)));
    Target const f = test::random_perfect_spline(g, grid.n, 20);
    Network const net = two_level_network(f, grid.n, grid.N1, grid.N2, grid.overlap);
    CellPowers const cells = cell_powers(f, grid, false), scaled = cell_powers(f, grid, true);
    for (int k = 0; k < 12; ++k) {
      Rational const x = random_point(g, grid), exact = by_definition(grid, cells, x);
      EXPECT_EQ(net(x), exact) << exact_string(x);
      EXPECT_LE(abs(Rational(by_definition(grid, scaled, x) - exact)), cells.rounding + scaled.rounding);
    }
    for (std::size_t k = 0; k < scaled.knots.size(); ++k) {
      Rational const range = scaled.scales[k] * (1 + grid.overlap - scaled.knots[k]);
      if (grid.n > 1) {
        EXPECT_LE(range, 1);
        EXPECT_GE(range, Rational(127) / 128);
      }
    }
  });
}

TEST(TwoLevel, StaysBelowTheBoundOfTheClass) {
  test::for_random(24, [](std::mt19937_64& g) {
    TwoLevelGrid const grid = random_grid(g, static_cast<int>(test::uniform(g, 1, 4)));
    Target const f = test::random_perfect_spline(g, grid.n, 60);
    Network const net = two_level_network(f, grid.n, grid.N1, grid.N2, grid.overlap);
    Rational const bound =
        two_level_bound(grid.n, grid.N1, grid.N2, grid.overlap).upper() * (1 + Rational(1) / 100000000000);
    for (int k = 0; k < 40; ++k) {
      Rational const x = random_point(g, grid);
      EXPECT_LE(abs(Rational((*f.network)(x)-net(x))), bound)
          << "n = " << grid.n << ", N1 = " << grid.N1 << ", N2 = " << grid.N2 << ", x = " << exact_string(x);
    }
  });
}

TEST(TwoLevel, AttainsTheBoundOfTheClassAtTheEnd) {
  for (int n = 1; n <= 4; ++n) {
    TwoLevelGrid const grid(n, 4, 9, power_of_two(-8));
    std::vector<Rational> knots;  // of the least-norm perfect spline, scaled to the first cell
    for (Rational const& t : width::optimal_space(n, 9).knots)
      knots.push_back(grid.point(0, (1 + grid.overlap) / 2 * (t + 1)));
    Target const f = test::perfect_spline(n, knots);
    Rational const error = abs(Rational((*f.network)(Rational(-1)) - two_level_network(f, n, 4, 9)(Rational(-1))));
    EXPECT_NEAR(Rational(error / two_level_bound(n, 4, 9, grid.overlap).midpoint()).convert_to<double>(), 1, 1e-11)
        << n;
  }
}

TEST(TwoLevel, StaysBelowTheBoundOnSmoothTargets) {
  PrecisionScope const scope(200);
  struct Case {
    int n, N1, N2;
  };
  for (auto [n, N1, N2] : {Case{1, 5, 9}, Case{2, 8, 12}, Case{3, 8, 12}, Case{4, 6, 8}}) {
    Target const wave = target::resolve("sin(9*x)/9^" + std::to_string(n)), growth = target::resolve("exp(x)");
    Network const nets[] = {two_level_network(wave, n, N1, N2), two_level_network(growth, n, N1, N2)};
    Rational const bound = two_level_bound(n, N1, N2, power_of_two(-8)).upper() * (1 + Rational(1) / 100000000000);
    Rational worst = 0;
    for (int k = 0; k <= 400; ++k) {
      Ball const x(Rational(Rational(k) / 200 - 1));
      worst = std::max(worst, abs(wave(x) - nets[0](x)).upper());
      EXPECT_TRUE(certainly_less(abs(growth(x) - nets[1](x)), Ball(Rational(bound * 2.7182818284590453))))
          << n << " " << k;
    }
    EXPECT_LE(worst, bound) << n;
    EXPECT_GE(worst, bound / 4) << n;  // the wave is nearly extremal in resolution: the bound is not idle
  }
}

TEST(TwoLevel, HasTheSizeOfTheTheorem) {
  Target const f = target::resolve("exp(x)");
  for (int n = 1; n <= 4; ++n)
    for (auto [N1, N2] : {std::pair{2, 5}, std::pair{7, 6}, std::pair{10, 30}}) {
      Network const net = two_level_network(f, n, N1, N2);
      EXPECT_EQ(net.size(), static_cast<std::size_t>(two_level_size(n, N1, N2))) << n << " " << N1 << " " << N2;
      EXPECT_EQ(net.depth(), 5);
      for (std::size_t l = 0; l < 5; ++l)
        for (Entry const& e : net.layers()[l].weights.entries()) EXPECT_TRUE(is_dyadic(e.value));
    }
  // what the theory predicts, N1 N2 + 29 N1 + 4 N2, is an upper bound
  EXPECT_LE(two_level_size(2, 60, 150), 60 * 150 + 29 * 60 + 4 * 150);
}

TEST(TwoLevel, ChoosesTheBestShapeForASize) {
  for (int n = 1; n <= 4; ++n)
    for (long most : {200L, 1000L, 10000L}) {
      TwoLevelShape const best = two_level_shape(n, most);
      EXPECT_LE(two_level_size(n, best.N1, best.N2), most);
      Rational const bound = two_level_bound(n, best.N1, best.N2, power_of_two(-8)).lower();
      for (int step : {-2, -1, 1, 2}) {
        int const N1 = best.N1 + step;
        int N2 = best.N2 + 40;
        while (N2 > std::max(n, 2) && two_level_size(n, N1, N2) > most) --N2;
        if (N1 >= 2 && two_level_size(n, N1, N2) <= most) {
          EXPECT_LE(bound, two_level_bound(n, N1, N2, power_of_two(-8)).upper() * Rational(1001) / 1000);
        }
      }
    }
  EXPECT_THROW(two_level_shape(2, 20), InvalidInput);
}

TEST(TwoLevel, RefusesBadInput) {
  Target const f = target::resolve("exp(x)");
  EXPECT_THROW(two_level_network(f, 5, 4, 8), InvalidInput);
  EXPECT_THROW(two_level_network(f, 0, 4, 8), InvalidInput);
  EXPECT_THROW(two_level_network(f, 2, 1, 8), InvalidInput);
  EXPECT_THROW(two_level_network(f, 4, 4, 3), InvalidInput);
  EXPECT_THROW(two_level_network(f, 2, 4, 8, Rational(0)), InvalidInput);
  EXPECT_THROW(two_level_network(f, 2, 4, 8, Rational(1) / 3), InvalidInput);
  EXPECT_THROW(two_level_network(f, 2, 4, 8, Rational(3) / 4), InvalidInput);
  EXPECT_THROW(two_level_network(target::resolve("log(x)"), 2, 4, 8), InvalidInput);
}

}  // namespace
}  // namespace nwidth::construct
