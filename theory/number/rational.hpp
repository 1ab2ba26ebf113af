// SPDX-License-Identifier: Apache-2.0
/// Exact numbers: integers and rationals of any size, read and written without rounding.
#pragma once
#include <boost/multiprecision/gmp.hpp>
#include <string>
#include <string_view>

#include "kernels/activation/scalar.hpp"

namespace nwidth {

using Integer = boost::multiprecision::number<boost::multiprecision::gmp_int, boost::multiprecision::et_off>;
using Rational = boost::multiprecision::number<boost::multiprecision::gmp_rational, boost::multiprecision::et_off>;

/// The exact value of a literal: integer "-3", decimal "0.1" or "2.5e-3" (= 1/10, 1/400: not the nearest double),
/// fraction "p/q" of two of those, hexadecimal float "0x1.8p-1" with a mantissa of any length.
/// @throws InvalidInput if the whole of `text` is not such a literal, if q = 0, or if the exponent exceeds 10^5
Rational parse_rational(std::string_view text);

/// Shortest exact literal of x that parse_rational reads back: "-3", a hexadecimal float if x is dyadic, else "p/q".
std::string exact_string(Rational const& x);

/// True if x = m 2^e with integers m, e.
bool is_dyadic(Rational const& x);

/// The nearest multiple of 2^-bits (ties away from zero); exact when x is one. bits may be negative.
Rational round_to_dyadic(Rational const& x, long bits);

/// 2^e as a rational, e of either sign.
Rational power_of_two(long e);

/// x^k, k >= 0.
Rational power(Rational const& x, unsigned k);

/// The double nearest to x, ties to even, in the subnormal range too (where boost's convert_to rounds twice); +-inf
/// where x rounds beyond the largest double.
double to_double(Rational const& x);

struct Interval;
/// The doubles next to x, below and above (x itself twice if it is one); for theory/number/interval.hpp.
Interval enclose(Rational const& x);

/// The exact value of a finite double. @throws InvalidInput on NaN and infinities
Rational exact(double x);

/// n! for n >= 0.
Rational factorial(int n);

/// n choose k for 0 <= k <= n <= 60.
long binomial(int n, int k);

/// floor(log2 |x|), x not 0.
long floor_log2(Rational const& x);

namespace activation {
template <>
struct ops<Rational> {
  static Rational relu(Rational const& x) { return x.sign() < 0 ? Rational(0) : x; }
  static Rational select(Rational const& x, Rational const& a, Rational const& b) { return x.sign() > 0 ? a : b; }
  static Rational fma(Rational const& a, Rational const& b, Rational const& c) { return a * b + c; }
  static Rational ratio(long p, long q) { return Rational(p) / q; }
};
}  // namespace activation

}  // namespace nwidth
