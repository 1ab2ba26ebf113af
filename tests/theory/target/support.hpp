// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "tests/random.hpp"
#include "theory/number/ball.hpp"

namespace nwidth::test {

/// A random expression in x of bounded depth: every operation occurs; undefined points are allowed and frequent.
inline std::string random_expression(std::mt19937_64& g, int depth) {
  auto const atom = [&g]() -> std::string {
    switch (g() % 6) {
      case 0: return std::to_string(uniform(g, 1, 5));
      case 1: return std::to_string(uniform(g, 1, 9)) + "/" + std::to_string(uniform(g, 1, 9));
      case 2: return g() % 4 == 0 ? "pi" : "0." + std::to_string(uniform(g, 1, 99));
      default: return "x";
    }
  };
  if (depth == 0) return atom();
  auto const sub = [&] { return random_expression(g, depth - 1); };
  switch (g() % 16) {
    case 0:
    case 1: return "(" + sub() + "+" + sub() + ")";
    case 2: return "(" + sub() + "-" + sub() + ")";
    case 3:
    case 4: return sub() + "*(" + sub() + ")";
    case 5: return "(" + sub() + ")/(" + sub() + ")";
    case 6: return "(" + sub() + ")^" + std::to_string(uniform(g, 0, 4));
    case 7:
      return "abs(" + sub() + ")^(" + std::to_string(uniform(g, 1, 7)) + "/" + std::to_string(uniform(g, 1, 3)) + ")";
    case 8: return "-" + sub();
    case 9: return "min(" + sub() + "," + sub() + ")";
    case 10: return "max(" + sub() + "," + sub() + ")";
    case 11: {
      std::string const u = sub();
      return g() % 2 == 0 ? "(" + u + ")*log(" + u + ")" : "sin(" + u + ")/(" + u + ")";
    }
    default: {
      char const* const names[] = {"exp",  "log",  "sin",  "cos",  "tan", "sinh",
                                   "cosh", "tanh", "atan", "sqrt", "abs", "relu"};
      return std::string(names[g() % 12]) + "(" + sub() + ")";
    }
  }
}

/// True if y, rounded to 100 digits, is in the ball; a y beyond Real's exponents counts as held.
inline ::testing::AssertionResult holds(Ball enclosure, Real const& y) {
  if (isnan(y)) return ::testing::AssertionFailure() << "undefined";
  if (!enclosure.is_finite() || isinf(y)) return ::testing::AssertionSuccess();
  Ball const value(y);
  Ball slack = abs(value) + Ball(0x1p-1000);
  arb_mul_2exp_si(slack.get(), slack.get(), -200);
  arb_add_error(enclosure.get(), slack.get());
  if (arb_contains(enclosure.get(), value.get()) != 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << y.str(40) << " is not within " << enclosure.to_double() << " +- "
                                       << mag_get_d(arb_radref(enclosure.get()));
}

}  // namespace nwidth::test
