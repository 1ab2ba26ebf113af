// SPDX-License-Identifier: Apache-2.0
/// What the tests of exact gadgets share: equality as polynomials, in rational arithmetic.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "tests/random.hpp"
#include "theory/construct/gadgets_frozen.hpp"

namespace nwidth::test {

/// Two polynomials of degree <= `degree` that agree at degree + 1 points are equal; here net and f are compared at
/// degree + 3 points of each interval between neighbouring breaks, on which both are polynomials.
inline void expect_equal_on_pieces(Network const& net, std::function<Rational(Rational const&)> const& f,
                                   std::vector<Rational> const& breaks, int degree) {
  for (std::size_t i = 1; i < breaks.size(); ++i)
    for (int k = 0; k <= degree + 2; ++k) {
      Rational const x = breaks[i - 1] + (breaks[i] - breaks[i - 1]) * k / (degree + 2);
      ASSERT_EQ(net(x), f(x)) << "at x = " << x;
    }
}

/// The same for several variables on the box [-B, B]^d (or [0, B]^d): a grid of degree + 3 points per variable.
inline void expect_equal_on_box(Network const& net, std::function<Rational(std::vector<Rational> const&)> const& f,
                                Rational const& lo, Rational const& hi, int degree) {
  auto const d = static_cast<std::size_t>(net.inputs());
  std::vector<int> k(d, 0);
  for (;;) {
    std::vector<Rational> x;
    for (int i : k) x.push_back(lo + (hi - lo) * i / (degree + 2));
    ASSERT_EQ(net(x)[0], f(x));
    std::size_t i = 0;
    while (i < d && k[i] == degree + 2) k[i++] = 0;
    if (i == d) return;
    ++k[i];
  }
}

/// Coefficients of degree r with a_r != 0; all of a_1 ... a_r nonzero if generic.
inline construct::Frozen random_frozen(std::mt19937_64& g, int r, bool generic) {
  construct::Frozen f;
  for (int i = 0; i <= r; ++i) {
    Rational q = random_rational(g, 9);
    while (q == 0 && (i == r || (generic && i > 0))) q = random_rational(g, 9);
    f.a.push_back(q);
  }
  return f;
}

inline std::vector<Rational> rationals(std::vector<std::string> const& text) {
  std::vector<Rational> v;
  for (std::string const& s : text) v.push_back(parse_rational(s));
  return v;
}

}  // namespace nwidth::test
