// SPDX-License-Identifier: Apache-2.0
/// Closed-form targets: parsed expressions with exact constants, evaluated in any arithmetic.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "theory/number/ball.hpp"

namespace nwidth::target {

struct Program;  // the parsed form: theory/target/program.hpp

/// f(x) = sum_{j<m} c_j (x - (a+b)/2)^j + c_m(x) (x - (a+b)/2)^m on [a, b]: the result of Expression::expand.
struct Expansion {
  enum class Status {
    smooth,  ///< c.size() = m + 1; c[0..m-1] enclose the Taylor coefficients at the exact midpoint, c[m] the m-th over
             ///< [a, b]
    kink,    ///< the argument of abs, relu, min or max may change sign inside: cut at cuts(), or take range()
    singular,  ///< not m times differentiable, or undefined, somewhere in [a, b] as far as could be shown
  };
  Status status = Status::smooth;
  std::vector<Ball> c;
};

/// A function of one variable x (or of x1 ... xd), built from exact decimals and fractions, pi, + - * / ^ with rational
/// exponents, and exp log sin cos tan sinh cosh tanh atan sqrt abs min max relu. 0.1 means 1/10.
/// x log x, sin(x)/x and their like (same argument) are extended by continuity where they are 0/0.
class Expression {
 public:
  /// @param inputs  d: the variable is x if d = 1, else x1 ... xd
  /// x^y is right-associative and binds tighter than the sign: -x^2 = -(x^2). The exponent must be a rational constant:
  /// x^3, x^-1, x^(5/2), x^2.5 (but x^5/2 is x^5 divided by 2). u^(p/q) with q > 1 in lowest terms needs u >= 0; u^0
  /// = 1.
  /// At most 20000 characters, nested at most 200 deep; min and max take two arguments or more.
  /// @throws InvalidInput with the position and what was expected there
  static Expression parse(std::string_view text, int inputs = 1);

  std::string const& text() const { return text_; }
  int inputs() const { return inputs_; }

  /// Rounded evaluation; NaN where undefined.
  double operator()(double x) const;
  Real operator()(Real const& x) const;
  /// Encloses f at every point of x; an infinite ball if f is undefined there or nothing better could be shown.
  Ball operator()(Ball const& x) const;
  /// Several variables: rounded evaluation only.
  double operator()(std::vector<double> const& x) const;

  /// Taylor coefficients f^(j)(x)/j!, j < length, at the exact point x, at the working precision; right-sided at a kink
  /// (H(0) = 0 conventions do not matter: the value is the limit from the right). Infinite balls where they do not
  /// exist.
  std::vector<Ball> taylor(Rational const& x, int length) const;
  /// The same in rounded arithmetic, for fits: length at most 8; NaN where undefined.
  std::vector<double> rounded_taylor(double x, int length) const;
  std::vector<Real> rounded_taylor(Real const& x, int length) const;
  /// The Taylor model of order m over [a, b], a < b, both dyadic.
  Expansion expand(Rational const& a, Rational const& b, int m) const;
  /// Encloses f([a, b]) from endpoint arithmetic (MPFI at the working precision): never leaves the domain by rounding,
  /// and takes the hull at kinks. Not finite where f is unbounded or undefined.
  Ball range(Rational const& a, Rational const& b) const;
  /// Where to cut [a, b] so that expand succeeds as often as possible: the zeros of the arguments of abs, relu, min and
  /// max, and the singular points; each as itself if dyadic, else as two dyadics around it at most 2^-bits apart.
  /// Sorted, strictly inside (a, b). Hints: nothing that is claimed depends on their being complete.
  std::vector<Rational> cuts(Rational const& a, Rational const& b, long bits = 120) const;

 private:
  std::string text_;
  int inputs_ = 1;
  std::shared_ptr<Program const> program_;
};

}  // namespace nwidth::target
