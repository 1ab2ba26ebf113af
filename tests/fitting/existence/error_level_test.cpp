// SPDX-License-Identifier: Apache-2.0
#include "fitting/existence/error_level.hpp"

#include <gtest/gtest.h>

namespace nwidth::fitting {
namespace {

using target::Expression;

/// c_0 + c_1 (x + 1) + ... on [-1, 1]
EnclosedPiece piece(std::vector<Rational> const& c, std::vector<EnclosedPiece::Extremum> inside, int left, int right) {
  EnclosedPiece r;
  for (std::size_t j = 0; j < c.size(); ++j) arb_poly_set_coeff_arb(r.p.get(), static_cast<slong>(j), Ball(c[j]).get());
  r.left = Ball(-1);
  r.right = Ball(1);
  r.inside = std::move(inside);
  r.left_sign = left;
  r.right_sign = right;
  return r;
}

struct Shown {
  bool below = false, exact = true;
  std::string reason;
};

Shown shown(char const* f, EnclosedPiece const& p, Rational const& E) {
  PrecisionScope const precision(200);
  Shown r;
  Ball const most = Ball(E) * (Ball(1) + Ball(power_of_two(-100)));
  r.below = error_stays_below(Expression::parse(f), -1, p, Ball(E), most, r.exact, r.reason);
  return r;
}

TEST(ErrorStaysBelow, shows_what_is_true) {
  Rational const half = Rational(1) / 2;
  Shown const parabola = shown("x^2", piece({half}, {{Ball(0), -1, false}}, 1, 1), half);
  EXPECT_TRUE(parabola.below) << parabola.reason;
  EXPECT_TRUE(parabola.exact);
  // T_3/4 less nothing: extrema at +-1/2
  Shown const cubic =
      shown("x^3-3/4*x", piece({0}, {{Ball(Rational(-1) / 2), 1, false}, {Ball(Rational(1) / 2), -1, false}}, -1, 1),
            Rational(1) / 4);
  EXPECT_TRUE(cubic.below) << cubic.reason;
  EXPECT_TRUE(cubic.exact);
  // breaks, without a first or a second derivative
  for (char const* text : {"abs(x)", "abs(x)^1.5", "sqrt(abs(x))"}) {
    Shown const kink = shown(text, piece({half}, {{Ball(0), -1, true}}, 1, 1), half);
    EXPECT_TRUE(kink.below) << text << ": " << kink.reason;
    EXPECT_FALSE(kink.exact);
  }
}

TEST(ErrorStaysBelow, finds_what_it_was_not_told) {
  Rational const half = Rational(1) / 2;
  Shown const end = shown("x^2", piece({half}, {{Ball(0), -1, false}}, 1, 0), half);  // the right end
  EXPECT_TRUE(end.below) << end.reason;
  EXPECT_FALSE(end.exact);
  Shown const middle = shown("x^2", piece({half}, {}, 1, 1), half);  // the middle
  EXPECT_TRUE(middle.below) << middle.reason;
  EXPECT_FALSE(middle.exact);
}

TEST(ErrorStaysBelow, shows_nothing_that_is_false) {
  Rational const half = Rational(1) / 2;
  EXPECT_FALSE(shown("x^2+exp(-1000*(x-1/3)^2)", piece({half}, {{Ball(0), -1, false}}, 1, 1), half).below);
  // larger than E by 1e-20, at the right end and inside
  Rational const less = half - parse_rational("1e-20");
  EXPECT_FALSE(shown("x^2", piece({half}, {}, 0, 0), less).below);
  EXPECT_FALSE(shown("-x^2", piece({-half}, {}, 0, 0), less).below);
  // a saddle said to be an extremum: the second derivative does not bend it back
  EXPECT_FALSE(shown("x^3+1/4", piece({0}, {{Ball(0), 1, false}}, 0, 0), Rational(1) / 4).below);
  // an end from which the error grows
  Shown const wrong = shown("x^2", piece({Rational(1) / 4}, {}, 1, 0), Rational(3) / 8);
  EXPECT_FALSE(wrong.below);
  EXPECT_FALSE(wrong.reason.empty());
  EXPECT_FALSE(shown("1/x", piece({0}, {}, 0, 0), 1000).below);
}

TEST(ErrorStaysBelow, takes_no_break_for_a_critical_point) {
  // E is the error at 1/3, which no ball of two-power ends holds exactly; at 17/50 it is 1, a little more
  Rational const x = Rational(1) / 3, top = Rational(17) / 50, E = 1 - (x - top) * (x - top);
  EXPECT_FALSE(shown("1-(x-17/50)^2", piece({0}, {{Ball(x), 1, true}}, 0, 0), E).below);
  EXPECT_FALSE(shown("1-(x-17/50)^2", piece({0}, {{Ball(Rational(1) / 4), 1, true}}, 0, 0), E).below);
  EXPECT_TRUE(shown("1-(x-17/50)^2", piece({0}, {{Ball(top), 1, false}}, 0, 0), 1).below);
}

}  // namespace
}  // namespace nwidth::fitting
