// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/exact_rational.hpp"

#include <gtest/gtest.h>

#include "fitting/rational/minimax.hpp"
#include "tests/random.hpp"
#include "theory/number/error.hpp"

namespace nwidth::fitting::rational {
namespace {

TEST(ExactRational, is_the_function_that_was_found) {
  for (char const* text : {"exp(x)", "abs(x)", "sin(4*x)"}) {
    Function const f = Function::of(text);
    Minimax<Real> const best = minimax<Real>(f, 5, 4);
    ExactRational const r = exact_rational(best.r, -1, 1);
    EXPECT_LE(r.numerator_degree(), 5);
    EXPECT_LE(r.denominator_degree(), 4);
    Network const net = to_network(r);
    test::for_random(20, [&](std::mt19937_64& g) {
      Rational const x = test::random_in(g, -1, 1);
      Rational const value = r.numerator_at(x) / r.denominator_at(x);
      EXPECT_EQ(net(x), value);
      EXPECT_LT(abs(Real(Real(value) - best.r(Real(x)))), Real(1e-85)) << text;
    });
  }
  EXPECT_THROW(exact_rational(RationalFunction<Real>{}, -1, 1), InvalidInput);
  EXPECT_THROW(exact_rational(minimax<Real>(Function::of("exp(x)"), 1, 1).r, 1, -1), InvalidInput);
}

}  // namespace
}  // namespace nwidth::fitting::rational
