// SPDX-License-Identifier: Apache-2.0
/// What the tests of the local Taylor networks share: the function f_1 by its definition, and exact members of the
/// Sobolev ball.
#pragma once
#include <functional>

#include "tests/theory/construct/gadgets_testing.hpp"
#include "theory/construct/local_taylor.hpp"

namespace nwidth::test {

/// Taylor data from derivative(x, j) = f^(j)(x)/j!.
inline construct::LocalTaylor taylor_of(int n, int N, std::function<Rational(Rational const&, int)> const& derivative) {
  construct::LocalTaylor data{n, N, {}};
  for (int i = 0; i <= N; ++i) {
    data.coefficients.emplace_back();
    for (int j = 0; j < n; ++j) data.coefficients.back().push_back(derivative(data.node(i), j));
  }
  return data;
}

/// The data of an expression.
inline construct::LocalTaylor taylor_of(target::Expression const& f, int n, int N) {
  return construct::local_taylor([&](Rational const& x, int length) { return f.taylor(x, length); }, n, N);
}

/// Functions of the unit ball of W^{n,inf}: all derivatives up to the n-th are at most 1 in absolute value on [-1, 1].
inline std::vector<std::string> members_of_the_ball(int n) {
  return {"exp(x)/3", "sin(x)", "cos(4*x + 1)/4^" + std::to_string(n)};
}

/// An upper bound of |net(x) - f(x)| from an enclosure of f.
inline Rational error_at(Network const& net, target::Expression const& f, Rational const& x) {
  return abs(f(Ball(x)) - Ball(net(x))).upper();
}

/// f_1(x) by its definition.
inline Rational joined_taylor(construct::LocalTaylor const& data, Rational const& x) {
  Rational sum = 0;
  for (int i = 0; i <= data.N; ++i) {
    Rational const d = x - data.node(i);
    Rational phi = 2 - abs(3 * d * data.N / 2);
    if (phi <= 0) continue;
    if (phi > 1) phi = 1;
    sum += phi * construct::Frozen{data.coefficients[static_cast<std::size_t>(i)]}(d);
  }
  return sum;
}

/// |f^(n)| = 1 with random sign changes, f^(j)(-1) = 0 for j < n: f in W^n, exactly known.
class PerfectSpline {
 public:
  PerfectSpline(std::mt19937_64& g, int n, int knots) : n_(n) {
    for (int i = 0; i < knots; ++i) knots_.push_back(random_in(g, -1, 1));
    std::sort(knots_.begin(), knots_.end());
  }
  /// f^(j)(x)/j!, j < n
  Rational taylor(Rational const& x, int j) const {
    Rational sum = power(x + 1, static_cast<unsigned>(n_ - j));
    int sign = -1;
    for (Rational const& t : knots_) {
      if (x > t) sum += 2 * sign * power(x - t, static_cast<unsigned>(n_ - j));
      sign = -sign;
    }
    return sum / (factorial(n_ - j) * factorial(j));
  }

 private:
  int n_;
  std::vector<Rational> knots_;
};

}  // namespace nwidth::test
