// SPDX-License-Identifier: Apache-2.0
#include "theory/number/rational.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string>

#include "theory/number/error.hpp"
#include "theory/number/interval.hpp"

namespace nwidth {
namespace {

constexpr long largest_exponent = 100000;

/// Foreign text for a one-line message: short, printable, in quotes.
std::string quoted(std::string_view text) {
  std::string shown(text.substr(0, 40));
  for (char& c : shown)
    if (c < ' ' || c > '~') c = '?';
  return "'" + shown + (text.size() > 40 ? "...'" : "'");
}

[[noreturn]] void reject(std::string_view text) {
  throw InvalidInput(quoted(text) +
                     " is not an exact number: write an integer, a decimal, a fraction p/q or a hexadecimal float like "
                     "0x1.8p-1");
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

Rational parse_unsigned(std::string_view whole, std::string_view text) {
  bool const hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (hex) text.remove_prefix(2);
  int const base = hex ? 16 : 10;
  std::string digits;
  long after_point = 0;
  bool point = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !point) {
      point = true;
    } else if (digit_value(text[i]) < base) {
      digits += text[i];
      if (point) ++after_point;
    } else {
      break;
    }
  }
  if (digits.empty()) reject(whole);
  long exponent = 0;
  if (i < text.size()) {
    char const mark = hex ? 'p' : 'e';
    if (std::tolower(static_cast<unsigned char>(text[i])) != mark) reject(whole);
    ++i;
    bool negative = false;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
    if (i == text.size()) reject(whole);
    for (; i < text.size(); ++i) {
      if (text[i] < '0' || text[i] > '9') reject(whole);
      exponent = exponent * 10 + (text[i] - '0');
      if (exponent > largest_exponent) reject(whole);
    }
    if (negative) exponent = -exponent;
  }
  std::size_t const first = digits.find_first_not_of('0');  // boost reads a leading 0 as octal
  Integer m = first == std::string::npos ? Integer(0) : Integer((hex ? "0x" : "") + digits.substr(first));
  if (hex) return Rational(m) * power_of_two(exponent - 4 * after_point);
  long const e = exponent - after_point;
  Integer const scale = boost::multiprecision::pow(Integer(10), static_cast<unsigned>(e < 0 ? -e : e));
  return e < 0 ? Rational(m, scale) : Rational(m * scale);
}

}  // namespace

Rational power_of_two(long e) {
  Integer const p = Integer(1) << static_cast<unsigned long>(e < 0 ? -e : e);
  return e < 0 ? Rational(Integer(1), p) : Rational(p);
}

Rational power(Rational const& x, unsigned k) {
  Rational r = 1;
  for (unsigned i = 0; i < k; ++i) r *= x;
  return r;
}

Rational factorial(int n) {
  Rational r = 1;
  for (int i = 2; i <= n; ++i) r *= i;
  return r;
}

long binomial(int n, int k) {
  long r = 1;
  for (int i = 1; i <= k; ++i) r = r * (n - k + i) / i;
  return r;
}

long floor_log2(Rational const& x) {
  Integer const p = abs(numerator(x)), q = denominator(x);
  long const e = static_cast<long>(msb(p)) - static_cast<long>(msb(q));
  return abs(x) < power_of_two(e) ? e - 1 : e;
}

Rational parse_rational(std::string_view text) {
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  std::size_t const slash = rest.find('/');
  Rational value = parse_unsigned(text, rest.substr(0, slash));
  if (slash != std::string_view::npos) {
    Rational const q = parse_unsigned(text, rest.substr(slash + 1));
    if (q == 0) throw InvalidInput(quoted(text) + " divides by zero");
    value /= q;
  }
  return negative ? Rational(-value) : value;
}

bool is_dyadic(Rational const& x) {
  Integer const q = denominator(x);
  return lsb(q) == msb(q);
}

std::string exact_string(Rational const& x) {
  Integer const q = denominator(x);
  if (q == 1) return numerator(x).str();
  if (!is_dyadic(x)) return numerator(x).str() + "/" + q.str();
  bool const negative = x.sign() < 0;
  Integer m = abs(numerator(x));  // odd
  unsigned long const top = msb(m);
  // 1.hhh...p e with the mantissa's bits padded to whole hexadecimal digits
  unsigned long const pad = (4 - top % 4) % 4;
  Integer const fraction = (m - (Integer(1) << top)) << pad;
  std::string hex = fraction.str(0, std::ios_base::hex);
  std::string const zeros(top + pad > 0 ? (top + pad) / 4 - std::min<std::size_t>((top + pad) / 4, hex.size()) : 0,
                          '0');
  std::string s = negative ? "-0x1" : "0x1";
  if (top > 0) s += "." + zeros + hex;
  return s + "p" + std::to_string(static_cast<long>(top) - static_cast<long>(msb(q)));
}

Rational round_to_dyadic(Rational const& x, long bits) {
  Rational const scaled = abs(x) * power_of_two(bits) + Rational(1, 2);
  Integer const m = numerator(scaled) / denominator(scaled);  // floor, both positive
  Rational const r = Rational(m) * power_of_two(-bits);
  return x.sign() < 0 ? Rational(-r) : r;
}

double to_double(Rational const& x) {
  if (x == 0) return 0;
  Integer const n = abs(numerator(x)), d = denominator(x);
  auto shifted = [](Integer const& k, long by) { return by > 0 ? Integer(k << static_cast<unsigned long>(by)) : k; };
  long e = static_cast<long>(msb(n)) - static_cast<long>(msb(d));
  if (shifted(n, -e) < shifted(d, e)) --e;  // now 2^e <= |x| < 2^(e+1)
  if (e > 1023) return x.sign() < 0 ? -HUGE_VAL : HUGE_VAL;
  long const last = std::max(e - 52, -1074L);  // the exponent of the last bit kept
  Integer const p = shifted(n, -last), q = shifted(d, last), twice = 2 * (p % q);
  Integer m = p / q;
  if (twice > q || (twice == q && bit_test(m, 0))) ++m;
  double const magnitude = std::ldexp(m.convert_to<double>(), static_cast<int>(last));
  return x.sign() < 0 ? -magnitude : magnitude;
}

Interval enclose(Rational const& x) {
  double const near = to_double(x), inf = HUGE_VAL;
  if (!std::isfinite(near)) {
    double const most = std::numeric_limits<double>::max();
    return near > 0 ? Interval(most, inf) : Interval(-inf, -most);
  }
  Rational const back = exact(near);
  return {back > x ? std::nextafter(near, -inf) : near, back < x ? std::nextafter(near, inf) : near};
}

Rational exact(double x) {
  if (!std::isfinite(x)) throw InvalidInput("a number must be finite, not " + std::to_string(x));
  int e = 0;
  double const m = std::frexp(x, &e);
  return Rational(Integer(static_cast<long long>(std::ldexp(m, 53)))) * power_of_two(e - 53);
}

}  // namespace nwidth
