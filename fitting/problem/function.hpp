// SPDX-License-Identifier: Apache-2.0
/// The target as fits need it: rounded values and derivatives, fast, and where it is not smooth.
#pragma once
#include <vector>

#include "theory/target/target.hpp"

namespace nwidth::fitting {

/// A function of one variable on [a, b]. What it returns is rounded; bounds go through target().
class Function {
 public:
  /// @throws InvalidInput if f has more than one input, a >= b, or f is not finite at a or b or in between, as far as
  ///   cuts and 257 points show: the line names the place
  Function(target::Target f, Rational a, Rational b);
  /// resolve(text) on [a, b].
  static Function of(std::string_view text, Rational const& a = -1, Rational const& b = 1) {
    return Function(target::resolve(text), a, b);
  }

  target::Target const& target() const { return target_; }
  Rational const& begin() const { return a_; }
  Rational const& end() const { return b_; }

  double operator()(double x) const;
  Real operator()(Real const& x) const;
  /// Encloses f on x.
  Ball operator()(Ball const& x) const { return target_(x); }

  /// f^(k)(x)/k! for k < count, 1 <= count <= 8; right-sided at kinks, NaN where undefined.
  std::vector<double> taylor(double x, int count) const;
  std::vector<Real> taylor(Real const& x, int count) const;

  /// Points strictly inside (a, b) where f or a derivative jumps or is infinite: cuts of the expression, and kinks of a
  /// network with one hidden layer. Sorted; nearest doubles. Hints: nothing that is claimed depends on them.
  std::vector<double> const& breaks() const { return breaks_; }
  std::vector<Rational> const& exact_breaks() const { return exact_breaks_; }
  /// max |f| over 257 points: the scale below which its digits are lost.
  double scale() const { return scale_; }

 private:
  template <class T>
  struct Hinge {  // v relu(w x + b)^k
    T w, b, v;
    int k;
  };
  template <class T>
  struct Hinges {
    T constant = 0;
    std::vector<Hinge<T>> hinge;
  };
  template <class T>
  Hinges<T> const& hinges() const;
  template <class T>
  T value(T const& x) const;
  template <class T>
  std::vector<T> series(T const& x, int count) const;

  target::Target target_;
  Rational a_, b_;
  bool hinged_ = false;  // the network part is sum_i v_i relu(w_i x + b_i)^k + constant: kept converted
  Hinges<double> hinges_double_;
  Hinges<Real> hinges_real_;
  std::vector<Rational> exact_breaks_;
  std::vector<double> breaks_;
  double scale_ = 0;
};

}  // namespace nwidth::fitting
