// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/minimax.hpp"

#include <gtest/gtest.h>

namespace nwidth::fitting {
namespace {

struct Row {
  int degree;
  char const* value;
};

/// The level, to as many digits as the table has (given as a relative tolerance).
void expect_level(Function const& f, int m, int n, Real const& value, double tolerance = 1e-18) {
  Minimax<Real> const r = minimax<Real>(f, m, n);
  EXPECT_EQ(r.outcome.status, Status::converged) << m << ", " << n << ": " << r.outcome.detail;
  EXPECT_LT(abs(Real(r.level / value - 1)), Real(tolerance))
      << f.target().name << " (" << m << ", " << n << "): " << r.level.str(24) << " not " << value.str(24);
  EXPECT_LT(abs(r.levelling()), Real(1e-29)) << m << ", " << n;
  EXPECT_GE(static_cast<int>(r.alternation.size()), r.needed) << m << ", " << n;
}

TEST(Minimax, rational_of_relu) {
  Row const table[] = {{3, "0.01387818865997323279805317"},   {4, "0.006156214396305625455714139"},
                       {5, "0.002991424991477231329782303"},  {6, "0.001552810007570929269747926"},
                       {8, "0.0004821555792537165979056918"}, {10, "0.0001713658705838476830267758"}};
  Function const f = Function::of("relu(x)");
  Real const root5 = sqrt(Real(5)), root3 = sqrt(Real(3));
  expect_level(f, 1, 1, Real((root5 - 2) / 2), 1e-40);
  expect_level(f, 2, 2, Real((7 - 4 * root3) / 2), 1e-40);
  for (auto const& [n, value] : table) expect_level(f, n, n, Real(value));
}

TEST(Minimax, rational_of_abs_and_of_sqrt_are_one) {
  Row const table[] = {{2, "0.04368901269207636157085597"},    {4, "0.008501484704073829490297411"},
                       {6, "0.002282106009725259487906311"},   {8, "0.0007365636140307030561624913"},
                       {10, "0.0002689570600851835099617875"}, {12, "0.0001074711622945128494860823"},
                       {16, "0.00002085158640633032717111036"}};
  Function const f = Function::of("abs(x)"), g = Function::of("sqrt(x)", 0, 1), h = Function::of("relu(x)");
  for (auto const& [n, value] : table) {
    expect_level(f, n, n, Real(value));
    expect_level(g, n / 2, n / 2, Real(value));
  }
  for (int n : {2, 4, 6}) expect_level(h, n + 1, n, Real(minimax<Real>(f, n, n).level / 2), 1e-28);
}

}  // namespace
}  // namespace nwidth::fitting
