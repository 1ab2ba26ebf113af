// SPDX-License-Identifier: Apache-2.0
#include "fitting/bound/cell_models.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/fitting/bound/targets.hpp"
#include "tests/random.hpp"

namespace nwidth::fitting {
namespace {

using namespace test_targets;

TEST(CellModel, encloses_the_function) {
  for (Function const& f : {exp(), runge(), abs_power(), w2inf(), Function::of("abs(x-1/3)*exp(x)")}) {
    test::for_random(40, [&](std::mt19937_64& g) {
      double const left = std::ldexp(static_cast<double>(test::uniform(g, -1024, 900)), -10),
                   right = left + std::ldexp(static_cast<double>(test::uniform(g, 1, 60)), -10);
      CellModel const cell = cell_model(f.target(), left, right, 5);
      for (int i = 0; i <= 8; ++i) {
        Rational const x = exact(left) + (exact(right) - exact(left)) * i / 8;
        Interval const s = enclose(x - exact(cell.mid));
        Interval y = cell.c.back();
        for (std::size_t l = cell.c.size() - 1; l-- > 0;) y = y * s + cell.c[l];
        Ball const truth = f(Ball(x));
        EXPECT_LE(y.lo, to_double(truth.upper()));
        EXPECT_GE(y.hi, to_double(truth.lower()));
      }
    });
  }
  EXPECT_THROW(cell_model(exp().target(), 0.5, 0.5, 4), InvalidInput);
}

TEST(CellModel, is_exact_for_pieces_and_falls_back_at_kinks) {
  Function const f = w2inf();
  EXPECT_LT(cell_model(f.target(), -1, -1 + 0x1p-6, 5).remainder(), 1e-30);  // one quadratic
  EXPECT_EQ(cell_model(f.target(), -0.9375, -0.8125, 5).c.size(), 1u);       // knots inside: the range only
  EXPECT_LT(cell_model(exp().target(), 0, 0x1p-6, 5).remainder(), 1e-12);
  // x^1.5 near 0: no remainder of high order is of use there
  CellModel const low = cell_model(abs_power().target(), 0, 0x1p-6, 5);
  EXPECT_LE(low.c.size(), 2u);
  EXPECT_LT(low.remainder(), 0x1p-8);
}

}  // namespace
}  // namespace nwidth::fitting
