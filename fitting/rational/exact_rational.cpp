// SPDX-License-Identifier: Apache-2.0
#include "fitting/rational/exact_rational.hpp"

#include <string>

#include "theory/number/error.hpp"

namespace nwidth::fitting::rational {
namespace {

Rational horner(std::vector<Rational> const& c, Rational const& u) {
  Rational s = 0;
  for (std::size_t i = c.size(); i-- > 0;) s = s * u + c[i];
  return s;
}

int degree(std::vector<Rational> const& c) {
  int d = static_cast<int>(c.size()) - 1;
  while (d >= 0 && c[static_cast<std::size_t>(d)] == 0) --d;
  return d;
}

template <class T>
std::vector<Real> to_real(std::vector<T> const& x) {
  return std::vector<Real>(x.begin(), x.end());
}

/// The exponent e with 2^(e-1) <= |x| < 2^e, x != 0.
int exponent(Real const& x) {
  int e = 0;
  frexp(x, &e);
  return e;
}

Rational dyadic(Real const& x, int bits) {
  if (!isfinite(x)) throw InvalidInput("a coefficient of the rational function is not finite");
  if (x == 0) return 0;
  return bits == 0 ? exact(x) : round_to_dyadic(exact(x), bits - exponent(x));
}

}  // namespace

Rational ExactRational::numerator_at(Rational const& x) const { return horner(numerator, variable(x)); }
Rational ExactRational::denominator_at(Rational const& x) const { return horner(denominator, variable(x)); }
int ExactRational::numerator_degree() const { return degree(numerator); }
int ExactRational::denominator_degree() const { return degree(denominator); }

template <class T>
ExactRational exact_rational(RationalFunction<T> const& r, Rational const& a, Rational const& b, int bits) {
  if (!(a < b)) throw InvalidInput("an interval has a < b, not " + exact_string(a) + " and " + exact_string(b));
  if (bits < 0) throw InvalidInput("coefficients have 0 (all) or more bits, not " + std::to_string(bits));
  if (r.p.empty() || r.q.empty()) throw InvalidInput("the rational function is empty: nothing was found to convert");
  bool const symmetric = r.symmetry != Symmetry::none;
  if (symmetric && a != -b) throw InvalidInput("an even or odd rational function belongs to an interval [-b, b]");
  OrthogonalBasis<Real> const basis{to_real(r.basis.alpha), to_real(r.basis.beta)};
  Real const half((b - a) / 2), middle((a + b) / 2);
  Real const scale = symmetric ? Real(half * half) : half, shift = symmetric ? Real(0) : middle;
  std::vector<Real> const p = basis.powers(to_real(r.p), scale, shift), q = basis.powers(to_real(r.q), scale, shift);
  Real largest = 0;
  for (Real const& c : q)
    if (abs(c) > largest) largest = abs(c);
  if (!(largest > 0)) throw InvalidInput("the denominator of the rational function is 0");
  int const down = -exponent(largest);
  ExactRational result{a, b, {}, {}};
  auto put = [&](std::vector<Rational>& out, std::vector<Real> const& c, Real const& factor, bool odd) {
    if (odd) out.push_back(0);
    for (std::size_t i = 0; i < c.size(); ++i) {
      if (i > 0 && symmetric) out.push_back(0);
      out.push_back(dyadic(Real(ldexp(Real(factor * c[i]), down)), bits));
    }
  };
  bool const odd = r.symmetry == Symmetry::odd;
  put(result.numerator, p, odd ? half : Real(1), odd);
  put(result.denominator, q, Real(1), false);
  return result;
}

Network to_network(ExactRational const& r) {
  Rational const scale = Rational(2) / (r.b - r.a);
  Layer neuron{SparseMatrix(1, 1, {{0, 0, scale}}),
               {-(r.a + r.b) / (r.b - r.a)},
               Activation::rational(r.numerator, r.denominator)};
  Layer output{SparseMatrix(1, 1, {{0, 0, 1}}), {0}, Activation::identity()};
  return Network(1, {neuron, output});
}

template ExactRational exact_rational(RationalFunction<double> const&, Rational const&, Rational const&, int);
template ExactRational exact_rational(RationalFunction<Real> const&, Rational const&, Rational const&, int);

}  // namespace nwidth::fitting::rational
