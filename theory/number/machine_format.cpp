// SPDX-License-Identifier: Apache-2.0
#include "theory/number/machine_format.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

#include "theory/number/error.hpp"

namespace nwidth {
namespace {

std::uint64_t read_little_endian(char const* bytes, int count) {
  std::uint64_t x = 0;
  for (int i = count; i-- > 0;) x = (x << 8) | static_cast<unsigned char>(bytes[i]);
  return x;
}

}  // namespace

float to_float(Rational const& x) {
  double d = to_double(x);
  if (!std::isfinite(d)) return static_cast<float>(d);
  // Round to odd first, so that the second rounding is that of x: 53 bits are more than twice the 24 and two.
  Rational const value = exact(d);
  if (value != x) {
    if (abs(value) > abs(x)) d = std::nextafter(d, 0.0);  // towards zero
    d = std::bit_cast<double>(std::bit_cast<std::uint64_t>(d) | 1U);
  }
  return static_cast<float>(d);
}

void Rounding::add(Rational const& x, Rational const& y) {
  if (x == 0) return;
  ++numbers;
  Rational const error = abs(y - x) / abs(x);
  if (error != 0) ++rounded;
  if (error > largest) largest = error;
}

void FloatWriter::append(std::string& out, Rational const& x, std::string_view place) {
  bool const single = format_ == FloatFormat::f32;
  double const value = single ? to_float(x) : to_double(x);
  if (!std::isfinite(value))
    throw InvalidInput(std::string(place) + " holds a number larger than every " +
                       (single ? "32-bit float" : "64-bit float"));
  rounding_.add(x, exact(value));
  if (single)
    append_little_endian(out, std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4);
  else
    append_little_endian(out, std::bit_cast<std::uint64_t>(value), 8);
}

double read_float(char const* bytes, FloatFormat format) {
  if (format == FloatFormat::f32)
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(read_little_endian(bytes, 4))));
  return std::bit_cast<double>(read_little_endian(bytes, 8));
}

void append_little_endian(std::string& out, unsigned long long x, int bytes) {
  for (int i = 0; i < bytes; ++i, x >>= 8) out += static_cast<char>(x & 0xFF);
}

}  // namespace nwidth
