// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/l2_bound.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/fitting/bound/targets.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

using namespace test_targets;

/// dist^2(f, polynomials of degree <= d) in L2[a, b] by Gauss-Legendre quadrature of many panels and Gram-Schmidt: an
/// independent referee, good to about 1e-14 f^2.
double squared_distance(Function const& f, int d, double a, double b) {
  static double const node[] = {0.1834346424956498, 0.525532409916329, 0.7966664774136267, 0.9602898564975363};
  static double const weight[] = {0.362683783378362, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763};
  std::vector<double> cut{a, b};
  for (int i = 1; i < 40; ++i) cut.push_back(a + (b - a) * i / 40);
  for (double t : f.breaks())
    for (double s : {0.0, 1e-6, -1e-6, 1e-4, -1e-4, 1e-3, -1e-3, 1e-2, -1e-2})
      if (a < t + s && t + s < b) cut.push_back(t + s);
  std::sort(cut.begin(), cut.end());
  std::vector<double> x, w;
  for (std::size_t i = 1; i < cut.size(); ++i)
    for (int j = 0; j < 8; ++j) {
      double const h = (cut[i] - cut[i - 1]) / 2, z = (j < 4 ? -1 : 1) * node[j % 4];
      x.push_back(cut[i - 1] + h + h * z);
      w.push_back(h * weight[j % 4]);
    }
  auto const dot = [&](std::vector<double> const& u, std::vector<double> const& v) {
    double s = 0;
    for (std::size_t i = 0; i < u.size(); ++i) s += w[i] * u[i] * v[i];
    return s;
  };
  std::vector<double> r;
  for (double t : x) r.push_back(f(t));
  std::vector<std::vector<double>> basis;
  for (int n = 0; n <= d; ++n) {
    std::vector<double> p;
    for (double t : x) p.push_back(std::pow((2 * t - a - b) / (b - a), n));
    for (int twice = 0; twice < 2; ++twice)
      for (auto const& q : basis) {
        double const c = dot(p, q);
        for (std::size_t i = 0; i < p.size(); ++i) p[i] -= c * q[i];
      }
    double const size = std::sqrt(dot(p, p));
    for (double& v : p) v /= size;
    basis.push_back(p);
    for (int twice = 0; twice < 2; ++twice) {
      double const c = dot(r, basis.back());
      for (std::size_t i = 0; i < r.size(); ++i) r[i] -= c * basis.back()[i];
    }
  }
  return dot(r, r);
}

double error_with_knots(Function const& f, int d, std::vector<double> t) {
  t.insert(t.begin(), -1);
  t.push_back(1);
  double sum = 0;
  for (std::size_t i = 1; i < t.size(); ++i)
    if (t[i - 1] < t[i]) sum += squared_distance(f, d, t[i - 1], t[i]);
  return std::sqrt(sum);
}

struct Row {
  char const* name;
  Function f;
  int degree, k;
  double fit;  // L2 error of a continuous fit (degree 1), resp. piecewise C^0 one, found elsewhere
  double factor;
};

TEST(L2Bound, is_close_below_the_best_fits_of_even_order) {
  std::vector<Row> const rows{{"exp", exp(), 1, 4, 9.01812323538e-3, 1.021},
                              {"exp", exp(), 3, 8, 7.1017662e-7, 1.021},
                              {"sin4pi", sin4pi(), 1, 16, 4.3682263109e-2, 1.021},
                              {"runge", runge(), 1, 8, 7.36830899e-3, 1.021},
                              {"abs1.5", abs_power(), 1, 8, 3.46e-3, 1.025}};
  for (Row const& row : rows) {
    L2Options options;
    options.relative = 0.02;
    L2Bound const r = l2_bound(row.f, row.degree, row.k, options);
    ASSERT_TRUE(r.bound.proved) << row.name;
    EXPECT_EQ(r.outcome.status, Status::converged);
    double const lower = to_double(r.bound.lower);
    EXPECT_LT(lower, row.fit * (1 + 1e-9)) << row.name;
    EXPECT_GT(lower * row.factor, row.fit) << row.name;
    ASSERT_EQ(r.knots.size(), static_cast<std::size_t>(row.k));
    EXPECT_NEAR(error_with_knots(row.f, row.degree, r.knots) / r.reachable, 1, 1e-4) << row.name;
  }
}

