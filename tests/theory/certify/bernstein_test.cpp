// SPDX-License-Identifier: Apache-2.0
#include "theory/certify/bernstein.hpp"

#include "tests/random.hpp"
#include "theory/number/rational.hpp"

namespace nwidth::certify {
namespace {

Rational binomial(int n, int k) { return factorial(n) / factorial(k) / factorial(n - k); }

Rational value_of_bernstein(std::vector<Rational> const& b, Rational const& s) {
  int const d = static_cast<int>(b.size()) - 1;
  Rational sum = 0;
  for (int i = 0; i <= d; ++i)
    sum += b[static_cast<std::size_t>(i)] * binomial(d, i) * power(s, static_cast<unsigned>(i)) *
           power(1 - s, static_cast<unsigned>(d - i));
  return sum;
}

Rational value_of_powers(std::vector<Interval> const& c, Rational const& u) {
  Rational sum = 0;
  for (std::size_t j = c.size(); j-- > 0;) sum = sum * u + exact(c[j].lo);
  return sum;
}

std::vector<Interval> random_powers(std::mt19937_64& g) {
  std::vector<Interval> c(1 + g() % 14);
  for (Interval& v : c) v = Interval(static_cast<double>(static_cast<std::int64_t>(g())) * 0x1p-60);
  return c;
}

/// p(s) lies between the Bernstein sums of the lower and of the upper ends.
void expect_contains(std::vector<Interval> const& b, Rational const& s, Rational const& value) {
  std::vector<Rational> lo, hi;
  for (Interval v : b) {
    lo.push_back(exact(v.lo));
    hi.push_back(exact(v.hi));
  }
  EXPECT_LE(value_of_bernstein(lo, s), value);
  EXPECT_GE(value_of_bernstein(hi, s), value);
  EXPECT_LT(value_of_bernstein(hi, s) - value_of_bernstein(lo, s), Rational(1, 1000000000));
}

TEST(Bernstein, conversions_and_halves_contain_the_polynomial) {
  test::for_random(300, [](std::mt19937_64& g) {
    std::vector<Interval> const c = random_powers(g);
    Rational const s = Rational(static_cast<long>(g() % 1001)) / 1000;
    expect_contains(bernstein_from_unit_powers(c), s, value_of_powers(c, s));
    std::vector<Interval> left = bernstein_from_symmetric_powers(c);
    expect_contains(left, s, value_of_powers(c, 2 * s - 1));
    std::vector<Interval> const right = split_half(left);
    expect_contains(left, s, value_of_powers(c, s - 1));
    expect_contains(right, s, value_of_powers(c, s));
  });
}

TEST(Bernstein, a_tail_above_the_largest_degree_is_kept_as_an_interval) {
  std::vector<Interval> c(largest_bernstein_degree + 3);
  c[0] = 1;
  c.back() = 0.25;
  for (Interval v : bernstein_from_symmetric_powers(c)) {
    EXPECT_LE(v.lo, 0.75);
    EXPECT_GE(v.hi, 1.25);
  }
}

TEST(Bernstein, not_a_number_is_never_small) {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(largest_magnitude({Interval(1), Interval(nan, nan)}), std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace nwidth::certify
