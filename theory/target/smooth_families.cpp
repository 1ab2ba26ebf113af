// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "theory/number/error.hpp"
#include "theory/target/derivative_bounds.hpp"
#include "theory/target/families.hpp"

namespace nwidth::target {
namespace {

std::string in_parentheses(Rational const& q) {
  return q.sign() < 0 || denominator(q) != 1 ? "(" + fraction(q) + ")" : fraction(q);
}

Target expression_target(std::string name, std::string const& text) {
  Target t;
  t.name = std::move(name);
  t.expression = Expression::parse(text);
  return t;
}

std::string with_n(char const* family, int n) { return std::string(family) + ":n=" + std::to_string(n); }

}  // namespace

Target plane_wave(Parameters const& p, int n) {
  Rational const w = p.rational("w", 8), phase = p.rational("phase", 0);
  if (w <= 0 || w > 1000000) p.refuse("w", w, "in (0, 10^6]");
  if (abs(phase) > 1000000) p.refuse("phase", phase, "in [-10^6, 10^6]");
  Rational const scale = w > 1 ? power(w, static_cast<unsigned>(n)) : Rational(1);
  std::string const argument = in_parentheses(w) + "*x" + (phase == 0 ? "" : "+" + in_parentheses(phase));
  Target t =
      expression_target(with_n("plane-wave", n) + ",w=" + fraction(w) + (phase == 0 ? "" : ",phase=" + fraction(phase)),
                        "cos(" + argument + ")" + (scale == 1 ? "" : "/" + in_parentheses(scale)));
  // |f^(j)| = w^j/max(1, w^n) |cos or sin(w x + phase)| <= 1
  if (w >= Rational(11, 7)) {  // > pi/2: w x + phase covers a half turn
    t.norm = {n, 1, 1, "f^(n) reaches 1, since w x + phase runs over a half turn"};
  } else if (phase == 0 && (w <= 1 || n % 2 == 0)) {
    t.norm = {n, 1, 1, w <= 1 ? "f(0) = 1" : "|f^(n)(0)| = 1"};
  } else {
    DerivativeBounds const b = derivative_bounds(*t.expression, n);
    t.norm = {n, b.lower, b.finite ? std::min(b.upper, Rational(1)) : Rational(1),
              "Taylor models on a cover of [-1, 1]"};
  }
  return t;
}

Target chebyshev(Parameters const&, int n) {
  // T_n = sum_k (-1)^k n/(n-k) binomial(n-k, k) 2^(n-2k-1) x^(n-2k)
  Rational const scale = factorial(n) * power_of_two(n - 1);
  std::string text;
  for (int k = 0; 2 * k <= n; ++k) {
    Rational const c = Rational(n) / (n - k) * factorial(n - k) / (factorial(k) * factorial(n - 2 * k)) *
                       power_of_two(n - 2 * k - 1) / scale;
    int const degree = n - 2 * k;
    text += k == 0 ? "" : k % 2 == 0 ? "+" : "-";
    text += in_parentheses(c) + (degree == 0 ? "" : degree == 1 ? "*x" : "*x^" + std::to_string(degree));
  }
  Target t = expression_target(with_n("chebyshev", n), text);
  t.norm = {n, 1, 1, "f^(n) = 1 and f^(j)(1) = max |f^(j)| increases with j"};
  return t;
}

Target lacunary(Parameters const& p, int n) {
  long const terms = p.integer("terms", 6, 1, 16);
  std::string sum;
  for (long k = 0; k < terms; ++k) {
    std::string const frequency = k == 0 ? "pi" : Integer(Integer(1) << static_cast<unsigned>(k)).str() + "*pi";
    sum += (k == 0 ? "" : "+") + ("cos(" + frequency + "*x)/(" + frequency + ")^" + std::to_string(n));
  }
  Target t = expression_target(with_n("lacunary", n) + ",terms=" + std::to_string(terms),
                               "(" + sum + ")/" + std::to_string(terms));
  if (n % 2 == 0) {
    t.norm = {n, 1, 1, "every term's n-th derivative is +-1/terms at 0, with the same sign"};
  } else {
    t.norm = {n, sampled_derivatives(*t.expression, n, 383), 1, "sum of terms of norm 1/terms; lower end at a point"};
  }
  return t;
}

Target power_of_distance(Parameters const& p, int n) {
  Rational const alpha = p.rational("alpha", n - Rational(1, 2)), c = p.rational("c", irrational_looking());
  if (alpha <= n - 1 || alpha >= n || denominator(alpha) > 1000)
    p.refuse("alpha", alpha,
             "p/q with q <= 1000 in (n-1, n) = (" + std::to_string(n - 1) + ", " + std::to_string(n) + ")");
  if (abs(c) >= 1) p.refuse("c", c, "in (-1, 1)");
  return expression_target(with_n("power", n) + ",alpha=" + fraction(alpha) + ",c=" + fraction(c),
                           "abs(x-" + in_parentheses(c) + ")^(" + fraction(alpha) + ")");
}

Target runge(Parameters const&, int n) {
  // f^(j) = j! 5^j cos^{j+1}(s) cos or sin((j+1) s) with tan s = 5x (up to sign): at most j! 5^j, reached at 0 if j is
  // even; if n is odd the largest value of |cos^{n+1}(s) sin((n+1) s)| is cos^{n+2}(pi/(2n+4)), at s = pi/(2n+4)
  Rational const scale = factorial(n) * power(Rational(5), static_cast<unsigned>(n));
  Target t = expression_target(with_n("runge", n), "1/(" + fraction(scale) + "*(1+25*x^2))");
  if (n % 2 == 0) {
    t.norm = {n, 1, 1, "|f^(n)(0)| = 1"};
  } else {
    Ball const angle = Ball::pi() / Ball(2 * n + 4);
    Ball const value = power(cos(angle), static_cast<unsigned>(n + 2));
    t.norm = {n, value.lower(), value.upper(), "|f^(n)| = cos^(n+2)(pi/(2n+4)) where 5x = tan(pi/(2n+4))"};
  }
  return t;
}

Target exp_sin(Parameters const& p, int n) {
  Rational const w = p.rational("w", 4);
  if (w <= 0 || w > 100) p.refuse("w", w, "in (0, 100]");
  std::string const text = "exp(sin(" + in_parentheses(w) + "*x))";
  DerivativeBounds const b = derivative_bounds(Expression::parse(text), n);
  if (!b.finite) throw InvalidInput("target exp-sin: no bound of the norm was found for w = " + fraction(w));
  Rational const thousandths = b.upper * 1000;
  Integer const ceiling = (numerator(thousandths) + denominator(thousandths) - 1) / denominator(thousandths);
  Rational const scale = Rational(ceiling) / 1000;
  Target t = expression_target(with_n("exp-sin", n) + ",w=" + fraction(w), text + "/" + in_parentheses(scale));
  t.norm = {n, b.lower / scale, b.upper / scale, "Taylor models on a cover of [-1, 1]"};
  return t;
}

}  // namespace nwidth::target