TEST(L2Bound, is_not_beaten_by_any_breakpoints) {
  struct Case {
    Function f;
    int degree, k;
  };
  Case const cases[] = {{exp(), 1, 3}, {runge(), 2, 4}, {abs_power(), 2, 3}, {w2inf(), 1, 6}, {sin4pi(), 3, 5}};
  for (Case const& c : cases) {
    L2Bound const r = l2_bound(c.f, c.degree, c.k, {0.03, 30000});
    ASSERT_TRUE(r.bound.proved);
    EXPECT_NEAR(error_with_knots(c.f, c.degree, r.knots) / r.reachable, 1, 1e-4) << c.f.target().name;
    test::for_random(12, [&](std::mt19937_64& g) {
      std::vector<double> t = r.knots;
      double const spread = std::pow(10.0, test::uniform_real(g, -4, 0));
      for (double& x : t) x = std::clamp(x + spread * test::uniform_real(g, -1, 1), -1.0, 1.0);
      std::sort(t.begin(), t.end());
      EXPECT_GE(error_with_knots(c.f, c.degree, t), to_double(r.bound.lower) * (1 - 1e-10));
    });
  }
}

TEST(SegmentErrors, bound_the_local_errors_from_below_and_tightly) {
  for (Function const& f : {exp(), sin4pi(), runge(), abs_power(), w2inf()}) {
    std::vector<CellModel> cells;
    std::vector<double> grid;
    for (int i = 0; i <= 256; ++i) grid.push_back(-1 + i / 128.0);
    for (double tiny : {1e-2, 1e-3, 1e-4}) {
      grid.push_back(std::ldexp(std::round(std::ldexp(tiny, 30)), -30));
      grid.push_back(-grid.back());
    }
    std::sort(grid.begin(), grid.end());
    for (std::size_t i = 1; i < grid.size(); ++i) cells.push_back(cell_model(f.target(), grid[i - 1], grid[i], 6));
    for (int d = 1; d <= 3; ++d) {
      SegmentErrors const e(f, cells, d, 0.02);
      test::for_random(12, [&](std::mt19937_64& g) {
        int const i = static_cast<int>(test::uniform(g, 0, 200)), j = i + static_cast<int>(test::uniform(g, 8, 40));
        double const truth =
            squared_distance(f, d, grid[static_cast<std::size_t>(i)], grid[static_cast<std::size_t>(j)]);
        double const bound = e(i, j);
        EXPECT_LE(bound, truth * (1 + 1e-9) + 1e-16) << f.target().name << d << ' ' << i << ' ' << j;
        if (truth < 0.019 && truth > 1e-9 && f.breaks().empty()) {
          EXPECT_GE(bound, truth * (1 - 1e-4)) << f.target().name << d;
        }
      });
    }
  }
}

TEST(LeastOverCells, is_the_minimum_over_all_choices) {
  Function const f = exp();
  std::vector<CellModel> cells;
  int const M = 9;
  for (int i = 0; i < M; ++i) cells.push_back(cell_model(f.target(), -1 + i / 8.0, -1 + (i + 1) / 8.0, 6));
  SegmentErrors const e(f, cells, 1, 1.0);
  for (int k = 0; k <= 3; ++k) {  // every j_1 <= ... <= j_k < M, one after another
    std::vector<int> j(static_cast<std::size_t>(k), 0);
    double best = HUGE_VAL;
    for (bool more = true; more;) {
      double sum = 0;
      int from = 0;
      for (int to : j) {
        sum += e(from, to);
        from = to + 1;
      }
      best = std::min(best, sum + e(from, M));
      more = false;
      for (std::size_t s = j.size(); s-- > 0 && !more;)
        if (j[s] + 1 < M) {
          ++j[s];
          for (std::size_t t = s + 1; t < j.size(); ++t) j[t] = j[s];
          more = true;
        }
    }
    EXPECT_LE(least_over_cells(e, k), best);
    EXPECT_GE(least_over_cells(e, k), best * (1 - 1e-14));
  }
}

TEST(L2Bound, refuses_bad_input_and_knows_its_floor) {
  EXPECT_THROW(l2_bound(exp(), 0, 4), InvalidInput);
  EXPECT_THROW(l2_bound(exp(), 1, -1), InvalidInput);
  EXPECT_THROW(l2_bound(exp(), 1, 2, {std::nan(""), 1000}), InvalidInput);
  L2Bound const tiny = l2_bound(exp(), 7, 8);
  EXPECT_FALSE(tiny.bound.proved);
  EXPECT_EQ(tiny.outcome.status, Status::below_precision);
  L2Bound const line = l2_bound(exp(), 1, 0);
  ASSERT_TRUE(line.bound.proved);
  double const truth = std::sqrt(squared_distance(exp(), 1, -1, 1));
  EXPECT_LE(to_double(line.bound.lower), truth);
  EXPECT_GT(to_double(line.bound.lower), truth * 0.989);
}

}  // namespace
}  // namespace nwidth::fitting
