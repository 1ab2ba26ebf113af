// SPDX-License-Identifier: Apache-2.0
/// Exact numbers as the floats that files for machines hold, and what that rounding did.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "theory/number/rational.hpp"

namespace nwidth {

enum class FloatFormat { f32, f64 };

/// The float nearest to x, ties to even, in the subnormal range too; +-inf where x rounds beyond the largest float.
float to_float(Rational const& x);

/// What a format did to the numbers of a network.
struct Rounding {
  std::size_t numbers = 0;  ///< weights, biases and coefficients that are not 0
  std::size_t rounded = 0;  ///< those that the format does not hold exactly
  Rational largest;         ///< max |rounded - exact|/|exact|: 2^-53 or 2^-24 at most, but for subnormal results

  bool exact() const { return rounded == 0; }
  /// Counts x, which became y.
  void add(Rational const& x, Rational const& y);
};

/// A network in a format for machines.
struct NetworkFile {
  std::string bytes;
  Rounding rounding;
};

/// Arrays of little-endian floats.
class FloatWriter {
 public:
  explicit FloatWriter(FloatFormat format) : format_(format) {}

  std::size_t size() const { return format_ == FloatFormat::f32 ? 4 : 8; }  ///< bytes of a number
  /// @param place  what the number is, for the message. @throws InvalidInput if x is larger than every float
  void append(std::string& out, Rational const& x, std::string_view place);
  Rounding const& rounding() const { return rounding_; }

 private:
  FloatFormat format_;
  Rounding rounding_;
};

/// The number at `bytes`, of 4 or 8 bytes. It may be NaN or infinite.
double read_float(char const* bytes, FloatFormat format);

/// x in the low `bytes` bytes, little-endian.
void append_little_endian(std::string& out, unsigned long long x, int bytes);

}  // namespace nwidth
